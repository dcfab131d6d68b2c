"""How much of a limit of 600 pictures a minute is used, which a server in a process of its own enforces, over HTTP.

The limit is set, or learnt from the refusals of the first minute. Pictures are small and judged at once. With an argument, the
number of minutes: `python -m benchmarks.throughput 3`.
"""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from itertools import count

from benchmarks import instant
from benchmarks.http import server
from onbrief.batches.concurrency import concurrency
from onbrief.brief import Brief, Requirement
from onbrief.config import Settings
from onbrief.providers import registry
from onbrief.pursuit import Order, Workspace, open_pursuit
from onbrief.studio import Crew

LIMIT = 600
MODEL = "a1111:"
PICTURES = 8  # of each run; the server keeps its latest eight, so that it need not draw each again
_BRIEF = Brief(text="a red circle", requirements=(Requirement(id="r1", text="there is a red circle"),), size=(64, 64))


def main(minutes: int = 3) -> None:
    for about, rates in (("known", {f"{MODEL}*": f"{LIMIT} requests"}), ("learnt", {})):
        with server(limit=f"a1111:*={LIMIT}/min") as environment:
            os.environ.update(environment)
            asyncio.run(_run(minutes, about, rates))


async def _run(minutes: int, about: str, rates: Mapping[str, str]) -> None:
    with tempfile.TemporaryDirectory() as out:
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
        crew = replace(instant.crew(), image_model=registry.image_model(MODEL, settings.tables))
        numbers, until = count(), time.monotonic() + 60 * minutes
        began, made, refused = time.monotonic(), list[float](), list[float]()

        async def work(workspace: Workspace) -> None:
            while time.monotonic() < until:
                await _pursue(Order(brief=_BRIEF, settings=settings, run_id=f"run-{next(numbers)}", seed=1), crew, workspace)

        async def _pursue(order: Order, crew: Crew, workspace: Workspace) -> None:
            async with open_pursuit(order, crew, workspace=workspace) as pursuit:
                async for event in pursuit.events():
                    for call in event.calls:
                        if call.call.startswith("image/"):
                            (made if call.state == "done" else refused).append(time.monotonic() - began)
                    if time.monotonic() > until:
                        pursuit.stop()

        with Workspace.open(settings) as workspace:
            at_once = min(64, concurrency(crew, workspace.rates)) if rates else 64  # these models answer at once
            await asyncio.gather(*(work(workspace) for _ in range(at_once)))
    by_minute, refusals = (Counter(int(at // 60) for at in times) for times in (made, refused))
    shown = ", ".join(f"{by_minute[n] / LIMIT:.1%} ({refusals[n]} refused)" for n in range(minutes))
    print(f"  {about:7} {at_once:3} runs at once, by minute: {shown}", flush=True)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
