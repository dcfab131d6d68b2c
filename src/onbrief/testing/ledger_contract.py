"""What every ledger must do, whatever it is made of."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Generator, Iterator
from dataclasses import replace
from pathlib import Path
from typing import IO

import pytest
from obstore.store import MemoryStore

from onbrief.errors import LeaseLost, LedgerBusy, LedgerError, OtherRequest, UsageError
from onbrief.ledger.objects import ObjectsLedger
from onbrief.ledger.owner import is_dead, new_token
from onbrief.ledger.sqlite import SCHEMA, SqliteLedger
from onbrief.ports import Call, Entry, Ledger, Tokens
from onbrief.store import Objects, open_bucket
from tests.buckets import new_place

CALL = Call("image", 1, 3, "test:painter", "d" * 64, 0.04)
STARTED = Entry(CALL, 0, "started", 0.04)
DONE = replace(STARTED, state="done", usd=0.03, seconds=1.5, tokens=Tokens(10, 20), result='{"a":"é"}')
ELSEWHERE = "another-host/1/abc"  # an owner of whom nobody here can say whether it lives

Opener = Callable[[], Ledger]


@pytest.fixture(params=["sql", "objects in memory", "objects in S3"])
def opener(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Opener]:
    """Opens the same ledger once more, as another process would."""
    match request.param:
        case "sql":
            yield from sql_ledgers(tmp_path / "ledger.db")
        case "objects in memory":
            objects = Objects(MemoryStore())
            yield lambda: ObjectsLedger(objects, "memory:")
        case _:
            request.getfixturevalue("s3")
            place = new_place()
            yield lambda: objects_ledger(place)


def sql_ledgers(path: Path) -> Iterator[Opener]:
    ledgers: list[SqliteLedger] = []

    def open_() -> Ledger:
        ledgers.append(SqliteLedger(path))
        return ledgers[-1]

    yield open_
    for ledger in ledgers:
        ledger.close()


def objects_ledger(place: str) -> ObjectsLedger:
    bucket = open_bucket(place)
    return ObjectsLedger(bucket.objects, bucket.url)


@pytest.fixture
def ledger(opener: Opener) -> Ledger:
    return opener()


def claim(ledger: Ledger, token: str, *, run_id: str = "a-run", request: str = "{}", lease: float = 60.0) -> list[Entry]:
    return ledger.claim(run_id, request, '{"parallel":1}', token, lease)[1]


def entries(opener: Opener) -> list[Entry]:
    """What the ledger has of the run, read by somebody new."""
    ledger, token = opener(), new_token()
    row = ledger.run("a-run")
    assert row is not None
    found = ledger.claim("a-run", row.request, row.settings, token, 60.0)[1]
    ledger.release("a-run", token, row.outcome)
    return found


# -- entries ---------------------------------------------------------------------------------------------------------


def test_a_new_run_has_no_entries(ledger: Ledger) -> None:
    row, found = ledger.claim("a-run", '{"brief":1}', '{"parallel":1}', new_token(), 60.0)
    assert (row.run_id, row.request, row.settings) == ("a-run", '{"brief":1}', '{"parallel":1}')
    assert (row.outcome, row.ended, row.live, found) == (None, None, True, [])
    assert ledger.run("a-run") == row


def test_what_is_begun_and_finished_is_read_back_by_the_next_owner(ledger: Ledger, opener: Opener) -> None:
    token = new_token()
    claim(ledger, token)
    ledger.begin("a-run", token, STARTED)
    ledger.finish("a-run", token, replace(DONE, state="failed", message="its words"))
    ledger.begin("a-run", token, replace(STARTED, number=1))
    ledger.finish("a-run", token, replace(DONE, number=1))
    unpriced = Entry(Call("judge", 0, 0, "test:critic", "e" * 64, None), 0, "started", None)
    ledger.begin("a-run", token, unpriced)
    ledger.release("a-run", token, None)
    found = {(entry.call.key, entry.number): entry for entry in entries(opener)}
    assert found == {
        ("image/001-003", 0): replace(DONE, state="failed", message="its words"),
        ("image/001-003", 1): replace(DONE, number=1),
        ("judge/000-000", 0): unpriced,
    }


def test_tries_of_a_call_come_back_in_their_order(ledger: Ledger, opener: Opener) -> None:
    token = new_token()
    claim(ledger, token)
    for number in range(12):
        ledger.begin("a-run", token, replace(STARTED, number=number))
    ledger.release("a-run", token, None)
    assert [entry.number for entry in entries(opener)] == list(range(12))


def test_the_same_try_cannot_be_begun_twice(ledger: Ledger) -> None:
    token = new_token()
    claim(ledger, token)
    ledger.begin("a-run", token, STARTED)
    with pytest.raises(LedgerError):
        ledger.begin("a-run", token, STARTED)


def test_runs_are_listed_newest_first(ledger: Ledger) -> None:
    for run_id in ("b", "a", "c"):
        claim(ledger, new_token(), run_id=run_id)
    rows = ledger.runs()
    assert [row.run_id for row in rows] == [
        row.run_id for row in sorted(rows, key=lambda r: (r.started, r.run_id), reverse=True)
    ]
    assert {row.run_id for row in rows} == {"a", "b", "c"}
    assert ledger.run("d") is None


def test_the_runs_of_a_request_are_told_from_others(ledger: Ledger, opener: Opener) -> None:
    for run_id, request in (("b", "{}"), ("a", '{"brief":"é"}'), ("c", "{}")):
        claim(ledger, new_token(), run_id=run_id, request=request)
    assert ledger.runs_of("{}") == [row for row in ledger.runs() if row.run_id in {"b", "c"}]
    assert [row.run_id for row in opener().runs_of('{"brief":"é"}')] == ["a"]
    assert ledger.runs_of('{"brief":"other"}') == []


def test_a_run_that_was_not_begun_is_none_of_its_request(ledger: Ledger) -> None:
    claim(ledger, new_token())
    with pytest.raises(OtherRequest):
        claim(ledger, new_token(), request='{"brief":"other"}')
    assert ledger.runs_of('{"brief":"other"}') == []


# -- owners ----------------------------------------------------------------------------------------------------------


def test_a_run_that_ended_can_be_claimed_again_and_has_not_ended_then(ledger: Ledger) -> None:
    token = new_token()
    started = ledger.claim("a-run", "{}", '{"parallel":1}', token, 60.0)[0].started
    ledger.release("a-run", token, "unmet")
    ended = ledger.run("a-run")
    assert ended is not None
    assert (ended.outcome, ended.live, ended.ended is None) == ("unmet", False, False)
    row, _ = ledger.claim("a-run", "{}", '{"parallel":4}', new_token(), 60.0)
    assert (row.outcome, row.ended, row.live, row.started, row.settings) == (None, None, True, started, '{"parallel":4}')
    assert ledger.run("a-run") == row


def test_a_run_id_stands_for_one_request(ledger: Ledger) -> None:
    token = new_token()
    claim(ledger, token)
    ledger.release("a-run", token, "passed")
    with pytest.raises(OtherRequest):
        claim(ledger, new_token(), request='{"brief":"another"}')
    row = ledger.run("a-run")
    assert row is not None
    assert (row.request, row.outcome) == ("{}", "passed")


@pytest.mark.parametrize("owner", [ELSEWHERE, ""], ids=["another host's", "this process's"])
def test_a_run_that_somebody_may_work_on_is_refused(ledger: Ledger, opener: Opener, owner: str) -> None:
    claim(ledger, owner or new_token())
    with pytest.raises(LedgerBusy, match="a-run is being worked on by another process"):
        claim(opener(), new_token())


def test_a_run_whose_lease_has_run_out_is_taken_over(ledger: Ledger, opener: Opener) -> None:
    claim(ledger, ELSEWHERE, lease=0.0)
    row = ledger.run("a-run")
    assert row is not None
    assert not row.live
    assert claim(opener(), new_token()) == []


def test_a_renewed_lease_holds(ledger: Ledger, opener: Opener) -> None:
    claim(ledger, ELSEWHERE, lease=0.0)
    ledger.renew("a-run", ELSEWHERE, 60.0)
    with pytest.raises(LedgerBusy):
        claim(opener(), new_token())


WRITES: dict[str, Callable[[Ledger, str], None]] = {
    "renew": lambda ledger, token: ledger.renew("a-run", token, 60.0),
    "release": lambda ledger, token: ledger.release("a-run", token, "passed"),
    "begin": lambda ledger, token: ledger.begin("a-run", token, replace(STARTED, number=1)),
    "finish": lambda ledger, token: ledger.finish("a-run", token, DONE),
}


@pytest.mark.parametrize("write", WRITES)
def test_a_stale_token_changes_nothing(ledger: Ledger, opener: Opener, write: str) -> None:
    claim(ledger, ELSEWHERE, lease=0.0)
    ledger.begin("a-run", ELSEWHERE, STARTED)
    mine = new_token()
    assert claim(opener(), mine) == [STARTED]
    before = ledger.run("a-run")
    with pytest.raises(LeaseLost, match="run a-run has been taken over by another process"):
        WRITES[write](ledger, ELSEWHERE)
    assert ledger.run("a-run") == before
    ledger.release("a-run", mine, None)  # it is still the other's
    assert entries(opener) == [STARTED]


@pytest.mark.parametrize("write", WRITES)
def test_a_token_that_was_released_changes_nothing(ledger: Ledger, opener: Opener, write: str) -> None:
    token = new_token()
    claim(ledger, token)
    ledger.begin("a-run", token, STARTED)
    ledger.release("a-run", token, None)
    with pytest.raises(LeaseLost):
        WRITES[write](ledger, token)
    assert entries(opener) == [STARTED]


@pytest.mark.parametrize("write", WRITES)
def test_nothing_is_written_about_a_run_that_is_not_there(ledger: Ledger, write: str) -> None:
    with pytest.raises(LeaseLost):
        WRITES[write](ledger, new_token())
    assert ledger.runs() == []


@pytest.mark.parametrize("write", WRITES)
def test_a_token_of_a_run_that_was_deleted_and_begun_anew_changes_nothing(ledger: Ledger, opener: Opener, write: str) -> None:
    claim(ledger, ELSEWHERE, lease=0.0)
    for number in range(3):
        ledger.begin("a-run", ELSEWHERE, replace(STARTED, number=number + 2))
    opener().forget("a-run")
    mine = new_token()
    assert claim(opener(), mine) == []
    with pytest.raises(LeaseLost):
        WRITES[write](ledger, ELSEWHERE)
    ledger.release("a-run", mine, None)
    assert entries(opener) == []


# -- other processes -------------------------------------------------------------------------------------------------

CLAIM = """
import sys
from pathlib import Path
from onbrief.errors import LedgerBusy
from onbrief.ledger.owner import new_token
if "://" in sys.argv[1]:
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
    ledger.claim("a-run", "{}", '{"parallel":1}', new_token(), 3600.0)
    print("mine", flush=True)
