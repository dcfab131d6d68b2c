"""The adaptive policy."""

from __future__ import annotations

from dataclasses import dataclass

from onbrief.limits import Limits
from onbrief.policy.classic import USED_UP, attempts_of, generated, revised
from onbrief.policy.ends import always_short, over
from onbrief.policy.steps import Preference, Step
from onbrief.record import Run

WIDE = 4
"""How many pictures of a prompt are made at once if that is left to the policy and time is preferred."""


@dataclass(frozen=True, slots=True)
class Adaptive:
    """Revise as soon as the same must fell short in every picture of this prompt, else try again with another seed. A picture
    in which it is undecided says nothing about the prompt.

    When no prompts are left, the last one is tried until its attempts are used up. Without `parallel`, one picture is made at a
    time if money is preferred, else several.
    """

    parallel: int | None = 1
    prefer: Preference = "money"
    give_up_below: float = 0.0

    def next(self, run: Run, limits: Limits) -> Step:
        """See Policy."""
        if end := over(run, limits):
            return end
        prompts_left = limits.prompts is None or len(run.prompts) < limits.prompts
        if (stuck := always_short(run, run.round)) and prompts_left:
            return revised(run, limits, True, f"no picture of this prompt met {', '.join(must.id for must in stuck)}")
        if len(run.round) >= attempts_of(limits):
            return revised(run, limits, True, USED_UP)
        return generated(run, limits, self.parallel or (WIDE if self.prefer == "time" else 1))
