"""What to run after each change, in seconds: lint of everything, types and tests of what changed. `make quick` calls it.

Changed is what differs from the last commit; without changes, what the last commit changed; with `SINCE=main`, what differs
from that branch or commit. Tests mirror src, so those of a file are found by its name and folder.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from tests.conftest import FIRST

ROOT = Path(__file__).parents[1]
MOST = 2
"""Files of tests that are run for a file without tests of its own name."""
SLOW = (*FIRST, "language/test_services.py")
"""The ends of the paths of tests that take longer than anyone waits. They are named, and left to `make tests`."""


def changed(since: str) -> list[Path]:
    """Return the files of the tree that differ from a commit, by default the last one, or else what that one changed."""
    now = [*_git("diff", "--name-only", since or "HEAD"), *_git("ls-files", "--others", "--exclude-standard")]
    names = now or _git("diff", "--name-only", "HEAD~1", "HEAD")
    return sorted({Path(name) for name in names if (ROOT / name).is_file()})


def tests_of(path: Path) -> list[Path]:
    """Return the files with the tests of a file: those of its name or of its folder's, or else those of its folder that speak
    of it, or else all of its folder. Empty for what has no tests of its own.
    """
    if path.parts[0] == "tests" and path.name.startswith("test_"):
        return [path]
    if path.parts[0] == "deploy":
        return [Path("tests/deploy", "test_pack.py" if path.suffix == ".py" else "test_template.py")]
    if path.suffix != ".py" or path.parts[0] != "src":
        return []
    package, *rooms = path.with_suffix("").parts[1:]
    home = ROOT / "tests" / ("sandbox" if package == "onbrief_sandbox" else "")
    *rooms, name = [room for room in rooms if not room.startswith("__")] or [package]
    place = next(folder for depth in range(len(rooms), -1, -1) if (folder := home.joinpath(*rooms[:depth])).is_dir())
    there = sorted(place.glob("test_*.py") if place == ROOT / "tests" else place.rglob("test_*.py"))
    for word in (name, *reversed(rooms)):
        if found := [test for test in there if test.name == f"test_{word}.py"]:
            break
    else:
        found = [test for test in there if re.search(rf"\b{name}\b", test.read_text("utf-8"))] if place.name != "tests" else []
        found = found or sorted((place / name).rglob("test_*.py") if place.name == "tests" else there)
    return [test.relative_to(ROOT) for test in found]


def commands(paths: Sequence[Path]) -> dict[str, list[str]]:
    """Return what to run for these changed files, by the name that is shown."""
    python = [str(path) for path in paths if path.suffix == ".py"]
    tests = sorted({test for path in paths for test in tests_of(path)[:MOST]})
    run = [str(test) for test in tests if not str(test).endswith(SLOW)]
    if alone := [str(path) for path in paths if path.parts[0] == "src" and not tests_of(path)]:
        print(f"tested by others alone: {' '.join(alone)}")
    more = {test for path in paths for test in tests_of(path)} - set(tests)
    if left := sorted(str(test) for test in more | {test for test in tests if str(test).endswith(SLOW)}):
        print(f"left to `make tests`: {' '.join(left)}")
    imports = "from importlinter.cli import lint_imports_command as check; check()"
    found = {
        "format": ["-m", "ruff", "format", "--check", "."],
        "lint": ["-m", "ruff", "check", "."],
        "imports": ["-c", imports] if any(name.startswith("src/") for name in python) else [],
        f"types of {len(python)} files": ["-m", "basedpyright", *python] if python else [],
        f"tests of {' '.join(run)}": ["-m", "pytest", "-q", *run] if run else [],
    }
    return {name: [sys.executable, *arguments] for name, arguments in found.items() if arguments}


def main() -> int:
    """Run all of it at once; print what fails."""
    begun = time.monotonic()
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    running = {
        name: subprocess.Popen(command, cwd=ROOT, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        for name, command in commands(changed(os.environ.get("SINCE", ""))).items()
    }
    failed = False
    for name, process in running.items():
        said, _ = process.communicate()
        print(f"{'failed' if process.returncode else 'ok'}: {name} ({time.monotonic() - begun:.0f} s)")
        if process.returncode:
            failed = True
            print(said)
    return int(failed)


def _git(*arguments: str) -> Sequence[str]:
    return subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False).stdout.splitlines()


if __name__ == "__main__":
    sys.exit(main())
