"""Decide what a run does next from what has happened so far. Pure: a replay decides the same, and tests need no models."""

from collections.abc import Callable
from typing import Literal, get_args

from onbrief.errors import UsageError
from onbrief.policy.adaptive import WIDE as WIDE
from onbrief.policy.adaptive import Adaptive as Adaptive
from onbrief.policy.classic import Classic as Classic
from onbrief.policy.classic import rung_of as rung_of
from onbrief.policy.ends import LimitName as LimitName
from onbrief.policy.ends import judged as judged
from onbrief.policy.ends import limit_reached as limit_reached
from onbrief.policy.ends import never_decided as never_decided
from onbrief.policy.ends import reservations as reservations
from onbrief.policy.learned import learned_toml as learned_toml
from onbrief.policy.learned import read_learned as read_learned
from onbrief.policy.means import Means as Means
from onbrief.policy.means import usual_means as usual_means
from onbrief.policy.priors import Priors as Priors
from onbrief.policy.priors import usual_priors as usual_priors
from onbrief.policy.steps import SEED_RANGE as SEED_RANGE
from onbrief.policy.steps import Generate as Generate
from onbrief.policy.steps import Policy as Policy
from onbrief.policy.steps import Preference as Preference
from onbrief.policy.steps import Repair as Repair
from onbrief.policy.steps import Revise as Revise
from onbrief.policy.steps import Step as Step
from onbrief.policy.steps import Stop as Stop
from onbrief.policy.steps import seed_of as seed_of
from onbrief.record import Run

PolicyName = Literal["adaptive", "classic"]
PARALLEL = "auto or a whole number from 1 to 64"


def named(
    name: str,
    parallel: int | None,
    *,
    prefer: Preference = "money",
    give_up_below: float = 0.0,
    means: Callable[[Run], Means] = usual_means,
    priors: Priors | None = None,
) -> Policy:
    """Return the policy of this name, which has up to `parallel` pictures of a prompt generated and judged concurrently: None
    leaves that to the policy. `prefer` is what it saves where it has to choose, and `give_up_below` the chance to pass below
    which it ends a run although its limits are not reached; `means` is what it may know of the models, and `priors` what it
    expects of them, by default what priors.toml has. The classic policy does not look at these four.

    Raises:
        UsageError: the name or the preference is unknown, `parallel` is not from 1 to 64, or `give_up_below` not from 0 to 1.
    """
    if parallel is not None and not 1 <= parallel <= 64:
        raise UsageError.of("parallel", parallel, PARALLEL)
    if prefer not in get_args(Preference):
        raise UsageError.of("priority", prefer, " or ".join(get_args(Preference)))
    if not 0 <= give_up_below <= 1:
        raise UsageError.of("give_up_below", give_up_below, "a number from 0 to 1")
    match name:
        case "adaptive":
            return Adaptive(parallel, prefer, give_up_below, means, priors or usual_priors())
        case "classic":
            return Classic(parallel)
        case _:
            raise UsageError.of("policy", name, " or ".join(get_args(PolicyName)))
