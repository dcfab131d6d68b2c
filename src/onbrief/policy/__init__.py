"""Decide what a run does next from what has happened so far. Pure: a replay decides the same, and tests need no models."""

from typing import Literal, get_args

from onbrief.errors import UsageError
from onbrief.policy.adaptive import Adaptive as Adaptive
from onbrief.policy.classic import Classic as Classic
from onbrief.policy.classic import rung_of as rung_of
from onbrief.policy.ends import LimitName as LimitName
from onbrief.policy.ends import judged as judged
from onbrief.policy.ends import limit_reached as limit_reached
from onbrief.policy.ends import never_decided as never_decided
from onbrief.policy.ends import reservations as reservations
from onbrief.policy.steps import SEED_RANGE as SEED_RANGE
from onbrief.policy.steps import Generate as Generate
from onbrief.policy.steps import Policy as Policy
from onbrief.policy.steps import Preference as Preference
from onbrief.policy.steps import Repair as Repair
from onbrief.policy.steps import Revise as Revise
from onbrief.policy.steps import Step as Step
from onbrief.policy.steps import Stop as Stop
from onbrief.policy.steps import seed_of as seed_of

PolicyName = Literal["adaptive", "classic"]


def named(name: str, parallel: int) -> Policy:
    """Return the policy of this name, which has up to `parallel` pictures of a prompt generated and judged concurrently.

    Raises:
        UsageError: the name is unknown, or `parallel` is not from 1 to 64.
    """
    if not 1 <= parallel <= 64:
        raise UsageError.of("parallel", parallel, "a whole number from 1 to 64")
    match name:
        case "adaptive":
            return Adaptive(parallel)
        case "classic":
            return Classic(parallel)
        case _:
            raise UsageError.of("policy", name, " or ".join(get_args(PolicyName)))
