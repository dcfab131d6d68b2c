"""The painter, the eye, the planner and the writer as onbrief models, created from their names in settings."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from onbrief.attempt import Box, Finding
from onbrief.brief import Requirement, Size
from onbrief.errors import UsageError
from onbrief.ports import ANY_PICTURE, Change, Changes, Dialect, Judged, ModelName, Picture, PictureLimits, Way
from onbrief.record import Prompt
from onbrief_sandbox.editing import edited
from onbrief_sandbox.erring import SUREST, ErringEye, Errors
from onbrief_sandbox.imagining import picture
from onbrief_sandbox.language.checks import check
from onbrief_sandbox.language.planner import SandboxPlanner
from onbrief_sandbox.language.sentences import read
from onbrief_sandbox.language.writer import SandboxWriter
from onbrief_sandbox.provider import COSTS, ERRORS
from onbrief_sandbox.scene import Sight
from onbrief_sandbox.seeing.eye import look
from onbrief_sandbox.world import MODELS, Model

SIDES = (512, 2048)  # pixels; in smaller pictures, outlines are too thin for the eye
_WORDS: frozenset[Way] = frozenset(("words",))
_BOTH: frozenset[Way] = frozenset(("words", "mask"))
_WITH_MASK: tuple[Change, ...] = ("replace", "recolour", "remove", "add")
_MOST_USD, _LONGEST = 1000, 1000  # US dollars, seconds


@dataclass(frozen=True, slots=True)
class SandboxImageModel:
    """Paints what it understands of a prompt, with flaws that depend on prompt and seed."""

    name: str
    price: float | None
    seconds: float
    model: Model = "modern"

    @classmethod
    def named(cls, name: ModelName) -> SandboxImageModel:
        """Create a model from a name: `sandbox:modern` (or `sandbox:`), or `sandbox:sdxl`, which errs more often.
        `?usd=0.04&seconds=0.5` sets the price and duration of a call, both 0 by default.

        Raises:
            UsageError: another model or option.
        """
        if name.model and name.model not in MODELS:
            known = " ".join(f"{name.provider}:{model}" for model in MODELS)
            raise UsageError.of(name.setting, str(name), f"one of {known}")
        which: Model = "sdxl" if name.model == "sdxl" else "modern"
        return cls(str(name), *_costs(name, COSTS), which)

    @property
    def dialect(self) -> Dialect:
        """See ports.HasDialect. It reads the whole prompt, however long it is; see world.toml for what helps."""
        return Dialect(negative=True, weights=True, hardest_first=True)

    def check(self, size: Size) -> tuple[str, ...]:
        """See ports.ImageModel."""
        low, high = SIDES
        if not all(low <= side <= high for side in size):
            raise UsageError.of("size", f"{size[0]}x{size[1]}", f"sides of {low} to {high} pixels for {self.name}")
        return ()

    async def generate(self, prompt: Prompt, size: Size, seed: int) -> Picture:
        """See ports.ImageModel."""
        await asyncio.sleep(self.seconds)
        data, _truth = await asyncio.to_thread(picture, prompt.text, prompt.negative, size, seed, self.model)
        return Picture(data)

    @property
    def changes(self) -> Changes:
        """See ports.Editor."""
        return {**dict.fromkeys(_WITH_MASK, _BOTH), "move": _WORDS, "letter": _WORDS}

    async def edit(self, image: bytes, instruction: str, seed: int, mask: bytes | None = None) -> Picture:
        """See ports.Editor. With a mask, words, the background, landscapes and the position of things cannot be edited."""
        data = await asyncio.to_thread(edited, image, instruction, seed, mask)
        await asyncio.sleep(self.seconds)  # after the edit, so that an impossible edit fails without delay
        return Picture(data)


@dataclass(frozen=True, slots=True)
class SandboxJudge:
    """Answers each requirement from the pixels alone, optionally with deliberate errors."""

    name: str
    price: float | None
    seconds: float
    erring: ErringEye | None = field(default=None, compare=False)
    picture_limits: PictureLimits = ANY_PICTURE

    @classmethod
    def named(cls, name: ModelName) -> SandboxJudge:
        """Create a judge from a name. `sandbox:?usd=0.006&seconds=0.2` sets the price and duration of a call, and
        `false_accept=0.05&false_reject=0.1&correlated=0.5` its error rates (see erring.Errors). All are 0 by default.

        Raises:
            UsageError: another model or option.
        """
        usd, seconds = _costs(_alone(name), (*COSTS, *ERRORS))
        errors = Errors(*(name.number(option, 0, 1, 0) for option in ERRORS))
        return cls(str(name), usd, seconds, ErringEye(errors) if errors else None)

    async def judge(self, image: bytes, requirements: Sequence[Requirement]) -> Judged:
        """See ports.Judge."""
        return await self._looked(image, requirements)

    async def look_closer(
        self, image: bytes, requirements: Sequence[Requirement], boxes: Mapping[str, Box] | None = None
    ) -> Judged:
        """See ports.LooksCloser. An eye that errs errs anew, except for the share of its errors that is correlated."""
        return await self._looked(image, requirements, "closer")

    async def _looked(self, image: bytes, requirements: Sequence[Requirement], how: str = "") -> Judged:
        await asyncio.sleep(self.seconds)
        sight = await asyncio.to_thread(look, image)
        found = tuple(find(requirement, sight) for requirement in requirements)
        return Judged(self.erring.see(image, tuple(requirements), found, how) if self.erring else found)


def sandbox_planner(name: ModelName) -> SandboxPlanner:
    """Create a planner from a name, with the options usd and seconds as for the judge.

    Raises:
        UsageError: another model or option.
    """
    return SandboxPlanner(str(name), *_costs(_alone(name), COSTS))


def sandbox_reviser(name: ModelName) -> SandboxWriter:
    """Create a reviser from a name, with the options usd and seconds as for the judge.

    Raises:
        UsageError: another model or option.
    """
    return SandboxWriter(str(name), *_costs(_alone(name), COSTS))


def find(requirement: Requirement, sight: Sight) -> Finding:
    """Check all claims that a requirement makes. A requirement that the eye does not understand is undecided."""
    claimed = read(requirement.text)
    if not claimed:
        return Finding(requirement.id, "undecided", 0.5, "the eye does not know what this asks for")
    answers = [check(claim, sight) for claim in claimed]
    met = all(answer for answer, _ in answers)
    evidence = "; ".join(dict.fromkeys(seen for answer, seen in answers if answer == met))
    return Finding(requirement.id, "met" if met else "unmet", SUREST if met else round(1 - SUREST, 2), evidence)


def _alone(name: ModelName) -> ModelName:
    """Return the name of a role that has only one model.

    Raises:
        UsageError: the name contains a model.
    """
    if name.model:
        raise UsageError.of(name.setting, str(name), f"{name.provider}: without a model name")
    return name


def _costs(name: ModelName, options: Sequence[str]) -> tuple[float, float]:
    """Return the price of a call in US dollars and its duration in seconds.

    Raises:
        UsageError: the name has other options than these, or a value is out of range.
    """
    name.require_options(options)
    return name.number("usd", 0, _MOST_USD, 0), name.number("seconds", 0, _LONGEST, 0)
