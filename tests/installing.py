"""The package as users get it: built from a tree where runs were made, and installed in an environment with nothing else."""

from __future__ import annotations

import fcntl
import re
import shutil
import subprocess
import sys
import tarfile
import venv
from dataclasses import dataclass
from importlib.metadata import distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[1]
LEFT = (
    "onbrief-runs/r/run.json",
    "demo/r/000-000.png",
    ".hypothesis/x",
    "onbrief.toml",
    "brief.toml",
    "bill.jsonl",
    "dist/old.whl",
)
"""What runs, tests and builds leave in a checkout."""


@dataclass(frozen=True, slots=True)
class Built:
    """The two distributions, and an environment in which pip has installed the wheel, without pip and without any extra."""

    sdist: Path
    wheel: Path
    environment: Path

    @property
    def python(self) -> Path:
        """The interpreter of the environment."""
        return self.environment / "bin" / "python"

    @property
    def packages(self) -> Path:
        """The folder of its packages."""
        return next((self.environment / "lib").glob("python*/site-packages"))


def built(factory: pytest.TempPathFactory) -> Built:
    """Build and install, once for all processes of a test run."""
    base = factory.getbasetemp()
    folder = (base.parent if base.name.startswith("popen-") else base) / "built"
    folder.mkdir(exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "env" / "ready").exists():
            _build(folder)
            (folder / "env" / "ready").touch()
    return Built(next(folder.glob("*.tar.gz")), next(folder.glob("*.whl")), folder / "env")


def _build(folder: Path) -> None:
    tree = folder / "tree"
    ours = shutil.ignore_patterns(".git", ".venv", "__pycache__", ".*_cache", ".hypothesis")
    shutil.copytree(ROOT, tree, ignore=ours, symlinks=True)
    for place in ("", "src/", "src/onbrief/", "tests/"):
        for name in LEFT[: None if not place else 3]:
            (tree / place / name).parent.mkdir(parents=True, exist_ok=True)
            (tree / place / name).write_text("left")
    _run("-m", "hatchling", "build", "-t", "sdist", "-d", str(folder), cwd=tree)
    with tarfile.open(next(folder.glob("*.tar.gz"))) as archive:
        archive.extractall(folder, filter="data")
    _run("-m", "hatchling", "build", "-t", "wheel", "-d", str(folder), cwd=next(folder.glob("onbrief-*/")))
    venv.create(folder / "env", symlinks=True)
    made = Built(folder, next(folder.glob("*.whl")), folder / "env")
    install = ("install", "--quiet", "--disable-pip-version-check", "--no-index", "--no-deps", str(made.wheel))
    _run("-m", "pip", "--python", str(made.python), *install, cwd=folder)
    for path in needed():
        (made.packages / path.name).symlink_to(path)


def _run(*arguments: str, cwd: Path) -> None:
    ran = subprocess.run([sys.executable, *arguments], cwd=cwd, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr


def needed(*extras: str) -> set[Path]:
    """Return where the packages are, in this environment, that onbrief requires with these extras."""
    found: dict[str, tuple[set[str], set[Path]]] = {}
    waiting = [("onbrief", {"", *extras})]
    while waiting:
        name, asked = waiting.pop()
        known, _ = found.get(name, (set[str](), set[Path]()))
        if not asked - known:
            continue
        there = distribution(name)
        tops = {path.parts[0] for path in there.files or () if path.parts[0] not in {"..", "__pycache__"}}
        found[name] = known | asked, {Path(str(there.locate_file(top))) for top in tops}
        waiting += [
            (re.sub(r"[-_.]+", "-", requirement.name).lower(), {"", *requirement.extras})
            for requirement in map(Requirement, there.requires or ())
            if requirement.marker is None or any(requirement.marker.evaluate({"extra": extra}) for extra in asked)
        ]
    del found["onbrief"]
    return {path for _, paths in found.values() for path in paths}
