"""A ledger in a SQLite file beside the pictures."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from typing import Final

from onbrief.errors import LedgerError, UsageError
from onbrief.ledger import tables
from onbrief.ledger.migrations import LABELS, MIGRATIONS, SCHEMA
from onbrief.ledger.owner import lease_lost, no_such_run, now, refuse_if_live, refuse_other_request, refuse_twins
from onbrief.ledger.rows import require_whole
from onbrief.ledger.writer import Writer
from onbrief.ports import Decision, Entry, Label, Recorded, RunRow

BUSY_TIMEOUT: Final = 10.0  # seconds to wait for another process's transaction


class SqliteLedger:
    """The Ledger port over a SQLite file; see ports.Ledger for what each method does.

    One of these serves all runs of a process: its writer commits together what they write at the same time. Several
    processes may share the file.
    """

    def __init__(self, path: Path) -> None:
        """Open the ledger at `path`, and create it if it does not exist; its folder must exist. A ledger of an older schema can
        be read as it is, even in a read-only place; the first write upgrades it.

        Raises:
            UsageError: the ledger was written by a newer onbrief, or the file is not a ledger.
            LedgerError: it cannot be opened.
        """
        self._path = path
        self._writer = Writer(self._writing_now)
        self._to_write: sqlite3.Connection | None = None
        try:
            with self._reading() as connection:
                version = _version(connection)
        except LedgerError as error:
            if "not a database" in str(error):
                raise self._strange() from error
            raise
        if version > SCHEMA:
            raise UsageError.of(f"ledger {path}", f"schema {version}", f"schema {SCHEMA} or older; use a newer onbrief")
        self._current = version == SCHEMA
        if version == 0:
            self._migrate()

    def close(self) -> None:
        """See ports.Ledger."""
        self._writer.close()
        self._disconnect()

    # -- writes: each checks before it changes anything, as the writer requires --------------------------------------------

    async def claim(
        self, run_id: str, request: str, settings: str, token: str, lease: float, *, alone: bool = False
    ) -> Recorded:
        """See ports.Ledger."""
        this: tables.Parameters = {"run_id": run_id}
        owned = this | {"settings": settings, "token": token, "lease_until": time.time() + lease}

        def claimed(connection: sqlite3.Connection) -> Recorded:
            found = connection.execute(tables.SELECT_RUN, this).fetchone()
            if alone:
                # All rows are read first: a query that an error leaves half read would keep its lock.
                rows = connection.execute(tables.SELECT_RUNS_OF, {"request": request}).fetchall()
                refuse_twins(run_id, map(tables.run_of, rows), new=found is None)
            if found is None:
                started = now()
                connection.execute(tables.INSERT_RUN, owned | {"request": request, "started": started})
                return Recorded(RunRow(run_id, request, settings, started, None, None, live=True))
            require_whole(tables.run_of(found))
            refuse_other_request(run_id, found["request"], request)
            refuse_if_live(run_id, found["owner"], found["lease_until"])
            connection.execute(tables.TAKE_OVER_RUN, owned)
            return Recorded(
                RunRow(run_id, request, settings, found["started"], None, None, live=True),
                tuple(tables.entry_of(row) for row in connection.execute(tables.SELECT_CALLS, this)),
                tuple(tables.decision_of(row) for row in connection.execute(tables.SELECT_DECISIONS, this)),
            )

        return await self._writer.write(claimed)

    async def renew(self, run_id: str, token: str, lease: float) -> None:
        """See ports.Ledger."""
        until: tables.Parameters = {"run_id": run_id, "lease_until": time.time() + lease}
        await self._write(run_id, token, lambda connection: connection.execute(tables.RENEW_RUN, until))

    async def release(self, run_id: str, token: str, outcome: str | None, decisions: Sequence[Decision] = ()) -> None:
        """See ports.Ledger."""
        end: tables.Parameters = {"run_id": run_id, "outcome": outcome, "ended": now() if outcome else None}

        def released(connection: sqlite3.Connection) -> None:
            _insert(connection, run_id, decisions)
            connection.execute(tables.RELEASE_RUN, end)

        await self._write(run_id, token, released)

    async def begin(self, run_id: str, token: str, entry: Entry, decisions: Sequence[Decision] = ()) -> None:
        """See ports.Ledger."""
        row = tables.call_row(run_id, entry)

        def begun(connection: sqlite3.Connection) -> None:
            _insert(connection, run_id, decisions)
            connection.execute(tables.INSERT_CALL, row)

        await self._write(run_id, token, begun)

    async def finish(self, run_id: str, token: str, entry: Entry) -> None:
        """See ports.Ledger."""
        row = tables.finished_row(run_id, entry)
        await self._write(run_id, token, lambda connection: connection.execute(tables.FINISH_CALL, row))

    async def label(self, run_id: str, labels: Sequence[Label]) -> None:
        """See ports.Ledger."""
        rows = [{"run_id": run_id, **asdict(label)} for label in labels]

        def labelled(connection: sqlite3.Connection) -> None:
            if connection.execute(tables.SELECT_RUN, {"run_id": run_id}).fetchone() is None:
                raise no_such_run(run_id)
            connection.executemany(tables.INSERT_LABEL, rows)

        await self._writer.write(labelled)

    async def forget(self, run_id: str) -> None:
        """See ports.Ledger."""

        def forgotten(connection: sqlite3.Connection) -> None:
            row = connection.execute(tables.SELECT_RUN, {"run_id": run_id}).fetchone()
            if row and tables.run_of(row).live:
                refuse_if_live(run_id, row["owner"], row["lease_until"])
            connection.execute(tables.DELETE_RUN, {"run_id": run_id})

        await self._writer.write(forgotten)

    async def _write(self, run_id: str, token: str, change: Callable[[sqlite3.Connection], object]) -> None:
        """Make a change unless the token is no longer the owner's."""
        owner = {"run_id": run_id, "token": token}

        def owned(connection: sqlite3.Connection) -> None:
            if connection.execute(tables.SELECT_OWNED, owner).fetchone() is None:
                raise lease_lost(run_id)
            change(connection)

        await self._writer.write(owned)

    # -- reads -------------------------------------------------------------------------------------------------------------

    def run(self, run_id: str) -> RunRow | None:
        """See ports.Ledger."""
        with self._reading() as connection:
            row = connection.execute(tables.SELECT_RUN, {"run_id": run_id}).fetchone()
        return tables.run_of(row) if row else None

    def runs(self) -> list[RunRow]:
        """See ports.Ledger."""
        with self._reading() as connection:
            return [tables.run_of(row) for row in connection.execute(tables.SELECT_RUNS)]

    def runs_of(self, request: str) -> list[RunRow]:
        """See ports.Ledger."""
        with self._reading() as connection:
            return [tables.run_of(row) for row in connection.execute(tables.SELECT_RUNS_OF, {"request": request})]

    def labels(self, run_id: str) -> list[Label]:
        """See ports.Ledger."""
        with self._reading() as connection:
            if _version(connection) < LABELS:
                return []
            return [tables.label_of(row) for row in connection.execute(tables.SELECT_LABELS, {"run_id": run_id})]

    # -- connections and transactions --------------------------------------------------------------------------------------

    @contextmanager
    def _reading(self) -> Generator[sqlite3.Connection]:
        """Open a connection for one read. It does not wait for a writer and needs no write permission."""
        with self._errors(), closing(_connect(self._path)) as connection:
            yield connection

    @contextmanager
    def _writing(self) -> Generator[sqlite3.Connection]:
        """Open a transaction that takes the write lock first, so that nothing can change between its reads and its writes."""
        with self._errors():
            if self._to_write is None:
                self._to_write = _connect(self._path)
            try:
                self._to_write.execute("BEGIN IMMEDIATE")
                yield self._to_write
                self._to_write.execute("COMMIT")
            except BaseException:
                self._disconnect()  # the error may have left any state: the next transaction gets a new connection
                raise

    def _writing_now(self) -> AbstractContextManager[sqlite3.Connection]:
        """Open a transaction on the current schema, for the writer's thread."""
        if not self._current:
            self._migrate()
        return self._writing()

    def _disconnect(self) -> None:
        """Close the write connection. Uncommitted changes are rolled back, here or by the next reader."""
        connection, self._to_write = self._to_write, None
        if connection:
            with suppress(sqlite3.Error):
                connection.rollback()
            connection.close()

    def _migrate(self) -> None:
        """Run the migrations that the ledger lacks, all in one transaction.

        The version is read under the write lock, because another process may have migrated the ledger in the meantime.

        Raises:
            UsageError: the database belongs to another program.
        """
        with self._writing() as connection:
            version = _version(connection)
            if version == 0 and connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]:
                raise self._strange()
            for migration in MIGRATIONS[version:]:
                for statement in migration.statements:
                    connection.execute(statement)
            if version < SCHEMA:
                connection.execute(f"PRAGMA user_version = {SCHEMA}")
        self._current = True

    @contextmanager
    def _errors(self) -> Generator[None]:
        """Turn errors of SQLite into LedgerError."""
        try:
            yield
        except sqlite3.Error as error:
            hint = "free some space, then run the same command again" if "full" in str(error) else ""
            raise LedgerError(f"the ledger {self._path}: {error}", hint=hint) from error

    def _strange(self) -> UsageError:
        return UsageError.of("ledger", str(self._path), "a SQLite file that onbrief made")


