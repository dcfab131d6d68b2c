"""The painter, the eye, the planner and the writer as models, by the names that settings give them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from onbrief.brief import Requirement, Size
from onbrief.errors import UsageError
from onbrief.ports import ANY_PICTURE, Judged, ModelName, Picture, PictureLimits
from onbrief.record import Finding, Prompt
from onbrief_sandbox import COSTS, ERRORS
from onbrief_sandbox.editing import edited
from onbrief_sandbox.erring import SUREST, ErringEye, Errors
from onbrief_sandbox.imagining import picture
from onbrief_sandbox.language.checks import check
from onbrief_sandbox.language.planner import SandboxPlanner
from onbrief_sandbox.language.sentences import read
from onbrief_sandbox.language.writer import SandboxWriter
from onbrief_sandbox.scene import Sight
from onbrief_sandbox.seeing.eye import look
from onbrief_sandbox.world import MODELS, Model

SIDES = (512, 2048)  # pixels; on smaller ones, outlines are too thin for the eye
_MOST_USD, _LONGEST = 1000, 1000  # US dollars, seconds


@dataclass(frozen=True, slots=True)
class SandboxImageModel:
    """Paints what it understands of a prompt, with flaws that prompt and seed decide."""

    name: str
    price: float | None
    seconds: float
    model: Model = "modern"

    @classmethod
    def named(cls, name: ModelName) -> SandboxImageModel:
        """`sandbox:modern` (also `sandbox:`) or `sandbox:sdxl`, which errs more often. `?usd=0.04&seconds=0.5`: what a
        picture costs and how long it takes, both nothing by default.

        Raises:
            UsageError: another model or option.
        """
        if name.model and name.model not in MODELS:
            known = " ".join(f"{name.provider}:{model}" for model in MODELS)
            raise UsageError.of(name.setting, str(name), f"one of {known}")
        which: Model = "sdxl" if name.model == "sdxl" else "modern"
        return cls(str(name), *_costs(name, COSTS), which)

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

    async def edit(self, image: bytes, instruction: str, seed: int, mask: bytes | None = None) -> Picture:
        """See ports.Editor. With a mask, what has no one place (words, the ground, a landscape) and what moves cannot be
        edited.
        """
        data = await asyncio.to_thread(edited, image, instruction, seed, mask)
        await asyncio.sleep(self.seconds)  # afterwards: what it cannot do is found at once
        return Picture(data)


@dataclass(frozen=True, slots=True)
class SandboxJudge:
    """Answers each requirement from the pixels alone; with errors, if it is made to."""

    name: str
    price: float | None
    seconds: float
    erring: ErringEye | None = field(default=None, compare=False)
    picture_limits: PictureLimits = ANY_PICTURE

    @classmethod
    def named(cls, name: ModelName) -> SandboxJudge:
        """`sandbox:?usd=0.006&seconds=0.2`: what a judgement costs and how long it takes, both nothing by default;
        `false_accept=0.05&false_reject=0.1&correlated=0.5`: how it errs (see erring.Errors), not at all by default.

        Raises:
            UsageError: another model or option.
        """
        usd, seconds = _costs(_alone(name), (*COSTS, *ERRORS))
        errors = Errors(*(name.number(option, 0, 1, 0) for option in ERRORS))
        return cls(str(name), usd, seconds, ErringEye(errors) if errors else None)

    async def judge(self, image: bytes, requirements: Sequence[Requirement]) -> Judged:
        """See ports.Judge."""
        await asyncio.sleep(self.seconds)
        sight = await asyncio.to_thread(look, image)
        found = tuple(find(requirement, sight) for requirement in requirements)
        return Judged(self.erring.see(image, tuple(requirements), found) if self.erring else found)


def sandbox_planner(name: ModelName) -> SandboxPlanner:
    """The planner of this name; usd and seconds as for the judge.

    Raises:
        UsageError: another model or option.
    """
    return SandboxPlanner(str(name), *_costs(_alone(name), COSTS))


def sandbox_reviser(name: ModelName) -> SandboxWriter:
    """The reviser of this name; usd and seconds as for the judge.

    Raises:
        UsageError: another model or option.
    """
    return SandboxWriter(str(name), *_costs(_alone(name), COSTS))


def find(requirement: Requirement, sight: Sight) -> Finding:
    """Every claim in the words of the requirement, checked; words that say nothing to the eye are undecided."""
    claimed = read(requirement.text)
    if not claimed:
        return Finding(requirement.id, "undecided", 0.5, "the eye does not know what this asks for")
    answers = [check(claim, sight) for claim in claimed]
    met = all(answer for answer, _ in answers)
    evidence = "; ".join(dict.fromkeys(told for answer, told in answers if answer == met))
    return Finding(requirement.id, "met" if met else "unmet", SUREST if met else round(1 - SUREST, 2), evidence)


def _alone(name: ModelName) -> ModelName:
    """The name of what there is only one of."""
    if name.model:
        raise UsageError.of(name.setting, str(name), f"{name.provider}: without a model behind it")
    return name


def _costs(name: ModelName, options: Sequence[str]) -> tuple[float, float]:
    """The price of a call in US dollars and its seconds, once it is known that the name has no other options than these."""
    name.require_options(options)
    return name.number("usd", 0, _MOST_USD, 0), name.number("seconds", 0, _LONGEST, 0)
