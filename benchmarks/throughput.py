"""How much of a limit, such as 600 pictures a minute, is used, which a server in a process of its own enforces, over HTTP.

The limit is set, or learnt from the refusals of the first minute. `python -m benchmarks.throughput 3 runs 600` is for three
minutes and whole runs, whose small pictures are judged at once. With `calls`, pictures are paid for and recorded one after the
other, and nothing else is done with them: where something else uses the processors, that shows the limit and not the machine.
"""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import count

from benchmarks import instant
from benchmarks.http import server
from onbrief.brief import Brief, Requirement
from onbrief.ledger.account import CallResult, SpendingPolicy, Try, open_account
from onbrief.ports import Call, ImageModel
from onbrief.providers import registry
from onbrief.pursuit import Order, Workspace, open_pursuit
from onbrief.record import Prompt
from onbrief.settings import Settings

AT_ONCE = 48
MODEL = "a1111:"
SMALL, DRAWN = (64, 64), (512, 512)  # the smallest that the server draws; it makes smaller ones of those
PICTURES = 8  # of each run; the server keeps its latest eight, so that it need not draw each again
_BRIEF = Brief(text="a red circle", requirements=(Requirement(id="r1", text="there is a red circle"),), size=SMALL)


@dataclass
class Counted:
    """When pictures came, and when calls were refused, in seconds since the start."""

    began: float
    until: float
    made: list[float] = field(default_factory=list[float])
    refused: list[float] = field(default_factory=list[float])

    @property
    def over(self) -> bool:
        return time.monotonic() > self.until

    def add(self, state: str) -> None:
        if not self.over:
            (self.made if state == "done" else self.refused).append(time.monotonic() - self.began)


def main(minutes: int = 3, what: str = "runs", limit: int = 600) -> None:
    for about, rates in (("known", {f"{MODEL}*": f"{limit} requests"}), ("learnt", {})):
        with server(limit=f"a1111:*={limit}/min") as environment, tempfile.TemporaryDirectory() as out:
            os.environ.update(environment)
            counted = asyncio.run(_measured(minutes, what, out, rates))
        by_minute, refused = (Counter(int(at // 60) for at in times) for times in (counted.made, counted.refused))
        shown = ", ".join(f"{by_minute[n] / limit:.1%} ({refused[n]} refused)" for n in range(minutes))
        print(f"  {limit} a minute, {what}, {about:6} by minute: {shown}", flush=True)


async def _measured(minutes: int, what: str, out: str, rates: Mapping[str, str]) -> Counted:
    settings = Settings(
        image_model=MODEL,
        judge="sandbox:",
        reviser="sandbox:",
        policy="classic",
        plan=False,
        max_images=PICTURES,
        max_attempts=PICTURES,
        max_prompts=1,
        out=out,
        tables={"rates": dict(rates), "a1111": {"base_url": os.environ["ONBRIEF_A1111_BASE_URL"]}},
    )
    model, work = registry.image_model(MODEL, settings.tables), _run if what == "runs" else _calls
    await model.generate(Prompt(0, "a red circle"), DRAWN, 1)  # what is imported and made once is there by now
    numbers, now = count(), time.monotonic()
    counted = Counted(now, now + 60 * minutes)

    async def worker() -> None:
        while not counted.over:
            await work(f"run-{next(numbers)}", model, settings, workspace, counted)

    with Workspace.open(settings) as workspace:
        await asyncio.gather(*(worker() for _ in range(AT_ONCE)))
    return counted


async def _run(run_id: str, model: ImageModel, settings: Settings, workspace: Workspace, counted: Counted) -> None:
    """Pursue one run, all of whose pictures fail."""
    crew, order = replace(instant.crew(), image_model=model), Order(brief=_BRIEF, settings=settings, run_id=run_id, seed=1)
    async with open_pursuit(order, crew, workspace=workspace) as pursuit:
        async for event in pursuit.events():
            for call in event.calls:
                if call.call.startswith("image/"):
                    counted.add(call.state)
            if counted.over:
                pursuit.stop()


async def _calls(run_id: str, model: ImageModel, settings: Settings, workspace: Workspace, counted: Counted) -> None:
    """Pay for the pictures of one run, one after the other."""

    async def send(_: Try) -> CallResult:
        await model.generate(Prompt(0, "a red circle"), DRAWN, 1)
        return CallResult("{}")

    async with open_account(workspace.ledger, run_id, "{}", "{}", SpendingPolicy(), rates=workspace.rates) as account:
        for number in range(PICTURES):
            if counted.over:
                break
            await account.once(Call("image", 0, number, model.name, "digest", 0.0), send)
            for ended in account.take_ended():
                counted.add(ended.entry.state)


if __name__ == "__main__":
    main(*(int(text) if text.isdecimal() else text for text in sys.argv[1:]))  # pyright: ignore[reportArgumentType]
