"""The contract of ledgers over each of ours, other processes, and what is special to SQLite."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Generator
from pathlib import Path
from typing import IO, Any

import pytest
from obstore.store import MemoryStore

from onbrief.errors import LedgerBusy, LedgerError, UsageError
from onbrief.ledger.migrations import SCHEMA
from onbrief.ledger.objects import ObjectsLedger
from onbrief.ledger.owner import is_dead, new_token
from onbrief.ledger.postgresql import PostgresLedger
from onbrief.ledger.sqlite import SqliteLedger
from onbrief.ledger.tables import Connection
from onbrief.ports import Ledger, Recorded
from onbrief.store import Objects, open_bucket
from onbrief.testing import LedgerContract
from onbrief.testing.ledger_contract import ELSEWHERE
from tests.buckets import Service, new_place
from tests.databases import Database, new_schema


class TestSqlite(LedgerContract):
    @pytest.fixture(autouse=True)
    def place(self, tmp_path: Path) -> None:
        self.path = tmp_path / "ledger.db"

    def ledger(self) -> Ledger:
        return SqliteLedger(self.path)


class TestPostgresql(LedgerContract):
    @pytest.fixture(autouse=True)
    def place(self, database: Database) -> None:
        self.url, self.schema = database.url, new_schema()

    def ledger(self) -> Ledger:
        return PostgresLedger(self.url, self.schema, create="a test")


class TestObjectsInMemory(LedgerContract):
    @pytest.fixture(autouse=True)
    def place(self) -> None:
        self.objects = Objects(MemoryStore())

    def ledger(self) -> Ledger:
        return ObjectsLedger(self.objects, "memory:")


class TestObjectsInS3(LedgerContract):
    @pytest.fixture(autouse=True)
    def place(self, s3: Service) -> None:
        self.url = new_place()

    def ledger(self) -> Ledger:
        return objects_ledger(self.url)


def objects_ledger(place: str) -> ObjectsLedger:
    bucket = open_bucket(place)
    return ObjectsLedger(bucket.objects, bucket.url)


def claim(ledger: Ledger, token: str, run_id: str = "a-run") -> Recorded:
    return asyncio.run(ledger.claim(run_id, "{}", '{"parallel":1}', token, 60.0))


# -- other processes -------------------------------------------------------------------------------------------------

CLAIM = """
import asyncio
import sys
from pathlib import Path
from onbrief.errors import LedgerBusy
from onbrief.ledger.owner import new_token
if sys.argv[1].startswith("postgresql://"):
    from onbrief.ledger.postgresql import PostgresLedger

    ledger = PostgresLedger(*sys.argv[1].split("#"), create="a test")
elif "://" in sys.argv[1]:
    from onbrief.ledger.objects import ObjectsLedger
    from onbrief.store import open_bucket

    bucket = open_bucket(sys.argv[1])
    ledger = ObjectsLedger(bucket.objects, bucket.url)
else:
    from onbrief.ledger.sqlite import SqliteLedger

    ledger = SqliteLedger(Path(sys.argv[1]))
print("ready", flush=True)
sys.stdin.readline()
try:
    asyncio.run(ledger.claim("a-run", "{}", '{"parallel":1}', new_token(), float(sys.argv[2])))
    print("mine", flush=True)
except LedgerBusy:
    print("busy", flush=True)
sys.stdin.readline()
"""


@pytest.fixture(params=["SQLite", "PostgreSQL", "objects in S3"])
def shared(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where a ledger lies that other processes can open."""
    if request.param == "SQLite":
        return str(tmp_path / "ledger.db")
    if request.param == "PostgreSQL":
        return f"{request.getfixturevalue('database').url}#{new_schema()}"
    request.getfixturevalue("s3")
    return new_place()


