"""The contracts that models implement: image models, editors, judges, planners and revisers. Each is one or two methods."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, Self, runtime_checkable

from onbrief.attempt import Attempt, Box, Finding
from onbrief.brief import Brief, Checklist, Requirement, Size
from onbrief.ports.dialect import Dialect
from onbrief.record import Prompt
from onbrief.tokens import NO_TOKENS as NO_TOKENS
from onbrief.tokens import Tokens as Tokens


@dataclass(frozen=True, slots=True)
class Picture:
    """The answer of an image model: the unchanged bytes of one picture, the facts that the provider gave with it, and, as
    `warnings` for the record, what differs from the request. `usd` is the cost of the call, or None if only the model's price
    is known.
    """

    data: bytes
    facts: dict[str, str] = field(default_factory=dict[str, str])
    warnings: tuple[str, ...] = ()
    usd: float | None = None


@dataclass(frozen=True, slots=True)
class OpenQuestion:
    """What a brief leaves open: its words, a question to the user, and the reading that the checklist follows."""

    words: str
    question: str
    reading: str


@dataclass(frozen=True, slots=True)
class Planned:
    """The requirements that a planner found in a brief. It chooses their ids, and parents refer to these. `usd` is the cost of
    the call, or None if only the model's price is known. `warnings`, for the record, are doubts about single requirements.

    `cites` has, for each requirement, the words of the brief that it comes from. With them, it is checked that no part of the
    brief is missing (questions/coverage.py); None, from a planner that gives none: nothing is checked.
    """

    requirements: tuple[Requirement, ...]
    tokens: Tokens = NO_TOKENS
    usd: float | None = None
    warnings: tuple[str, ...] = ()
    cites: tuple[tuple[str, ...], ...] | None = None
    questions: tuple[OpenQuestion, ...] = ()


@dataclass(frozen=True, slots=True)
class Judged:
    """The findings of a judge on one picture, unchecked; judging/decide.py computes the verdict. `usd` as in Planned. `blind`
    says how it was found out, with a question whose answer is known, that the judge does not see the picture; then its findings
    count for nothing. `lettering` is what the judge read anywhere in the picture, as far as it says so.
    """

    findings: tuple[Finding, ...]
    tokens: Tokens = NO_TOKENS
    usd: float | None = None
    blind: str = ""
    lettering: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Unreachable:
    """A must that no prompt can reach, in the opinion of a reviser: its id, and why."""

    id: str
    why: str


@dataclass(frozen=True, slots=True)
class Revised:
    """The text of the next prompt, its negative text, and the reason for the change. `usd` as in Planned."""

    text: str
    negative: str = ""
    reason: str = ""
    tokens: Tokens = NO_TOKENS
    usd: float | None = None
    unreachable: tuple[Unreachable, ...] = ()


class Model(Protocol):
    """The properties that all models have."""

    @property
    def name(self) -> str:
        """`provider:model`."""
        ...

    @property
    def price(self) -> float | None:
        """The most that one call can cost in US dollars, or None if the price is unknown."""
        ...


@runtime_checkable
class PricedByRequest(Protocol):
    """A model whose price depends on what it is asked. A call of any other model costs at most its `price`."""

    def price_of(self, *request: Any, **named: Any) -> float | None:
        """Return the most that the call with this request can cost in US dollars, or None if the price is unknown. It is
        reserved before the call is sent, so it must never be less than what the provider counts.

        The request of an image model is the prompt, the size and the seed; of a planner, the brief; of a judge, the
        requirements and the width and height of the picture, in pixels, where a closer look has the largest picture that the
        judge accepts; of a reviser, the arguments of `revise`, where a history of None is the longest that there can be.
        """
        ...


@runtime_checkable
class ExpectsCost(Protocol):
    """A planner, a judge or a reviser whose calls cost by how much is asked and answered. A call of any other one costs the
    same for any number of requirements, as far as is known.
    """

    def expected_cost(self, requirements: int) -> float | None:
        """Return what a call about this number of requirements can be expected to cost in US dollars, or None if that is
        unknown. Nothing is reserved by it: see PricedByRequest.
        """
        ...


@runtime_checkable
class Warns(Protocol):
    """A model that may ignore part of a request."""

    @property
    def warnings(self) -> tuple[str, ...]:
        """The parts of requests that it has ignored or will ignore, as far as is known by now."""
        ...


@runtime_checkable
class Corrects(Protocol):
    """A model that can be told what was wrong with its previous answer to the same request."""

    def corrected(self, what: str) -> Self:
        """Return the same model for one more try of a request; `what` was wrong is empty if that is not known."""
        ...


class ImageModel(Model, Protocol):
    """Generates one picture for a prompt."""

    def check(self, size: Size) -> tuple[str, ...]:
        """Return warnings about what this model drops or changes for pictures of this size.

        Raises:
            UsageError: the model cannot make this size.
        """
        ...

    async def generate(self, prompt: Prompt, size: Size, seed: int) -> Picture:
        """Return one picture, requested exactly once.

        Raises:
            CallError: one of its four classes, if there is no picture.
            ConfigError: something must be changed before this model can generate any picture.
        """
        ...


Change = Literal["replace", "recolour", "alter", "remove", "add", "move", "letter"]
"""What an instruction asks for: another thing, another colour, another property of a thing, a thing less, a thing more, another
place of a thing, or other lettering.
"""

Way = Literal["words", "mask"]
"""How an editor is told where: by the words of the instruction alone, or by a mask beside them."""

Changes = Mapping[Change, frozenset[Way]]
"""The changes that an editor can make, and in which ways each of them can be asked for."""


@runtime_checkable
class Editor(Model, Protocol):
    """Changes one thing in a picture and leaves the rest, as far as it can."""

    @property
    def changes(self) -> Changes:
        """What it can change and in which ways, so that a policy can choose an editor without asking it."""
        ...

    async def edit(self, image: bytes, instruction: str, seed: int, mask: bytes | None = None) -> Picture:
        """Return the picture with one change, in the same size, requested exactly once. `instruction` is English: "replace the
        dog with a cat", "make the bench blue", "add two cups", "remove the car", "move the clock to the left of the cat",
        'change the text to "OPEN"'; no editor supports all of these. `mask` is a PNG of the picture's size, white where the
        picture may change and black where it must stay; things are added in the white area.

        Raises:
            UsageError: an instruction that this editor does not support, or not without (or with) a mask, or a mask that does
                not fit the picture. Raised before anything is sent, so it is neither retried nor counted.
            PictureError: `image` is not a picture; nothing is sent.
            CallError: one of its four classes, if there is no picture; `Failed` if the service reports that the instruction
                names something that the picture does not show.
            ConfigError: something must be changed before this editor can make any picture.
        """
        ...


@dataclass(frozen=True, slots=True)
class PictureLimits:
    """The largest picture that a judge accepts: its longest side in pixels and its file size in bytes. A larger one is scaled
    down before it is sent to the judge.
    """

    side: int = 1568
    bytes: int = 3_750_000


ANY_PICTURE = PictureLimits()
"""For judges without limits of their own: no larger than the smallest limits that providers of vision models document."""


class Judge(Model, Protocol):
    """Decides from the bytes of a picture, and from nothing else, which requirements it meets."""

    @property
    def picture_limits(self) -> PictureLimits:
        """The largest picture that the judge accepts."""
        ...

    async def judge(self, image: bytes, requirements: Sequence[Requirement]) -> Judged:
        """Return a finding for each requirement. A judge never sees prompts, seeds, names, metadata or earlier verdicts.

        Raises:
            CallError: there is no answer.
        """
        ...


@runtime_checkable
class LooksCloser(Protocol):
    """A judge that has a way of its own to look at a picture once more. Any other judge is asked `judge` again."""

    async def look_closer(self, image: bytes, requirements: Sequence[Requirement], boxes: Mapping[str, Box]) -> Judged:
        """Return a finding for each of these requirements, as `judge` does, but ask from the other side and in other words:
        what speaks against them? `image` is the same as for `judge`, and `boxes` are the parts of it that are worth a closer
        look, as far as they are known, by the ids of the requirements. The judge does not learn what the first look said.

        Raises:
            CallError: there is no answer.
        """
        ...


class Planner(Model, Protocol):
    """Turns a brief into requirements."""

    async def checklist(self, brief: Brief) -> Planned:
        """Return the requirements found in the text of the brief: atomic, one claim each.

        Raises:
            CallError: there is no answer.
        """
        ...


History = Sequence[tuple[Prompt, Sequence[Attempt]]]
"""The prompts that were tried, each with its attempts but for edited pictures, which say nothing about it; oldest first."""


@runtime_checkable
class Completes(Planner, Protocol):
    """A planner that can be asked for what its checklist leaves out."""

    def completing(self, planned: Planned, missing: Sequence[str]) -> Planner:
        """Return a planner whose `checklist` returns what to add to `planned`: requirements for the missing parts of the brief,
        with ids of their own, and questions about parts that ask for nothing.
        """
        ...


class Reviser(Model, Protocol):
    """Writes the next prompt."""

    async def revise(self, brief: Brief, checklist: Checklist, revision: int, history: History) -> Revised:
        """Return prompt number `revision` for this checklist, worded differently from the prompts before it. `history` has
        those prompts with their attempts, oldest first; it is empty if the policy wants a prompt from the brief alone.

        What it returns is checked before it is used (docs/prompts.md). A reviser that implements Corrects is asked once more
        if it fails; then, or with any other reviser, the best earlier prompt is used with a new ending.

        Raises:
            CallError: there is no answer.
        """
        ...


@runtime_checkable
class WritesFor(Reviser, Protocol):
    """A reviser that writes differently for different image models."""

    def writing_for(self, dialect: Dialect) -> Reviser:
        """Return the same reviser, for an image model of this dialect."""
        ...
