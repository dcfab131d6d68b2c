"""How long the sandbox paints a picture of 1024×1024 pixels, and judges one against five requirements, on one core."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable, Iterable

from benchmarks.hard import hard_briefs
from onbrief_sandbox.imagining import picture
from onbrief_sandbox.language.checks import check
from onbrief_sandbox.language.claims import Claim
from onbrief_sandbox.seeing.eye import look

SIZE = (1024, 1024)
LANDSCAPE = "a serene landscape with mountains and a lake under an aurora, without people"


def main() -> None:
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(cores)})
    briefs = [brief for brief in hard_briefs() if len(brief.claims) == 5]
    pictures = [picture(brief.text, "", SIZE, seed)[0] for seed, brief in enumerate(briefs)]
    _judge(pictures[0], briefs[0].claims)  # what is built once is built by now
    print(f"median of {len(briefs)} briefs with five requirements, 1024x1024")
    numbers = range(len(briefs))
    _print("paint", [_timed(lambda n=n: picture(briefs[n].text, "", SIZE, n)) for n in numbers])
    _print("paint a landscape", [_timed(lambda n=n: picture(LANDSCAPE, "", SIZE, n)) for n in numbers])
    _print("judge", [_timed(lambda n=n: _judge(pictures[n], briefs[n].claims)) for n in numbers])
    os.sched_setaffinity(0, cores)


def _judge(image: bytes, claims: Iterable[Claim]) -> list[bool]:
    sight = look(image)
    return [check(claim, sight)[0] for claim in claims]


def _timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return (time.perf_counter() - began) * 1000


def _print(what: str, times: list[float]) -> None:
    print(f"  {what:20} {statistics.median(times):6.1f} ms")


if __name__ == "__main__":
    main()
