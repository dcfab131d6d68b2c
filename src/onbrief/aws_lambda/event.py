"""The fields of an event, each with its range and default. All errors of an event are reported together."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal, cast, get_args

from onbrief import intake
from onbrief.aws_lambda.fields import Fields
from onbrief.brief import MAX_BRIEF_CHARACTERS, MAX_REQUIREMENTS, Brief, Requirement
from onbrief.documents import brief_of
from onbrief.errors import UsageError
from onbrief.judging.rule import Confirm, Strictness
from onbrief.policy import PolicyName
from onbrief.providers import registry
from onbrief.pursuit import MAX_SEED, check_run_id

Judging = Literal["checklist", "whole"]
PLATFORM = "aws"
MOST = 10_000  # pictures, as in Limits
MOST_USD = 1_000_000
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_SEGMENT = re.compile(r"[\w!.*'()@=+, -]+")
MAX_PREFIX_CHARACTERS = 500


class WrongEvent(UsageError):
    """An invalid event. `wrong` has one line for each wrong field; `run_id` is that of the event, if it has one."""

    def __init__(self, wrong: list[str], run_id: str | None = None) -> None:
        super().__init__("; ".join(wrong))
        self.wrong = wrong
        self.run_id = run_id


@dataclass(frozen=True, slots=True)
class Sampling:
    """Sampling parameters of a Claude model; `given` has the names of those that the event itself sets."""

    temperature: float
    top_p: float
    top_k: int
    max_tokens: int
    given: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One event, with every field in its range. The prefix `sdxl_` of the event's fields is dropped here."""

    prompt: str
    bucket: str
    prefix: str
    max_attempts: int
    max_prompts: int
    validate: Sampling
    revise: Sampling
    cfg_scale: float
    steps: int
    sdxl_given: frozenset[str]
    size: tuple[int, int]
    seed: int
    image_model: str | None
    judge_model: str | None
    reviser_model: str | None
    policy: PolicyName
    judging: Judging
    strictness: Strictness
    max_reservations: int | None
    confirm: Confirm
    requirements: tuple[Requirement, ...]
    avoid: tuple[str, ...]
    max_usd: float | None
    parallel: int
    run_id: str | None
    warnings: tuple[str, ...] = ()

    @property
    def brief(self) -> Brief:
        """The brief. With judging "whole", the prompt itself is its only requirement."""
        whole = (Requirement(id="whole", text=self.prompt, kind="whole"),) if self.judging == "whole" else ()
        return Brief(text=self.prompt, requirements=whole or self.requirements, avoid=self.avoid, size=self.size)


def document_of(event: object) -> Mapping[str, object]:
    """Return the object with the fields: the event itself, or the JSON in its `body` (API Gateway and function URLs).

    Raises:
        WrongEvent: there is no such object.
    """
    if not isinstance(event, dict):
        raise WrongEvent(["the event: expected an object with at least prompt and output_s3_bucket_name"])
    outer = cast("dict[str, object]", event)
    if "prompt" in outer or "body" not in outer:
        return outer
    body = outer["body"]
    try:
        if isinstance(body, str) and outer.get("isBase64Encoded") is True:
            body = base64.b64decode(body, validate=True).decode()
        inner = json.loads(body) if isinstance(body, str) else None
    except (binascii.Error, UnicodeDecodeError, ValueError, RecursionError) as error:
        raise WrongEvent([f"body: not valid JSON: {error}"]) from error
    if not isinstance(inner, dict):
        raise WrongEvent(["body: expected a JSON object with at least prompt and output_s3_bucket_name"])
    return cast("dict[str, object]", inner)


