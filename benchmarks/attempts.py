"""Prints the milliseconds of an attempt without the work on its picture, in the median; see before.py."""

from __future__ import annotations

import asyncio
import functools
import importlib
import inspect
import statistics
import tempfile
import threading
import time
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

from onbrief import pictures

RUNS = 5
ATTEMPTS = 12  # of each run: the default limit
BESIDE = ("fingerprint", "measuring")  # modules with further work on the picture, which earlier versions lack

_spent = [0.0]  # seconds in functions of `pictures`, all threads together
_within = threading.local()


def _timed(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function, with its time counted unless another one that is counted has called it."""

    @functools.wraps(function)
    def timed(*arguments: Any, **named: Any) -> Any:
        if getattr(_within, "one", False):
            return function(*arguments, **named)
        _within.one, began = True, time.perf_counter()
        try:
            return function(*arguments, **named)
        finally:
            _within.one = False
            _spent[0] += time.perf_counter() - began

    return timed


def main() -> None:
    # By whatever names a version has them; before anything is imported that takes them from there.
    modules = [
        importlib.import_module(f"{pictures.__name__}.{name}") for name in BESIDE if find_spec(f"{pictures.__name__}.{name}")
    ]
    for owner in (pictures, *modules, *filter(inspect.isclass, vars(pictures).values())):
        for name, function in list(vars(owner).items()):
            if inspect.isfunction(function) and (name == "__init__" or not name.startswith("__")):
                setattr(owner, name, _timed(function))
    times: list[float] = []
    for _ in range(RUNS):
        with tempfile.TemporaryDirectory(dir=".") as out:  # where users' pictures lie: /tmp may be in memory
            times += asyncio.run(_times_of_a_run(out))
    print(statistics.median(times))


async def _times_of_a_run(out: str) -> list[float]:
    from benchmarks import instant
    from onbrief.events import ImageJudged
    from onbrief.pursuit import open_pursuit

    times: list[float] = []
    async with open_pursuit(instant.order(out, ATTEMPTS), instant.crew()) as pursuit:
        last, spent = time.perf_counter(), _spent[0]
        async for event in pursuit.events():
            if isinstance(event, ImageJudged):
                now = time.perf_counter()
                times.append((now - last - (_spent[0] - spent)) * 1000)
                last, spent = now, _spent[0]
    return times[1:]  # the first one begins with the run


if __name__ == "__main__":
    main()
