"""Connections to a PostgreSQL server: how they are opened and used, and what to do when the server is away."""

from __future__ import annotations

import logging
import random
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final, cast

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict
from psycopg.rows import DictRow, dict_row

from onbrief.errors import LedgerError, UsageError
from onbrief.ledger.address import FORM, check_address
from onbrief.ledger.postgresql_schema import MIGRATIONS

_IDLE: Final = "10000"  # milliseconds after which the server ends the transaction of a process that is suspended in it
_USUAL: Final = {
    "fallback_application_name": "onbrief",
    "connect_timeout": "10",
    "keepalives_idle": "10",
    "keepalives_interval": "5",
    "keepalives_count": "3",
    "tcp_user_timeout": "20000",
}
_CONFLICT: Final = ("40001", "40P01")  # of two transactions; the server has rolled this one back
_GONE: Final = ("25P03", "25006", "53300", "57P01", "57P02", "57P03")
"""The server has ended the session, is a standby by now, has too many connections, shuts down, or is starting up."""
_STARTING: Final = re.compile("starting up|not yet accepting connections|in recovery mode")
_HINTS: Final = {
    "42501": "the role needs the right CREATE on the database, or to own the tables that are there; see docs/postgresql.md",
    "53100": "free some space on the server, then run the same command again",
}
_PARAMETER: Final = re.compile(r"(?<!:):([a-z_]+)")
_SESSION: Final = """\
SELECT set_config('search_path', :schema, false), set_config('idle_in_transaction_session_timeout', :idle, false),
    set_config('synchronous_commit', coalesce(nullif(current_setting('synchronous_commit'), 'off'), 'on'), false)"""
_log = logging.getLogger(__name__)


class Server:
    """A database of a server, by its URL."""

    def __init__(self, url: str, schema: str) -> None:
        """Raise UsageError if it is not the URL of a database."""
        check_address(url)
        try:
            given = conninfo_to_dict(url)
        except psycopg.ProgrammingError as error:
            raise UsageError.of("ledger", url, f"{FORM} ({_first_line(error)})") from error
        self._settings: dict[str, Any] = {**_USUAL, **given}
        self._schema = schema
        port = f":{given['port']}" if given.get("port") else ""
        self.address = f"postgresql://{given.get('host') or ''}{port}/{given.get('dbname') or ''}"
        """Where it is, for people: without the user."""

    def connect(self) -> Session:
        """Open a connection that looks for tables in the schema, and whose commits are on disk when they return.

        Raises:
            psycopg.Error: the server cannot be reached.
        """
        rows = cast("Any", dict_row)
        connection: psycopg.Connection[Any] = psycopg.connect(**self._settings, autocommit=True, row_factory=rows)
        session = Session(connection, self._schema)
        try:
            session.execute(_SESSION, {"schema": self._schema, "idle": _IDLE})
        except BaseException:
            session.close()
            raise
        return session

    def explained(self, error: psycopg.Error) -> LedgerError:
        """Return an error of the server, or of the way to it, in one line."""
        unreachable = "check the address, and that the server runs and lets this user in" if error.sqlstate is None else ""
        hint = _HINTS.get(error.sqlstate or "", unreachable)
        return LedgerError(f"the ledger {self.address}: {_first_line(error)}", hint=hint)


