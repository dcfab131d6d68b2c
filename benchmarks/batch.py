"""What runs cost beside their models when there are ten thousand of them in one process, and what each in flight takes.

The models answer at once, with small pictures. Every second picture falls short, so that its run makes another. The figures are
those of the whole process in tenths of the batch: it must be no slower at the end than at the start, and must not grow. `python -m benchmarks.batch 1000` takes a quicker look.
"""

from __future__ import annotations

import asyncio
import io
import random
import sys
import tempfile
import time
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise

from PIL import Image

from benchmarks import instant
from benchmarks.geneval import briefs
from benchmarks.memory import resident
from onbrief.brief import Brief
from onbrief.config import Settings
from onbrief.events import ImageJudged
from onbrief.ports import AnyModel, Judged, ModelRole
from onbrief.pursuit import Order, open_pursuit
from onbrief.pursuit.workspace import Workspace
from onbrief.testing import ImageRequest, JudgeRequest, ScriptedImageModel, ScriptedPlanner, ScriptedReviser

BRIEFS = 10_000
IN_FLIGHT = 64
PARTS = 10
SMALL = 64  # pixels of a side
LARGE = 1024


@dataclass(slots=True)
class Progress:
    """The attempts that were judged, and what the process took at the end of each tenth of the briefs."""

    briefs: int
    attempts: int = 0
    runs: int = 0
    marks: list[Mark] = field(default_factory=list["Mark"])

    def ended(self) -> None:
        self.runs += 1
        if self.runs % max(1, self.briefs // PARTS) == 0:
            self.mark()

    def mark(self) -> None:
        self.marks.append(Mark(time.perf_counter(), time.process_time(), self.runs, self.attempts, resident("VmRSS")))


@dataclass(frozen=True, slots=True)
class Mark:
    """The state of the process at one moment: in seconds, attempts and MB."""

    at: float
    cpu: float
    runs: int
    attempts: int
    memory: float


def models(side: int) -> dict[ModelRole, AnyModel]:
    """Models that answer at once and keep nothing. Of every four pictures one falls short."""
    pictures = [_picture(number, side) for number in range(256)] if side == SMALL else [instant.picture()]

    def drawn(asked: ImageRequest) -> bytes:
        return pictures[asked.number % len(pictures)]

    def judged(asked: JudgeRequest) -> Judged:
        return asked.answer(met=asked.number % 2 > 0)

    bill = instant.NoBill()
    return {
        "image_model": ScriptedImageModel(bill, drawn, 0.0, name=instant.NAME, asked=deque(maxlen=0)),
        "judge": instant.BlindJudge(bill, judged, 0.0, name=instant.NAME, asked=deque(maxlen=0)),
        "reviser": ScriptedReviser(bill, price=0.0, name=instant.NAME, asked=deque(maxlen=0)),
        "planner": ScriptedPlanner(bill, price=0.0, name=instant.NAME, asked=deque(maxlen=0)),
    }


def orders(number: int, side: int, out: str) -> Iterator[Order]:
    """Orders as a file of briefs gives them: each has words of its own and the run id of its row."""
    crew = models(side)
    # Lettering is read by a model of its own, where one is installed.
    settings = Settings(out=out, tables={"ocr": {"use": "never"}}).with_models(crew)
    for row in range(number):
        text = f"{briefs()[row % len(briefs())].prompt}, picture {row}"
        yield Order(brief=Brief(text=text, size=(side, side)), settings=settings, run_id=f"row-{row:05}", models=crew)


async def pursue_all(orders: Iterable[Order], workspace: Workspace, in_flight: int, progress: Progress) -> None:
    """Pursue orders, so many at a time."""
    left = iter(orders)

    async def work() -> None:
        for order in left:
            async with open_pursuit(order, workspace=workspace) as pursuit:
                async for event in pursuit.events():
                    progress.attempts += isinstance(event, ImageJudged)
                assert event.run.outcome == "passed", event.run.reason
                await pursuit.deliver()
            progress.ended()

    async with asyncio.TaskGroup() as group:
        for _ in range(in_flight):
            group.create_task(work())


def measure(number: int, side: int, in_flight: int) -> None:
    with tempfile.TemporaryDirectory(dir=".") as out:  # where users' pictures lie: /tmp may be in memory
        progress = Progress(number)
        with Workspace.open(Settings(out=out)) as workspace:
            progress.mark()
            asyncio.run(pursue_all(orders(number, side, out), workspace, in_flight, progress))
    for before, after in [] if "PROF" in __import__("os").environ else pairwise(progress.marks):
        seconds = after.at - before.at
        rate, cpu = (after.attempts - before.attempts) / seconds, (after.cpu - before.cpu) / seconds
        print(f"  {after.runs:6} runs: {rate:6.1f} attempts a second, {cpu:4.2f} cores, {after.memory:6.1f} MB", flush=True)
    first, last = progress.marks[0], progress.marks[-1]
    print(
        f"  {(last.attempts - first.attempts) / (last.at - first.at):.1f} attempts a second, {progress.attempts / progress.runs:.2f} a run"
    )


def _picture(number: int, side: int) -> bytes:
    """A small PNG of its own: a gradient with grain."""
    image = Image.linear_gradient("L").resize((side, side)).convert("RGB")
    grain = Image.frombytes("RGB", (side // 4, side // 4), random.Random(number).randbytes(3 * (side // 4) ** 2))  # noqa: S311
    image.paste(grain, (side // 4, side // 4))
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


def main() -> None:
    measure(int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))


if __name__ == "__main__":
    main()
