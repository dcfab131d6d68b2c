"""`onbrief list`: the runs of a place, as lines that fit the terminal."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Literal

from rich.cells import cell_len, set_cell_size

from onbrief.cli.flags import Json, LedgerUrl, Place
from onbrief.cli.output import plain, put, say
from onbrief.config import load
from onbrief.progress import spent

if TYPE_CHECKING:
    from onbrief.pursuit import ListedRun

State = Literal[
    "passed", "failed", "unmet", "over_budget", "blocked", "unknown", "cancelled", "running", "interrupted"
]  # every Outcome, and two states without one
_UNLIMITED = 1_000  # columns, where there is no terminal
_LONGEST = 80  # characters of a brief
_SHORTEST = 24  # columns for a brief; with less left, it has a line of its own
_USUAL_ID = 24  # characters; longer ids are not filled up to
_INDENT = "  "


def list_(
    *,
    limit: int | None = None,
    outcome: State | None = None,
    out: Place = None,
    ledger: LedgerUrl = None,
    json_: Json = False,
) -> int:
    """List the runs, newest first: when each began (local time), its outcome, pictures, cost and brief.

    For example:
        onbrief list
        onbrief list --limit 5 --outcome unmet
        onbrief list --json

    Runs that cannot be read are named on standard error, after all others.

    Exit codes: 0 all runs are listed, 1 some cannot be read.

    Parameters
    ----------
    limit
        How many runs to list, the newest ones.
    outcome
        Only runs that ended so, are running, or were interrupted.
    json_
        Print one JSON document, with times in UTC.
    """
    from onbrief.pursuit import listed_runs

    found = listed_runs(load({"out": out, "ledger": ledger})[0], limit, outcome)
    listed = [run for run in found if not run.problem]
    if json_:
        put(json.dumps([_document(run) for run in listed], ensure_ascii=False, indent=2) + "\n")
    else:
        columns = shutil.get_terminal_size((_UNLIMITED, 0)).columns
        widest = max((len(run.run_id) for run in listed if len(run.run_id) <= _USUAL_ID), default=0)
        put("".join(f"{line}\n" for run in listed for line in _lines(run, columns, widest)))
    for run in found:
        if run.problem:
            say(f"error: {run.problem}")
            if run.hint:
                say(f"hint: {run.hint}")
    return int(len(found) > len(listed))


def _document(run: ListedRun) -> dict[str, object]:
    names = ("run_id", "kind", "outcome", "started", "ended", "live", "images", "usd", "brief")
    return {name: getattr(run, name) for name in names}


def _lines(run: ListedRun, columns: int, widest: int) -> Iterator[str]:
    """Yield the lines of a run: one, or several that are filled to this many columns. `widest` is the width of the ids."""
    started = f"{datetime.fromisoformat(run.started).astimezone():%Y-%m-%d %H:%M}"
    line = f"{run.run_id:{widest}}"
    for part in (f"{run.state:11}", f"{_used(run):17}", started):
        if len(f"{line}  {part}".rstrip()) > columns:
            yield line.rstrip()
            line = f"{_INDENT}{part}"
        else:
            line = f"{line}  {part}"
    if columns - len(line) - 2 < _SHORTEST:
        yield line.rstrip()
        line = ""
    brief = plain(run.brief if run.kind == "run" else f"{run.kind}: {run.brief}")
    room = min(_LONGEST, columns - len(line) - 2)
    brief = brief if cell_len(brief) <= room else f"{set_cell_size(brief, room - 1).rstrip()}…"
    yield f"{line}  {brief}".rstrip()


def _used(run: ListedRun) -> str:
    if run.images is None:
        return "no record" if run.outcome else "no picture yet"
    return spent(run.images, run.usd)
