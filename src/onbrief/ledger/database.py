"""What the ledgers in a database have in common: each write and read, as a function of a connection.

How a database connects, begins a transaction, locks and tells the time is left to the module of each.
"""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict
from typing import TypeVar

from onbrief.ledger import shared_fund, tables
from onbrief.ledger.budget import nano
from onbrief.ledger.owner import just_taken, lease_lost, no_such_run, now, refuse_if_live, refuse_other_request, refuse_twins
from onbrief.ledger.rows import require_whole
from onbrief.ledger.tables import Connection
from onbrief.ledger.writer import Writer
from onbrief.ports import Decision, Entry, Fund, Label, Recorded, RunRow

T = TypeVar("T")


class DatabaseLedger(ABC):
    """The Ledger port over a database; see ports.Ledger for what each method does.

    One of these serves all runs of a process: its writer commits together what they write at the same time. Several
    processes may share the database.
    """

    _locking = ""  # what is added to a SELECT of a row that nobody else may change until the end of the transaction

    def __init__(self, fund: Fund | None = None) -> None:
        self._writer = Writer(self._transaction, self._stop_writing)
        self._fund = fund
        self._held: dict[str, int] = {}  # nano-dollars that each run of this process holds for calls to come

    def close(self) -> None:
        """See ports.Ledger."""
        self._writer.close()

    # -- what each database does in its own way ----------------------------------------------------------------------------

    @abstractmethod
    def _transaction(self) -> AbstractContextManager[Connection]:
        """Open a transaction for the writer's thread; see Writer."""

    @abstractmethod
    def _stop_writing(self) -> None:
        """Close the connection that the transactions use, if there is one, in the writer's thread."""

    @abstractmethod
    def _read(self, work: Callable[[Connection], T]) -> T:
        """Return what `work` reads. It may be called again."""

    def _claims(self, connection: Connection, run_id: str, request: str | None) -> bool:
        """Return whether no other transaction can claim or delete this run until the end of this one, nor, with a `request`,
        claim another run of it.
        """
        return True

    def _holds(self, connection: Connection, row: tables.Row) -> bool:
        """Return whether the row of a run is still as it was read, and stays so until the end of the transaction."""
        return True

    def _ahead(self, connection: Connection) -> float:
        """Return the seconds by which the clock of the leases is ahead of this machine's."""
        return 0.0

    # -- writes: each checks before it changes anything, as the writer requires --------------------------------------------

    async def claim(
        self, run_id: str, request: str, settings: str, token: str, lease: float, *, alone: bool = False
    ) -> Recorded:
        """See ports.Ledger."""
        this: tables.Parameters = {"run_id": run_id}

        def claimed(connection: Connection) -> Recorded:
            if not self._claims(connection, run_id, request if alone else None):
                raise just_taken(run_id)
            ahead = self._ahead(connection)
            found = connection.execute(tables.SELECT_RUN, this).fetchone()
            if alone:
                # All rows are read first: a query that an error leaves half read would keep its lock.
                rows = list(connection.execute(tables.SELECT_RUNS_OF, {"request": request}))
                refuse_twins(run_id, (tables.run_of(row, ahead) for row in rows), new=found is None)
            owned = this | {"settings": settings, "token": token, "lease_until": time.time() + ahead + lease}
            if found is None:
                started = now()
                connection.execute(tables.INSERT_RUN, owned | {"request": request, "started": started})
                if self._fund:
                    shared_fund.join(connection, run_id, self._fund, ())
                return Recorded(RunRow(run_id, request, settings, started, None, None, live=True))
            require_whole(tables.run_of(found, ahead))
            refuse_other_request(run_id, found["request"], request)
            refuse_if_live(run_id, found["owner"], found["lease_until"] - ahead)
            if not self._holds(connection, found):
                raise just_taken(run_id)
            connection.execute(tables.TAKE_OVER_RUN, owned)
            entries = tuple(tables.entry_of(row) for row in connection.execute(tables.SELECT_CALLS, this))
            if self._fund:
                shared_fund.join(connection, run_id, self._fund, entries)
            return Recorded(
                RunRow(run_id, request, settings, found["started"], None, None, live=True),
                entries,
                tuple(tables.decision_of(row) for row in connection.execute(tables.SELECT_DECISIONS, this)),
            )

        return await self._writer.write(claimed)

    async def renew(self, run_id: str, token: str, lease: float) -> None:
        """See ports.Ledger."""

        def renewed(connection: Connection, _: tables.Row) -> None:
            until = time.time() + self._ahead(connection) + lease
            connection.execute(tables.RENEW_RUN, {"run_id": run_id, "lease_until": until})

        await self._write(run_id, token, renewed)

    async def release(self, run_id: str, token: str, outcome: str | None, decisions: Sequence[Decision] = ()) -> None:
        """See ports.Ledger."""
        end: tables.Parameters = {"run_id": run_id, "outcome": outcome, "ended": now() if outcome else None}

        def released(connection: Connection, row: tables.Row) -> None:
            _insert(connection, run_id, decisions)
            shared_fund.leave(connection, row)
            connection.execute(tables.RELEASE_RUN, end)

        self._held.pop(run_id, None)
        await self._write(run_id, token, released)

    async def begin(self, run_id: str, token: str, entry: Entry, decisions: Sequence[Decision] = ()) -> None:
        """See ports.Ledger."""
        row, held = tables.call_row(run_id, entry), self._held.get(run_id, 0)

        def begun(connection: Connection, of_run: tables.Row) -> None:
            shared_fund.reserve(connection, of_run, entry, held, self._fund, self._locking)
            _insert(connection, run_id, decisions)
            connection.execute(tables.INSERT_CALL, row)

        await self._write(run_id, token, begun)

    async def finish(self, run_id: str, token: str, entry: Entry) -> None:
        """See ports.Ledger."""
        row, held = tables.finished_row(run_id, entry), self._held.get(run_id, 0)

        def finished(connection: Connection, of_run: tables.Row) -> None:
            shared_fund.settle(connection, of_run, row, entry, held)
            connection.execute(tables.FINISH_CALL, row)

        await self._write(run_id, token, finished)

    def hold(self, run_id: str, usd: float) -> None:
        """See ports.HoldsMoney."""
        if usd:
            self._held[run_id] = nano(usd)
        else:  # also of a run that has ended, which is remembered no longer
            self._held.pop(run_id, None)

    async def label(self, run_id: str, labels: Sequence[Label]) -> None:
        """See ports.Ledger."""
        rows = [{"run_id": run_id, **asdict(label)} for label in labels]

        def labelled(connection: Connection) -> None:
            if connection.execute(tables.SELECT_RUN, {"run_id": run_id}).fetchone() is None:
                raise no_such_run(run_id)
            for row in rows:
                connection.execute(tables.INSERT_LABEL, row)

        await self._writer.write(labelled)

    async def forget(self, run_id: str) -> None:
        """See ports.Ledger."""

        def forgotten(connection: Connection) -> None:
            if not self._claims(connection, run_id, None):
                raise just_taken(run_id)
            row = connection.execute(tables.SELECT_RUN, {"run_id": run_id}).fetchone()
            if row is None:
                return
            ahead = self._ahead(connection)
            if tables.run_of(row, ahead).live:
                refuse_if_live(run_id, row["owner"], row["lease_until"] - ahead)
            if not self._holds(connection, row):
                raise just_taken(run_id)
            shared_fund.leave(connection, connection.execute(tables.SELECT_MEMBER, {"run_id": run_id}).fetchone())
            connection.execute(tables.DELETE_RUN, {"run_id": run_id})

        await self._writer.write(forgotten)

    async def _write(self, run_id: str, token: str, change: Callable[[Connection, tables.Row], object]) -> None:
        """Make a change, with the row of the run, unless the token is no longer the owner's."""

        def owned(connection: Connection) -> None:
            this: tables.Parameters = {"run_id": run_id, "token": token}
            row = connection.execute(f"{tables.SELECT_OWNED}{self._locking}", this).fetchone()
            if row is None:
                raise lease_lost(run_id)
            change(connection, row)

        await self._writer.write(owned)

    # -- reads -------------------------------------------------------------------------------------------------------------

    def run(self, run_id: str) -> RunRow | None:
        """See ports.Ledger."""
        return next(iter(self._runs(tables.SELECT_RUN, {"run_id": run_id})), None)

    def runs(self) -> list[RunRow]:
        """See ports.Ledger."""
        return self._runs(tables.SELECT_RUNS, {})

    def runs_of(self, request: str) -> list[RunRow]:
        """See ports.Ledger."""
        return self._runs(tables.SELECT_RUNS_OF, {"request": request})

    def labels(self, run_id: str) -> list[Label]:
        """See ports.Ledger."""
        rows = self._read(lambda connection: list(connection.execute(tables.SELECT_LABELS, {"run_id": run_id})))
        return [tables.label_of(row) for row in rows]

    def _runs(self, sql: str, parameters: tables.Parameters) -> list[RunRow]:
        def read(connection: Connection) -> list[RunRow]:
            rows, ahead = list(connection.execute(sql, parameters)), self._ahead(connection)
            return [tables.run_of(row, ahead) for row in rows]

        return self._read(read)


def _insert(connection: Connection, run_id: str, decisions: Sequence[Decision]) -> None:
    for decision in decisions:
        connection.execute(tables.INSERT_DECISION, tables.decision_row(run_id, decision))
