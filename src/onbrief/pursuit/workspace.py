"""Workspaces: the store, ledger, models and budget of a place with runs, opened once and used by many runs."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from difflib import get_close_matches
from functools import cached_property
from types import TracebackType
from typing import TYPE_CHECKING, Final, Self

from onbrief.errors import LedgerError, UsageError
from onbrief.ledger.budget import Budget
from onbrief.ledger.rates import Rates
from onbrief.ledger.rows import require_whole
from onbrief.ports import AnyModel, Fund, Ladder, Ledger, ModelRole, Pictures, RunRow, Turns
from onbrief.providers import registry
from onbrief.pursuit.crews import Crews
from onbrief.pursuit.ledgers import ledger_of, require_existing, require_one_limit, require_own_ledger
from onbrief.pursuit.order import Order, check_run_id, order_again
from onbrief.record import Run
from onbrief.settings import Settings
from onbrief.store import BucketStore, FolderStore, Names, RunStore, open_store, region_of

if TYPE_CHECKING:
    from onbrief.studio import Crew

THIS_PLACE: Final = "this place"
"""The fund of the limit that `settings.max_total_usd` sets."""

_PAGES = 4
_NO_MODELS: Mapping[ModelRole, AnyModel | Ladder] = {}


class Workspace:
    """A folder or bucket with runs in it. A context manager: when it exits, it waits for pending writes and closes the ledger.

    All runs that are pursued here share `budget`, a limit in US dollars for all of them together; `rates`, the rate at which
    each model may be called, as far as it is known; `usable`, the models whose providers were asked about them and had nothing
    against them; and `pages`, the threads that make thumbnails and reports: few, as each keeps the memory of its largest
    picture.
    """

    def __init__(
        self,
        store: FolderStore | BucketStore,
        settings: Settings,
        usd: float | None = None,
        fund: str = "",
        *,
        existing: bool = False,
    ) -> None:
        self.store = store
        self.ledger: Ledger = ledger_of(store, settings, Fund(fund, usd) if fund else None, create=not existing)
        self.budget = Budget(usd, f" that all runs of {fund} share" if fund else "")
        self.usable: set[str] = set()
        self.pages = ThreadPoolExecutor(min(_PAGES, os.cpu_count() or 1), thread_name_prefix="pages")
        self._settings = settings
        self._crews = Crews()
        self._writable = False

    @cached_property
    def rates(self) -> Turns:
        """The turns of all calls. Another object can be put here to share them with other processes.

        Raises:
            UsageError: the settings have a limit of no model.
        """
        return rates_of(self._settings)

    @classmethod
    def open(cls, settings: Settings, usd: float | None = None, fund: str = "") -> Workspace:
        """Open the place that `settings.out` names; a missing folder is created. Blocks while it looks for credentials, and
        connects to the database that `settings.ledger` names.

        `usd` is the limit of all runs together, in US dollars. With the name of a `fund`, it also holds for those of other
        processes that name the same one, and for what earlier sessions have spent; not in a bucket without such a database.
        Without `usd`, the limit of `settings` holds for all runs of the place that have one, in whatever process.

        Raises:
            UsageError: the kind of place is not supported, the folder cannot be written, the bucket lacks credentials or a
                region, its ledger is not where the settings say, or it cannot hold the limit.
            LedgerError: the ledger is missing, or cannot be reached.
        """
        if usd is None and settings.max_total_usd is not None:
            usd, fund = settings.max_total_usd, THIS_PLACE
            require_one_limit(settings, usd)
        return cls(open_store(settings.out, region_of(settings.tables)), settings, usd, fund)

    @classmethod
    def existing(cls, settings: Settings) -> Workspace:
        """Open the place that `settings.out` names, for reading; nothing is created.

        Raises:
            UsageError: it is a folder without runs, or their ledger is not where the settings say.
            LedgerError: it is a folder with runs, and their ledger is missing; or it cannot be reached.
        """
        require_existing(settings)
        return cls(open_store(settings.out, region_of(settings.tables)), settings, existing=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.pages.shutdown()
        if isinstance(self.store, FolderStore):
            self.store.close()
        self.ledger.close()

    def crew(
        self, settings: Settings, *, draws: bool = True, models: Mapping[ModelRole, AnyModel | Ladder] = _NO_MODELS
    ) -> Crew:
        """Return the models that these settings name, or that are given; see Settings.crew. Runs that name the same models
        share them and their connections.

        Raises:
            UsageError, ConfigError: there is no model of a name, or it cannot be used.
        """
        return self._crews.crew(settings, draws=draws, models=models)

    def find_run(self, run_id: str, *, broken: bool = False) -> RunRow:
        """Return a run of this place; with `broken`, also one that cannot be read.

        Raises:
            UsageError: there is no run with this id, or it is not a valid id.
            LedgerError: it cannot be read.
        """
        check_run_id(run_id)
        row = self.ledger.run(run_id)
        if row is None:
            raise UsageError.of("run", run_id, "the id of a run; `onbrief list` shows them", hint=self._similar(run_id))
        return row if broken else require_whole(row)

    def record_of(self, row: RunRow) -> Run | None:
        """Return a recorded run from its run.json; None if that is not there, as before the first picture is judged. Blocks.

        Raises:
            StoreError: it cannot be read.
            LedgerError: it is not a record.
        """
        document = self.store.load(f"{row.run_id}/run.json")
        try:
            return None if document is None else Run.from_json(document)
        except UsageError as error:
            hint = f"to write it again from the ledger, resume the run: onbrief resume {row.run_id}"
            raise LedgerError(f"run.json of run {row.run_id} is damaged: {error}", hint=hint) from error

    def why_unrecorded(self, row: RunRow, pictures: Pictures) -> str:
        """Return, in words, why a run whose pictures are read there has no record. Blocks.

        Raises:
            StoreError: its pictures cannot be read.
        """
        if row.live:
            return "is running, and no picture of it is judged yet"
        if row.outcome:
            return f"ended as {row.outcome}, but its record, run.json, is missing"
        drawn = any(pictures.load(f"{row.run_id}/000-000.{ending}") is not None for ending in ("png", "jpg", "webp"))
        return f"was interrupted before its first picture{' was judged' if drawn else ''}"

    async def store_of(self, row: RunRow) -> RunStore:
        """Return the store of a recorded run, for reading.

        Raises:
            UsageError, StoreError: it cannot be opened.
        """
        names = self._names(row)
        return await names.find(self.store) if names else self.store

    async def claimed_store_of(self, row: RunRow) -> RunStore:
        """Return the store of a run that this process owns.

        Raises:
            UsageError, StoreError: pictures cannot be written there.
        """
        names = self._names(row)
        return await names.claim(self.store) if names else self.store

    async def require_writable(self) -> None:
        """Check, once, that runs can be written here.

        Raises:
            UsageError, ConfigError, StoreError: they cannot.
        """
        if not self._writable:
            await self.store.require_writable()
            if isinstance(self.store, BucketStore) and not self._settings.ledger:
                await asyncio.to_thread(require_own_ledger, self.store)
            self._writable = True

    def _similar(self, run_id: str) -> str:
        """Return a hint that names runs whose ids begin so or are nearly so."""
        try:
            known = [row.run_id for row in self.ledger.runs()]
        except LedgerError:  # credentials that may not list: it is only a hint
            return ""
        similar = [known_id for known_id in known if known_id.startswith(run_id)] or get_close_matches(run_id, known)
        return f"did you mean {' or '.join(similar[:3])}?" if similar else ""

    def _names(self, row: RunRow) -> Names | None:
        """Return the names of a run's pictures, or None if they are the default ones."""
        start = json.loads(row.request).get("names")
        if start is None:
            return None
        return Names(self._settings.out, region_of(self._settings.tables), start, row.run_id, row.started)


def rates_of(settings: Settings) -> Rates:
    """Return the turns of all calls of one process, or of those that share it.

    Raises:
        UsageError: the settings have a limit of no model.
    """
    return Rates(limits=settings.rate_limits, documented=registry.documented_rates)


def resumed(
    run_id: str,
    settings: Settings,
    given: Mapping[str, object],
    *,
    models: Mapping[ModelRole, str | AnyModel | Ladder] = _NO_MODELS,
    resend_unknown: bool = False,
) -> Order:
    """Return the order that resumes a run of the place that `settings.out` names; see order_again.

    Raises:
        UsageError: there is no such run, one of the `given` settings cannot be changed, or an object is not given again.
    """
    with Workspace.existing(settings) as workspace:
        row = workspace.find_run(run_id)
    return order_again(row, settings, given, models=models, resend_unknown=resend_unknown)
