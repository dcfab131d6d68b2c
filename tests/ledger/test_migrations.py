"""Ledgers of earlier schemas: opened, read, and brought up to date by the first write."""

from __future__ import annotations

import contextlib
import re
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from onbrief.errors import LedgerError
from onbrief.ledger import tables
from onbrief.ledger.migrations import MIGRATIONS, SCHEMA
from onbrief.ledger.owner import new_token
from onbrief.ledger.sqlite import SqliteLedger
from onbrief.ports import Call, Decision, Entry
from tests.ledgers import Blocking

LEDGERS = Path(__file__).parents[1] / "data" / "ledgers"
OLDER = range(1, SCHEMA)
RUNS = {"interrupted": None, "passed": "passed", "unmet": "unmet", "unknown": "unknown"}  # in the ledger of each schema


def ledger_of(schema: int, folder: Path) -> Path:
    """A copy of the ledger of a day on which this was the schema."""
    return Path(shutil.copy(LEDGERS / f"schema-{schema}" / "folder" / "ledger.db", folder / "ledger.db"))


def rows(path: Path, query: str) -> list[tuple[Any, ...]]:
    with contextlib.closing(sqlite3.connect(path)) as connection:
        return connection.execute(query).fetchall()


def schema(path: Path) -> dict[str, str]:
    """The statements that would make the tables, without white space."""
    return {name: "".join(sql.split()) for name, sql in rows(path, "SELECT name, sql FROM sqlite_schema WHERE sql NOT NULL")}


def version(path: Path) -> int:
    return rows(path, "PRAGMA user_version")[0][0]


def upgraded(path: Path) -> None:
    """Open a ledger and write into it."""
    with contextlib.closing(Blocking(SqliteLedger(path))) as ledger:
        ledger.forget("a-run-that-is-not-there")


def columns_of(sql: str, pattern: str) -> set[str]:
    found = re.search(pattern, sql, re.DOTALL)
    assert found
    return {name.strip().strip('"') for name in found[1].split(",")}


def new(path: Path) -> Path:
    SqliteLedger(path).close()
    return path


def test_the_migrations_make_the_tables_that_the_statements_are_for(tmp_path: Path) -> None:
    path = new(tmp_path / "ledger.db")
    assert version(path) == SCHEMA == len(MIGRATIONS)
    for table, select, insert in (
        ("runs", tables.SELECT_RUN, tables.INSERT_RUN),
        ("calls", tables.SELECT_CALLS, tables.INSERT_CALL),
        ("decisions", tables.SELECT_DECISIONS, tables.INSERT_DECISION),
        ("labels", tables.SELECT_LABELS, tables.INSERT_LABEL),
    ):
        columns = {row[1] for row in rows(path, f"PRAGMA table_info({table})")}
        if table == "runs":
            columns -= columns_of(tables.SELECT_MEMBER, r"SELECT (.*?)\sFROM") - {"run_id"}  # only a run with a fund has them
        assert columns_of(select, r"SELECT (.*?)\sFROM") == columns_of(insert, r"\((.*?)\)") == columns
    statements = {name: sql for name, sql in vars(tables).items() if name[0].isalpha() and name.isupper()}
    with contextlib.closing(sqlite3.connect(path)) as connection:
        for sql in statements.values():
            named = dict.fromkeys(re.findall(r":(\w+)", sql))
            assert connection.execute(f"EXPLAIN {sql}", named).fetchall()


@pytest.mark.parametrize("older", OLDER)
def test_an_older_ledger_gets_the_schema_of_a_new_one_and_keeps_its_rows(older: int, tmp_path: Path) -> None:
    path = ledger_of(older, tmp_path)
    queries = ["SELECT * FROM runs ORDER BY run_id", "SELECT * FROM calls ORDER BY run_id, key, number"]
    before = [rows(path, query) for query in queries]
    assert version(path) == older
    upgraded(path)
    assert version(path) == SCHEMA
    assert schema(path) == schema(new(tmp_path / "new.db"))
    after = [rows(path, query) for query in queries]
    assert [
        [row[: len(old)] for row, old in zip(now, then, strict=True)] for now, then in zip(after, before, strict=True)
    ] == before
    assert before[1]
    assert rows(path, "PRAGMA integrity_check") == [("ok",)]
    assert rows(path, "PRAGMA foreign_key_check") == []


