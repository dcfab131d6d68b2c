"""What runs cost beside their models when there are ten thousand of them, and what each in flight takes.

The models answer at once, with small pictures. Every second one falls short, and then its run makes another. The figures are
those of each tenth of the batch: the last must be no slower than the first, and memory must not grow.
`python -m benchmarks.batch 1000 64 64 postgresql` takes a quicker look, with the ledger in a PostgreSQL server.
"""

from __future__ import annotations

import asyncio
import io
import random
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path

from PIL import Image

from benchmarks import instant
from benchmarks.geneval import briefs
from benchmarks.memory import begin_peak, resident
from onbrief import engines
from onbrief.batches import session
from onbrief.batches.rows import Row
from onbrief.batches.running import BriefEnded, BriefWent
from onbrief.batches.session import Asked
from onbrief.brief import Brief
from onbrief.events import ImageJudged
from onbrief.ports import AnyModel, Judged, ModelRole
from onbrief.pursuit import Order
from onbrief.settings import Settings
from onbrief.testing import ImageRequest, JudgeRequest, ScriptedImageModel, ScriptedPlanner, ScriptedReviser
from tests.databases import database

BRIEFS = 10_000
IN_FLIGHT = 64
PARTS = 10
SMALL = 64  # pixels of a side
LARGE = 1024


@dataclass(frozen=True, slots=True)
class Mark:
    """The state of this process at one moment: runs and attempts so far, time and CPU time in seconds, memory in MB."""

    runs: int
    attempts: int
    at: float
    cpu: float
    memory: float

    @classmethod
    def now(cls, runs: int, attempts: int) -> Mark:
        """Return the state of now."""
        return cls(runs, attempts, time.perf_counter(), time.process_time(), resident("VmRSS"))


@cache
def _pictures() -> list[bytes]:
    return [_picture(number, SMALL) for number in range(256)]


def _drawn(asked: ImageRequest) -> bytes:
    pictures = [instant.picture()] if asked.size[0] == LARGE else _pictures()
    return b"".join((pictures[asked.number % len(pictures)], b""))  # bytes of its own, as those of an answer are


def _judged(asked: JudgeRequest) -> Judged:
    return asked.answer(met=asked.number % 2 > 0)


def models() -> dict[ModelRole, AnyModel]:
    """Models that answer at once and keep nothing, in any process. Every second picture falls short."""
    bill = instant.NoBill()
    return {
        "image_model": ScriptedImageModel(bill, _drawn, 0.0, name=instant.NAME, asked=deque(maxlen=0)),
        "judge": instant.BlindJudge(bill, _judged, 0.0, name=instant.NAME, asked=deque(maxlen=0)),
        "reviser": ScriptedReviser(bill, price=0.0, name=instant.NAME, asked=deque(maxlen=0)),
        "planner": ScriptedPlanner(bill, price=0.0, name=instant.NAME, asked=deque(maxlen=0)),
    }


def rows(number: int, side: int, settings: Settings) -> list[Row]:
    """Rows as a file of briefs gives them: each has words of its own, and a run of its own."""
    crew = models()
    settings = settings.with_models(crew)
    prompts = [brief.prompt for brief in briefs()]
    found: list[Row] = []
    for n in range(number):
        brief = Brief(text=f"{prompts[n % len(prompts)]}, picture {n}", size=(side, side))
        found.append(Row(n, f"{n:05}", Order(brief=brief, settings=settings, run_id=f"row-{n:05}", models=crew)))
    return found


async def pursue(number: int, side: int, in_flight: int, out: str, ledger: str = "") -> list[Mark]:
    """Pursue a batch, and return the state of the process before it and after each part of its briefs."""
    # Lettering is read by a model of its own, where one is installed.
    settings = Settings(out=out, ledger=ledger, tables={"ocr": {"use": "never"}})
    all_rows = rows(number, side, settings)
    asked = Asked(name="bench", rows=all_rows, settings=settings, concurrency=in_flight)
    marks: list[Mark] = []
    runs = attempts = 0
    async for event in session.pursue(asked, engines.engine):
        match event:
            case session.BatchBegan():
                marks.append(Mark.now(0, 0))
            case BriefWent(_, ImageJudged()):
                attempts += 1
            case BriefEnded(result):
                assert result.outcome in {"passed", "unmet"}, result  # a run may have no luck with all its pictures
                runs += 1
                if runs % max(1, number // PARTS) == 0:
                    marks.append(Mark.now(runs, attempts))
            case _:
                pass
    return marks


def print_parts(marks: Sequence[Mark]) -> None:
    """Print how fast each part was, and what the process took after it."""
    print("    runs   attempts a second   cores   MB")
    for before, after in pairwise(marks):
        seconds = after.at - before.at
        rate, cores = (after.attempts - before.attempts) / seconds, (after.cpu - before.cpu) / seconds
        print(f"  {after.runs:6} {rate:19.1f} {cores:7.2f} {after.memory:6.1f}")
    first, last = marks[0], marks[-1]
    attempts, cpu = last.attempts - first.attempts, last.cpu - first.cpu
    print(f"  in all {attempts / (last.at - first.at):.1f} attempts a second, {1000 * cpu / attempts:.1f} ms of CPU each")


def _picture(number: int, side: int) -> bytes:
    """A small PNG of its own: a gradient with grain."""
    image = Image.linear_gradient("L").resize((side, side)).convert("RGB")
    grain = Image.frombytes("RGB", (side // 4, side // 4), random.Random(number).randbytes(3 * (side // 4) ** 2))  # noqa: S311
    image.paste(grain, (side // 4, side // 4))
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


def main() -> None:
    for arguments in (
        (BRIEFS, SMALL, IN_FLIGHT),
        (BRIEFS, SMALL, IN_FLIGHT, "postgresql"),
        (64, LARGE, 16),
        (128, LARGE, 32),
    ):
        command = [sys.executable, "-m", "benchmarks.batch", *map(str, arguments)]
        print(subprocess.run(command, check=True, capture_output=True, text=True).stdout, end="", flush=True)


def measure(number: int, side: int, in_flight: int, ledger: str = "sqlite") -> None:
    with (
        tempfile.TemporaryDirectory(dir=".") as out,  # where users' pictures lie: /tmp may be in memory
        database() if ledger == "postgresql" else nullcontext() as server,
    ):
        url = server.url if server else ""
        asyncio.run(pursue(in_flight, SMALL, in_flight, str(Path(out, "warm")), url))
        idle = begin_peak()
        marks = asyncio.run(pursue(number, side, in_flight, str(Path(out, "bench")), url))
        peak = resident("VmHWM")
    print(f"{number} briefs, {in_flight} in flight, pictures of {side}x{side}, {ledger}")
    if side == SMALL:
        print_parts(marks)
    else:
        print(f"  {peak - idle:.0f} MB above {idle:.0f} MB, {(peak - idle) / in_flight:.1f} MB each")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        numbers = [int(each) for each in sys.argv[1:4]]
        number, side, in_flight = numbers + [BRIEFS, SMALL, IN_FLIGHT][len(numbers) :]
        measure(number, side, in_flight, *sys.argv[4:])
    else:
        main()
