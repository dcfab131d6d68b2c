"""A ledger in a database, through SQLAlchemy Core: SQLite, one file beside the pictures."""

from __future__ import annotations

import time
from collections.abc import Generator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy import event, exc
from sqlalchemy.pool import ConnectionPoolEntry

from onbrief.errors import LedgerError, UsageError
from onbrief.ledger.owner import is_live, lease_lost, now, refuse_if_live, refuse_other_request
from onbrief.ports import Call, Entry, RunRow, Tokens

SCHEMA: Final = 1
BUSY_TIMEOUT: Final = 10.0  # seconds to wait for another process's transaction

_metadata = sa.MetaData()
_runs = sa.Table(
    "runs",
    _metadata,
    sa.Column("run_id", sa.Text, primary_key=True),
    sa.Column("request", sa.Text, nullable=False),
    sa.Column("settings", sa.Text, nullable=False),
    sa.Column("started", sa.Text, nullable=False),
    sa.Column("outcome", sa.Text),
    sa.Column("ended", sa.Text),
    sa.Column("owner", sa.Text),
    sa.Column("lease_until", sa.Float, nullable=False),
)
_calls = sa.Table(
    "calls",
    _metadata,
    sa.Column("run_id", sa.Text, sa.ForeignKey("runs.run_id", ondelete="CASCADE"), primary_key=True),
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("revision", sa.Integer, nullable=False),
    sa.Column("attempt", sa.Integer, nullable=False),
    sa.Column("model", sa.Text, nullable=False),
    sa.Column("digest", sa.Text, nullable=False),
    sa.Column("price", sa.Float),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("usd", sa.Float),
    sa.Column("seconds", sa.Float, nullable=False),
    sa.Column("input_tokens", sa.Integer, nullable=False),
    sa.Column("output_tokens", sa.Integer, nullable=False),
    sa.Column("result", sa.Text, nullable=False),
    sa.Column("message", sa.Text, nullable=False),
    sa.Column("began", sa.Text, nullable=False),
    sa.Column("finished", sa.Text),
    sqlite_with_rowid=False,  # one tree instead of two: half the pages to sync
)

# The statements of the writes that every call makes: built once, since building one takes longer than running it.
_this_owner = (_runs.c.run_id == sa.bindparam("of_run")) & (_runs.c.owner == sa.bindparam("of_owner"))
_owned_row = sa.select(_runs.c.run_id).where(_this_owner).with_for_update()  # where there are row locks; SQLite has one for all
_this_try = (
    (_calls.c.run_id == sa.bindparam("of_run"))
    & (_calls.c.key == sa.bindparam("of_key"))
    & (_calls.c.number == sa.bindparam("of_number"))
)
_update_run = sa.update(_runs).where(_runs.c.run_id == sa.bindparam("of_run"))
_insert_call = sa.insert(_calls)
_update_call = sa.update(_calls).where(_this_try)