class Session:
    """A connection, used by one thread at a time."""

    def __init__(self, connection: psycopg.Connection[DictRow], schema: str) -> None:
        self._connection = connection
        self._schema = schema

    def execute(self, statement: str, parameters: Mapping[str, Any] = {}, /) -> psycopg.Cursor[DictRow]:
        """Execute a statement with parameters written as `:name`."""
        storable = {name: _storable(value) for name, value in parameters.items()}
        return self._connection.execute(_converted(statement), storable)

    def begin(self, writer: str, number: int) -> None:
        """Begin a transaction that has this number, of this writer. It sees what others have committed before each statement,
        whatever the default of the database is.
        """
        self._connection.execute("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE")
        self.execute(_NUMBER, {"writer": writer, "number": number})

    def register(self, writer: str) -> None:
        """Make the row of a writer, which must be there before its first transaction: `is_committed` waits for its lock."""
        self.execute("DELETE FROM writers WHERE at < now() - interval '30 days'")
        self.execute("INSERT INTO writers VALUES (:writer, 0, now()) ON CONFLICT DO NOTHING", {"writer": writer})

    def is_committed(self, writer: str, number: int) -> bool:
        """Return whether this transaction was committed, which may have begun on another connection. If the server is still
        busy with it, wait for its end.
        """
        row = self.execute("SELECT number FROM writers WHERE writer = :writer FOR UPDATE", {"writer": writer}).fetchone()
        return row is not None and row["number"] == number

    def version(self) -> int:
        """Return how many migrations the schema has run; 0 if there is none."""
        if self.execute("SELECT to_regclass(:name) AS found", {"name": f"{self._schema}.migrations"}).fetchone() == {
            "found": None
        }:
            return 0
        row = self.execute("SELECT count(*) AS version FROM migrations").fetchone()
        return row["version"] if row else 0

    def migrate(self, about: str | None) -> None:
        """Run the migrations that the schema lacks, all in one transaction, which no other process runs at the same time.
        `about` says what a new schema is for.
        """
        name = sql.Identifier(self._schema)
        with self._connection.transaction():
            self.execute("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))", {"name": f"onbrief {self._schema}"})
            self._connection.execute(sql.SQL("CREATE SCHEMA IF NOT EXISTS {}").format(name))
            if about is not None:
                self._connection.execute(sql.SQL("COMMENT ON SCHEMA {} IS {}").format(name, sql.Literal(_storable(about))))
            self._connection.execute(_MIGRATIONS)
            for number, migration in list(enumerate(MIGRATIONS))[self.version() :]:
                for statement in migration.statements:
                    self._connection.execute(statement.encode())
                self.execute(
                    "INSERT INTO migrations VALUES (:number, :name, now())", {"number": number, "name": migration.name}
                )

    def close(self) -> None:
        """Close the connection; the server rolls back what is not committed."""
        self._connection.close()


_NUMBER: Final = """\
INSERT INTO writers VALUES (:writer, :number, now())
ON CONFLICT (writer) DO UPDATE SET number = excluded.number, at = excluded.at"""
_MIGRATIONS: Final = """\
CREATE TABLE IF NOT EXISTS migrations (number INTEGER PRIMARY KEY, name TEXT NOT NULL, at TIMESTAMPTZ NOT NULL)"""


@dataclass(slots=True)
class Outage:
    """A time without the server: other tries are made, with longer pauses each, until it has lasted `patience` seconds."""

    server: Server
    patience: float
    _since: float | None = field(default=None, init=False)
    _pause: float = field(default=0.0, init=False)

    def wait(self, error: psycopg.Error) -> None:
        """Wait before another try, because of this error.

        Raises:
            LedgerError: it is no such error, or the outage has lasted too long.
        """
        now, explained = time.monotonic(), self.server.explained(error)
        if not is_outage(error):
            raise explained from error
        if self._since is None:
            self._since, self._pause = now, 0.05
            _log.warning("%s; trying again for up to %.0f seconds", explained, self.patience)
        if now - self._since > self.patience:
            raise explained from error
        time.sleep(random.uniform(self._pause / 2, self._pause))  # noqa: S311 - jitter, not a secret
        self._pause = min(self._pause * 2, 2.0)

    def ended(self) -> None:
        """Note that the server answers."""
        if self._since is not None:
            _log.warning("the ledger %s answers again, after %.0f seconds", self.server.address, time.monotonic() - self._since)
        self._since = None


def is_outage(error: psycopg.Error) -> bool:
    """Return whether this error says that the server is away, or has ended the session: it may be back soon."""
    lost = isinstance(error, psycopg.OperationalError) and error.sqlstate is None
    return lost or error.sqlstate in _GONE or (error.sqlstate or "").startswith("08")


def is_starting(error: psycopg.Error) -> bool:
    """Return whether the server is there and will answer in a moment."""
    return bool(_STARTING.search(str(error)))


def is_conflict(error: psycopg.Error) -> bool:
    """Return whether the server has rolled a transaction back in favour of another one."""
    return error.sqlstate in _CONFLICT


@cache
def _converted(statement: str) -> bytes:
    """Return a statement with parameters as psycopg has them."""
    return _PARAMETER.sub(r"%(\1)s", statement.replace("%", "%%")).encode()


def _storable(value: Any) -> Any:
    """Return a text that PostgreSQL can store: without zero characters, and without halves of characters."""
    return value.replace("\0", "\ufffd").encode("utf-8", "replace").decode() if isinstance(value, str) else value


def _first_line(error: psycopg.Error) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0] if lines else type(error).__name__
