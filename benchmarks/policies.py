"""The policies that the benchmark of policies compares, by name, each with its limits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Literal

from benchmarks.former import Former
from benchmarks.oracle import Knowledge, Oracle
from benchmarks.playing import TERMS
from onbrief.limits import Limits
from onbrief.policy import Adaptive, Classic, Generate, Policy, Step, seed_of
from onbrief.policy.ends import over
from onbrief.policy.means import Cost, Means, Rung
from onbrief.record import Attempt, Run
from onbrief_sandbox.language import editing

CLASSIC = {8: (3, 3), 15: (5, 3), 20: (7, 3)}
"""The attempts for a prompt and the prompts that policies with such limits have, by the number of images."""


@dataclass(frozen=True, slots=True)
class Plain:
    """Best of N: another picture of the brief itself until one passes."""

    def next(self, run: Run, limits: Limits) -> Step:
        """See Policy."""
        return over(run, limits) or Generate(0, (seed_of(run.seed, 0, len(run.attempts)),))


def _repairs(run: Run, attempt: Attempt, must: str) -> Literal["editor"] | None:
    """The sandbox's editor changes by words what it understands."""
    assert run.checklist is not None
    return "editor" if editing.read(run.checklist[must].text) else None


def means(run: Run) -> Means:
    """The costs of sandbox-world.md, which are those that are usual."""
    return Means(rungs=(Rung(edit=Cost(TERMS.edit_usd, TERMS.edit_seconds), repairs=_repairs),))


POLICIES: dict[str, Callable[[], Policy]] = {
    "classic": Classic,
    "former": Former,
    "adaptive": partial(Adaptive, means=means),
    "without_repair": Adaptive,
    "plain": Plain,
}


ORACLES = {"oracle": False, "foreseeing": True}
"""The oracles, and whether they foresee what prompts will be worth before they are written."""


def made(policy: str, known: Knowledge) -> Policy:
    """The policy of this name. Only an oracle uses what is known."""
    return Oracle(known, ORACLES[policy]) if policy in ORACLES else POLICIES[policy]()


def limits_of(policy: str, images: int) -> Limits:
    """The limits of a policy: images alone, where it does not need others."""
    if policy not in ("classic", "former"):
        return Limits(images=images)
    attempts, prompts = CLASSIC[images]
    return Limits(images=images, attempts=attempts, prompts=prompts)
