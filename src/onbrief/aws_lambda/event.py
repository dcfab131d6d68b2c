"""The event: one model of its fields, each with its range and default. All errors of an event are reported together."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Mapping
from dataclasses import fields
from typing import Annotated, Any, Literal, Self, cast, get_args, get_origin

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ModelWrapValidatorHandler,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)

from onbrief import intake
from onbrief.aws_lambda.names import in_words_of_events, suggestion
from onbrief.brief import MAX_BRIEF_CHARACTERS, MAX_REQUIREMENTS, SIDE_RANGE, Brief, Requirement
from onbrief.errors import UsageError
from onbrief.judging.rule import Confirm, Strictness
from onbrief.policy import PolicyName
from onbrief.providers import registry
from onbrief.pursuit import MAX_SEED, check_run_id
from onbrief.redaction import redacted

PLATFORM = "aws"
MOST = 10_000  # pictures, as in Limits
MAX_ERRORS = 100  # in an answer, whose size Lambda limits
_MOST_SHOWN = 80  # characters of an unknown field's name
_BUCKET = r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$"
_BUCKET_NAME = "the name of a bucket: 3 to 63 lowercase letters, digits, dots and hyphens"
_SEGMENT = re.compile(r"[\w!.*'()@=+, -]+")
_PREFIX = "a prefix of at most 500 characters that does not start with / and has no part . or .."
_OBJECT = "an object with at least prompt and output_s3_bucket_name"


class WrongEvent(UsageError):
    """An invalid event. `wrong` has one line for each wrong field; `run_id` is that of the event, if it has one."""

    def __init__(self, wrong: list[str], run_id: str | None = None) -> None:
        super().__init__("; ".join(wrong))
        self.wrong = wrong
        self.run_id = run_id


def _integer(value: object) -> object:
    """Some JSON writers have no integers: 5.0 counts as 5."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _count(value: object) -> object:
    """Callers of older functions send 0 for "no further one"."""
    return 1 if value == 0 and value is not False else value


def _texts(value: object) -> object:
    """A text is a list of it; a blank one is no text."""
    return ([value] if value.strip() else []) if isinstance(value, str) else value


def _prefix(prefix: str) -> str:
    """Keys may start with plain parts with single slashes between them; the last may be empty."""
    *folders, last = prefix.split("/")
    parts = [*folders, last] if last or not folders else folders
    if not all(_SEGMENT.fullmatch(part) and part not in {".", ".."} for part in parts):
        raise ValueError
    return prefix


def _model(model: str) -> str:
    """Return the model as PROVIDER:MODEL. The event may have the bare id or ARN of a model of the platform's provider instead;
    such an id always has a dot before any colon.
    """
    start = model.partition(":")[0]
    return f"{registry.of_platform(PLATFORM).name}:{model}" if "." in start or start == "arn" else model


def _run_id(run_id: str) -> str:
    check_run_id(run_id)
    return run_id


def _requirements(value: object) -> object:
    if isinstance(value, list):
        return [{"text": item} if isinstance(item, str) else item for item in cast("list[object]", value)]
    return value


Text = Annotated[str, Field(strict=True, pattern=r"\S", description="some text")]
Texts = Annotated[list[Text], BeforeValidator(_texts), Field(description="a text, or a list of texts")]
Model = Annotated[Text, AfterValidator(_model)]
Integer = Annotated[int, Field(strict=True), BeforeValidator(_integer)]
Count = Annotated[Integer, BeforeValidator(_count)]
Number = Annotated[float, Field(strict=True, allow_inf_nan=False)]


def _within(low: int, high: int, default: float | None, what: str = "a whole number") -> Any:
    return Field(default, ge=low, le=high, description=f"{what} from {low} to {high}")