except LedgerBusy:
    print("busy", flush=True)
sys.stdin.readline()
"""


@pytest.fixture(params=["sql", "objects in S3"])
def shared(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where a ledger lies that other processes can open."""
    if request.param == "sql":
        return str(tmp_path / "ledger.db")
    request.getfixturevalue("s3")
    return new_place()


@contextlib.contextmanager
def process(place: str) -> Generator[tuple[IO[str], IO[str], subprocess.Popen[str]]]:
    """Another process that has the ledger open, and claims the run when it is sent a line."""
    child = subprocess.Popen([sys.executable, "-c", CLAIM, place], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
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
        contextlib.closing(objects_ledger(shared) if "://" in shared else SqliteLedger(Path(shared))) as ledger,
    ):
        assert stdout.readline() == "ready\n"
        tell(stdin)
        assert stdout.readline() == "mine\n"
        with pytest.raises(LedgerBusy):
            claim(ledger, new_token())
        with pytest.raises(LedgerBusy):
            ledger.forget("a-run")
        child.kill()
        child.wait()
        row = ledger.run("a-run")
        assert row is not None
        assert not row.live
        assert claim(ledger, new_token()) == []


def test_tokens_tell_processes_apart() -> None:
    assert new_token() != new_token()
    assert not is_dead(new_token())
    assert not is_dead(ELSEWHERE)
    assert not is_dead("no token")


