"""The classic policy: a fixed number of attempts for a prompt, then a new prompt from the brief alone."""

from __future__ import annotations

from dataclasses import dataclass

from onbrief.attempt import Attempt
from onbrief.limits import Limits
from onbrief.policy.ends import fell_short, over
from onbrief.policy.steps import Generate, Revise, Step, seed_of
from onbrief.record import Run

USED_UP = "every attempt of this prompt is used up"

ATTEMPTS = 4
"""How many pictures the classic policy makes of a prompt if there is no limit of them."""


@dataclass(frozen=True, slots=True)
class Classic:
    """Make a fixed number of attempts per prompt, then have a new prompt written from the brief alone."""

    parallel: int | None = 1

    def next(self, run: Run, limits: Limits) -> Step:
        """See Policy."""
        if end := over(run, limits):
            return end
        if len(run.round) >= attempts_of(limits):
            return revised(run, limits, False, USED_UP)
        return generated(run, limits, self.parallel or 1)


def attempts_of(limits: Limits) -> int:
    """Return how many pictures are made of a prompt."""
    return ATTEMPTS if limits.attempts is None else limits.attempts


def generated(run: Run, limits: Limits, parallel: int) -> Generate:
    """Return up to `parallel` more pictures of the newest prompt, within the limits."""
    made = len(run.round)
    wanted = min(parallel, attempts_of(limits) - made, limits.images - len(run.attempts))
    seeds = tuple(seed_of(run.seed, run.prompt.revision, number) for number in range(made, made + wanted))
    return Generate(run.prompt.revision, seeds, "another seed" if made else "a new prompt", rung_of(run, limits))


def revised(run: Run, limits: Limits, with_history: bool, reason: str) -> Step:
    """Return a new prompt, or the end of the run if all prompts are used up."""
    if limits.prompts is None or len(run.prompts) < limits.prompts:
        return Revise(with_history, reason)
    return fell_short(run, f"all {limits.prompts} prompts are used up")


def rung_of(run: Run, limits: Limits) -> int:
    """Return the place on the ladder, from 0, of the image model that draws the current prompt.

    The first prompt is drawn by the first model. The next model takes over after a prompt that brought no picture with more
    musts met than those before, and in time for each model to get a prompt within the limits. None is given up again.
    """
    ladder, current = run.models.ladder, run.prompt.revision
    if not ladder or current == 0:
        return 0
    drawn = [attempt for attempt in run.attempts if not attempt.base]  # editors are not on it
    if own := [attempt for attempt in drawn if attempt.revision == current]:
        return ladder.index(own[-1].model)
    reached = max((ladder.index(attempt.model) for attempt in drawn), default=0)
    before, last = ([a for a in run.attempts if (a.revision == current - 1) == new] for new in (False, True))
    in_vain = bool(before) and _most_accepted(run, last) <= _most_accepted(run, before)
    left = -(-(limits.images - len(run.attempts)) // attempts_of(limits))
    if limits.prompts is not None:
        left = min(left, limits.prompts - current)
    return min(len(ladder) - 1, max(reached + in_vain, len(ladder) - left))


def _most_accepted(run: Run, attempts: list[Attempt]) -> int:
    """Return how many musts the best of these pictures meets, perhaps with a reservation; 0 if none is judged."""
    musts = {must.id for must in run.checklist.musts} if run.checklist else set[str]()
    verdicts = [attempt.verdict for attempt in attempts if attempt.verdict]
    return max((len(musts & verdict.ids("met").union(verdict.reservations)) for verdict in verdicts), default=0)
