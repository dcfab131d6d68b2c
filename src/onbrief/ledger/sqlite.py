"""A ledger in a SQLite file beside the pictures."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Generator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Final, TypeVar

from onbrief.errors import LedgerError, UsageError
from onbrief.ledger.database import DatabaseLedger
from onbrief.ledger.migrations import LABELS, MIGRATIONS, SCHEMA
from onbrief.ports import Fund, Label

T = TypeVar("T")
BUSY_TIMEOUT: Final = 30.0  # seconds to wait for the transactions of other processes: half a lease


class SqliteLedger(DatabaseLedger):
    """The Ledger port over a SQLite file. The write lock of a transaction covers the whole file, so nothing else is locked."""

    def __init__(self, path: Path, fund: Fund | None = None) -> None:
        """Open the ledger at `path`, and create it if it does not exist; its folder must exist. A ledger of an older schema can
        be read as it is, even in a read-only place; the first write upgrades it. The runs of this process spend from `fund`.

        Raises:
            UsageError: the ledger was written by a newer onbrief, or the file is not a ledger.
            LedgerError: it cannot be opened.
        """
        super().__init__(fund)
        self._path = path
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

    def labels(self, run_id: str) -> list[Label]:
        """See ports.Ledger."""
        return super().labels(run_id) if self._read(_version) >= LABELS else []

    # -- connections and transactions --------------------------------------------------------------------------------------

    def _read(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """See DatabaseLedger."""
        with self._reading() as connection:
            return work(connection)

    @contextmanager
    def _reading(self) -> Generator[sqlite3.Connection]:
        """Open a connection for one read. It does not wait for a writer and needs no write permission."""
        with self._errors(), closing(_connect(self._path)) as connection:
            yield connection

    @contextmanager
    def _transaction(self) -> Generator[sqlite3.Connection]:
        """See DatabaseLedger."""
        if not self._current:
            self._migrate()
        with self._errors():
            if self._to_write is None:
                self._to_write = _connect(self._path)
            try:
                with _locked(self._to_write):
                    yield self._to_write
            except BaseException:
                self._stop_writing()  # the error may have left any state: the next transaction gets a new connection
                raise

    def _stop_writing(self) -> None:
        """See DatabaseLedger. Uncommitted changes are rolled back, here or by the next reader."""
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
        with self._errors(), closing(_connect(self._path)) as connection, _locked(connection):
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


def _text(data: bytes) -> str:
    """Decode a text so that damaged bytes can be seen in it, and do not make all rows unreadable."""
    return data.decode("utf-8", "surrogateescape")


def _connect(path: Path) -> sqlite3.Connection:
    """Open a connection on which a commit is durable when it returns.

    The rollback journal is invalidated by zeros in its header rather than deleted. Deleting it is durable only once its folder
    is synced, which SQLite does with synchronous=EXTRA alone: after a power cut, the old journal could come back and roll a
    committed call back. The header is synced, and a journal that keeps its size makes every sync cheaper than truncating it.
    """
    connection = sqlite3.connect(path, timeout=BUSY_TIMEOUT, isolation_level=None)
    try:
        connection.row_factory = sqlite3.Row
        connection.text_factory = _text
        for pragma in ("journal_mode=PERSIST", "synchronous=FULL", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}")
    except BaseException:
        connection.close()
        raise
    return connection


@contextmanager
def _locked(connection: sqlite3.Connection) -> Generator[None]:
    """Open a transaction that takes the write lock first, so that nothing can change between its reads and its writes."""
    connection.execute("BEGIN IMMEDIATE")
    yield
    connection.execute("COMMIT")


def _version(connection: sqlite3.Connection) -> int:
    return connection.execute("PRAGMA user_version").fetchone()[0]
