"""Packs the Lambda function: `make lambda`.

The zip has the package, its dependencies from hashed requirements, and bytecode for the Python of the function's runtime. The
same sources and requirements give the same bytes.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
REQUIREMENTS: Final = ROOT / "requirements" / "aws.txt"
TO: Final = ROOT / "dist" / "onbrief.zip"
PLATFORMS: Final = ("manylinux2014_x86_64", "manylinux_2_28_x86_64")
TASK: Final = "/var/task"  # where Lambda unpacks the zip: so that tracebacks name the files that are there
USUAL: Final = "3.13"  # the runtime of the template
MOST_UNPACKED: Final = 250 * 2**20  # bytes; Lambda's limit
EPOCH: Final = (1980, 1, 1, 0, 0, 0)
COLD_STARTS: Final = 5
_OF_PIP = ("RECORD", "INSTALLER", "REQUESTED", "direct_url.json")  # they differ by the folder in which pip has worked
_FIRST_ANSWER = """
import sys
sys.path.insert(0, sys.argv[1])
from onbrief.aws_lambda import handler
answer = handler({}, None)
assert answer["statusCode"] == 400, answer
"""


def main(arguments: list[str] | None = None) -> None:
    """Pack, and print the size and the cold start."""
    parser = argparse.ArgumentParser(prog="make lambda", description="Pack the Lambda function.")
    parser.add_argument("--python", default=sys.executable, help="the Python of the function's runtime")
    parser.add_argument("--to", type=Path, default=TO, help="the zip file")
    given = parser.parse_args(arguments)
    version = _out(given.python, "-c", "import sys; print('%d.%d' % sys.version_info[:2])")
    with tempfile.TemporaryDirectory() as folder:
        task = Path(folder) / "task"
        add_dependencies(given.python, task)
        add_package(given.python, task)
        compile_all(given.python, task)
        size = sum(path.stat().st_size for path in task.rglob("*") if path.is_file())
        if size > MOST_UNPACKED:
            sys.exit(f"{size / 2**20:.0f} MiB unpacked are more than Lambda's limit of {MOST_UNPACKED / 2**20:.0f}")
        zip_all(task, given.to)
        seconds, worked = cold_start(given.python, task)
    print(
        f"{given.to}: {given.to.stat().st_size / 2**20:.1f} MiB, {size / 2**20:.1f} MiB unpacked, for the runtime "
        f"python{version}; cold start on this machine {seconds:.2f} s, of which a processor worked {worked:.2f} s "
        f"(medians of {COLD_STARTS})"
    )
    if version != USUAL:
        print(f"deploy it with the parameter Runtime=python{version}")


def add_dependencies(python: str, task: Path) -> None:
    """Install what requirements/aws.txt lists, each file checked by its hash, for Lambda's platform."""
    platforms = [word for platform in PLATFORMS for word in ("--platform", platform)]
    _install(python, task, "--require-hashes", "--only-binary=:all:", *platforms, "-r", str(REQUIREMENTS))


def add_package(python: str, task: Path) -> None:
    """Build the package with the backend that is installed here, and install it."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder]
        subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        (wheel,) = Path(folder).glob("*.whl")
        _install(python, task, "--no-index", str(wheel))


def compile_all(python: str, task: Path) -> None:
    """Compile all modules for this Python, and remove what differs by where they were installed.

    The bytecode counts whatever the times of the sources are: a zip rounds them, and Lambda would compile all modules again in
    each cold start, for seconds.
    """
    for about in task.glob("*.dist-info"):
        for name in _OF_PIP:
            (about / name).unlink(missing_ok=True)
    command = [python, "-m", "compileall", "-q", "-f", "--invalidation-mode", "unchecked-hash", "-s", str(task), "-p", TASK]
    subprocess.run([*command, str(task)], check=True, env=os.environ | {"PYTHONHASHSEED": "0"})


def zip_all(task: Path, to: Path) -> None:
    """Write the zip: names in order, all times the same."""
    to.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(to, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(path.relative_to(task).as_posix() for path in task.rglob("*") if path.is_file()):
            path, entry = task / name, zipfile.ZipInfo(name, EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o755 << 16 if path.suffix == ".so" else 0o644 << 16
            archive.writestr(entry, path.read_bytes())


def cold_start(python: str, task: Path) -> tuple[float, float]:
    """Return the seconds until a new process, with nothing but the package, has answered its first event, and how many of them
    a processor worked. Both are medians.
    """
    taken: list[float] = []
    worked: list[float] = []
    for _ in range(COLD_STARTS):
        before, used = time.perf_counter(), _processor_seconds()
        subprocess.run([python, "-I", "-S", "-c", _FIRST_ANSWER, str(task)], check=True, stderr=subprocess.DEVNULL)
        taken.append(time.perf_counter() - before)
        worked.append(_processor_seconds() - used)
    return statistics.median(taken), statistics.median(worked)


def _processor_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _install(python: str, task: Path, *what: str) -> None:
    quiet = ("--quiet", "--disable-pip-version-check", "--no-compile", "--no-deps", "--root-user-action=ignore")
    subprocess.run([python, "-m", "pip", "install", *quiet, "--target", str(task), *what], check=True)
    shutil.rmtree(task / "bin", ignore_errors=True)  # scripts that name this Python


def _out(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


if __name__ == "__main__":
    main()
