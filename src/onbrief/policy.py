"""What happens next, from what happened so far: pure, so that a replay decides the same and a test needs no models."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Literal, Protocol, get_args

from onbrief.brief import Requirement
from onbrief.errors import Outcome, UsageError
from onbrief.limits import Limits
from onbrief.record import Attempt, Run

PolicyName = Literal["adaptive", "classic"]
SEED_RANGE = (1, 2_147_483_646)  # 31 bits, without 0 and the last one, which some services keep for themselves

_USED_UP = "every attempt of this prompt fell short"


@dataclass(frozen=True, slots=True)
class Generate:
    """Draw one picture for each seed, at once, with the prompt in use. `reason` says why, for people."""

    seeds: tuple[int, ...]
    reason: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Revise:
    """Have a new prompt written: from what was tried, or from the brief alone. `reason` says why, for people."""

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
        """The next step of a run that has a checklist and a prompt; looks at nothing else."""
        ...


@dataclass(frozen=True, slots=True)
class Classic:
    """A fixed number of attempts for a prompt, then a new prompt written from the brief alone."""

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
    """Revise at once when the same must fell short in every picture of this prompt, else try again with another seed.

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
    """The policy of this name, making and judging `parallel` pictures of a prompt at once.

    Raises:
        UsageError: another name, or a number that is not from 1 to 64.
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
    """The seed of an attempt, derived from the run's: the very first attempt has the run's own, every other one another."""
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
    """What comes before every policy's own choice: a pass, a refusal by the provider, a limit."""
    if passed := next((a for a in run.attempts if a.passed), None):
        return Stop("passed", f"image {passed.name} meets every requirement")
    if len(run.attempts) >= limits.images:
        return _blocked(run, last=True) or _fell_short(run, f"all {limits.images} images are used up")
    if limits.seconds is not None and run.usage.seconds >= limits.seconds:
        return _fell_short(run, f"the time of {limits.seconds:g} seconds is used up")
    return _blocked(run, last=len(run.prompts) >= limits.prompts)


def _blocked(run: Run, *, last: bool) -> Step | None:
    """A prompt that the provider refuses is never sent again: it is revised, once; then the run ends with its words.

    So it does when the revision says the same as a prompt that was refused.
    """
    refusals = {a.revision: a.problem.message for a in run.attempts if a.problem and a.problem.kind == "blocked"}
    refused = {(p.text, p.negative): refusals[p.revision] for p in run.prompts if p.revision in refusals}
    words = refused.get((run.prompt.text, run.prompt.negative))
    if words is None:
        return None
    first = list(refusals) == [run.prompt.revision]
    return Revise(True, "the provider refuses this prompt") if first and not last else Stop("blocked", words)


def _fell_short(run: Run, limit: str) -> Stop:
    """The stop at a limit: `unknown` while a picture that nobody has seen might have passed, else `unmet`."""
    if never := _always_short(run, run.attempts):
        told = "no image met " + "; ".join(f"{must.id} ({must.text})" for must in never)
    elif any(attempt.verdict for attempt in run.attempts):
        told = "each requirement was met by some image, but no image met them all"
    else:
        told = "no image could be judged"
    if unknown := [a.name for a in run.attempts if a.problem and a.problem.kind == "unknown"]:
        return Stop("unknown", f"{limit}; what became of {', '.join(unknown)} is not known; {told}")
    return Stop("unmet", f"{limit}; {told}")


def _always_short(run: Run, attempts: tuple[Attempt, ...]) -> list[Requirement]:
    """The musts that fell short in every judged picture among these; none when nothing was judged."""
    short = [{finding.id for finding in attempt.verdict.unmet} for attempt in attempts if attempt.verdict]
    musts = run.checklist.musts if run.checklist else ()
    return [must for must in musts if short and all(must.id in ids for ids in short)]
