"""A ledger that is damaged or gone: the errors name the run and the row, the other runs are listed, and `rm` still works."""

from __future__ import annotations

import contextlib
import json
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from onbrief.cli import main
from onbrief.store import BucketStore, open_bucket
from tests.buckets import Service, new_place

DAMAGED = "the ledger of run bad is damaged: "


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with two runs."""
    return Path(two_runs(str(tmp_path_factory.mktemp("place") / "out")))


@pytest.fixture
def out(runs: Path, tmp_path: Path) -> str:
    return str(shutil.copytree(runs, tmp_path / "out"))


def two_runs(out: str) -> str:
    for run_id, text in (("bad", "a red circle"), ("good", "a blue square")):
        assert main(["run", text, "--size", "512x512", "--run-id", run_id, "--quiet", "--out", out]) == 0
    return out


def told(capsys: pytest.CaptureFixture[str], *command: str) -> tuple[int, str, str]:
    code = main(list(command))
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def check(out: str, capsys: pytest.CaptureFixture[str], row: str, *, listed: bool) -> None:
    """Check every command on a run that cannot be read, or whose calls cannot: those only a resumed run needs."""
    commands = [["resume", "bad"]] if listed else [["show", "bad"], ["report", "bad"], ["resume", "bad"]]
    for command in commands:
        code, _, err = told(capsys, *command, "--out", out)
        assert code == 1
        assert err.startswith(f"error: {DAMAGED}{row}")
        assert "onbrief rm bad" in err
        assert "Traceback" not in err
    code, text, err = told(capsys, "list", "--out", out)
    assert [line.split()[0] for line in text.splitlines()] == (["good", "bad"] if listed else ["good"])
    assert (code, DAMAGED in err) == ((0, False) if listed else (1, True))
    assert main(["list", "--json", "--out", out]) == code
    assert len(json.loads(capsys.readouterr().out)) == 1 + listed
    assert main(["rm", "bad", "--yes", "--out", out]) == 0
    capsys.readouterr()
    code, text, err = told(capsys, "list", "--out", out)
    assert (code, [line.split()[0] for line in text.splitlines()], err) == (0, ["good"], "")
    assert main(["resume", "good", "--quiet", "--out", out]) == 0


@pytest.mark.parametrize(
    ("change", "row", "listed"),
    [
        ("UPDATE runs SET request = '{\"brief\": '", "its row: request is", False),
        ("UPDATE runs SET request = '{\"seed\": 1}'", "its row: the request lacks", False),
        ("UPDATE runs SET request = CAST(x'7b22ff227d' AS TEXT)", "its row: request is", False),
        ("UPDATE runs SET settings = ''", "its row: settings is ''", False),
        ("UPDATE runs SET outcome = 'won', lease_until = 'soon'", "its row: outcome is 'won'", False),
        (
            "UPDATE calls SET state = 'dne' WHERE kind = 'image'",
            "try 0 of call image 0-0: state is 'dne'",
            True,
        ),
        ("UPDATE calls SET usd = 'much' WHERE kind = 'plan'", "try 0 of call plan 0-0: usd is 'much'", True),
        (
            "UPDATE calls SET result = '{' WHERE kind = 'judge'",
            "try 0 of call judge 0-0: result is '{'",
            True,
        ),
        ("UPDATE decisions SET inputs = '[]' WHERE number = 0", "decision 0: inputs is '[]'", True),
    ],
)
def test_a_broken_row_of_a_folder(out: str, capsys: pytest.CaptureFixture[str], change: str, row: str, listed: bool) -> None:
    with contextlib.closing(sqlite3.connect(Path(out, "ledger.db"))) as connection, connection:
        connection.execute(f"{change} {'AND' if 'WHERE' in change else 'WHERE'} run_id = 'bad'")
    if "lacks" in row:
        assert told(capsys, "resume", "bad", "--out", out)[0] == 1
        assert DAMAGED in told(capsys, "list", "--out", out)[2]
    else:
        check(out, capsys, row, listed=listed)


@pytest.mark.parametrize(
    ("kind", "result"),
    [
        ("plan", '{"requirements": 3}'),
        ("plan", "[[]]"),
        ("image", "[]"),
        ("image", '{"image": {"key": 1}, "problem": null}'),
        ("judge", '[{"id": "r1"}]'),
        ("judge", "5"),
    ],
)
def test_a_result_of_another_shape_ends_the_run_and_pays_for_nothing(
    out: str, capsys: pytest.CaptureFixture[str], kind: str, result: str
) -> None:
    with contextlib.closing(sqlite3.connect(Path(out, "ledger.db"))) as connection, connection:
        connection.execute("UPDATE calls SET result = ? WHERE run_id = 'bad' AND kind = ?", (result, kind))
        paid = connection.execute("SELECT count(*) FROM calls").fetchone()
    code, _, err = told(capsys, "resume", "bad", "--out", out)
    assert (code, "the ledger is damaged: the result of " in err) == (1, True), err
    with contextlib.closing(sqlite3.connect(Path(out, "ledger.db"))) as connection:
        assert connection.execute("SELECT count(*) FROM calls").fetchone() == paid


def cut(bucket: BucketStore, key: str) -> None:
    data = bucket.objects.get(key)
    assert data
    bucket.objects.replace(key, data[:-5], "application/json")


def without_head(bucket: BucketStore, key: str) -> None:
    record = json.loads(bucket.objects.get(key) or b"")
    del record["head"]
    bucket.objects.replace(key, json.dumps(record).encode(), "application/json")


def unknown_state(bucket: BucketStore, key: str) -> None:
    data = bucket.objects.get(key)
    assert data
    bucket.objects.replace(key, data.replace(b'"state":"done"', b'"state":"dne"'), "application/json")


@pytest.mark.parametrize(
    ("damage", "number", "listed"),
    [(cut, -1, False), (without_head, -1, False), (cut, 0, True), (cut, 2, True), (unknown_state, 2, True)],
)
def test_a_broken_object_of_a_bucket(
    s3: Service, capsys: pytest.CaptureFixture[str], damage: Callable[[BucketStore, str], None], number: int, listed: bool
) -> None:
    out = two_runs(new_place())
    capsys.readouterr()
    bucket = open_bucket(out)
    damage(bucket, bucket.objects.keys("bad/calls")[number])
    check(out, capsys, "try 0" if damage is unknown_state else "record ", listed=listed)
    assert bucket.objects.keys("bad") == []


@pytest.mark.parametrize("ledger", ["empty", "missing"])
def test_runs_without_a_ledger_are_not_begun_anew(out: str, capsys: pytest.CaptureFixture[str], ledger: str) -> None:
    for path in Path(out).glob("ledger.db*"):
        path.unlink()
    if ledger == "empty":
        Path(out, "ledger.db").touch()
    before = sorted(str(path) for path in Path(out).rglob("*"))
    commands = [["list"], ["show", "bad"], ["resume", "bad"], ["rm", "bad", "--yes"], ["run", "a red circle"], ["doctor"]]
    for command in commands:
        code, text, err = told(capsys, *command, "--out", out)
        assert code == 1
        assert f"ledger.db is {ledger}, but there are runs: bad, good" in text + err
        assert "restore ledger.db from a backup" in text + err
    assert sorted(str(path) for path in Path(out).rglob("*")) == before


def test_a_folder_without_runs_is_a_new_place_also_with_an_empty_ledger(tmp_path: Path) -> None:
    (tmp_path / "holidays").mkdir()
    (tmp_path / "ledger.db").touch()
    assert main(["run", "a red circle", "--size", "512x512", "--quiet", "--out", str(tmp_path)]) == 0
