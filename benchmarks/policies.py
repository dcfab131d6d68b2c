"""The policies that the benchmark of policies compares, by name, each with its limits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from benchmarks.former import Former
from benchmarks.knowing import Knowing
from benchmarks.oracle import Knowledge, Oracle
from benchmarks.playing import CHANGES, TERMS, Rung
from onbrief.attempt import Attempt
from onbrief.limits import Limits
from onbrief.policy import Adaptive, Classic, Generate, Policy, Step, seed_of
from onbrief.policy import means as policy
from onbrief.policy.ends import over
from onbrief.policy.means import Cost, Means
from onbrief.questions.repairs import ByEditor, repair_of
from onbrief.record import Run

CLASSIC = {8: (3, 3), 15: (5, 3), 20: (7, 3)}
"""The attempts for a prompt and the prompts that policies with such limits have, by the number of images."""


@dataclass(frozen=True, slots=True)
class Plain:
    """Best of N: another picture of the brief itself until one passes."""

    def next(self, run: Run, limits: Limits) -> Step:
        """See Policy."""
        return over(run, limits) or Generate(0, (seed_of(run.seed, 0, len(run.attempts)),))


def _repairs(run: Run, attempt: Attempt, must: str) -> Literal["editor"] | None:
    """What the sandbox's editor can repair."""
    assert run.checklist is not None
    return "editor" if isinstance(repair_of(run.checklist, attempt, must, CHANGES), ByEditor) else None


def _nothing(run: Run, attempt: Attempt, must: str) -> None:
    """No repair."""


def means(ladder: tuple[Rung, ...], *, repairs: bool = True) -> Callable[[Run], Means]:
    """What a policy may know of these image models."""
    edit = Cost(TERMS.edit_usd, TERMS.edit_seconds) if repairs else None
    known = Means(
        rungs=tuple(
            policy.Rung(picture=Cost(rung.usd, TERMS.image_seconds), edit=edit, repairs=_repairs if repairs else _nothing)
            for rung in ladder
        ),
        judgement=Cost(TERMS.judge_usd, TERMS.judge_seconds),
        prompt=Cost(TERMS.revise_usd, TERMS.revise_seconds),
    )
    return lambda _: known


POLICIES: dict[str, Callable[[tuple[Rung, ...]], Policy]] = {
    "classic": lambda _: Classic(),
    "former": lambda _: Former(),
    "adaptive": lambda ladder: Adaptive(means=means(ladder)),
    "in_time": lambda ladder: Adaptive(parallel=None, prefer="time", means=means(ladder)),
    "without_repair": lambda ladder: Adaptive(means=means(ladder, repairs=False)),
    "plain": lambda _: Plain(),
}
"""By name, from the image models at hand. `in_time` is the adaptive policy that prefers time."""

SPARE = {"adaptive": 1, "in_time": 1}
"""How many musts may be missing in the answer to the judge's first question for it to be asked the rest: 1 where a picture
that lacks one thing can be repaired.
"""

ORACLES = {"oracle": False, "foreseeing": True}
"""The oracles, and whether they foresee what prompts will be worth before they are written."""


KNOWING = "knowing"
"""The adaptive policy with what is true in place of what it believes; see knowing.py."""


def made(name: str, ladder: tuple[Rung, ...], known: Knowledge) -> Policy:
    """The policy of this name. An oracle uses what is known of the first image model."""
    if name == KNOWING:
        models = {rung.name: Knowledge(known.stage, rung.model) for rung in ladder}
        return Knowing(means=means(ladder), known=models)
    return Oracle(known, ORACLES[name]) if name in ORACLES else POLICIES[name](ladder)


def limits_of(name: str, images: int) -> Limits:
    """The limits of a policy: images alone, where it does not need others."""
    if name not in ("classic", "former"):
        return Limits(images=images)
    attempts, prompts = CLASSIC[images]
    return Limits(images=images, attempts=attempts, prompts=prompts)
