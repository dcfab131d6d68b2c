"""The painter, the eye, the planner and the writer as models, by the names that settings give them."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from onbrief.brief import Requirement, Size
from onbrief.errors import UsageError
from onbrief.ports import Judged, Picture
from onbrief.record import Finding, Prompt
from onbrief.sandbox import world
from onbrief.sandbox.language import grammar
from onbrief.sandbox.language.checks import check
from onbrief.sandbox.language.planner import SandboxPlanner
from onbrief.sandbox.language.sentences import read
from onbrief.sandbox.language.writer import SandboxWriter
from onbrief.sandbox.painting.painter import paint
from onbrief.sandbox.scene import Sight
from onbrief.sandbox.seeing.eye import look

SIDES = (512, 2048)  # pixels; on smaller ones, outlines are too thin for the eye


@dataclass(frozen=True, slots=True)
class SandboxImageModel:
    """Paints what it understands of a prompt, with flaws that prompt and seed decide."""

    name: str
    price: float | None
    seconds: float

    @classmethod
    def named(cls, model: str, options: Mapping[str, str]) -> SandboxImageModel:
        """`sandbox:?usd=0.04&seconds=0.5`: what a picture costs and how long it takes, both nothing by default.

        Raises:
            UsageError: another model or option.
        """
        return cls(*_name_price_and_latency("image_model", model, options))

    def check(self, size: Size) -> tuple[str, ...]:
        """See ports.ImageModel."""
        low, high = SIDES
        if not all(low <= side <= high for side in size):
            raise UsageError.of("size", f"{size[0]}x{size[1]}", f"sides of {low} to {high} pixels for {self.name}")
        return ()

    async def generate(self, prompt: Prompt, size: Size, seed: int) -> Picture:
        """See ports.ImageModel."""
        await asyncio.sleep(self.seconds)
        return Picture(await asyncio.to_thread(_paint, prompt, size, seed))


@dataclass(frozen=True, slots=True)
class SandboxJudge:
    """Answers each requirement from the pixels alone."""

    name: str
    price: float | None
    seconds: float

    @classmethod
    def named(cls, model: str, options: Mapping[str, str]) -> SandboxJudge:
        """`sandbox:?usd=0.006&seconds=0.2`: what a judgement costs and how long it takes, both nothing by default.

        Raises:
            UsageError: another model or option.
        """
        return cls(*_name_price_and_latency("judge", model, options))

    async def judge(self, image: bytes, requirements: Sequence[Requirement]) -> Judged:
        """See ports.Judge."""
        await asyncio.sleep(self.seconds)
        sight = await asyncio.to_thread(look, image)
        return Judged(tuple(_find(requirement, sight) for requirement in requirements))


def sandbox_planner(model: str, options: Mapping[str, str]) -> SandboxPlanner:
    """The planner of this name; the same options as the judge.

    Raises:
        UsageError: another model or option.
    """
    return SandboxPlanner(*_name_price_and_latency("reviser", model, options))


def sandbox_reviser(model: str, options: Mapping[str, str]) -> SandboxWriter:
    """The reviser of this name; the same options as the judge.

    Raises:
        UsageError: another model or option.
    """
    return SandboxWriter(*_name_price_and_latency("reviser", model, options))


def _paint(prompt: Prompt, size: Size, seed: int) -> bytes:
    asked = grammar.parse(prompt.text, prompt.negative)
    data, _truth = paint(world.distort(asked, prompt.text, seed, prompt.negative), size, seed)
    return data


def _find(requirement: Requirement, sight: Sight) -> Finding:
    """Every claim in the words of the requirement, checked; words that say nothing to the eye are undecided."""
    claimed = read(requirement.text)
    if not claimed:
        return Finding(requirement.id, "undecided", 0.5, "the eye does not know what this asks for")
    answers = [check(claim, sight) for claim in claimed]
    met = all(answer for answer, _ in answers)
    evidence = "; ".join(dict.fromkeys(told for answer, told in answers if answer == met))
    return Finding(requirement.id, "met" if met else "unmet", 0.99 if met else 0.01, evidence)


def _name_price_and_latency(field: str, model: str, options: Mapping[str, str]) -> tuple[str, float, float]:
    query = "&".join(f"{key}={value}" for key, value in options.items())
    name = f"sandbox:{model}" + (f"?{query}" if query else "")
    if model:
        raise UsageError.of(field, name, "sandbox: without a model behind it")
    if unknown := set(options) - {"usd", "seconds"}:
        raise UsageError.of(field, name, f"the options usd and seconds, not {' '.join(sorted(unknown))}")
    return name, _amount(field, name, options.get("usd", "0")), _amount(field, name, options.get("seconds", "0"))


def _amount(field: str, name: str, text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 <= value <= 1000:
        raise UsageError.of(field, name, "amounts from 0 to 1000")
    return value
