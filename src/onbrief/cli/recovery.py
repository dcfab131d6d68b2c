"""`onbrief recover`: look for pictures whose answers were lost."""

from __future__ import annotations

import asyncio
import json
from contextlib import aclosing
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from onbrief.cli import completion
from onbrief.cli.flags import Json, LedgerUrl, Place
from onbrief.cli.output import plain, put, say
from onbrief.config import load

if TYPE_CHECKING:
    from onbrief.pursuit import LostPicture

_Run = Annotated[str | None, Parameter(completer=completion.runs, show_default=False)]


def recover(run_id: _Run = None, *, out: Place = None, ledger: LedgerUrl = None, json_: Json = False) -> int:
    """Look for pictures whose answers were lost, without paying for anything.

    For example:
        onbrief recover
        onbrief recover 20261122-101500-3f9a1c
        onbrief recover --json

    A picture can be lost when a connection breaks or a process is killed after its call was accepted.
    It is looked for at the service that made it, and stored if it is found. Nothing is started: to go
    on with what was found, resume the run. Resuming a run looks for its lost pictures too.

    Exit codes: 0 nothing is lost any more, 1 something waits or stays unknown.

    Parameters
    ----------
    run_id
        A run; by default, all runs of the place.
    json_
        Print one JSON document.
    """
    from onbrief.pursuit import recover as recovered

    settings = load({"out": out, "ledger": ledger})[0]

    async def look() -> list[LostPicture]:
        found: list[LostPicture] = []
        async with aclosing(recovered(settings, run_id)) as lost_pictures:
            async for lost in lost_pictures:
                found.append(lost)
                if not json_:
                    put(_line(lost))
        return found

    found = asyncio.run(look())
    if json_:
        put(json.dumps([asdict(lost) for lost in found], ensure_ascii=False, indent=2) + "\n")
    elif not found:
        say("nothing is lost")
    for run in dict.fromkeys(lost.run_id for lost in found if lost.state in ("found", "never arrived", "failed")):
        say(f"hint: to go on: onbrief resume {run}")
    return int(not all(lost.settled for lost in found))


def _line(lost: LostPicture) -> str:
    """Return the line of a lost picture."""
    cost = "" if lost.usd is None else f"  ${lost.usd:.2f}"
    about = lost.url or lost.why
    return f"{' '.join(filter(None, (lost.run_id, lost.attempt)))}  {lost.state}{cost}{'  ' if about else ''}{plain(about)}\n"