# -- deletion --------------------------------------------------------------------------------------------------------


def test_a_run_that_is_forgotten_leaves_nothing_behind(ledger: Ledger, opener: Opener) -> None:
    token, other = new_token(), new_token()
    claim(ledger, token)
    claim(ledger, other, run_id="other")
    for run_id, owner in (("a-run", token), ("other", other)):
        ledger.begin(run_id, owner, STARTED)
    ledger.release("a-run", token, "passed")
    ledger.forget("a-run")
    assert [row.run_id for row in ledger.runs()] == [row.run_id for row in ledger.runs_of("{}")] == ["other"]
    assert claim(ledger, new_token(), request='{"brief":"another"}') == []
    ledger.release("other", other, None)
    assert opener().claim("other", "{}", "{}", new_token(), 1.0)[1] == [STARTED]


def test_a_run_that_somebody_may_work_on_is_not_forgotten(ledger: Ledger) -> None:
    claim(ledger, ELSEWHERE)
    with pytest.raises(LedgerBusy):
        ledger.forget("a-run")
    assert [row.run_id for row in ledger.runs()] == ["a-run"]


def test_forgetting_what_is_not_there_is_no_error(ledger: Ledger) -> None:
    ledger.forget("a-run")
    assert ledger.runs() == []


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
    """A folder that cannot be written, by nobody who is root either."""
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
        writer = sqlite3.connect(path, check_same_thread=False)
        writer.execute("BEGIN IMMEDIATE")
        claimed = threading.Thread(target=lambda: claim(ledger, ELSEWHERE))
        claimed.start()
        assert ledger.runs() == []
        writer.rollback()
        writer.close()
        claimed.join()
        assert [row.run_id for row in ledger.runs()] == ["a-run"]


def test_a_commit_is_on_the_disk(tmp_path: Path) -> None:
    with contextlib.closing(SqliteLedger(tmp_path / "ledger.db")) as ledger, ledger._engine.connect() as connection:
        pragmas = ["journal_mode", "synchronous", "foreign_keys"]
        assert [connection.exec_driver_sql(f"PRAGMA {name}").scalar_one() for name in pragmas] == ["truncate", 2, 1]
