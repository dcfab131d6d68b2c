"""What onbrief asks of models: to draw, to judge, to plan, to revise, to edit. Each contract is one or two methods."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from onbrief.brief import Brief, Checklist, Requirement, Size
from onbrief.record import Attempt, Finding, Prompt


@dataclass(frozen=True, slots=True)
class Tokens:
    """What a language model counted for one call."""

    input: int = 0
    output: int = 0


NO_TOKENS = Tokens()


@dataclass(frozen=True, slots=True)
class Picture:
    """What an image model answered: the bytes of one picture, as they came, the facts that the provider gave with it, and
    what is not as it was asked for, as `warnings` for the record.
    """

    data: bytes
    facts: dict[str, str] = field(default_factory=dict[str, str])
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Planned:
    """What a planner found in a brief. Ids are the planner's own; parents refer to them. `usd` is what the call cost, or None
    where only the model's price is known.
    """

    requirements: tuple[Requirement, ...]
    tokens: Tokens = NO_TOKENS
    usd: float | None = None


@dataclass(frozen=True, slots=True)
class Judged:
    """What a judge found in a picture, as it said it; judging/decide.py makes a verdict of it. `usd` as in Planned."""

    findings: tuple[Finding, ...]
    tokens: Tokens = NO_TOKENS
    usd: float | None = None


@dataclass(frozen=True, slots=True)
class Revised:
    """The text of the next prompt, its negative text, and why it was written so. `usd` as in Planned."""

    text: str
    negative: str = ""
    reason: str = ""
    tokens: Tokens = NO_TOKENS
    usd: float | None = None


class Model(Protocol):
    """What every model says of itself."""

    @property
    def name(self) -> str:
        """`provider:model`."""
        ...

    @property
    def price(self) -> float | None:
        """The most that one call can cost in US dollars, or None when nobody knows."""
        ...


@runtime_checkable
class Warns(Protocol):
    """A model that may leave out what was asked of it."""

    @property
    def warnings(self) -> tuple[str, ...]:
        """What it has left out or will, as far as it knows by now."""
        ...


class ImageModel(Model, Protocol):
    """Draws one picture for a prompt."""

    def check(self, size: Size) -> tuple[str, ...]:
        """What this model will drop or change for pictures of this size, as warnings.

        Raises:
            UsageError: a size that it cannot make.
        """
        ...

    async def generate(self, prompt: Prompt, size: Size, seed: int) -> Picture:
        """One picture, asked for exactly once.

        Raises:
            CallError: one of its four classes, when no picture came.
            ConfigError: something must be changed before any picture can come.
        """
        ...


class Editor(Model, Protocol):
    """Changes one thing in a picture and leaves the rest, as far as it can."""

    async def edit(self, image: bytes, instruction: str, seed: int, mask: bytes | None = None) -> Picture:
        """The picture after one change, in its own size, asked for exactly once. `instruction` is English: "replace the dog
        with a cat", "make the bench blue", "add two cups", "remove the car", "move the clock to the left of the cat",
        'change the text to "OPEN"'; no editor does all of them. `mask` is a PNG of the picture's size, white where it may
        change and black where it must stay; what is added comes to lie there.

        Raises:
            UsageError: an instruction that this editor cannot do, or not without (or with) a mask, or a mask that does not fit
                the picture. Found before anything is sent, so it is neither tried again nor counted.
            PictureError: bytes that are no picture; nothing is sent.
            CallError: one of its four classes, when no picture came; `Failed` where the instruction speaks of what the picture
                does not show, and the service says so.
            ConfigError: something must be changed before any picture can come.
        """
        ...


@dataclass(frozen=True, slots=True)
class PictureLimits:
    """The largest picture that a judge takes: its longest side in pixels, and its file in bytes. A larger one is scaled down
    for the judge before it is sent.
    """

    side: int = 1568
    bytes: int = 3_750_000


ANY_PICTURE = PictureLimits()
"""Limits within the smallest that the providers of vision models document, for judges that do not know their own."""


class Judge(Model, Protocol):
    """Answers requirements from the bytes of a picture, and from nothing else."""

    @property
    def picture_limits(self) -> PictureLimits:
        """How large a picture may be."""
        ...

    async def judge(self, image: bytes, requirements: Sequence[Requirement]) -> Judged:
        """A finding for each requirement. Never sees prompts, seeds, names, metadata or earlier verdicts.

        Raises:
            CallError: when no answer came.
        """
        ...


class Planner(Model, Protocol):
    """Turns a brief into requirements."""

    async def checklist(self, brief: Brief) -> Planned:
        """Atomic requirements, one claim each, found in the text of the brief.

        Raises:
            CallError: when no answer came.
        """
        ...


History = Sequence[tuple[Prompt, Sequence[Attempt]]]
"""Each prompt that was tried with its attempts, oldest first."""


class Reviser(Model, Protocol):
    """Writes the next prompt."""

    async def revise(self, brief: Brief, checklist: Checklist, revision: int, history: History) -> Revised:
        """The prompt number `revision` for this checklist, in other words than those before it. `history` is what was tried
        and what came of it, oldest first; it is empty when the policy wants a prompt from the brief alone.

        Raises:
            CallError: when no answer came.
        """
        ...
