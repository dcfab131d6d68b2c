"""Prompt, Image, Finding, Verdict, Attempt and Run: the history of a run, and the JSON record made of it.

A Run is an immutable value: each step makes a new one, so events can share it and no reader can change it. The same dataclasses
are the record: `to_json` writes run.json, `from_json` reads it, `json_schema` describes it (docs/record.schema.json).
"""

from __future__ import annotations

import builtins
import hashlib
import json
import os
from bisect import bisect_left
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast, get_args
from urllib.parse import unquote_to_bytes, urlsplit

from onbrief.brief import Brief, Checklist, Requirement, brief_repr
from onbrief.errors import OnbriefError, Outcome, PictureError, StoreError, UsageError

if TYPE_CHECKING:
    import PIL.Image
    from pydantic import TypeAdapter

SCHEMA = 1

Answer = Literal["met", "unmet", "borderline", "undecided"]
ProblemKind = Literal["blank", "unreadable", "failed", "blocked", "unknown", "blind"]
RunKind = Literal["run", "judge"]
Role = Literal["judge", "confirm_judge", "reviser"]
Source = Literal["judge", "closer look", "pixels", "lettering", "detector"]
Box = tuple[float, float, float, float]
"""A part of a picture: left, top, right and bottom, as shares of its width and height from 0 to 1."""


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
class Image:
    """One stored picture: its place and its properties, never its bytes. `sha256` is the hash of the stored bytes. The key of a
    picture that existed already is its path as it was given.
    """

    key: str
    url: str
    sha256: str
    media_type: str
    width: int
    height: int
    bytes: int

    @property
    def path(self) -> Path:
        """The file of the picture, whatever is in it now.

        Raises:
            UsageError: the picture is in a bucket; `open` and `read` work there too.
        """
        if not self.url.startswith(_FILE):
            raise UsageError(f"path: {self.url} is in a bucket, not in a folder", hint="read it with .open() or .read()")
        return path_of(self.url)

    def read(self) -> builtins.bytes:
        """Return the bytes of the picture's file, from its folder or its bucket. Credentials for a bucket are those with which
        it was written: the ones that the service's own tools use. Blocks.

        Raises:
            StoreError: it cannot be read, is missing, or is not the picture that was recorded any more.
        """
        if self.url.startswith(_FILE):
            try:
                data = self.path.read_bytes()
            except FileNotFoundError:
                data = None
            except OSError as error:
                raise StoreError(f"{self.path} cannot be read: {error.strerror}") from error
        else:
            from onbrief.store.place import read_url  # an upward import: the value itself is asked for its picture

            data = read_url(self.url)
        place = str(self.path) if self.url.startswith(_FILE) else self.url
        if data is None:
            raise StoreError(f"{place} is missing")
        if hashlib.sha256(data).hexdigest() != self.sha256:
            raise StoreError(f"{place} has changed: it is not the picture that was recorded")
        return data

    def open(self) -> PIL.Image.Image:
        """Return the picture as an image of Pillow. See `read` for where it is read from.

        Raises:
            StoreError: as `read`.
            PictureError: it cannot be decoded.
        """
        from onbrief.pictures.decoding import opened

        data = self.read()
        try:
            return opened(data, ["PNG", "JPEG", "WEBP"])
        except OSError as error:  # UnidentifiedImageError too
            raise PictureError(f"{self.key} cannot be opened: {error}") from error

    def __repr__(self) -> str:
        return brief_repr(f"Image {self.width}x{self.height}", self.url, from_end=True)


@dataclass(frozen=True, slots=True)
class Finding:
    """The answer for one requirement on one image. `probability` is the probability that it is met, 0 to 1. `source` is what
    decided it in the end, and `box` the part of the picture that it is about, if that is known.

    `borderline`: the judge looked, and fair people would differ. `undecided`: there is no valid answer.
    """

    id: str
    verdict: Answer
    probability: float
    evidence: str = ""
    source: Source = "judge"
    box: Box | None = None


