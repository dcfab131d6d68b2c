"""Prompt, Usage, Models and Run: the history of a run, and the JSON record made of it.

A Run is an immutable value: each step makes a new one, so events can share it and no reader can change it. The same dataclasses
are the record: `to_json` writes run.json, `from_json` reads it, `json_schema` describes it (docs/record.schema.json).
"""

from __future__ import annotations

import json
from bisect import bisect_left
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Any, Literal, cast

from onbrief.attempt import Attempt
from onbrief.brief import Brief, Checklist, Requirement, brief_repr
from onbrief.errors import OnbriefError, Outcome, UsageError

if TYPE_CHECKING:
    from pydantic import TypeAdapter

SCHEMA = 1

RunKind = Literal["run", "judge"]
Role = Literal["judge", "confirm_judge", "reviser"]


@dataclass(frozen=True, slots=True)
class Prompt:
    """The text that is sent to the image model, and the reason for its words. Revision 0 is the brief itself. `decided` is why
    the policy had it written, in a sentence.
    """

    revision: int
    text: str
    negative: str = ""
    reason: str = ""
    decided: str = ""

    @classmethod
    def first(cls, brief: Brief, added: Sequence[Requirement] = ()) -> Prompt:
        """Return the unchanged brief followed by the user's requirements and those `added` to its checklist, with the things to
        avoid as negative text. A requirement that repeats the whole brief is left out.
        """
        own = (r.text for r in (*brief.requirements, *added))
        sentences = [brief.text.strip(), *(text for text in own if text.strip() != brief.text.strip())]
        return cls(
            0,
            ". ".join(s.rstrip(".") for s in sentences) if len(sentences) > 1 else sentences[0],
            ", ".join(brief.avoid),
            "the brief",
        )


@dataclass(frozen=True, slots=True)
class Usage:
    """What the run has used, according to its ledger. `usd` includes calls whose outcome is unknown, at their reserved price;
    it is None if the price of any call is unknown. `waits` and `waited_seconds` are how often and how long calls waited to be
    sent (again), in this session; calls that wait at the same time all count.
    """

    images: int = 0
    judge_calls: int = 0
    text_calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    usd: float | None = 0.0
    unknown_calls: int = 0
    seconds: float = 0.0
    waits: int = 0
    waited_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class ModelChange:
    """A model that took over from another one: from this attempt on, pictures were judged, looked at once more, or prompts
    written, by `model` instead of `former`.
    """

    role: Role
    former: str
    model: str
    revision: int
    attempt: int

    @property
    def name(self) -> str:
        """The attempt in the form of file names: "001-003"."""
        return f"{self.revision:03d}-{self.attempt:03d}"


