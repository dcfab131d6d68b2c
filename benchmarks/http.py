"""A run over HTTP against a sandbox server with short latencies like those of real models: its time, beside their sum.

Nine pictures and nine judgements of two prompts, none of which passes. One after the other they cannot take less than the sum
of the latencies; four at once can.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator
from contextlib import contextmanager

from onbrief.brief import Brief, Requirement
from onbrief.pursuit import Order, open_pursuit
from onbrief.record import Usage
from onbrief.settings import Settings

ROUNDS = 3
IMAGE, LANGUAGE = 0.3, 0.15  # seconds
ATTEMPTS = 9
SUM = ATTEMPTS * (IMAGE + LANGUAGE) + LANGUAGE  # with one revision
_BRIEF = Brief(
    text="a red circle left of a blue square",
    requirements=(
        Requirement(id="r1", text="there is a red circle", kind="object"),
        Requirement(id="r2", text="there is no circle", kind="absence"),
    ),
)


def main() -> None:
    with server(f"stability.={IMAGE}", f"global.={LANGUAGE}") as environment:
        os.environ.update(environment)
        asyncio.run(_seconds(1))  # what is imported and made once is there by now
        for parallel in (1, 4):
            seconds = statistics.median(asyncio.run(_seconds(parallel)) for _ in range(ROUNDS))
            print(f"{parallel} at once: {seconds:.2f} s, {seconds / SUM:.2f} of the {SUM:.2f} s of all latencies together")


@contextmanager
def server(*latency: str, limit: str = "") -> Generator[dict[str, str]]:
    """A sandbox server in a process of its own, and the environment in which the tools of AWS find it, and our providers."""
    command = [sys.executable, "-m", "onbrief", "sandbox", *(f"--latency={one}" for one in latency)]
    command += ["--limit", limit] if limit else []
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        try:
            names: dict[str, str] = {}
            while "STABILITY_API_KEY" not in names:  # the last line
                line = process.stdout.readline().strip()
                name, mark, value = line.removeprefix("export ").partition("=")
                names |= {name: value} if mark and line.startswith("export ") else {}
            yield {**os.environ, **names}
        finally:
            process.terminate()


async def _seconds(parallel: int) -> float:
    with tempfile.TemporaryDirectory() as out:
        settings = Settings(
            image_model="bedrock:stability.stable-image-core-v1:1",
            judge="bedrock:",
            reviser="bedrock:",
            policy="classic",
            plan=False,
            parallel=parallel,
            max_attempts=5,
            max_prompts=2,
            max_images=ATTEMPTS,
            out=out,
        )
        usage = Usage()
        began = time.perf_counter()
        async with open_pursuit(Order(brief=_BRIEF, settings=settings, run_id="http")) as pursuit:
            async for event in pursuit.events():
                usage = event.run.usage
        seconds = time.perf_counter() - began
    assert (usage.images, usage.judge_calls, usage.text_calls) == (ATTEMPTS, ATTEMPTS, 1), usage
    return seconds


if __name__ == "__main__":
    main()
