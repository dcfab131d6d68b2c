"""A policy that repairs: each drawn picture that fails one must is changed once before another one is drawn."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import get_args

from onbrief.limits import Limits
from onbrief.policy import Generate, Means, Policy, Priors, Repair, Step, seed_of, usual_means
from onbrief.policy.ends import over
from onbrief.ports import Change, Changes, Way
from onbrief.questions.repairs import repair_of
from onbrief.record import Run
from onbrief.settings import Settings

EVERYTHING: Changes = dict.fromkeys(get_args(Change), frozenset[Way](("words", "mask")))


@dataclass(frozen=True, slots=True)
class Repairing:
    """Repairs what an editor with these changes can; draws with the first prompt otherwise."""

    changes: Changes

    def next(self, run: Run, limits: Limits) -> Step:
        """See policy.Policy."""
        if end := over(run, limits):
            return end
        seed = seed_of(run.seed, 0, len(run.attempts))
        assert run.checklist
        for attempt in run.attempts:
            unmet = attempt.verdict.ids("unmet") if attempt.verdict else ()
            for must in run.checklist.musts:
                tried = any((other.base, other.must) == (attempt.name, must.id) for other in run.attempts)
                if must.id in unmet and not tried and repair_of(run.checklist, attempt, must.id, self.changes):
                    return Repair(attempt.name, must.id, seed, "a part of it is repaired")
        return Generate(0, (seed,), "another one")


@dataclass(frozen=True, slots=True)
class RepairingSettings(Settings):
    """Settings of a run that repairs, with an editor that can change everything."""

    def policy_with(self, means: Callable[[Run], Means] = usual_means, priors: Priors | None = None) -> Policy:
        """See Settings."""
        return Repairing(EVERYTHING)
