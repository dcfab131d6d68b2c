"""How long it takes until something happens: the import, and the first help page."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time

ROUNDS = 9


def main() -> None:
    bare = _median([sys.executable, "-c", "pass"])
    library = _median([sys.executable, "-c", "import onbrief"])
    full = _median([sys.executable, "-c", "import onbrief; onbrief.run"])
    page = _median([sys.executable, "-m", "onbrief", "--help"])
    print(f"python alone           {bare:.3f} s")
    print(f"import onbrief         {library - bare:.3f} s above that")
    print(f"  and onbrief.run      {full - bare:.3f} s above that")
    print(f"onbrief --help         {page:.3f} s in all")


def _median(command: list[str]) -> float:
    times: list[float] = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        times.append(time.perf_counter() - began)
    return statistics.median(times)