class Event(BaseModel):
    """One event, with every field in its range. `brief` is its brief as it is drawn and judged, `warnings` are how it was read,
    and `model_fields_set` has the names of the fields that the event itself sets.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    prompt: Text = Field(max_length=MAX_BRIEF_CHARACTERS, description=f"a text of at most {MAX_BRIEF_CHARACTERS} characters")
    output_s3_bucket_name: str = Field(strict=True, pattern=_BUCKET, description=_BUCKET_NAME)
    output_s3_key_prefix: Annotated[Text, AfterValidator(_prefix)] = Field(
        "generated-images", max_length=500, description=_PREFIX
    )
    max_retry_attempts: Count = _within(1, MOST, 5)
    max_prompt_revisions: Count = _within(1, MOST, 3)
    claude_validate_temperature: Number = _within(0, 1, 1.0, "a number")
    claude_validate_top_p: Number = _within(0, 1, 0.999, "a number")
    claude_validate_top_k: Integer = _within(0, 500, 250)
    claude_validate_max_tokens: Integer = _within(1, 128_000, 4096)
    claude_revise_temperature: Number = _within(0, 1, 1.0, "a number")
    claude_revise_top_p: Number = _within(0, 1, 0.999, "a number")
    claude_revise_top_k: Integer = _within(0, 500, 250)
    claude_revise_max_tokens: Integer = _within(1, 128_000, 4096)
    sdxl_cfg_scale: Number = _within(0, 35, 7, "a number")
    sdxl_steps: Integer = _within(10, 150, 50)
    sdxl_width: Integer = _within(*SIDE_RANGE, 1024)
    sdxl_height: Integer = _within(*SIDE_RANGE, 1024)
    sdxl_seed: Integer = _within(0, MAX_SEED, 0)
    image_model: Annotated[list[Model], BeforeValidator(_texts), Field(description="a model, or a list of models")] = []
    judge_model: Model | None = None
    reviser_model: Model | None = None
    policy: PolicyName = "classic"
    judging: Literal["checklist", "whole"] = "checklist"
    strictness: Strictness = "fair"
    max_reservations: Integer | None = _within(0, MAX_REQUIREMENTS, None)
    confirm: Confirm = "borderline"
    requirements: Annotated[list[Requirement], BeforeValidator(_requirements)] = Field([], description="a list")
    avoid: Texts = []
    negative_prompt: Texts = []
    max_usd: Number | None = _within(0, 1_000_000, None, "a number")
    parallel: Integer = _within(1, 64, 1)
    run_id: Annotated[Text, AfterValidator(_run_id)] | None = None
    _given: intake.Given

    @property
    def brief(self) -> Brief:
        """The brief. With judging "whole", the prompt itself is its only requirement."""
        return self._given.brief

    @property
    def warnings(self) -> tuple[str, ...]:
        """How the brief was read, where that may not be what was meant."""
        return self._given.warnings

    @field_validator("max_prompt_revisions")
    @classmethod
    def _few_enough(cls, prompts: int, info: ValidationInfo) -> int:
        if (total := info.data.get("max_retry_attempts", 1) * prompts) > MOST:
            raise UsageError.of("max_retry_attempts times max_prompt_revisions", total, f"at most {MOST}")
        return prompts

    @field_validator("requirements", "avoid", "negative_prompt")
    @classmethod
    def _of_a_checklist(cls, value: list[Any], info: ValidationInfo) -> list[Any]:
        if info.data.get("judging") == "whole":
            raise UsageError(f'{info.field_name}: not allowed with judging "whole", which makes no checklist')
        return value

    @model_validator(mode="wrap")
    @classmethod
    def _settled(cls, document: Mapping[str, Any], handler: ModelWrapValidatorHandler[Self]) -> Self:
        event = handler(document)
        size = (event.sdxl_width, event.sdxl_height)
        wanted = Brief(
            text=event.prompt,
            requirements=tuple(event.requirements),
            avoid=(*event.avoid, *event.negative_prompt),
            size=size,
        )
        items = cast("list[object]", document.get("requirements", []))
        found = intake.settled(
            wanted,
            untyped=[n for n, item in enumerate(items) if not (isinstance(item, dict) and "kind" in item)],
            size=size if event.model_fields_set & {"sdxl_width", "sdxl_height"} else None,
            field="prompt",
        )
        if event.judging == "whole":
            whole = Requirement(id="whole", text=found.brief.text, kind="whole")
            found = intake.Given(Brief(text=found.brief.text, requirements=(whole,), size=found.brief.size), found.warnings)
        event._given = found  # noqa: SLF001 - its own
        return event


def document_of(event: object) -> Mapping[str, object]:
    """Return the object with the fields: the event itself, or the JSON in its `body` (API Gateway and function URLs).

    Raises:
        WrongEvent: there is no such object.
    """
    if not isinstance(event, dict):
        raise WrongEvent([f"the event: expected {_OBJECT}"])
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
        raise WrongEvent([f"body: expected a JSON object: {_OBJECT}"])
    return cast("dict[str, object]", inner)


def read(event: object) -> Event:
    """Read and check an event. A field that is null is one that is missing.

    Raises:
        WrongEvent: with all errors of the event.
    """
    document = {name: value for name, value in document_of(event).items() if value is not None}
    try:
        return Event.model_validate(document)
    except ValidationError as error:
        errors = error.errors(include_url=False)[:MAX_ERRORS]
        right = not any(wrong["loc"] == ("run_id",) for wrong in errors)
        raise WrongEvent(
            [_line(cast("dict[str, Any]", wrong)) for wrong in errors],
            cast("str | None", document.get("run_id")) if right else None,
        ) from error


def _line(wrong: Mapping[str, Any]) -> str:
    """Return the line of one error: the field, its value and what is allowed."""
    name, *inner = cast("tuple[str | int, ...]", wrong["loc"]) or ("",)
    place = str(name) + "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in inner)
    if isinstance(cause := wrong.get("ctx", {}).get("error"), UsageError):
        own = str(cause).removeprefix("requirement.")
        return in_words_of_events(cause.explained) if own == str(cause) or not inner else f"{place}.{own}"
    value, kind = wrong["input"], wrong["type"]
    if kind in {"extra_forbidden", "unexpected_keyword_argument"}:
        known = list(Event.model_fields) if kind == "extra_forbidden" else [field.name for field in fields(Requirement)]
        meant = suggestion(place.rpartition(".")[2], known) or f"expected one of the fields {' '.join(sorted(known))}"
        place = redacted(place)
        return f"{place[:_MOST_SHOWN]}: there is no such field; {meant}"
    if kind == "dataclass_type":
        allowed = "a text, or an object as in a brief's file"
    elif not inner:
        allowed = _allowed(str(name))
    elif kind == "missing" or kind.startswith("string_"):
        allowed = "some text"
    else:
        allowed = wrong["msg"].removeprefix("Input should be ").removeprefix("a valid ")
    if kind == "missing":
        return f"{place}: expected {allowed}"
    quoted = isinstance(value, str) and value.strip().replace(".", "", 1).isdecimal()
    hint = "write it without quotation marks" if quoted and "number" in allowed else ""
    return UsageError.of(place, value, allowed, hint=hint).explained


def _allowed(name: str) -> str:
    """Return what is allowed in a field, in words."""
    field = Event.model_fields[name]
    words = get_args(field.annotation) if get_origin(field.annotation) is Literal else ()
    return " or ".join(words) or field.description or "some text"