class SqliteLedger:
    """The Ledger port over a SQLite file; see ports.Ledger for what each method does."""

    def __init__(self, path: Path) -> None:
        """Open the ledger at `path`; it is made when it is not there, its folder is not.

        Raises:
            UsageError: a ledger that a newer onbrief has written, or a file that is no ledger.
            LedgerError: it cannot be opened.
        """
        self._engine = sa.create_engine(
            sa.URL.create("sqlite+pysqlite", database=str(path)), connect_args={"timeout": BUSY_TIMEOUT}
        )
        event.listen(self._engine, "connect", _configure)
        event.listen(self._engine, "begin", _begin)
        strange = UsageError.of("ledger", str(path), "a SQLite file that onbrief made")
        try:
            with self._reading() as connection:
                version = _version(connection)
            if version > SCHEMA:
                raise UsageError.of(f"ledger {path}", f"schema {version}", f"schema {SCHEMA} or older; use a newer onbrief")
            if version == 0:
                with self._writing() as connection:
                    if _version(connection) == 0:  # another process may have made it meanwhile
                        if connection.exec_driver_sql("SELECT count(*) FROM sqlite_schema").scalar_one():
                            raise strange
                        _metadata.create_all(connection)
                        connection.exec_driver_sql(f"PRAGMA user_version = {SCHEMA}")
        except LedgerError as error:
            if "not a database" in str(error):
                raise strange from error
            raise

    def close(self) -> None:
        """Close every connection."""
        self._engine.dispose()

    def claim(self, run_id: str, request: str, settings: str, token: str, lease: float) -> tuple[RunRow, list[Entry]]:
        """See ports.Ledger."""
        with self._writing() as connection:
            found = connection.execute(sa.select(_runs).where(_runs.c.run_id == run_id)).mappings().first()
            owned = {"settings": settings, "owner": token, "lease_until": time.time() + lease}
            if found is None:
                started = now()
                connection.execute(sa.insert(_runs).values(run_id=run_id, request=request, started=started, **owned))
                return RunRow(run_id, request, settings, started, None, None, live=True), []
            refuse_other_request(run_id, found["request"], request)
            refuse_if_live(run_id, found["owner"], found["lease_until"])
            owned |= {"outcome": None, "ended": None}
            connection.execute(sa.update(_runs).where(_runs.c.run_id == run_id).values(**owned))
            rows = connection.execute(sa.select(_calls).where(_calls.c.run_id == run_id).order_by(_calls.c.number))
            return _run_row({**found, **owned}), [_entry(dict(row)) for row in rows.mappings()]

    def renew(self, run_id: str, token: str, lease: float) -> None:
        """See ports.Ledger."""
        with self._owned(run_id, token) as connection:
            connection.execute(_update_run, {"of_run": run_id, "lease_until": time.time() + lease})

    def release(self, run_id: str, token: str, outcome: str | None) -> None:
        """See ports.Ledger."""
        end = {"owner": None, "lease_until": 0.0, "outcome": outcome, "ended": now() if outcome else None}
        with self._owned(run_id, token) as connection:
            connection.execute(_update_run, {"of_run": run_id} | end)

    def begin(self, run_id: str, token: str, entry: Entry) -> None:
        """See ports.Ledger."""
        call = entry.call
        fixed = {"kind": call.kind, "revision": call.revision, "attempt": call.attempt, "model": call.model}
        fixed |= {"digest": call.digest, "price": call.price, "began": now()}
        with self._owned(run_id, token) as connection:
            key = {"run_id": run_id, "key": call.key, "number": entry.number}
            connection.execute(_insert_call, key | fixed | _outcome_of(entry))

    def finish(self, run_id: str, token: str, entry: Entry) -> None:
        """See ports.Ledger."""
        with self._owned(run_id, token) as connection:
            this = {"of_run": run_id, "of_key": entry.call.key, "of_number": entry.number}
            connection.execute(_update_call, this | {"finished": now()} | _outcome_of(entry))

    def run(self, run_id: str) -> RunRow | None:
        """See ports.Ledger."""
        with self._reading() as connection:
            row = connection.execute(sa.select(_runs).where(_runs.c.run_id == run_id)).mappings().first()
        return _run_row(dict(row)) if row else None

    def runs(self) -> list[RunRow]:
        """See ports.Ledger."""
        return self._newest_first(sa.select(_runs))

    def runs_of(self, request: str) -> list[RunRow]:
        """See ports.Ledger."""
        return self._newest_first(sa.select(_runs).where(_runs.c.request == request))

    def forget(self, run_id: str) -> None:
        """See ports.Ledger."""
        with self._writing() as connection:
            row = connection.execute(sa.select(_runs).where(_runs.c.run_id == run_id)).mappings().first()
            if row:
                refuse_if_live(run_id, row["owner"], row["lease_until"])
            connection.execute(sa.delete(_runs).where(_runs.c.run_id == run_id))

    def _newest_first(self, which: sa.Select[Any]) -> list[RunRow]:
        with self._reading() as connection:
            rows = connection.execute(which.order_by(_runs.c.started.desc(), _runs.c.run_id.desc())).mappings()
            return [_run_row(dict(row)) for row in rows]

    def _reading(self) -> AbstractContextManager[sa.Connection]:
        """A transaction that neither waits for a writer nor keeps one waiting, and needs no right to write."""
        return self._transaction(self._engine.execution_options(reading=True))

    def _writing(self) -> AbstractContextManager[sa.Connection]:
        """A transaction that has the write lock from its beginning."""
        return self._transaction(self._engine)

    @contextmanager
    def _transaction(self, engine: sa.Engine) -> Generator[sa.Connection]:
        try:
            with engine.begin() as connection:
                yield connection
        except exc.DBAPIError as error:
            hint = "free some space, then give the same command again" if "full" in str(error.orig) else ""
            raise LedgerError(f"the ledger {self._engine.url.database}: {error.orig}", hint=hint) from error

    @contextmanager
    def _owned(self, run_id: str, token: str) -> Generator[sa.Connection]:
        """A transaction that changes nothing unless the token is still the owner's."""
        with self._writing() as connection:
            if connection.execute(_owned_row, {"of_run": run_id, "of_owner": token}).first() is None:
                raise lease_lost(run_id)
            yield connection


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


def _outcome_of(entry: Entry) -> dict[str, Any]:
    return {
        "state": entry.state,
        "usd": entry.usd,
        "seconds": entry.seconds,
        "input_tokens": entry.tokens.input,
        "output_tokens": entry.tokens.output,
        "result": entry.result,
        "message": entry.message,
    }


def _entry(row: dict[str, Any]) -> Entry:
    call = Call(row["kind"], row["revision"], row["attempt"], row["model"], row["digest"], row["price"])
    tokens = Tokens(row["input_tokens"], row["output_tokens"])
    return Entry(call, row["number"], row["state"], row["usd"], row["seconds"], tokens, row["result"], row["message"])


def _run_row(row: dict[str, Any]) -> RunRow:
    return RunRow(
        row["run_id"],
        row["request"],
        row["settings"],
        row["started"],
        row["outcome"],
        row["ended"],
        is_live(row["owner"], row["lease_until"]),
    )
