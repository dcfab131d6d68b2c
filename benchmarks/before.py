"""An earlier version of onbrief, measured in turns with this one: on a machine whose speed varies, only a ratio means anything.

The earlier version is taken from this repository's history into a temporary folder. A measure is a file of this folder that
prints one number. It is run in a separate process with either version of `onbrief` and of the models of the benchmarks, so it
uses only what both have.
"""

from __future__ import annotations

import io
import os
import statistics
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

COMMIT = "b63deeb"
ROOT = Path(__file__).parents[1]


@dataclass(frozen=True, slots=True)
class InTurns:
    """The numbers of both versions, in the order in which they were measured."""

    before: tuple[float, ...]
    now: tuple[float, ...]

    @property
    def ratio(self) -> float:
        """The median ratio of this version to the earlier one, round by round."""
        return statistics.median(now / before for before, now in zip(self.before, self.now, strict=True))


def in_turns(measure: str, rounds: int) -> InTurns:
    """Run the measure `rounds` times with the earlier version and with this one, in turns."""
    before, now = list[float](), list[float]()
    with earlier() as tree:
        for _ in range(rounds):
            before.append(_measured(measure, tree))
            now.append(_measured(measure, ROOT))
    return InTurns(tuple(before), tuple(now))


@contextmanager
def earlier() -> Generator[Path]:
    """The files of the earlier version, in a temporary folder."""
    command = ["git", "archive", COMMIT]
    archive = subprocess.run(command, cwd=ROOT, capture_output=True, check=False)
    if archive.returncode:
        sys.exit(f"commit {COMMIT} is needed to compare with, and git cannot read it here: {archive.stderr.decode().strip()}")
    with tempfile.TemporaryDirectory() as folder:
        with tarfile.open(fileobj=io.BytesIO(archive.stdout)) as tar:
            tar.extractall(folder, filter="data")
        yield Path(folder)


def _measured(measure: str, tree: Path) -> float:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(tree / "src"), str(tree)])}
    command = [sys.executable, "-P", str(ROOT / "benchmarks" / f"{measure}.py")]  # -P: http.py here is not the library's
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    return float(done.stdout)
