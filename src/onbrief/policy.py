"""Decide what a run does next from what has happened so far. Pure: a replay decides the same, and tests need no models."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Literal, Protocol, get_args

from onbrief.brief import Requirement
from onbrief.errors import Outcome, UsageError
from onbrief.limits import Limits
from onbrief.record import Attempt, Run

PolicyName = Literal["adaptive", "classic"]
SEED_RANGE = (1, 2_147_483_646)  # onbrief's own range: 31 bits, without 0, which requests a random seed from some models

_USED_UP = "every attempt of this prompt fell short"


@dataclass(frozen=True, slots=True)
class Generate:
    """Generate one picture per seed, concurrently, with the current prompt. `reason` explains why to people."""

    seeds: tuple[int, ...]
    reason: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Revise:
    """Have a new prompt written, from what was tried or from the brief alone. `reason` explains why to people."""

    with_history: bool
    reason: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Stop:
    """End the run."""

    outcome: Outcome
    reason: str


Step = Generate | Revise | Stop


class Policy(Protocol):
    """Decides what happens next."""

    def next(self, run: Run, limits: Limits) -> Step:
        """Return the next step of a run that has a checklist and a prompt. It depends on nothing else."""
        ...


@dataclass(frozen=True, slots=True)
class Classic:
    """Make a fixed number of attempts per prompt, then have a new prompt written from the brief alone."""

    parallel: int = 1

    def next(self, run: Run, limits: Limits) -> Step:
        """See Policy."""
        if over := _over(run, limits):
            return over
        if len(run.round) >= limits.attempts:
            return _revise(run, limits, False, _USED_UP)
        return _generate(run, limits, self.parallel)


@dataclass(frozen=True, slots=True)
class Adaptive:
    """Revise as soon as the same must fell short in every picture of this prompt, else try again with another seed.

    When no prompts are left, the last one is tried until its attempts are used up.
    """

    parallel: int = 1

    def next(self, run: Run, limits: Limits) -> Step:
        """See Policy."""
        if over := _over(run, limits):
            return over
        if (stuck := _always_short(run, run.round)) and len(run.prompts) < limits.prompts:
            return _revise(
                run, limits, True, f"{', '.join(must.id for must in stuck)} fell short in every picture of this prompt"
            )
        if len(run.round) >= limits.attempts:
            return _revise(run, limits, True, _USED_UP)
        return _generate(run, limits, self.parallel)


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


def seed_of(run_seed: int, revision: int, attempt: int) -> int:
    """Return the seed of an attempt, derived from the seed of the run. The first attempt uses the seed of the run itself."""
    if (revision, attempt) == (0, 0):
        return run_seed
    low, high = SEED_RANGE
    digest = hashlib.sha256(f"{run_seed}/{revision}/{attempt}".encode()).digest()
    return low + int.from_bytes(digest[:8], "big") % (high - low + 1)


def _generate(run: Run, limits: Limits, parallel: int) -> Generate:
    made = len(run.round)
    wanted = min(parallel, limits.attempts - made, limits.images - len(run.attempts))
    seeds = tuple(seed_of(run.seed, run.prompt.revision, number) for number in range(made, made + wanted))
    return Generate(seeds, "another seed" if made else "a new prompt")


def _revise(run: Run, limits: Limits, with_history: bool, reason: str) -> Step:
    if len(run.prompts) < limits.prompts:
        return Revise(with_history, reason)
    return _fell_short(run, f"all {limits.prompts} prompts are used up")


def _over(run: Run, limits: Limits) -> Step | None:
    """Return the step that precedes any policy's choice, or None: on a pass, a refusal by the provider, or a limit."""
    if passed := next((a for a in run.attempts if a.passed), None):
        return Stop("passed", f"image {passed.name} meets every requirement")
    if len(run.attempts) >= limits.images:
        return _blocked(run, last=True) or _fell_short(run, f"all {limits.images} images are used up")
    if limits.seconds is not None and run.usage.seconds >= limits.seconds:
        return _fell_short(run, f"the time of {limits.seconds:g} seconds is used up")
    return _blocked(run, last=len(run.prompts) >= limits.prompts)


def _blocked(run: Run, *, last: bool) -> Step | None:
    """Return the step after a prompt that the provider refused, or None if it did not refuse the current one. A refused prompt
    is never sent again.

    The first refusal leads to a revision. A second one ends the run with the provider's message, and so does a revision that
    repeats a refused prompt.
    """
    refusals = {a.revision: a.problem.message for a in run.attempts if a.problem and a.problem.kind == "blocked"}
    refused = {(p.text, p.negative): refusals[p.revision] for p in run.prompts if p.revision in refusals}
    words = refused.get((run.prompt.text, run.prompt.negative))
    if words is None:
        return None
    first = list(refusals) == [run.prompt.revision]
    return Revise(True, "the provider refuses this prompt") if first and not last else Stop("blocked", words)


def _fell_short(run: Run, limit: str) -> Stop:
    """Return the stop at a limit: `unknown` if a picture whose call has an unknown outcome might have passed, else `unmet`."""
    if never := _always_short(run, run.attempts):
        detail = "no image met " + "; ".join(f"{must.id} ({must.text})" for must in never)
    elif any(attempt.verdict for attempt in run.attempts):
        detail = "each requirement was met by some image, but no image met them all"
    else:
        detail = "no image could be judged"
    if unknown := [a.name for a in run.attempts if a.problem and a.problem.kind == "unknown"]:
        return Stop("unknown", f"{limit}; the outcome of {', '.join(unknown)} is unknown; {detail}")
    return Stop("unmet", f"{limit}; {detail}")


def _always_short(run: Run, attempts: tuple[Attempt, ...]) -> list[Requirement]:
    """Return the musts that fell short in every judged picture of these; none if no picture was judged."""
    short = [{finding.id for finding in attempt.verdict.unmet} for attempt in attempts if attempt.verdict]
    musts = run.checklist.musts if run.checklist else ()
    return [must for must in musts if short and all(must.id in ids for ids in short)]
