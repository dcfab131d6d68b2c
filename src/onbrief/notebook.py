"""Shows the progress of a run in a notebook: one line and a bar, which are replaced as the run goes on."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from html import escape
from importlib import import_module
from typing import TYPE_CHECKING, Any

from onbrief.events import Event
from onbrief.limits import Limits
from onbrief.record import Run

if TYPE_CHECKING:
    from onbrief.progress import Doing

_TICK = 1.0  # seconds between two changes of the seconds that are shown


def in_notebook() -> bool:
    """Return whether this code runs in a notebook: in a kernel of IPython, not in its terminal. Imports nothing."""
    ipython: Any = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    return getattr(shell, "kernel", None) is not None


@contextmanager
def bar(limits: Limits) -> Generator[Callable[[Event], None]]:
    """Provide a function that shows an event of a run with these limits in the output of the cell. To be entered in the event
    loop of the run, which also counts the seconds.
    """
    from onbrief.progress import Doing

    ipython: Any = import_module("IPython.display")
    doing = Doing("reading the brief", limits)
    output = ipython.display(ipython.HTML(_page(doing)), display_id=True)

    def show(event: Event) -> None:
        doing.now(event)
        output.update(ipython.HTML(_page(doing)))

    async def tick() -> None:
        while True:
            await asyncio.sleep(_TICK)
            output.update(ipython.HTML(_page(doing)))

    ticking = asyncio.create_task(tick())
    try:
        yield show
    finally:
        ticking.cancel()
        output.update(ipython.HTML(_page(doing, ended=True)))


def _page(doing: Doing, *, ended: bool = False) -> str:
    run = doing.run
    share = _share(run, doing.limits)
    value = "" if share is None else f' value="{1.0 if ended and run and run.outcome == "passed" else share:.3f}"'
    style = "font:13px/1.6 system-ui,sans-serif;display:flex;flex-wrap:wrap;gap:0 12px;align-items:center"
    return (
        f'<div style="{style}"><progress{value} max="1" aria-label="Progress of the run" style="width:180px"></progress>'
        f'<span style="font-variant-numeric:tabular-nums">{escape(doing.end if ended else doing.line)}</span></div>'
    )


def _share(run: Run | None, limits: Limits) -> float | None:
    """Return which share of its pictures a run has used; None before there is one."""
    if run is None or run.checklist is None:
        return None
    if run.kind == "judge":
        return sum(attempt.complete for attempt in run.attempts) / max(1, len(run.attempts))
    return min(1.0, run.usage.images / limits.images)
