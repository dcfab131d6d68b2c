"""How many pictures a run is expected to make. Pure."""

from __future__ import annotations

from collections.abc import Callable

from onbrief.brief import Checklist
from onbrief.limits import Limits

PassRate = Callable[[Checklist], float]
"""Returns the chance, from 0 to 1, that one picture meets every must of a checklist."""


def expected_images(checklist: Checklist, limits: Limits, pass_rate: PassRate) -> float:
    """Return how many pictures a run is expected to make until one passes, or until its limits end it."""
    chance, most = pass_rate(checklist), most_images(limits)
    return (1 - (1 - chance) ** most) / chance if chance > 0 else float(most)


def most_images(limits: Limits) -> int:
    """Return the most pictures that a run can make."""
    if limits.attempts is None or limits.prompts is None:
        return limits.images
    return min(limits.images, limits.attempts * limits.prompts)
