"""A ledger in a SQLite file beside the pictures, through SQLAlchemy Core."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy import event, exc
from sqlalchemy.dialects import sqlite
from sqlalchemy.pool import ConnectionPoolEntry

from onbrief.errors import LedgerError, UsageError
from onbrief.ledger import tables
from onbrief.ledger.migrations import MIGRATIONS, SCHEMA
from onbrief.ledger.owner import lease_lost, now, refuse_if_live, refuse_other_request
from onbrief.ledger.writer import Writer
from onbrief.ports import Decision, Entry, Recorded, RunRow

BUSY_TIMEOUT: Final = 10.0  # seconds to wait for another process's transaction


def _sql(statement: sa.Insert | sa.Update | sa.Select[Any], *columns: str) -> str:
    """A statement as SQLite takes it, with named parameters; of an insert or update, `columns` are those that it sets."""
    return str(statement.compile(dialect=sqlite.dialect(paramstyle="named"), column_keys=columns or None))


# Those that every paid call needs go to sqlite3 itself, which takes an eighth of the time of going through SQLAlchemy.
_SELECT_OWNED: Final = _sql(tables.SELECT_OWNED)
_RENEW: Final = _sql(tables.UPDATE_RUN, "lease_until")
_INSERT_CALL: Final = _sql(tables.INSERT_CALL)
_UPDATE_CALL: Final = _sql(tables.UPDATE_CALL, *tables.OUTCOME, "finished")
_SELECT_DECIDED: Final = _sql(tables.SELECT_DECIDED)
_INSERT_DECISION: Final = _sql(tables.INSERT_DECISION)


class SqliteLedger:
    """The Ledger port over a SQLite file; see ports.Ledger for what each method does.

    One of these serves all runs of a process: its writer commits together what they write at the same time. Several
    processes may share the file.
    """

    def __init__(self, path: Path) -> None:
        """Open the ledger at `path`; it is made when it is not there, its folder is not. One of an older schema is read as it
        is, also where it cannot be written, and brought up to date with the first write.

        Raises:
            UsageError: a ledger that a newer onbrief has written, or a file that is no ledger.
            LedgerError: it cannot be opened.
        """
        self._engine = sa.create_engine(
            sa.URL.create("sqlite+pysqlite", database=str(path)), connect_args={"timeout": BUSY_TIMEOUT}
        )
        event.listen(self._engine, "connect", _configure)
        event.listen(self._engine, "begin", _begin)
        self._writer = Writer(self._writing_now)
        strange = UsageError.of("ledger", str(path), "a SQLite file that onbrief made")
        try:
            with self._reading() as connection:
                version = _version(connection)
            if version > SCHEMA:
                raise UsageError.of(f"ledger {path}", f"schema {version}", f"schema {SCHEMA} or older; use a newer onbrief")
            if version == 0 and not self._migrate():
                raise strange
        except LedgerError as error:
            if "not a database" in str(error):
                raise strange from error
            raise
        self._current = version in {0, SCHEMA}

    def close(self) -> None:
        """See ports.Ledger."""
        self._writer.close()
        self._engine.dispose()

    # -- writes: each looks before it changes anything, as the writer asks for ---------------------------------------------

    async def claim(self, run_id: str, request: str, settings: str, token: str, lease: float) -> Recorded:
        """See ports.Ledger."""
        this = {"of_run": run_id}

        def claimed(connection: sa.Connection) -> Recorded:
            found = connection.execute(tables.SELECT_RUN, this).mappings().first()
            owned = {"settings": settings, "owner": token, "lease_until": time.time() + lease}
            if found is None:
                started = now()
                connection.execute(tables.INSERT_RUN, {"run_id": run_id, "request": request, "started": started, **owned})
                return Recorded(RunRow(run_id, request, settings, started, None, None, live=True))
            refuse_other_request(run_id, found["request"], request)
            refuse_if_live(run_id, found["owner"], found["lease_until"])
            owned |= {"outcome": None, "ended": None}
            connection.execute(tables.UPDATE_RUN, this | owned)
            return Recorded(
                tables.run_of({**found, **owned}),
                tuple(tables.entry_of(row) for row in connection.execute(tables.SELECT_CALLS, this).mappings()),
                tuple(tables.decision_of(row) for row in connection.execute(tables.SELECT_DECISIONS, this).mappings()),
            )

        return await self._writer.write(claimed)

    async def renew(self, run_id: str, token: str, lease: float) -> None:
        """See ports.Ledger."""
        until = {"of_run": run_id, "lease_until": time.time() + lease}
        await self._write(run_id, token, lambda connection: _run(connection, _RENEW, until))

    async def release(self, run_id: str, token: str, outcome: str | None, decisions: Sequence[Decision] = ()) -> None:
        """See ports.Ledger."""
        end = {"owner": None, "lease_until": 0.0, "outcome": outcome, "ended": now() if outcome else None}

        def released(connection: sa.Connection) -> None:
            _insert(connection, run_id, decisions)
            connection.execute(tables.UPDATE_RUN, {"of_run": run_id, **end})

        await self._write(run_id, token, released)

    async def begin(self, run_id: str, token: str, entry: Entry, decisions: Sequence[Decision] = ()) -> None:
        """See ports.Ledger."""
        row = tables.call_row(run_id, entry)

        def begun(connection: sa.Connection) -> None:
            _insert(connection, run_id, decisions)
            _run(connection, _INSERT_CALL, row)

        await self._write(run_id, token, begun)

    async def finish(self, run_id: str, token: str, entry: Entry) -> None:
        """See ports.Ledger."""
        row = tables.finished_row(run_id, entry)
        await self._write(run_id, token, lambda connection: _run(connection, _UPDATE_CALL, row))

    async def forget(self, run_id: str) -> None:
        """See ports.Ledger."""
        this = {"of_run": run_id}

        def forgotten(connection: sa.Connection) -> None:
            row = connection.execute(tables.SELECT_RUN, this).mappings().first()
            if row:
                refuse_if_live(run_id, row["owner"], row["lease_until"])
            connection.execute(tables.DELETE_RUN, this)

        await self._writer.write(forgotten)

    async def _write(self, run_id: str, token: str, change: Callable[[sa.Connection], object]) -> None:
        """Make a change unless the token is no longer the owner's."""
        owner = {"of_run": run_id, "of_owner": token}

        def owned(connection: sa.Connection) -> None:
            if _run(connection, _SELECT_OWNED, owner).fetchone() is None:
                raise lease_lost(run_id)
            change(connection)

        await self._writer.write(owned)

    # -- reads -------------------------------------------------------------------------------------------------------------

    def run(self, run_id: str) -> RunRow | None:
        """See ports.Ledger."""
        with self._reading() as connection:
            row = connection.execute(tables.SELECT_RUN, {"of_run": run_id}).mappings().first()
        return tables.run_of(row) if row else None

    def runs(self) -> list[RunRow]:
        """See ports.Ledger."""
        with self._reading() as connection:
            return [tables.run_of(row) for row in connection.execute(tables.SELECT_RUNS).mappings()]

    def runs_of(self, request: str) -> list[RunRow]:
        """See ports.Ledger."""
        with self._reading() as connection:
            rows = connection.execute(tables.SELECT_RUNS_OF, {"of_request": request}).mappings()
            return [tables.run_of(row) for row in rows]

    # -- transactions ------------------------------------------------------------------------------------------------------

    def _reading(self) -> AbstractContextManager[sa.Connection]:
        """A transaction that neither waits for a writer nor keeps one waiting, and needs no right to write."""
        return self._transaction(self._engine.execution_options(reading=True))

    def _writing(self) -> AbstractContextManager[sa.Connection]:
        """A transaction that has the write lock from its beginning."""
        return self._transaction(self._engine)

    def _writing_now(self) -> AbstractContextManager[sa.Connection]:
        """`_writing`, in the schema of this onbrief. For the writer's thread."""
        if not self._current:
            self._current = self._migrate()
        return self._writing()

    def _migrate(self) -> bool:
        """Take the migrations that the ledger lacks, all in one transaction. False: it is another program's database.

        The version is read under the write lock: another process may have migrated the ledger meanwhile.
        """
        with self._writing() as connection:
            version = _version(connection)
            if version == 0 and connection.exec_driver_sql("SELECT count(*) FROM sqlite_schema").scalar_one():
                return False
            for migration in MIGRATIONS[version:]:
                for statement in migration.statements:
                    connection.exec_driver_sql(statement)
            if version < SCHEMA:
                connection.exec_driver_sql(f"PRAGMA user_version = {SCHEMA}")
        return True

    @contextmanager
    def _transaction(self, engine: sa.Engine) -> Generator[sa.Connection]:
        try:
            with engine.begin() as connection:
                yield connection
        except (exc.DBAPIError, sqlite3.Error) as error:
            cause = error.orig if isinstance(error, exc.DBAPIError) else error
            hint = "free some space, then give the same command again" if "full" in str(cause) else ""
            raise LedgerError(f"the ledger {self._engine.url.database}: {cause}", hint=hint) from error