@contextlib.contextmanager
def process(place: str, lease: float = 3600.0) -> Generator[tuple[IO[str], IO[str], subprocess.Popen[str]]]:
    """Another process that has the ledger open, and claims the run when it is sent a line."""
    child = subprocess.Popen(
        [sys.executable, "-c", CLAIM, place, str(lease)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert child.stdin
    assert child.stdout
    try:
        yield child.stdin, child.stdout, child
    finally:
        child.kill()
        child.wait()
        child.stdin.close()
        child.stdout.close()


def tell(stdin: IO[str]) -> None:
    stdin.write("now\n")
    stdin.flush()


def test_of_processes_that_race_for_a_run_exactly_one_wins(shared: str) -> None:
    with contextlib.ExitStack() as stack:
        racers = [stack.enter_context(process(shared)) for _ in range(3)]
        assert [stdout.readline() for _, stdout, _ in racers] == ["ready\n"] * 3
        for stdin, _, _ in racers:
            tell(stdin)
        assert sorted(stdout.readline() for _, stdout, _ in racers) == ["busy\n", "busy\n", "mine\n"]


def test_a_live_owner_is_refused_and_a_killed_one_is_taken_over_at_once(shared: str) -> None:
    with (
        process(shared) as (stdin, stdout, child),
        opened(shared) as ledger,
    ):
        assert stdout.readline() == "ready\n"
        tell(stdin)
        assert stdout.readline() == "mine\n"
        with pytest.raises(LedgerBusy):
            claim(ledger, new_token())
        with pytest.raises(LedgerBusy):
            asyncio.run(ledger.forget("a-run"))
        child.kill()
        child.wait()
        row = ledger.run("a-run")
        assert row is not None
        assert not row.live
        assert claim(ledger, new_token()).entries == ()


def opened(place: str) -> contextlib.closing[Ledger]:
    if place.startswith("postgresql://"):
        url, schema = place.split("#")
        return contextlib.closing(PostgresLedger(url, schema, create="a test"))
    return contextlib.closing(objects_ledger(place) if "://" in place else SqliteLedger(Path(place)))


@contextlib.contextmanager
def owner(place: str, lease: float) -> Generator[subprocess.Popen[str]]:
    """Another process that owns the run."""
    with process(place, lease) as (stdin, stdout, child):
        assert stdout.readline() == "ready\n"
        tell(stdin)
        assert stdout.readline() == "mine\n"
        yield child


def test_a_living_owner_is_refused_whatever_the_clock_says(shared: str) -> None:
    with owner(shared, -7200.0), opened(shared) as ledger:
        row = ledger.run("a-run")
        assert row is not None
        assert row.live
        for work in (lambda: claim(ledger, new_token()), lambda: asyncio.run(ledger.forget("a-run"))):
            with pytest.raises(LedgerBusy) as caught:
                work()
            assert re.fullmatch(r"wait for process \d+ to end, or end it", caught.value.hint)


@pytest.mark.parametrize(("lease", "live"), [(3600.0, True), (-1.0, False)])
def test_the_lease_decides_about_a_suspended_owner(shared: str, lease: float, live: bool) -> None:
    with owner(shared, lease) as child, opened(shared) as ledger:
        child.send_signal(signal.SIGSTOP)
        os.waitpid(child.pid, os.WUNTRACED)
        row = ledger.run("a-run")
        assert row is not None
        assert row.live == live
        with pytest.raises(LedgerBusy) if live else contextlib.nullcontext():
            claim(ledger, new_token())
        child.send_signal(signal.SIGCONT)


def test_a_killed_owner_is_taken_over_before_its_parent_has_noticed(shared: str) -> None:
    with owner(shared, 3600.0) as child, opened(shared) as ledger:
        child.kill()
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
        assert claim(ledger, new_token()).entries == ()


def test_tokens_tell_processes_apart() -> None:
    assert new_token() != new_token()
    assert not is_dead(new_token())
    assert not is_dead(ELSEWHERE)
    assert not is_dead("no token")


# -- SQLite ----------------------------------------------------------------------------------------------------------


def other_program(path: Path, *statements: str) -> None:
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        for statement in statements:
            connection.execute(statement)


def test_a_ledger_of_a_newer_onbrief_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    SqliteLedger(path).close()
    other_program(path, f"PRAGMA user_version = {SCHEMA + 1}")
    with pytest.raises(UsageError, match=f"schema {SCHEMA + 1}.*expected schema {SCHEMA} or older; use a newer onbrief"):
        SqliteLedger(path)


def test_a_file_that_is_no_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    path.write_bytes(b"holiday pictures " * 100)
    with pytest.raises(UsageError, match="expected a SQLite file that onbrief made"):
        SqliteLedger(path)
    assert path.read_bytes() == b"holiday pictures " * 100


def test_another_programs_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    other_program(path, "CREATE TABLE holidays (day)")
    before = path.read_bytes()
    with pytest.raises(UsageError, match="expected a SQLite file that onbrief made"):
        SqliteLedger(path)
    assert path.read_bytes() == before


def test_an_empty_file_becomes_a_ledger(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    path.touch()
    with contextlib.closing(SqliteLedger(path)) as ledger:
        assert ledger.runs() == []


def test_a_ledger_in_a_folder_that_is_not_there_cannot_be_opened(tmp_path: Path) -> None:
    with pytest.raises(LedgerError, match="unable to open database file"):
        SqliteLedger(tmp_path / "nowhere" / "ledger.db")


@contextlib.contextmanager
def without_privileges(folder: Path) -> Generator[None]:
    """A folder that cannot be written, even by root."""
    for path in (*folder.parents, folder):
        if path.stat().st_uid == os.getuid() and path.is_relative_to("/tmp") and path != Path("/tmp"):  # noqa: S108
            path.chmod(0o755)
    folder.chmod(0o555)
    root = os.geteuid() == 0
    if root:
        os.seteuid(65534)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)
        folder.chmod(0o755)


def test_a_ledger_in_a_folder_that_cannot_be_written_can_be_read(tmp_path: Path) -> None:
    folder = tmp_path / "archive"
    folder.mkdir()
    with contextlib.closing(SqliteLedger(folder / "ledger.db")) as ledger:
        claim(ledger, ELSEWHERE)
    (folder / "ledger.db").chmod(0o444)
    with without_privileges(folder), contextlib.closing(SqliteLedger(folder / "ledger.db")) as ledger:
        assert [row.run_id for row in ledger.runs()] == ["a-run"]
        with pytest.raises(LedgerError, match="readonly database"):
            claim(ledger, new_token(), run_id="b-run")


def test_a_ledger_is_read_while_somebody_writes(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    with contextlib.closing(SqliteLedger(path)) as ledger, contextlib.closing(sqlite3.connect(path)) as writer:
        claim(ledger, ELSEWHERE)
        writer.execute("BEGIN IMMEDIATE")
        assert [row.run_id for row in ledger.runs()] == ["a-run"]
        assert ledger.run("a-run") is not None
        with contextlib.closing(SqliteLedger(path)) as another:
            assert [row.run_id for row in another.runs()] == ["a-run"]
        writer.rollback()


def test_a_writer_waits_for_its_turn(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    with contextlib.closing(SqliteLedger(path)) as ledger:
        writer = sqlite3.connect(path)
        writer.execute("BEGIN IMMEDIATE")
        claimed = threading.Thread(target=lambda: claim(ledger, ELSEWHERE))
        claimed.start()
        assert ledger.runs() == []
        writer.rollback()
        writer.close()
        claimed.join()
        assert [row.run_id for row in ledger.runs()] == ["a-run"]


def test_a_commit_is_on_the_disk(tmp_path: Path) -> None:
    def pragmas(connection: Connection) -> list[Any]:
        names = ("journal_mode", "synchronous", "foreign_keys")
        return [connection.execute(f"PRAGMA {name}").fetchone()[0] for name in names]

    with contextlib.closing(SqliteLedger(tmp_path / "ledger.db")) as ledger:
        assert ledger._read(pragmas) == ["persist", 2, 1]
        assert asyncio.run(ledger._writer.write(pragmas)) == ["persist", 2, 1]