@dataclass(frozen=True, slots=True)
class Models:
    """The names of the run's models, as `provider:model`: those of now, and when they replaced others. A run that judges
    pictures that exist already has no image model, and its reviser only plans. `confirm_judge` looks at pictures once
    more, and is empty if the judge does; `detector` counts beside the judge, and is its file with the start of its hash.
    `ladder` has all image models in their order if there is more than one; `image` is the first of them, and each attempt
    has the one that drew it.
    """

    image: str
    judge: str
    reviser: str
    changes: tuple[ModelChange, ...] = ()
    confirm_judge: str = ""
    detector: str = ""
    ladder: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """The pursuit of one brief, and its record: the fields are those of run.json, in the same order.

    `kind` is "judge" if the pictures existed already. Then there are no prompts, and each attempt is one of these pictures,
    with the revision and the seed 0.
    """

    schema: Literal[1] = SCHEMA
    kind: RunKind = "run"
    run_id: str
    outcome: Outcome | None = None
    reason: str = ""
    seed: int
    brief: Brief
    checklist: Checklist | None = None
    prompts: tuple[Prompt, ...] = ()
    attempts: tuple[Attempt, ...] = ()
    usage: Usage = Usage()
    models: Models
    warnings: tuple[str, ...] = ()
    started: str
    ended: str | None = None

    def __repr__(self) -> str:
        usd = "" if self.usage.usd is None else f", ${self.usage.usd:.2f}"
        count = f"{len(self.attempts)} attempt{'' if len(self.attempts) == 1 else 's'}"
        return brief_repr(f"Run {self.run_id[:40]} {self.outcome or 'not ended'}, {count}{usd}", repr(self.brief.text[:80]))

    @property
    def prompt(self) -> Prompt:
        """The prompt in use: the newest one."""
        return self.prompts[-1]

    @property
    def round(self) -> tuple[Attempt, ...]:
        """The attempts made with the prompt in use."""
        return self.of_prompt(self.prompt.revision)

    def of_prompt(self, revision: int) -> tuple[Attempt, ...]:
        """The attempts made with the prompt of this revision, edited ones among them."""
        return tuple(a for a in self.attempts if a.revision == revision)

    def named(self, name: str) -> Attempt:
        """The attempt of this name, such as "001-003".

        Raises:
            KeyError: there is none.
        """
        for attempt in self.attempts:
            if attempt.name == name:
                return attempt
        raise KeyError(name)

    @property
    def best(self) -> Attempt | None:
        """The best attempt so far, or None if there is no usable picture yet.

        Attempts are compared by the number of musts that are met or accepted with a reservation, then by the smallest
        probability among the musts, then by the total weight of the nice-to-haves met; of two equal ones the earlier is better.
        What the judge was not asked about counts as not met.
        """
        usable = [attempt for attempt in self.attempts if attempt.image and not attempt.problem]
        return max(usable, key=self._rank, default=None)

    def _rank(self, attempt: Attempt) -> tuple[int, float, float, int, int]:
        earlier = (-attempt.revision, -attempt.attempt)
        if attempt.verdict is None or self.checklist is None:
            return (-1, 0.0, 0.0, *earlier)
        findings = {finding.id: finding for finding in attempt.verdict.findings}
        musts = [findings[r.id] for r in self.checklist.musts if r.id in findings]
        met = attempt.verdict.ids("met")
        nice = sum(r.weight for r in self.checklist.requirements if not r.must and r.id in met)
        accepted = sum(f.verdict == "met" or f.id in attempt.verdict.reservations for f in musts)
        return (accepted, min((f.probability for f in musts), default=0.0), nice, *earlier)

    def with_prompt(self, prompt: Prompt) -> Run:
        """Return this run with one more prompt."""
        return replace(self, prompts=(*self.prompts, prompt))

    def with_attempt(self, attempt: Attempt) -> Run:
        """Return this run with the attempt in its place; it replaces an earlier state of the same attempt."""
        number = _number(attempt)
        at = bisect_left(self.attempts, number, key=_number)
        after = at + 1 if at < len(self.attempts) and _number(self.attempts[at]) == number else at
        return replace(self, attempts=(*self.attempts[:at], attempt, *self.attempts[after:]))

    def ended_as(self, outcome: Outcome, reason: str) -> Run:
        """Return this run with its outcome and the reason for it."""
        return replace(self, outcome=outcome, reason=reason)

    def to_document(self) -> dict[str, Any]:
        """Return the record as JSON-compatible values, as in run.json."""
        return json.loads(self.to_json())

    def to_json(self) -> str:
        """Return the record as the text of run.json, of `--json` and of the HTTP API."""
        text = _adapter().dump_json(self, indent=2).decode()
        # `best` is a property, and is inserted before `usage`. JSON values contain no line break: the first match is the key.
        best = self.best
        named = {"revision": best.revision, "attempt": best.attempt} if best else None
        before, usage, after = text.partition('\n  "usage":')
        written = json.dumps(named, indent=2).replace("\n", "\n  ")
        return f'{before}\n  "best": {written},{usage}{after}\n'

    def _repr_html_(self) -> str:
        """Return what a notebook shows: the outcome, the best picture and the findings that are not met."""
        from onbrief import report  # an upward import: notebooks call this method on the value itself

        pictures = report.local_pictures(self)
        image = self.best.image if self.best else None
        if image and image.key not in pictures and image.file is None:
            with suppress(OnbriefError):  # a card without its picture is better than none
                pictures[image.key] = image.read()
        return report.card(self, pictures)

    @classmethod
    def from_document(cls, document: object) -> Run:
        """Return the run that a document from `to_document` describes.

        Raises:
            UsageError: the document is not a record of this schema.
        """
        from pydantic import ValidationError

        try:
            if isinstance(document, dict):
                document = {key: value for key, value in cast("dict[str, Any]", document).items() if key != "best"}
            return _adapter().validate_python(document)
        except (ValueError, ValidationError, RecursionError) as error:
            raise UsageError(f"not a record of schema {SCHEMA}: {error}") from error

    @classmethod
    def from_json(cls, text: str | bytes) -> Run:
        """Return the run that a text from `to_json` describes.

        Raises:
            UsageError: the text is not a record of this schema.
        """
        try:
            return cls.from_document(json.loads(text))
        except (ValueError, RecursionError) as error:
            if isinstance(error, UsageError):
                raise
            raise UsageError(f"not a record of schema {SCHEMA}: {error}") from error


def _number(attempt: Attempt) -> tuple[int, int]:
    return attempt.revision, attempt.attempt


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema of the record, as published in docs/record.schema.json."""
    schema = _adapter().json_schema(mode="serialization")
    number = {"type": "integer", "minimum": 0}
    schema["properties"]["best"] = {
        "description": "Which attempt is the best one so far.",
        "anyOf": [
            {"type": "object", "properties": {"revision": number, "attempt": number}, "required": ["revision", "attempt"]},
            {"type": "null"},
        ],
    }
    schema["required"] = sorted({*schema["required"], *schema["properties"]})
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": "onbrief run"}


@cache
def _adapter() -> TypeAdapter[Run]:
    from pydantic import TypeAdapter

    return TypeAdapter(Run)