def _insert(connection: sa.Connection, run_id: str, decisions: Sequence[Decision]) -> None:
    """Insert decisions. One may be there already: from a write of which its caller does not know that it came through."""
    if decisions:
        there = {number for (number,) in _run(connection, _SELECT_DECIDED, {"of_run": run_id})}
        for decision in decisions:
            if decision.number not in there:
                _run(connection, _INSERT_DECISION, tables.decision_row(run_id, decision))


def _run(connection: sa.Connection, sql: str, parameters: Mapping[str, Any]) -> sqlite3.Cursor:
    """Have sqlite3 itself execute a statement, within the connection's transaction."""
    driver = connection.connection.driver_connection
    assert isinstance(driver, sqlite3.Connection)
    return driver.execute(sql, parameters)


def _configure(connection: Any, _: ConnectionPoolEntry) -> None:
    """Make a commit mean that it is on the disk.

    The rollback journal is truncated rather than deleted: a deleted journal is durable only once its folder is synced, and
    that SQLite does with synchronous=EXTRA alone, so after a power cut a call that was written down could be forgotten.
    """
    connection.isolation_level = None  # SQLAlchemy's own BEGIN, below
    for pragma in ("journal_mode=TRUNCATE", "synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _begin(connection: sa.Connection) -> None:
    """Writers take the write lock first: a transaction that reads and then writes must not lose a race in between."""
    reading = connection.get_execution_options().get("reading", False)
    connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")


def _version(connection: sa.Connection) -> int:
    return connection.exec_driver_sql("PRAGMA user_version").scalar_one()
