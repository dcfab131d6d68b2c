"""A ledger in PostgreSQL, for many processes on several machines.

Each place with runs has its tables in a schema of its own, so that many places can share a database. The writer of a process
has one connection. If the server goes away, the writer waits for it, finds out whether its last transaction was committed, and
executes that again if it was not: no write is lost, and none is made twice.
"""

from __future__ import annotations

import hashlib
import secrets
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from typing import Final, TypeVar

import psycopg

from onbrief.errors import LedgerError, UsageError
from onbrief.ledger import tables
from onbrief.ledger.database import DatabaseLedger
from onbrief.ledger.postgresql_schema import SCHEMA
from onbrief.ledger.postgresql_session import Outage, Server, Session, is_conflict, is_outage, is_starting
from onbrief.ledger.tables import Connection
from onbrief.ledger.writer import RolledBack
from onbrief.ports import Fund

T = TypeVar("T")
PATIENCE: Final = 60.0  # seconds for which a server that was there is waited for: a usual lease
_CLOCK: Final = "SELECT extract(epoch FROM clock_timestamp())::float AS now"


def require_reachable(url: str) -> str:
    """Check that the server of a ledger lets this process in. Return its address, without the user. Blocks.

    Raises:
        UsageError: not the URL of a database.
        LedgerError: it does not.
    """
    server = Server(url, "pg_catalog")
    try:
        server.connect().close()
    except psycopg.Error as error:
        raise server.explained(error) from error
    return server.address


class PostgresLedger(DatabaseLedger):
    """The Ledger port over a schema of a PostgreSQL database."""

    _locking = " FOR NO KEY UPDATE"

    def __init__(
        self, url: str, schema: str, fund: Fund | None = None, *, create: str | None = None, patience: float = PATIENCE
    ) -> None:
        """Open the ledger in this schema. With `create`, which says for people what the schema is for, it is made if there is
        none. One of an older version is brought up to date. The runs of this process spend from `fund`. `patience` is for how
        many seconds a server that was there, and is gone, is waited for.

        Raises:
            UsageError: not the URL of a database, or the ledger was written by a newer onbrief.
            LedgerError: the server cannot be reached, there is no such schema, or a right is missing.
        """
        super().__init__(fund)
        self._server = Server(url, schema)
        self._schema = schema
        self._name = secrets.token_hex(16)  # of the writer
        self._number = 0  # of its last transaction
        self._outages = {use: Outage(self._server, patience) for use in ("read", "write")}
        self._reading = threading.Lock()
        self._to_write: Session | None = None
        self._to_read: Session | None = self._opened(create)

    def close(self) -> None:
        """See ports.Ledger."""
        super().close()
        with self._reading:
            self._stop_reading()

    # -- see DatabaseLedger ------------------------------------------------------------------------------------------------

    @contextmanager
    def _transaction(self) -> Generator[Connection]:
        session = self._session_to_write()
        self._number += 1
        try:
            session.begin(self._name, self._number)
            yield session
        except BaseException as error:
            self._roll_back(error)
            raise
        try:
            session.execute("COMMIT")
        except psycopg.Error as error:
            self._disconnect()
            self._outages["write"].wait(error)
            if not self._is_committed():
                raise RolledBack(str(error)) from error
        self._outages["write"].ended()

    def _read(self, work: Callable[[Connection], T]) -> T:
        with self._reading:
            while True:
                try:
                    if self._to_read is None:
                        self._to_read = self._server.connect()
                    found = work(self._to_read)
                except psycopg.Error as error:
                    self._stop_reading()
                    self._outages["read"].wait(error)
                else:
                    self._outages["read"].ended()
                    return found

    def _claims(self, connection: Connection, run_id: str, request: str | None) -> bool:
        # Claims do not wait for each other: two processes that claim the same runs in another order would wait for ever.
        names = [f"run {run_id}", *([f"request {request}"] if request is not None else [])]
        locks = (f"pg_try_advisory_xact_lock({self._lock(name)}) AS lock_{number}" for number, name in enumerate(names))
        return all(connection.execute(f"SELECT {', '.join(locks)}").fetchone().values())

    def _holds(self, connection: Connection, row: tables.Row) -> bool:
        return connection.execute(f"{tables.SELECT_RUN} FOR UPDATE", {"run_id": row["run_id"]}).fetchone() == row

    def _ahead(self, connection: Connection) -> float:
        return connection.execute(_CLOCK).fetchone()["now"] - time.time()

    def _lock(self, name: str) -> int:
        """Return the number of a lock of this schema."""
        return int.from_bytes(hashlib.sha256(f"{self._schema} {name}".encode()).digest()[:8], "big", signed=True)

    # -- connections -------------------------------------------------------------------------------------------------------

    def _opened(self, create: str | None) -> Session:
        """Return the first connection, to a ledger that is up to date. A server that is not there is not waited for."""
        while True:
            try:
                session = self._server.connect()
                break
            except psycopg.Error as error:
                if not is_starting(error):
                    raise self._server.explained(error) from error
                self._outages["read"].wait(error)
        try:
            self._bring_up_to_date(session, create)
        except BaseException as error:
            session.close()
            raise (self._server.explained(error) if isinstance(error, psycopg.Error) else error) from error
        return session

    def _bring_up_to_date(self, session: Session, create: str | None) -> None:
        version, where = session.version(), self._server.address
        if version > SCHEMA:
            raise UsageError.of(f"ledger {where}", f"schema {version}", f"schema {SCHEMA} or older; use a newer onbrief")
        if version == 0 and create is None:
            raise LedgerError(
                f"the ledger {where} does not have the runs of this place (there is no {self._schema})",
                hint="name the database in which they are recorded with --ledger, or restore it from a backup",
            )
        if version < SCHEMA:
            session.migrate(create)

    def _session_to_write(self) -> Session:
        """Return the writer's connection. If it is lost, connect again.

        Raises:
            LedgerError: the server has not answered for too long.
        """
        while self._to_write is None:
            try:
                session = self._server.connect()
                try:
                    session.register(self._name)
                except BaseException:
                    session.close()
                    raise
                self._to_write = session
            except psycopg.Error as error:
                self._outages["write"].wait(error)
        return self._to_write

    def _is_committed(self) -> bool:
        """Return whether the last transaction was committed, when the answer to its COMMIT was lost."""
        while True:
            try:
                return self._session_to_write().is_committed(self._name, self._number)
            except psycopg.Error as error:
                self._disconnect()
                self._outages["write"].wait(error)

    def _roll_back(self, error: BaseException) -> None:
        """Roll the transaction back that failed with this error.

        Raises:
            RolledBack: it can be executed again.
            LedgerError: it is an error of the server.
        """
        self._disconnect()  # the error may have left any state: the next transaction gets a new connection
        if not isinstance(error, psycopg.Error):
            return
        if not is_conflict(error):
            if not is_outage(error):
                raise self._server.explained(error) from error
            self._outages["write"].wait(error)
        raise RolledBack(str(error)) from error

    def _stop_writing(self) -> None:
        """See DatabaseLedger."""
        if self._to_write:
            with suppress(psycopg.Error):  # a row that stays is removed later
                self._to_write.execute("DELETE FROM writers WHERE writer = :writer", {"writer": self._name})
        self._disconnect()

    def _disconnect(self) -> None:
        session, self._to_write = self._to_write, None
        if session:
            session.close()

    def _stop_reading(self) -> None:
        session, self._to_read = self._to_read, None
        if session:
            session.close()
