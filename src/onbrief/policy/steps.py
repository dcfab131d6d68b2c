"""The steps of a run, and the contract of what chooses between them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Literal, Protocol

from onbrief.errors import Outcome
from onbrief.limits import Limits
from onbrief.record import Run

Preference = Literal["money", "time"]
"""What a policy saves, at the cost of the other one."""

SEED_RANGE = (1, 2_147_483_646)  # onbrief's own range: 31 bits, without 0, which requests a random seed from some models


@dataclass(frozen=True, slots=True)
class Generate:
    """Generate one picture per seed, concurrently, with the prompt of this revision, which need not be the newest. `reason`
    explains why to people. `rung` is the place of the image model on the ladder, from 0.
    """

    revision: int
    seeds: tuple[int, ...]
    reason: str = field(default="", compare=False)
    rung: int = 0


@dataclass(frozen=True, slots=True)
class Repair:
    """Have one part of a picture changed, so that it meets a must, and the result judged whole. `of` is the name of the attempt
    whose picture is changed, which is never an edited one, `must` the id of the requirement, and `rung` the place on the ladder
    of the image model whose editor does it. `reason` explains why to people.
    """

    of: str
    must: str
    seed: int
    reason: str = field(default="", compare=False)
    rung: int = 0


@dataclass(frozen=True, slots=True)
class Revise:
    """Have a new prompt written, from what was tried or from the brief alone, for the image model at this place on the ladder,
    which is the one that drew last if `rung` is None. `reason` explains why to people.
    """

    with_history: bool
    reason: str = field(default="", compare=False)
    rung: int | None = None


@dataclass(frozen=True, slots=True)
class Stop:
    """End the run."""

    outcome: Outcome
    reason: str


Step = Generate | Repair | Revise | Stop


class Policy(Protocol):
    """Decides what happens next."""

    def next(self, run: Run, limits: Limits) -> Step:
        """Return the next step of a run that has a checklist and a prompt. It depends on nothing else."""
        ...


def seed_of(run_seed: int, revision: int, attempt: int) -> int:
    """Return the seed of an attempt, derived from the seed of the run. The first attempt uses the seed of the run itself."""
    if (revision, attempt) == (0, 0):
        return run_seed
    low, high = SEED_RANGE
    digest = hashlib.sha256(f"{run_seed}/{revision}/{attempt}".encode()).digest()
    return low + int.from_bytes(digest[:8], "big") % (high - low + 1)
