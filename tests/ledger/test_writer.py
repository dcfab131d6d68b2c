"""The writer of a database: what it commits together, and what each caller gets."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import threading
from collections.abc import Callable, Generator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from onbrief.errors import LeaseLost, LedgerBusy, LedgerError, OtherRequest
from onbrief.ledger.owner import new_token
from onbrief.ledger.sqlite import SqliteLedger
from onbrief.ledger.writer import Writer
from onbrief.ports import Call, Entry

CALL = Call("image", 0, 0, "test:painter", "d" * 64, 0.04)
Work = Callable[[sqlite3.Connection], int]
Sql = Writer[sqlite3.Connection]


@dataclass
class Database:
    """A database with one table, whose transactions can be held back, and fail by a script."""

    path: Path
    open: threading.Event = field(default_factory=threading.Event)
    begun: threading.Event = field(default_factory=threading.Event)
    begin_errors: list[LedgerError] = field(default_factory=list[LedgerError])
    commit_errors: list[LedgerError] = field(default_factory=list[LedgerError])
    transactions: int = 0
    users: list[int] = field(default_factory=list[int])  # the threads that used its connection

    @contextlib.contextmanager
    def transaction(self) -> Generator[sqlite3.Connection]:
        self.users.append(threading.get_ident())
        self.begun.set()
        assert self.open.wait(20)
        if self.begin_errors:
            raise self.begin_errors.pop()
        with contextlib.closing(sqlite3.connect(self.path)) as connection, connection:
            self.transactions += 1
            yield connection
            if self.commit_errors:
                raise self.commit_errors.pop()

    def stop(self) -> None:
        self.users.append(threading.get_ident())

    def numbers(self) -> list[int]:
        with contextlib.closing(sqlite3.connect(self.path)) as connection:
            return [number for (number,) in connection.execute("SELECT number FROM numbers ORDER BY rowid")]


@pytest.fixture
def database(tmp_path: Path) -> Database:
    path = tmp_path / "numbers.db"
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE numbers (number INTEGER PRIMARY KEY)")
    return Database(path)


@pytest.fixture
def writer(database: Database) -> Generator[Sql]:
    writer = Writer(database.transaction, database.stop)
    yield writer
    database.open.set()
    writer.close()


def insert(*numbers: int) -> Work:
    def work(connection: sqlite3.Connection) -> int:
        for number in numbers:
            connection.execute("INSERT INTO numbers VALUES (?)", (number,))
        return sum(numbers)

    return work


def refuse(error: Exception) -> Work:
    def work(_: sqlite3.Connection) -> int:
        raise error

    return work


async def together(writer: Sql, database: Database, *works: Work) -> list[int | BaseException]:
    """Hold up the writer with a first write until all of these wait."""
    database.open.clear()
    database.begun.clear()
    first = asyncio.create_task(writer.write(lambda _: 0))
    await asyncio.to_thread(database.begun.wait)
    others = [asyncio.create_task(writer.write(work)) for work in works]
    await asyncio.sleep(0)  # each is given to the writer in the first step of its task
    database.open.set()
    await first
    return await asyncio.gather(*others, return_exceptions=True)


def test_what_waits_together_is_committed_together_in_its_order(writer: Sql, database: Database) -> None:
    numbers = [5, 3, 8, 1, *range(100, 160)]
    answers = asyncio.run(together(writer, database, *map(insert, numbers)))
    assert answers == numbers
    assert database.transactions == 2
    assert set(database.numbers()) == set(numbers)


def test_no_caller_continues_before_the_commit(writer: Sql, database: Database) -> None:
    async def go() -> list[list[int]]:
        async def write(number: int) -> list[int]:
            await writer.write(insert(number))
            return database.numbers()

        database.open.set()
        return await asyncio.gather(*(write(number) for number in range(20)))

    assert all(number in seen for number, seen in enumerate(asyncio.run(go())))


@pytest.mark.parametrize("error", [LeaseLost("gone"), LedgerBusy("busy"), OtherRequest("another")])
def test_a_refused_write_changes_nothing_and_the_others_are_committed(
    writer: Sql, database: Database, error: LedgerError
) -> None:
    answers = asyncio.run(together(writer, database, insert(1), refuse(error), insert(2)))
    assert answers == [1, error, 2]
    assert (database.numbers(), database.transactions) == ([1, 2], 2)


@pytest.mark.parametrize("bad", [insert(7, 1), refuse(RuntimeError("a defect"))])
def test_a_write_that_fails_in_the_middle_leaves_nothing_behind_and_spoils_no_other(
    writer: Sql, database: Database, bad: Work
) -> None:
    first, failed, last = asyncio.run(together(writer, database, insert(1), bad, insert(2)))
    assert (first, last) == (1, 2)
    assert isinstance(failed, sqlite3.IntegrityError | RuntimeError)
    assert database.numbers() == [1, 2]


def test_a_commit_that_fails_is_an_error_of_each_write_in_it(writer: Sql, database: Database) -> None:
    full = LedgerError("the disk is full", hint="free some space")

    async def go() -> list[int | BaseException]:
        database.begun.clear()
        first = asyncio.create_task(writer.write(insert(1)))
        await asyncio.to_thread(database.begun.wait)
        others = [asyncio.create_task(writer.write(insert(number))) for number in (2, 3)]
        await asyncio.sleep(0)
        database.commit_errors = [full]
        database.open.set()
        ends = await asyncio.gather(first, return_exceptions=True)
        return [*ends, *await asyncio.gather(*others, return_exceptions=True)]

    failed, *others = asyncio.run(go())
    assert isinstance(failed, LedgerError)
    assert (str(failed), failed.hint, others) == ("the disk is full", "free some space", [2, 3])
    assert database.numbers() == [2, 3]


def test_a_transaction_that_cannot_begin_is_tried_once_for_all(writer: Sql, database: Database) -> None:
    locked = LedgerError("the database is locked")

    async def go() -> list[int | BaseException]:
        database.begun.clear()
        first = asyncio.create_task(writer.write(insert(0)))
        await asyncio.to_thread(database.begun.wait)
        others = [asyncio.create_task(writer.write(insert(number))) for number in (1, 2, 3)]
        await asyncio.sleep(0)
        database.begin_errors = [locked, locked]
        database.open.set()
        return await asyncio.gather(first, *others, return_exceptions=True)

    ends = asyncio.run(go())
    assert [str(end) for end in ends] == ["the database is locked"] * 4
    assert len({id(end) for end in ends}) == 4
    assert (database.begin_errors, database.numbers()) == ([], [])


def test_a_cancelled_caller_loses_no_write(writer: Sql, database: Database) -> None:
    async def go() -> None:
        first = asyncio.create_task(writer.write(insert(1)))
        await asyncio.to_thread(database.begun.wait)
        second = asyncio.create_task(writer.write(insert(2)))
        await asyncio.sleep(0)
        first.cancel()
        second.cancel()
        ends = await asyncio.gather(first, second, return_exceptions=True)
        assert [type(end) for end in ends] == [asyncio.CancelledError] * 2

    asyncio.run(go())
    database.open.set()
    writer.close()
    assert database.numbers() == [1, 2]


def test_callers_may_live_in_different_event_loops_and_a_loop_may_be_gone(writer: Sql, database: Database) -> None:
    async def leave() -> None:
        task = asyncio.create_task(writer.write(insert(0)))
        await asyncio.sleep(0)
        task.cancel()

    asyncio.run(leave())
    results: list[int] = []

    def write(number: int) -> None:
        results.append(asyncio.run(writer.write(insert(number))))

    threads = [threading.Thread(target=write, args=(number,)) for number in range(1, 9)]
    for thread in threads:
        thread.start()
    database.open.set()
    for thread in threads:
        thread.join()
    assert sorted(results) == list(range(1, 9))
    assert sorted(database.numbers()) == list(range(9))


def test_closing_carries_out_what_waits_and_refuses_what_comes_later(writer: Sql, database: Database) -> None:
    async def go() -> list[int | BaseException]:
        tasks = [asyncio.create_task(writer.write(insert(number))) for number in range(5)]
        await asyncio.sleep(0)
        database.open.set()
        writer.close()
        with pytest.raises(LedgerError, match="closed"):
            await writer.write(insert(9))
        return await asyncio.gather(*tasks)

    assert asyncio.run(go()) == list(range(5))
    writer.close()
    assert database.numbers() == list(range(5))


def test_one_thread_uses_the_connection_and_closes_it(writer: Sql, database: Database) -> None:
    database.open.set()
    for number in range(3):  # each in an event loop of its own
        asyncio.run(writer.write(insert(number)))
    writer.close()
    assert len(database.users) == 4
    assert len({*database.users, threading.get_ident()}) == 2


def test_another_thread_cannot_use_the_connection_of_a_ledger(tmp_path: Path) -> None:
    """Two threads that use one connection of SQLite at the same time can crash the process."""

    with contextlib.closing(SqliteLedger(tmp_path / "ledger.db")) as ledger:
        connection = asyncio.run(ledger._writer.write(lambda connection: connection))
        with pytest.raises(sqlite3.ProgrammingError, match="can only be used in that same thread"):
            connection.execute("BEGIN IMMEDIATE")


def test_reading_starts_no_thread(tmp_path: Path) -> None:
    before = threading.active_count()
    with contextlib.closing(SqliteLedger(tmp_path / "ledger.db")) as ledger:
        assert ledger.runs() == []
        assert threading.active_count() == before


def test_many_runs_write_at_once_and_one_that_was_taken_over_stops_alone(tmp_path: Path) -> None:
    runs = 16

    async def go(ledger: SqliteLedger) -> list[int | BaseException]:
        tokens = [new_token() for _ in range(runs)]

        async def run(number: int) -> int:
            run_id = f"run-{number}"
            await ledger.claim(run_id, "{}", "{}", tokens[number], 0.0 if number == 5 else 60.0)
            if number == 5:
                await ledger.claim(run_id, "{}", "{}", new_token(), 60.0)
            for attempt in range(5):
                entry = Entry(replace(CALL, attempt=attempt), 0, "started", 0.04)
                await ledger.begin(run_id, tokens[number], entry)
                await ledger.finish(run_id, tokens[number], replace(entry, state="done"))
            await ledger.release(run_id, tokens[number], "passed")
            return number

        return await asyncio.gather(*(run(number) for number in range(runs)), return_exceptions=True)

    with contextlib.closing(SqliteLedger(tmp_path / "ledger.db")) as ledger:
        ends = asyncio.run(go(ledger))
        assert [number for number, end in enumerate(ends) if isinstance(end, LeaseLost)] == [5]
        assert {row.run_id: row.outcome for row in ledger.runs()} == {
            f"run-{number}": None if number == 5 else "passed" for number in range(runs)
        }
        with ledger._reading() as connection:
            assert connection.execute("SELECT count(*) FROM calls WHERE state = 'done'").fetchone()[0] == 5 * (runs - 1)
