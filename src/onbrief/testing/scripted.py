"""Models whose answers are given by a test, and the list of calls that they accepted: the bill.

A script is a sequence of answers, of which the last is repeated, or a function that makes an answer from the request. An answer
that is an exception is raised.

    judge = ScriptedJudge(script=[{"r1"}, Failed("out of order"), set()])  # r1 is unmet; an error; everything is met
    model = ScriptedImageModel(script=lambda asked: picture(asked.seed, asked.size))
"""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Callable, MutableSequence, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, TypeAlias, TypeVar, get_args

from PIL import Image

from onbrief.attempt import Finding
from onbrief.brief import Brief, Checklist, Requirement, Size
from onbrief.ports import ANY_PICTURE, Change, Changes, History, Judged, Picture, PictureLimits, Planned, Revised, Way
from onbrief.record import Prompt
from onbrief.studio import Crew

A = TypeVar("A")
R = TypeVar("R")
Script: TypeAlias = Sequence[A | Exception] | Callable[[R], A | Exception]
"""Answers in order, of which the last is repeated, or a function of the request."""


@dataclass(slots=True)
class Bill:
    """An append-only list of calls, in memory or in a file: each line is written and synced before the call is answered, so
    that it survives the process.
    """

    path: Path | None = None
    _lines: list[str] = field(default_factory=list[str])

    def add(self, line: str) -> None:
        """Append one line."""
        if self.path is None:
            self._lines.append(line)
            return
        descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        try:
            os.write(descriptor, (line + "\n").encode())
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    @property
    def lines(self) -> list[str]:
        """All lines, oldest first."""
        if self.path is None:
            return list(self._lines)
        return self.path.read_text().splitlines() if self.path.exists() else []

    def of(self, kind: str) -> list[str]:
        """Return the lines of one kind of call: `image`, `edit`, `judge`, `plan` or `revise`."""
        return [line for line in self.lines if line.startswith(kind)]


