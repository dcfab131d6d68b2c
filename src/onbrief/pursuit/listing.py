"""The runs of a place as small values, for lists."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice, repeat
from typing import cast

from onbrief.brief import brief_repr
from onbrief.errors import OnbriefError, Outcome, UsageError
from onbrief.ledger.rows import require_whole
from onbrief.ports import RunRow
from onbrief.pursuit.order import brief_text_of, kind_of
from onbrief.pursuit.workspace import Workspace
from onbrief.record import Run, RunKind
from onbrief.run_statistics import ModelStatistics, statistics_of
from onbrief.settings import Settings

_THREADS = 8  # records that are read at a time, from a bucket


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedRun:
    """A recorded run in a list; `load` returns the whole of it. The times are ISO 8601 in UTC, and `live` says whether the
    process that owns it may still be running. `images` is how many pictures it has made or was given, and `usd` what it has
    cost: None before its first record, and `usd` also if a price is unknown. `problem` and `hint` say why a run cannot be read
    and what to do, if it cannot; then only `run_id` and `live` are known.
    """

    run_id: str
    outcome: Outcome | None = None
    started: str = ""
    ended: str | None = None
    live: bool = False
    kind: RunKind = "run"
    brief: str = ""
    images: int | None = None
    usd: float | None = None
    problem: str = ""
    hint: str = ""
    out: str = ""
    ledger: str = ""

    @property
    def state(self) -> str:
        """The outcome; "running", "interrupted" or "unreadable" without one."""
        return "unreadable" if self.problem else self.outcome or _unended(self.live)

    def load(self) -> Run:
        """Return the run from its record; see `onbrief.load`."""
        return recorded_run(self.run_id, Settings(out=self.out, ledger=self.ledger))

    def __repr__(self) -> str:
        used = "" if self.images is None else f", {self.images} image{'' if self.images == 1 else 's'}"
        usd = "" if self.usd is None else f", ${self.usd:.2f}"
        return brief_repr(f"ListedRun {self.run_id[:40]} {self.state}{used}{usd}", repr(self.brief[:80]))


def recorded_run(run_id: str, settings: Settings) -> Run:
    """Return a run of the place that `settings.out` names from its record. Blocks.

    Raises:
        UsageError: there is no such place or run, or it has no record yet.
        LedgerError, StoreError: it cannot be read.
    """
    with Workspace.existing(settings) as workspace:
        row = workspace.find_run(run_id)
        if run := workspace.record_of(row):
            return run
        hint = "wait until its first picture is judged" if row.live else f"onbrief.resume({run_id!r}) writes it"
        raise UsageError(f"run {run_id} {workspace.why_unrecorded(row, workspace.store)}", hint=hint)


def listed_runs(settings: Settings, limit: int | None = None, state: str | None = None) -> list[ListedRun]:
    """Return the newest runs of the place that `settings.out` names, newest first; with a `state`, those in it. Blocks.

    Raises:
        UsageError: there is no such place.
        LedgerError: it cannot be read, or its runs may not be listed.
    """
    if limit is not None and limit < 1:
        raise UsageError.of("limit", limit, "a whole number from 1 up")
    with Workspace.existing(settings) as workspace, ThreadPoolExecutor(_THREADS) as threads:
        rows = (row for row in workspace.ledger.runs() if row.broken or state in {None, row.outcome or _unended(row.live)})
        return list(threads.map(_listed, islice(rows, limit), repeat(workspace), repeat(settings.out), repeat(settings.ledger)))


def _unended(live: bool) -> str:
    return "running" if live else "interrupted"


def _listed(row: RunRow, workspace: Workspace, out: str, ledger: str) -> ListedRun:
    try:
        brief = brief_text_of(row)
        run = workspace.record_of(row)
    except OnbriefError as error:  # told in the list: one such run must not hide the others
        return ListedRun(run_id=row.run_id, live=row.live, problem=str(error), hint=error.hint, out=out, ledger=ledger)
    return ListedRun(
        run_id=row.run_id,
        outcome=cast("Outcome | None", row.outcome),
        started=row.started,
        ended=row.ended,
        live=row.live,
        kind=kind_of(row),
        brief=brief,
        images=(run.usage.images or len(run.attempts)) if run else None,
        usd=run.usage.usd if run else None,
        out=out,
        ledger=ledger,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceStatistics:
    """The statistics of the runs of a place: `models`, and the runs that cannot be read, which are left out."""

    models: tuple[ModelStatistics, ...]
    unreadable: tuple[ListedRun, ...] = ()


def place_statistics(settings: Settings, limit: int | None = None) -> PlaceStatistics:
    """Return the statistics of the runs of the place that `settings.out` names; with a `limit`, of the newest ones. Blocks.

    Raises:
        UsageError: there is no such place.
        LedgerError: it cannot be read, or its runs may not be listed.
    """
    unreadable: list[ListedRun] = []

    def read(row: RunRow) -> Run | None:
        try:
            return workspace.record_of(require_whole(row))
        except OnbriefError as error:
            unreadable.append(ListedRun(run_id=row.run_id, live=row.live, problem=str(error), hint=error.hint))
            return None

    with Workspace.existing(settings) as workspace, ThreadPoolExecutor(_THREADS) as threads:
        found = threads.map(read, islice(workspace.ledger.runs(), limit))
        return PlaceStatistics(models=statistics_of(run for run in found if run), unreadable=tuple(unreadable))