@dataclass(frozen=True, slots=True)
class Problem:
    """Why an attempt has no usable picture, and so no verdict; or why a judge gave no answer. `message` quotes the provider."""

    kind: ProblemKind
    message: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """The findings on one image. `passed` is computed in code (judging/decide.py), never by a model.

    `reservations` are the ids of the musts that are borderline and accepted all the same, according to the strictness of the
    run. If the judge gave no answer that can be used, all findings are undecided, and `problem` says why. `confirmed` are the
    ids of the requirements that a closer look has answered too, whatever it said.

    `unasked` are the ids of the requirements that have no finding: the judge was asked about others first, and the picture does
    not meet them. Nothing is known about these; every other requirement has a finding.
    """

    passed: bool
    findings: tuple[Finding, ...]
    problem: Problem | None = None
    reservations: tuple[str, ...] = ()
    confirmed: tuple[str, ...] = ()
    unasked: tuple[str, ...] = ()

    @property
    def unmet(self) -> tuple[Finding, ...]:
        """The findings that fall short: neither met nor accepted with a reservation."""
        return tuple(finding for finding in self.findings if finding.verdict != "met" and finding.id not in self.reservations)

    @property
    def reserved(self) -> tuple[Finding, ...]:
        """The findings on the musts that are accepted with a reservation."""
        return tuple(finding for finding in self.findings if finding.id in self.reservations)

    def __repr__(self) -> str:
        counts: dict[str, int] = {answer: len(self.ids(answer)) for answer in get_args(Answer)}
        counts["unasked"] = len(self.unasked)
        found = ", ".join(f"{count} {answer}" for answer, count in counts.items() if count)
        return f"<Verdict {'passed' if self.passed else 'not passed'}: {found or 'no findings'}>"

    def ids(self, answer: Answer) -> frozenset[str]:
        """Return the ids of the requirements with this answer."""
        return frozenset(finding.id for finding in self.findings if finding.verdict == answer)


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt at a picture: prompt, seed, image, verdict and cost. Numbered by (revision, attempt), both from 0.

    `image` is None without a usable picture, and `problem` says why. `verdict` is also None for a picture that was not judged
    because another one of its round had already passed. An edited picture has the prompt of the one that it was made from,
    whose name is `base`; `must` is the id of the requirement that the edit is for. `decided` is why the policy had it made, in
    a sentence. `usd` and `seconds` are those of its calls.
    `model` is the image model that drew it, or the editor that changed it; it is empty for pictures that existed already, and
    in records of earlier versions.
    """

    revision: int
    attempt: int
    seed: int
    image: Image | None = None
    verdict: Verdict | None = None
    problem: Problem | None = None
    usd: float = 0.0
    seconds: float = 0.0
    model: str = ""
    base: str = ""
    must: str = ""
    decided: str = ""

    @property
    def name(self) -> str:
        """Revision and attempt in the form of file names: "001-003"."""
        return f"{self.revision:03d}-{self.attempt:03d}"

    @property
    def origin(self) -> str:
        """What an edited picture was made from, and for which must: "repair of 000-002: r3". Empty for a drawn one."""
        return f"repair of {self.base}: {self.must}" if self.base else ""

    @property
    def passed(self) -> bool:
        """Whether the picture is accepted: every must is met, or borderline and accepted with a reservation."""
        return self.verdict is not None and self.verdict.passed

    @property
    def complete(self) -> bool:
        """Whether the attempt has its final state: a verdict or a problem."""
        return self.verdict is not None or self.problem is not None

    @property
    def state(self) -> str:
        """How the attempt stands, in a word or two: "passed", "not passed", the kind of its problem, or "not judged"."""
        if self.problem:
            return self.problem.kind
        return "not judged" if self.verdict is None else "passed" if self.passed else "not passed"

    def __repr__(self) -> str:
        short = [finding.id for finding in self.verdict.unmet] if self.verdict else []
        return brief_repr(f"Attempt {self.name} {self.state}", ", ".join(short) and f"short of {' '.join(short)}")


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
        if image and image.key not in pictures and not image.url.startswith(_FILE):
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


_FILE = "file:"


def path_of(url: str) -> Path:
    """Return the path of a file: URL."""
    return Path(os.fsdecode(unquote_to_bytes(urlsplit(url).path)))


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
