"""What a policy may know of the models at hand: what a picture, a repair and a new prompt cost, and what can be repaired."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from onbrief.attempt import Attempt
from onbrief.record import Run

Repairs = Callable[[Run, Attempt, str], Literal["editor", "pixels"] | None]
"""How the picture of an attempt can be changed to meet the must with this id: by an editor, or in pixels without one."""


def _nothing(run: Run, attempt: Attempt, must: str) -> None:
    return None


@dataclass(frozen=True, slots=True)
class Cost:
    """What a call is expected to cost, in US dollars and seconds; `usd` is None if the price is unknown. `most` is the most
    that it can cost in US dollars, which must fit under a limit, where that is more than what is expected.
    """

    usd: float | None
    seconds: float
    most: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rung:
    """An image model of the ladder: the costs of a picture and of an edited one, None if nothing edits its pictures, and how
    they can be repaired.
    """

    picture: Cost = Cost(0.04, 5.0)
    edit: Cost | None = None
    repairs: Repairs = _nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """The image models in their order, and the costs of the judgement of a picture and of a new prompt."""

    rungs: tuple[Rung, ...] = field(default_factory=lambda: (Rung(),))
    judgement: Cost = Cost(0.006, 2.0)
    prompt: Cost = Cost(0.005, 2.0)

    @property
    def priced(self) -> bool:
        """Whether all prices are known and none is 0, so that money can be weighed."""
        pictures = [cost for rung in self.rungs for cost in (rung.picture, rung.edit) if cost]
        return all(cost.usd for cost in pictures) and None not in (self.judgement.usd, self.prompt.usd)


def usual_means(run: Run) -> Means:
    """Return the means of a run about whose models nothing is known: usual costs, and nothing that repairs."""
    return Means(rungs=tuple(Rung() for _ in run.models.ladder or (run.models.image,)))