def read(event: object) -> Event:
    """Read and check an event.

    Raises:
        WrongEvent: with all errors of the event.
    """
    fields = Fields(document_of(event))
    prompt = fields.text("prompt")
    bucket = fields.text("output_s3_bucket_name")
    prefix = fields.text("output_s3_key_prefix", "generated-images")
    judging = cast("Judging", fields.choice("judging", get_args(Judging), "checklist"))
    whole = judging == "whole"
    width, height = (fields.whole(f"sdxl_{side}", 64, 4096, 1024) for side in ("width", "height"))
    event_ = Event(
        prompt=prompt,
        bucket=bucket,
        prefix=prefix,
        max_attempts=fields.whole("max_retry_attempts", 1, MOST, 5),
        max_prompts=fields.whole("max_prompt_revisions", 1, MOST, 3),
        validate=_sampling(fields, "claude_validate"),
        revise=_sampling(fields, "claude_revise"),
        cfg_scale=fields.number("sdxl_cfg_scale", 0, 35, 7),
        steps=fields.whole("sdxl_steps", 10, 150, 50),
        sdxl_given=frozenset(name for name in ("sdxl_cfg_scale", "sdxl_steps") if fields.has(name)),
        size=(width, height),
        seed=fields.whole("sdxl_seed", 0, MAX_SEED, 0),
        image_model=_model(fields, "image_model"),
        judge_model=_model(fields, "judge_model"),
        reviser_model=_model(fields, "reviser_model"),
        policy=cast("PolicyName", fields.choice("policy", get_args(PolicyName), "classic")),
        judging=judging,
        strictness=cast("Strictness", fields.choice("strictness", get_args(Strictness), "fair")),
        max_reservations=fields.whole("max_reservations", 0, MAX_REQUIREMENTS, 0) if fields.has("max_reservations") else None,
        confirm=cast("Confirm", fields.choice("confirm", get_args(Confirm), "borderline")),
        requirements=tuple(one for those in fields.each("requirements", _requirements) for one in those),
        avoid=(*fields.texts("avoid", _text), *fields.texts("negative_prompt", _text)),
        max_usd=fields.amount("max_usd", MOST_USD),
        parallel=fields.whole("parallel", 1, 64, 1),
        run_id=fields.text("run_id") if fields.has("run_id") else None,
    )
    fields.refuse_unknown()
    if len(prompt) > MAX_BRIEF_CHARACTERS:
        fields.wrong.append(str(UsageError.of("prompt", prompt, f"at most {MAX_BRIEF_CHARACTERS} characters")))
    elif prompt and not fields.wrong:
        sized = fields.has("sdxl_width") or fields.has("sdxl_height")
        event_ = fields.checked("prompt, requirements and avoid", lambda: _settled(event_, sized)) or event_
    if bucket and not _BUCKET.fullmatch(bucket):
        fields.wrong.append(str(UsageError.of("output_s3_bucket_name", bucket, "the name of a bucket: " + _BUCKET.pattern)))
    if not _is_prefix(prefix):
        allowed = f"a prefix of at most {MAX_PREFIX_CHARACTERS} characters that does not start with / and has no part . or .."
        fields.wrong.append(str(UsageError.of("output_s3_key_prefix", prefix, allowed)))
    if event_.run_id is not None:
        fields.checked("run_id", lambda: check_run_id(event_.run_id or ""))
    if event_.max_attempts * event_.max_prompts > MOST:
        product = "max_retry_attempts times max_prompt_revisions"
        fields.wrong.append(str(UsageError.of(product, event_.max_attempts * event_.max_prompts, f"at most {MOST}")))
    for name in ("requirements", "avoid", "negative_prompt"):
        if whole and fields.has(name):
            fields.wrong.append(f'{name}: not allowed with judging "whole", which makes no checklist')
    if fields.wrong:
        raise WrongEvent(fields.wrong, event_.run_id)
    return event_


def _sampling(fields: Fields, start: str) -> Sampling:
    names = ("temperature", "top_p", "top_k", "max_tokens")
    return Sampling(
        fields.number(f"{start}_temperature", 0, 1, 1.0),
        fields.number(f"{start}_top_p", 0, 1, 0.999),
        fields.whole(f"{start}_top_k", 0, 500, 250),
        fields.whole(f"{start}_max_tokens", 1, 128_000, 4096),
        frozenset(name for name in names if fields.has(f"{start}_{name}")),
    )


def _model(fields: Fields, name: str) -> str | None:
    """Return the model as PROVIDER:MODEL. The event may have the bare id or ARN of a model of the platform's provider instead;
    such an id always has a dot before any colon.
    """
    if not fields.has(name):
        return None
    model = fields.text(name)
    start = model.partition(":")[0]
    return f"{registry.of_platform(PLATFORM).name}:{model}" if "." in start or start == "arn" else model


def _settled(event: Event, sized: bool) -> Event:
    """Return the event with its brief as it is drawn and judged; `sized`: it says how large the picture is."""
    whole = Brief(text=event.prompt, requirements=event.requirements, avoid=event.avoid, size=event.size)
    found = intake.settled(whole, size=event.size if sized else None, field="prompt")
    brief = found.brief
    ready = replace(
        event,
        prompt=brief.text,
        requirements=brief.requirements,
        avoid=brief.avoid,
        size=brief.size,
        warnings=found.warnings,
    )
    _ = ready.brief  # raises UsageError
    return ready


def _requirements(item: object) -> tuple[Requirement, ...]:
    if isinstance(item, str):
        return intake.requirements_of(Requirement(text=item))
    (requirement,) = brief_of({"text": "-", "requirements": [item]}).requirements
    typed = isinstance(item, dict) and "kind" in item
    return (requirement,) if typed else intake.requirements_of(requirement)


def _text(item: object) -> str:
    if isinstance(item, str) and item.strip():
        return item
    raise UsageError(f"{item!r} is not allowed; expected some text")


def _is_prefix(prefix: str) -> bool:
    """Return whether keys may start with this prefix: plain parts with single slashes between them; the last may be empty."""
    *folders, last = prefix.split("/")
    parts = [*folders, last] if last or not folders else folders
    plain = all(_SEGMENT.fullmatch(part) and part not in {".", ".."} for part in parts)
    return plain and len(prefix) <= MAX_PREFIX_CHARACTERS
