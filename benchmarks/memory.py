"""What one run takes above the idle process, and whether a hundred attempts take more than ten. Linux only.

The peak is the kernel's own (VmHWM), set back to what is resident once all is imported and the ledger is open; `ru_maxrss`
would not do, as a child process begins with its parent's. The first run of a process also fills what it keeps: modules, the
eye's stencils, a heap for each worker thread.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import tempfile
from importlib import import_module
from pathlib import Path

from benchmarks import instant
from onbrief.brief import Brief
from onbrief.pursuit import Order, open_pursuit
from onbrief.report import page as page  # imported late by runs: what it weighs is not what a run takes
from onbrief.settings import Settings
from onbrief.studio import Crew

_NEVER_MET = "three red circles above a blue square, without circles"


def main() -> None:
    for models in ("instant", "sandbox"):
        for images in (10, 100):
            command = [sys.executable, "-m", "benchmarks.memory", models, str(images)]
            print(subprocess.run(command, check=True, capture_output=True, text=True).stdout, end="")


async def _measure(models: str, images: int) -> tuple[float, float]:
    """Idle and peak in MB."""
    with tempfile.TemporaryDirectory(dir=".") as out:
        order, crew = _order(models, images, out)
        async with open_pursuit(order, crew) as pursuit:
            idle = begin_peak()
            async for _ in pursuit.events():
                pass
            return idle, resident("VmHWM")


def _order(models: str, images: int, out: str) -> tuple[Order, Crew | None]:
    if models == "instant":
        return instant.order(out, images), instant.crew()
    settings = Settings(out=out, max_images=images, max_attempts=images)
    return Order(brief=Brief(text=_NEVER_MET), settings=settings, run_id="memory"), None


def begin_peak() -> float:
    Path("/proc/self/clear_refs").write_text("5", "ascii")
    return resident("VmRSS")


def resident(name: str, pid: int | str | None = "self") -> float:
    lines = Path(f"/proc/{pid}/status").read_text("ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name)) / 1024


if __name__ == "__main__":
    for module in ("onbrief.report", "onbrief_sandbox.models"):  # what a run imports is idle, not the run
        import_module(module)
    instant.picture()
    for which in ("first", "next"):
        idle, peak = asyncio.run(_measure(sys.argv[1], int(sys.argv[2])))
        run = f"{sys.argv[1]:8} {sys.argv[2]:>3} attempts, {which:5} run of the process"
        print(f"{run}: {peak - idle:5.1f} MB above {idle:3.0f} MB")
