"""An earlier version of onbrief, measured in turns with this one: on a machine whose speed varies, only a ratio means anything.

The earlier version is taken from this repository's history into a temporary folder. A measure is a module of this folder that
prints one number; it is run in a process of its own with either version as `onbrief`, so it uses only what both have.
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
        """The median of this version's numbers to the one of its neighbours of the earlier version."""
        return statistics.median(now / before for before, now in zip(self.before, self.now, strict=True))


def in_turns(measure: str, rounds: int) -> InTurns:
    """Run the module `benchmarks.<measure>` with the earlier version and with this one, so often, in turns."""
    before, now = list[float](), list[float]()
    with _earlier() as tree:
        for _ in range(rounds):
            before.append(_measured(measure, tree / "src"))
            now.append(_measured(measure, ROOT / "src"))
    return InTurns(tuple(before), tuple(now))


@contextmanager
def _earlier() -> Generator[Path]:
    command = ["git", "archive", COMMIT, "src"]
    archive = subprocess.run(command, cwd=ROOT, capture_output=True, check=False)
    if archive.returncode:
        sys.exit(f"commit {COMMIT} is needed to compare with, and git cannot read it here: {archive.stderr.decode().strip()}")
    with tempfile.TemporaryDirectory() as folder:
        with tarfile.open(fileobj=io.BytesIO(archive.stdout)) as tar:
            tar.extractall(folder, filter="data")
        yield Path(folder)


def _measured(measure: str, source: Path) -> float:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(source), str(ROOT)])}
    command = [sys.executable, "-P", "-m", f"benchmarks.{measure}"]  # -P: this folder's own http.py is not the library's
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    return float(done.stdout)
