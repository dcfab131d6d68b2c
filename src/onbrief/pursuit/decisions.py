"""Going on with a run along what is recorded of it."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

from onbrief.ledger.account import Account
from onbrief.limits import Limits
from onbrief.policy import Generate, Policy, Revise, Step, seed_of
from onbrief.ports import call_key
from onbrief.record import Run


@dataclass(frozen=True, slots=True)
class AsRecorded:
    """A policy that first goes the way that is recorded, and then on as `policy` says.

    Limits and `parallel` may be other ones than they were when the run was begun. Decided anew, its first steps could be
    others too: pictures that are paid for would be missing from the record, the best one among them, and would not count.
    """

    policy: Policy
    ledger: Account

    def next(self, run: Run, limits: Limits) -> Step:
        """See policy.Policy."""
        revision, made = run.prompt.revision, len(run.round)
        drawn = next(n for n in itertools.count(made) if not self.ledger.has(call_key("image", revision, n)))
        if any(attempt.passed for attempt in run.attempts):
            return self.policy.next(run, limits)
        if drawn > made:
            return Generate(tuple(seed_of(run.seed, revision, number) for number in range(made, drawn)))
        if self.ledger.has_done(call_key("revise", revision + 1, 0)):
            return Revise(with_history=True)  # with or without: nothing is sent for what is done
        return self.policy.next(run, limits)
