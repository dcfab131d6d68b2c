"""What is kept of the runs of the benchmark of policies: one line of JSON each, from which its tables are made."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """One run: what was pursued, with what limit of images, and what it came to. `brief` is its place in its set, `model` the
    image model or the ladder of them, each with its price if that is not the usual one. `right` says whether a picture was
    accepted and is right, `judged` how many pictures were judged; `tokens` are those of the judge's calls, and `once_usd` is
    what they would have cost if everything had been asked once.
    """

    set: str
    brief: int
    model: str
    limit: int
    policy: str
    seed: int
    passed: bool
    right: bool
    images: int
    edits: int
    prompts: int
    judged: int
    judge_calls: int
    tokens: int
    usd: float
    judge_usd: float
    once_usd: float
    seconds: float

    @property
    def row(self) -> tuple[str, str, int, str]:
        """The row of the table that the run belongs to."""
        return self.set, self.model, self.limit, self.policy


def kept(file: Path) -> list[Played]:
    """The runs of a file."""
    return [Played(**json.loads(line)) for line in file.read_text("utf-8").splitlines()]


def line(run: Played) -> str:
    """A run as a line of a file."""
    return json.dumps(asdict(run))


def rows(runs: Iterable[Played]) -> dict[tuple[str, str, int, str], list[Played]]:
    """The runs of each row, in the order in which the rows first occur."""
    found: dict[tuple[str, str, int, str], list[Played]] = {}
    for run in runs:
        found.setdefault(run.row, []).append(run)
    return found
