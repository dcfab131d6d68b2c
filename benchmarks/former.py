"""The adaptive policy as it was before it estimated chances and costs. It needs limits of attempts and prompts."""

from __future__ import annotations

from dataclasses import dataclass

from onbrief.limits import Limits
from onbrief.policy import Generate, Revise, Step, Stop, seed_of
from onbrief.policy.ends import always_short, over
from onbrief.record import Run


@dataclass(frozen=True, slots=True)
class Former:
    """Revise as soon as the same must fell short in every picture of this prompt, else try again with another seed. When no
    prompts are left, the last one is tried until its attempts are used up.
    """

    def next(self, run: Run, limits: Limits) -> Step:
        """See Policy."""
        assert limits.attempts is not None
        assert limits.prompts is not None
        if end := over(run, limits):
            return end
        prompts_left = len(run.prompts) < limits.prompts
        if prompts_left and always_short(run, run.round):
            return Revise(True)
        if len(run.round) < limits.attempts:
            return Generate(run.prompt.revision, (seed_of(run.seed, run.prompt.revision, len(run.round)),))
        return Revise(True) if prompts_left else Stop("unmet", f"all {limits.prompts} prompts are used up")
