"""A ledger in PostgreSQL while its server, its connections and its other processes fail."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial

import psycopg
import pytest

from onbrief.errors import LedgerBusy, LedgerError, UsageError
from onbrief.ledger import postgresql_session
from onbrief.ledger.owner import new_token
from onbrief.ledger.postgresql import PostgresLedger
from onbrief.ledger.postgresql_schema import SCHEMA
from onbrief.ledger.tables import Connection
from onbrief.ports import Ledger
from onbrief.testing.ledger_contract import DONE, ELSEWHERE, FIRST, LAST, STARTED, claim
from tests.databases import Database, new_schema
from tests.relays import Moments, relay


@contextlib.contextmanager
def opened(url: str, schema: str, patience: float = 60.0) -> Generator[PostgresLedger]:
    with contextlib.closing(PostgresLedger(url, schema, create="a test", patience=patience)) as ledger:
        yield ledger


async def whole_run(ledger: Ledger, run_id: str = "a-run") -> None:
    """Every kind of write, and a read."""
    token = new_token()
    await claim(ledger, token, run_id=run_id, request=f'{{"brief":"{run_id}"}}', alone=True)
    await ledger.begin(run_id, token, STARTED, [FIRST])
    await ledger.renew(run_id, token, 60.0)
    await ledger.finish(run_id, token, DONE)
    await ledger.release(run_id, token, "passed", [replace(LAST, number=1)])
    row = await asyncio.to_thread(ledger.run, run_id)
    assert row is not None
    assert (row.outcome, row.live) == ("passed", False)


def recorded(database: Database, schema: str) -> dict[str, list[str]]:
    """The calls and the decisions of each run."""
    found = database.execute(f"""
        SELECT run_id, array_agg(what ORDER BY what) FROM (
            SELECT run_id, 'call ' || state AS what FROM {schema}.calls
            UNION ALL SELECT run_id, 'decision ' || number FROM {schema}.decisions) AS rows GROUP BY run_id""")  # noqa: S608
    return dict(found)


ONCE = ["call done", "decision 0", "decision 1"]


@pytest.mark.parametrize("step", [5, pytest.param(1, marks=pytest.mark.soak)])
def test_a_connection_may_break_before_or_after_any_message(database: Database, step: int) -> None:
    """Also after a COMMIT whose answer is lost: nothing fails, and nothing is written twice."""
    moments = Moments()
    schema = new_schema()
    with relay(database.port, moments) as port:
        url = database.url.replace(str(database.port), str(port)) + "?sslmode=disable&gssencmode=disable"
        with opened(url, schema) as ledger:
            moments.reset()
            asyncio.run(whole_run(ledger, "whole"))
            messages = moments.messages
        assert messages > 40
        numbers = range(2, messages + 1, step)  # without the first one, only a time limit would end the connection
        for at in numbers:
            with opened(url, schema) as ledger:
                moments.reset(at, at // 2 % 2, database.end_sessions, stops=False)
                asyncio.run(whole_run(ledger, f"run-{at}"))
                moments.reset()
    assert recorded(database, schema) == dict.fromkeys(("whole", *(f"run-{at}" for at in numbers)), ONCE)


def test_a_server_that_crashes_and_restarts_while_runs_write_loses_nothing(database: Database) -> None:
    schema, runs = new_schema(), [f"run-{number}" for number in range(24)]
    crash, back = threading.Event(), threading.Event()

    async def all_runs(ledger: Ledger) -> None:
        async def one(number: int, run_id: str) -> None:
            await whole_run(ledger, run_id)
            if number in (3, 11):
                crash.set()
                await asyncio.to_thread(back.wait)
                back.clear()

        for third in range(0, len(runs), 8):
            await asyncio.gather(*(one(number, runs[number]) for number in range(third, third + 8)))

    def crash_twice() -> None:
        for _ in range(2):
            crash.wait()
            crash.clear()
            database.kill()
            back.set()  # the others write while it is away
            database.start()

    with opened(database.url, schema) as ledger:
        crashing = threading.Thread(target=crash_twice, daemon=True)
        crashing.start()
        asyncio.run(all_runs(ledger))
        crashing.join()
    assert recorded(database, schema) == dict.fromkeys(runs, ONCE)


def test_a_server_that_stays_away_is_one_line(database: Database, caplog: pytest.LogCaptureFixture) -> None:
    with opened(database.url, new_schema(), patience=0.1) as ledger:
        asyncio.run(claim(ledger, ELSEWHERE))
        database.stop()
        try:
            for failing in (lambda: asyncio.run(ledger.begin("a-run", ELSEWHERE, STARTED)), ledger.runs):
                with pytest.raises(LedgerError, match=r"^the ledger postgresql://127.0.0.1:\d+/postgres: .*$"):
                    failing()
            with pytest.raises(LedgerError, match="connection failed") as caught:
                PostgresLedger(database.url, new_schema())
            assert caught.value.hint == "check the address, and that the server runs and lets this user in"
        finally:
            database.start()
        asyncio.run(ledger.begin("a-run", ELSEWHERE, STARTED))
        asyncio.run(ledger.release("a-run", ELSEWHERE, None))
        assert [row.run_id for row in ledger.runs()] == ["a-run"]
    assert any("trying again for up to" in message for message in caplog.messages)
    assert any("answers again" in message for message in caplog.messages)


def test_a_process_that_is_suspended_in_a_transaction_holds_up_no_other(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgresql_session, "_IDLE", "50")
    schema = new_schema()
    with opened(database.url, schema) as suspended, opened(database.url, schema) as other:
        asyncio.run(claim(suspended, ELSEWHERE, lease=0.0))

        tries = list[int]()

        def transaction(connection: Connection) -> None:
            tries.append(len(tries))
            if len(tries) == 1:
                assert connection.execute("SELECT run_id FROM runs FOR UPDATE").fetchone()
                asyncio.run(claim(other, new_token()))
                connection.execute("UPDATE runs SET outcome = 'passed'")

        asyncio.run(suspended._writer.write(transaction))
        assert tries == [0, 1]  # the first was rolled back
        row = other.run("a-run")
        assert row is not None
        assert row.outcome is None


def test_claims_that_meet_do_not_wait_for_each_other(database: Database) -> None:
    schema = new_schema()
    with opened(database.url, schema) as one, opened(database.url, schema) as other:

        def claims(connection: Connection) -> None:
            assert one._claims(connection, "a-run", "{}")
            for run_id in ("a-run", "b-run"):
                with pytest.raises(LedgerBusy, match="is being claimed by another process"):
                    asyncio.run(claim(other, new_token(), run_id=run_id, alone=True))
            asyncio.run(claim(other, new_token(), run_id="c-run", request='{"another":1}', alone=True))

        asyncio.run(one._writer.write(claims))
        asyncio.run(claim(other, new_token(), alone=True))


def test_a_lease_is_measured_by_the_clock_of_the_server(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    schema, now = new_schema(), time.time
    with opened(database.url, schema) as one, opened(database.url, schema) as other:
        monkeypatch.setattr(time, "time", lambda: now() - 7200.0)  # a machine whose clock is two hours behind
        asyncio.run(claim(one, ELSEWHERE))
        asyncio.run(claim(one, "another-host/1/def", run_id="b-run", lease=-1.0))
        monkeypatch.setattr(time, "time", lambda: now() + 7200.0)
        assert {row.run_id: row.live for row in other.runs()} == {"a-run": True, "b-run": False}
        with pytest.raises(LedgerBusy, match="in use by another process"):
            asyncio.run(claim(other, new_token()))
        asyncio.run(claim(other, new_token(), run_id="b-run"))


def test_processes_that_open_a_new_ledger_together_make_it_once(database: Database) -> None:
    schema = new_schema()
    with ThreadPoolExecutor(8) as threads:
        for ledger in threads.map(partial(PostgresLedger, create="a test"), [database.url] * 8, [schema] * 8):
            ledger.close()
    assert database.rows(schema, "migrations", "number") == list(range(SCHEMA))


def test_a_schema_that_is_missing_or_newer_or_forbidden_is_refused(database: Database) -> None:
    schema = new_schema()
    with pytest.raises(LedgerError, match=f"does not have the runs of this place .there is no {schema}."):
        PostgresLedger(database.url, schema)
    with opened(database.url, schema):
        database.execute(f"INSERT INTO {schema}.migrations VALUES (99, 'of the future', now())")  # noqa: S608
        with pytest.raises(UsageError, match=f"expected schema {SCHEMA} or older; use a newer onbrief"):
            PostgresLedger(database.url, schema)
    database.execute("CREATE ROLE guest LOGIN")
    with pytest.raises(LedgerError, match="permission denied for database postgres") as caught:
        PostgresLedger(database.url.replace("postgres@", "guest@"), new_schema(), create="a test")
    assert "the role needs the right CREATE on the database" in caught.value.hint
    with pytest.raises(UsageError, match=r"^ledger: 'postgresql://h/d\?no=1' is not allowed; .*invalid URI query parameter"):
        PostgresLedger("postgresql://h/d?no=1", schema)


def test_texts_that_postgresql_cannot_store_lose_no_answer(database: Database) -> None:
    schema = new_schema()
    with opened(database.url, schema) as ledger:
        asyncio.run(claim(ledger, ELSEWHERE))
        asyncio.run(ledger.begin("a-run", ELSEWHERE, STARTED))
        asyncio.run(ledger.finish("a-run", ELSEWHERE, replace(DONE, message="half \ud800 and \0 nothing")))
    assert database.rows(schema, "calls", "message") == ["half ? and � nothing"]


def test_a_writer_leaves_no_trace_when_it_is_closed(database: Database) -> None:
    schema = new_schema()
    with opened(database.url, schema) as ledger:
        asyncio.run(claim(ledger, ELSEWHERE))
        assert len(database.rows(schema, "writers", "writer")) == 1
    assert database.rows(schema, "writers", "writer") == []
    with pytest.raises(psycopg.errors.UndefinedTable):
        database.execute("SELECT * FROM public.runs")