@pytest.mark.parametrize("older", OLDER)
def test_the_migrations_up_to_a_schema_make_the_tables_of_its_day(older: int, tmp_path: Path) -> None:
    path = tmp_path / "made.db"
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        for migration in MIGRATIONS[:older]:
            for statement in migration.statements:
                connection.execute(statement)
    assert schema(path) == schema(ledger_of(older, tmp_path))


@pytest.mark.parametrize("older", OLDER)
def test_runs_of_an_older_ledger_can_be_taken_over_and_continued(older: int, tmp_path: Path) -> None:
    path = ledger_of(older, tmp_path)
    call = Call("judge", 9, 0, "test:critic", "e" * 64, 0.01, "vote-2")
    with contextlib.closing(Blocking(SqliteLedger(path))) as ledger:
        recorded = {row.run_id: row for row in ledger.runs()}
        assert {run_id: recorded[run_id].outcome for run_id in RUNS} == RUNS
        row, token = recorded["interrupted"], new_token()
        claimed = ledger.claim(row.run_id, row.request, row.settings, token, 60.0)
        assert claimed.decisions == ()
        assert {entry.call.part for entry in claimed.entries} == {""}
        assert [entry.call.key for entry in claimed.entries[:2]] == ["plan/000-000", "image/000-000"]
        decision = Decision(0, "generate", {"revision": 9, "attempts": [0]})
        ledger.begin(row.run_id, token, Entry(call, 0, "started", 0.01), [decision])
        ledger.release(row.run_id, token, None)
        again = ledger.claim(row.run_id, row.request, row.settings, new_token(), 60.0)
        assert again.entries == (*claimed.entries, Entry(call, 0, "started", 0.01))
        assert again.decisions == (decision,)


@pytest.mark.parametrize("older", OLDER)
def test_reading_an_older_ledger_leaves_it_as_it_is(older: int, tmp_path: Path) -> None:
    path = ledger_of(older, tmp_path)
    before = path.read_bytes()
    with contextlib.closing(SqliteLedger(path)) as ledger:
        for row in ledger.runs():
            assert ledger.run(row.run_id) == row
            assert row in ledger.runs_of(row.request)
            assert ledger.labels(row.run_id) == []
    assert path.read_bytes() == before


def test_a_migration_that_fails_in_the_middle_changes_nothing(tmp_path: Path) -> None:
    path = ledger_of(1, tmp_path)
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("ALTER TABLE calls ADD COLUMN part TEXT")  # so that the last statement cannot be executed
    before = schema(path)
    with contextlib.closing(Blocking(SqliteLedger(path))) as ledger, pytest.raises(LedgerError, match="duplicate column"):
        ledger.forget("a-run")
    assert (version(path), schema(path)) == (1, before)


OPEN = """
import asyncio, sys
from pathlib import Path
from onbrief.ledger.owner import new_token
from onbrief.ledger.sqlite import SqliteLedger

print("ready", flush=True)
sys.stdin.readline()
ledger = SqliteLedger(Path(sys.argv[1]))
asyncio.run(ledger.claim(sys.argv[2], "{}", "{}", new_token(), 60.0))
ledger.close()
"""


@pytest.mark.parametrize("older", [0, *OLDER])
def test_processes_that_open_a_ledger_at_the_same_time_migrate_it_once(older: int, tmp_path: Path) -> None:
    path = ledger_of(older, tmp_path) if older else tmp_path / "ledger.db"
    names = [f"new-{number}" for number in range(4)]
    commands = [[sys.executable, "-c", OPEN, str(path), name] for name in names]
    children = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for command in commands]
    for child in children:
        assert child.stdout
        assert child.stdout.readline() == "ready\n"
    for child in children:
        assert child.stdin
        child.stdin.write("now\n")
        child.stdin.flush()
    assert [child.communicate()[0] for child in children] == [""] * 4
    assert [child.returncode for child in children] == [0] * 4
    assert version(path) == SCHEMA
    assert schema(path) == schema(new(tmp_path / "new.db"))
    assert {name for (name,) in rows(path, "SELECT run_id FROM runs")} >= set(names)