def picture(seed: int, size: Size = (64, 64)) -> bytes:
    """Return a small PNG of two colours that depend on the seed."""
    digest = hashlib.sha256(str(seed).encode()).digest()
    image = Image.new("RGB", size, (digest[0], digest[1], digest[2]))
    image.paste((255 - digest[0], 255 - digest[1], digest[3]), (0, 0, size[0] // 2, size[1] // 2))
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


class Gate(Protocol):
    """Delays the answer of a call: an asyncio.Event or asyncio.Barrier."""

    async def wait(self) -> object:
        """Return when the call may be answered."""
        ...


# -- requests, as scripts and tests see them --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ImageRequest:
    """A call of `generate`. `number` counts the calls of this model from 0, here and below."""

    number: int
    prompt: Prompt
    size: Size
    seed: int


@dataclass(frozen=True, slots=True)
class EditRequest:
    """A call of `edit`."""

    number: int
    image: bytes
    instruction: str
    seed: int
    mask: bytes | None


@dataclass(frozen=True, slots=True)
class JudgeRequest:
    """A call of `judge`."""

    number: int
    image: bytes
    requirements: tuple[Requirement, ...]

    def answer(self, *, met: bool, evidence: str = "seen") -> Judged:
        """Return an answer in which all requirements are met, or none."""
        found = [_finding(requirement.id, met, evidence) for requirement in self.requirements]
        return Judged(tuple(found))


@dataclass(frozen=True, slots=True)
class PlanRequest:
    """A call of `checklist`."""

    number: int
    brief: Brief


@dataclass(frozen=True, slots=True)
class ReviseRequest:
    """A call of `revise`."""

    number: int
    brief: Brief
    checklist: Checklist
    revision: int
    history: History


def drawn(asked: ImageRequest) -> bytes:
    """The default script of image models: return the `picture` of the seed, in the requested size."""
    return picture(asked.seed, asked.size)


def edited(asked: EditRequest) -> bytes:
    """The default script of editors: return a `picture` of the seed, in the size of the one to edit."""
    with Image.open(io.BytesIO(asked.image)) as image:
        return picture(asked.seed, image.size)


def rewritten(asked: ReviseRequest) -> Revised:
    """The default script of revisers: return the brief, with the number of the revision."""
    text = f"{asked.brief.text}, better {asked.revision}"
    return Revised(text, reason=f"{len(asked.checklist.requirements)} to meet")


ImageScript: TypeAlias = Script[bytes | Picture, ImageRequest]
EditScript: TypeAlias = Script[bytes | Picture, EditRequest]
JudgeScript: TypeAlias = Script[AbstractSet[str] | Judged, JudgeRequest]
"""An answer is a Judged, or the set of the ids of unmet requirements; all others are met."""
PlanScript: TypeAlias = Script[Sequence[str] | Planned, PlanRequest]
"""An answer is a Planned, or the texts of its requirements."""
ReviseScript: TypeAlias = Script[str | Revised, ReviseRequest]
"""An answer is a Revised, or its text."""

# -- models ----------------------------------------------------------------------------------------------------------
# `asked` keeps the requests of a model. Pass `deque(maxlen=0)` if the pictures of a long run should not stay in memory.


@dataclass(slots=True)
class ScriptedImageModel:
    """An image model. `check` returns or raises `on_check`. `gate` is awaited between the bill and the answer."""

    bill: Bill = field(default_factory=Bill)
    script: ImageScript = drawn
    price: float | None = 0.04
    gate: Gate | None = None
    name: str = "test:painter"
    on_check: tuple[str, ...] | Exception = ()
    asked: MutableSequence[ImageRequest] = field(default_factory=list[ImageRequest])
    calls: int = 0

    def check(self, size: Size) -> tuple[str, ...]:
        """See ports.ImageModel."""
        if isinstance(self.on_check, Exception):
            raise self.on_check
        return self.on_check

    async def generate(self, prompt: Prompt, size: Size, seed: int) -> Picture:
        """See ports.ImageModel."""
        self.bill.add(f"image {prompt.revision} {prompt.text} {seed}")
        asked = ImageRequest(self.calls, prompt, size, seed)
        self.calls += 1
        self.asked.append(asked)
        if self.gate:
            await self.gate.wait()
        answer = _answer(self.script, asked, asked.number)
        return answer if isinstance(answer, Picture) else Picture(answer)


@dataclass(slots=True)
class ScriptedEditor:
    """An editor, which can be put `beside` an image model (see crew). `gate` as for an image model."""

    bill: Bill = field(default_factory=Bill)
    script: EditScript = edited
    price: float | None = 0.07
    gate: Gate | None = None
    name: str = "test:editor"
    changes: Changes = field(default_factory=lambda: dict.fromkeys(get_args(Change), frozenset[Way](("words", "mask"))))
    asked: MutableSequence[EditRequest] = field(default_factory=list[EditRequest])
    calls: int = 0

    async def edit(self, image: bytes, instruction: str, seed: int, mask: bytes | None = None) -> Picture:
        """See ports.Editor."""
        self.bill.add(f"edit {instruction} {seed}")
        asked = EditRequest(self.calls, image, instruction, seed, mask)
        self.calls += 1
        self.asked.append(asked)
        if self.gate:
            await self.gate.wait()
        answer = _answer(self.script, asked, asked.number)
        return answer if isinstance(answer, Picture) else Picture(answer)


@dataclass(slots=True)
class ScriptedJudge:
    """A judge. `gate` as for an image model."""

    bill: Bill = field(default_factory=Bill)
    script: JudgeScript = (frozenset[str](),)
    price: float | None = 0.006
    gate: Gate | None = None
    name: str = "test:critic"
    picture_limits: PictureLimits = ANY_PICTURE
    asked: MutableSequence[JudgeRequest] = field(default_factory=list[JudgeRequest])
    calls: int = 0

    async def judge(self, image: bytes, requirements: Sequence[Requirement]) -> Judged:
        """See ports.Judge."""
        self.bill.add(f"judge {hashlib.sha256(image).hexdigest()[:12]}")
        asked = JudgeRequest(self.calls, image, tuple(requirements))
        self.calls += 1
        self.asked.append(asked)
        if self.gate:
            await self.gate.wait()
        answer = _answer(self.script, asked, asked.number)
        if isinstance(answer, Judged):
            return answer
        return Judged(tuple(_finding(r.id, r.id not in answer, "seen") for r in requirements))


@dataclass(slots=True)
class ScriptedPlanner:
    """A planner."""

    bill: Bill = field(default_factory=Bill)
    script: PlanScript = (("there is a circle", "the circle is red"),)
    price: float | None = 0.005
    name: str = "test:writer"
    asked: MutableSequence[PlanRequest] = field(default_factory=list[PlanRequest])
    calls: int = 0

    async def checklist(self, brief: Brief) -> Planned:
        """See ports.Planner."""
        self.bill.add(f"plan {brief.text}")
        asked = PlanRequest(self.calls, brief)
        self.calls += 1
        self.asked.append(asked)
        answer = _answer(self.script, asked, asked.number)
        if isinstance(answer, Planned):
            return answer
        return Planned(tuple(Requirement(id=f"p{n}", text=text, kind="object") for n, text in enumerate(answer)))


@dataclass(slots=True)
class ScriptedReviser:
    """A reviser."""

    bill: Bill = field(default_factory=Bill)
    script: ReviseScript = rewritten
    price: float | None = 0.005
    name: str = "test:writer"
    asked: MutableSequence[ReviseRequest] = field(default_factory=list[ReviseRequest])
    calls: int = 0

    async def revise(self, brief: Brief, checklist: Checklist, revision: int, history: History) -> Revised:
        """See ports.Reviser."""
        self.bill.add(f"revise {len(history)}")
        asked = ReviseRequest(self.calls, brief, checklist, revision, history)
        self.calls += 1
        self.asked.append(asked)
        answer = _answer(self.script, asked, asked.number)
        return answer if isinstance(answer, Revised) else Revised(answer)


def crew(
    bill: Bill,
    *verdicts: AbstractSet[str] | Judged | Exception,
    answer: ImageScript = drawn,
    price: float | None = 0.04,
) -> Crew:
    """Return scripted models with a shared bill. The judge's script is `verdicts`, by default that everything is met; the image
    model's is `answer`, at this `price`.
    """
    return Crew(
        planner=ScriptedPlanner(bill),
        image_model=ScriptedImageModel(bill, answer, price),
        judge=ScriptedJudge(bill, verdicts or (frozenset[str](),)),
        reviser=ScriptedReviser(bill),
    )


def _answer(script: Script[A, R], asked: R, number: int) -> A:
    """Return the answer of a script to request number `number`, or raise it if it is an exception."""
    answer = script(asked) if callable(script) else script[min(number, len(script) - 1)]
    if isinstance(answer, Exception):
        raise answer
    return answer


def _finding(id_: str, met: bool, evidence: str) -> Finding:
    return Finding(id_, "met" if met else "unmet", 0.98 if met else 0.02, evidence)