def _insert(connection: sqlite3.Connection, run_id: str, decisions: Sequence[Decision]) -> None:
    for decision in decisions:
        connection.execute(tables.INSERT_DECISION, tables.decision_row(run_id, decision))


def _text(data: bytes) -> str:
    """Decode a text so that damaged bytes can be seen in it, and do not make all rows unreadable."""
    return data.decode("utf-8", "surrogateescape")


def _connect(path: Path) -> sqlite3.Connection:
    """Open a connection on which a commit is durable when it returns.

    The rollback journal is invalidated by zeros in its header rather than deleted. Deleting it is durable only once its folder
    is synced, which SQLite does with synchronous=EXTRA alone: after a power cut, the old journal could come back and roll a
    committed call back. The header is synced, and a journal that keeps its size makes every sync cheaper than truncating it.
    """
    # Only one thread uses it at a time, but not always the same one: the ledger is opened, written and closed in three.
    connection = sqlite3.connect(path, timeout=BUSY_TIMEOUT, isolation_level=None, check_same_thread=False)
    try:
        connection.row_factory = sqlite3.Row
        connection.text_factory = _text
        for pragma in ("journal_mode=PERSIST", "synchronous=FULL", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}")
    except BaseException:
        connection.close()
        raise
    return connection


def _version(connection: sqlite3.Connection) -> int:
    return connection.execute("PRAGMA user_version").fetchone()[0]
