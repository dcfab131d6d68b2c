"""What a policy may know of the models at hand: what a picture, a repair and a new prompt cost, and what can be repaired."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from onbrief.record import Attempt, Run

Repairs = Callable[[Run, Attempt, str], bool]
"""Whether the picture of an attempt can be changed so that it meets the must with this id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rung:
    """An image model of the ladder: the costs of a picture and of an edited one, each with its judgement, in US dollars and
    seconds, and what its editor `repairs`; None if it has none.
    """

    usd: float = 0.046
    seconds: float = 7.0
    edit_usd: float = 0.076
    edit_seconds: float = 8.0
    repairs: Repairs | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """The image models from the cheapest to the dearest, and the costs of a new prompt in US dollars and seconds."""

    rungs: tuple[Rung, ...] = (Rung(),)
    prompt_usd: float = 0.005
    prompt_seconds: float = 2.0
