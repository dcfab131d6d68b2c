"""How many pictures a run is expected to make. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable

from onbrief.limits import Limits
from onbrief.policy.chances import Chances, Source
from onbrief.policy.priors import Priors
from onbrief.record import Run

PassChances = Iterable[tuple[float, float]]
"""What the chance that a picture meets every must may be, each with its probability; both from 0 to 1."""


def expected_images(limits: Limits, chances: PassChances) -> float:
    """Return how many pictures a run is expected to make until one passes, or until its limits end it."""
    most = most_images(limits)
    return math.fsum(weight * ((1 - (1 - p) ** most) / p if p > 0 else most) for weight, p in chances)


def first_chances(run: Run, priors: Priors) -> PassChances:
    """Return the chances of the first pictures of a run with a checklist, before any is there."""
    first = run.models.ladder or (run.models.image,)
    return [(outlook.weight, outlook.passes) for outlook in Chances(run, first, priors).outlooks(Source(0, 0))]


def most_images(limits: Limits) -> int:
    """Return the most pictures that a run can make."""
    if limits.attempts is None or limits.prompts is None:
        return limits.images
    return min(limits.images, limits.attempts * limits.prompts)
