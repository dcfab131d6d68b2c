"""`onbrief list`: the runs of a place, as lines that fit the terminal."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Literal

from onbrief.cli.flags import Json, Place
from onbrief.cli.output import plain, put, say
from onbrief.config import load
from onbrief.errors import OnbriefError, UsageError
from onbrief.progress import so_far, spent

if TYPE_CHECKING:
    from onbrief.ports import RunRow
    from onbrief.pursuit import Workspace
    from onbrief.record import Run

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
    from onbrief.pursuit import Workspace

    if limit is not None and limit < 1:
        raise UsageError.of("limit", limit, "a whole number from 1 up")
    errors: list[OnbriefError] = []
    listed: list[_Listed] = []
    with Workspace.existing(load({"out": out})[0]) as workspace:
        rows = workspace.ledger.runs()
        for row in rows:
            if len(listed) == limit:
                break
            try:
                if row.broken or outcome in {None, _state(row)}:
                    listed.append(_Listed.of(row, workspace))
            except OnbriefError as error:
                errors.append(error)
    if json_:
        put(json.dumps([one.document for one in listed], ensure_ascii=False, indent=2) + "\n")
    else:
        columns = shutil.get_terminal_size((_UNLIMITED, 0)).columns
        widest = max((len(one.row.run_id) for one in listed if len(one.row.run_id) <= _USUAL_ID), default=0)
        put("".join(f"{line}\n" for one in listed for line in one.lines(columns, widest)))
    for error in errors:
        say(f"error: {error}")
        if error.hint:
            say(f"hint: {error.hint}")
    return int(bool(errors))


def _state(row: RunRow) -> str:
    return row.outcome or ("running" if row.live else "interrupted")


@dataclass(frozen=True, slots=True)
class _Listed:
    """A run in the list: its row in the ledger, and its record, if it has one yet."""

    row: RunRow
    kind: str
    brief: str
    run: Run | None

    @classmethod
    def of(cls, row: RunRow, workspace: Workspace) -> _Listed:
        from onbrief.pursuit import brief_text_of, kind_of

        brief = brief_text_of(row)
        return cls(row, kind_of(row), brief, workspace.record_of(row))

    @property
    def document(self) -> dict[str, object]:
        row, usage = self.row, self.run.usage if self.run else None
        about = {"run_id": row.run_id, "kind": self.kind, "outcome": row.outcome, "started": row.started, "ended": row.ended}
        used = {"images": usage.images if usage else None, "usd": usage.usd if usage else None}
        return {**about, "live": row.live, **used, "brief": self.brief}

    def lines(self, columns: int, widest: int) -> Iterator[str]:
        """Yield the lines of this run: one, or several that are filled to this many columns. `widest` is that of the ids."""
        started = f"{datetime.fromisoformat(self.row.started).astimezone():%Y-%m-%d %H:%M}"
        line = f"{self.row.run_id:{widest}}"
        for part in (f"{_state(self.row):11}", f"{self._used:17}", started):
            if len(f"{line}  {part}".rstrip()) > columns:
                yield line.rstrip()
                line = f"{_INDENT}{part}"
            else:
                line = f"{line}  {part}"
        if columns - len(line) - 2 < _SHORTEST:
            yield line.rstrip()
            line = ""
        brief = plain(self.brief if self.kind == "run" else f"{self.kind}: {self.brief}")
        room = min(_LONGEST, columns - len(line) - 2)
        yield f"{line}  {brief if len(brief) <= room else brief[: room - 1] + '…'}".rstrip()

    @property
    def _used(self) -> str:
        if self.run is None:
            return "no record" if self.row.outcome else "no picture yet"
        return so_far(self.run) if self.kind == "judge" else spent(self.run.usage)
