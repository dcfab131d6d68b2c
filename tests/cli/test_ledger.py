"""--ledger: a place whose ledger is in a database, on the command line and from Python."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import onbrief
from onbrief.cli import main
from tests.databases import Database

Told = Callable[..., tuple[int, str, str]]


@pytest.fixture
def told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Told:
    """Give a command in an empty folder, and return its exit code, its output and its messages."""
    monkeypatch.chdir(tmp_path)

    def tell(*command: str) -> tuple[int, str, str]:
        code = main(list(command))
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return tell


def test_all_commands_work_on_a_place_whose_ledger_is_in_a_database(
    told: Told, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = ("run", "a red circle", "--size", "512x512", "--run-id", "one", "--quiet")
    assert told(*run, "--ledger", database.url)[0] == 0
    assert (
        json.loads(Path("onbrief-runs/ledger.json").read_text())["ledger"] == f"postgresql://127.0.0.1:{database.port}/postgres"
    )
    assert not Path("onbrief-runs/ledger.db").exists()
    for command in (run, ("list",), ("show", "one"), ("rm", "one", "--yes")):
        code, _, err = told(*command)
        assert code == 2
        assert "are recorded in a database, and none is named\nhint: name it with --ledger, such as postgresql://127" in err
    assert told("list", "--out", "elsewhere", "--ledger", database.url)[2].startswith("error: out: 'elsewhere' is not allowed")
    monkeypatch.setenv("ONBRIEF_LEDGER", database.url)
    assert told(*run) == (0, "onbrief-runs/one/000-000.png\n", "passed: image 000-000 meets every requirement\n")
    assert told("list")[1].startswith("one  passed ")
    assert told("show", "one")[1].startswith("one: passed")
    assert told("label", "one", "r1=yes", "--by", "ada")[0] == 0
    assert '"label": "yes"' in told("label", "--export")[1]
    assert told("report", "one") == (0, "onbrief-runs/one/report.html\n", "")
    assert told("resume", "one", "--max-images", "14", "--quiet")[0] == 0
    assert told("recover") == (0, "", "nothing is lost\n")
    assert "ok       ledger         1 runs are recorded" in told("doctor")[1]
    assert f"a schema of postgresql://127.0.0.1:{database.port}/postgres will be created" in told("doctor", "--out", "new")[1]
    assert [listed.load().outcome for listed in onbrief.runs(ledger=database.url)] == ["passed"]
    assert onbrief.load("one", ledger=database.url).outcome == "passed"
    assert onbrief.recover(ledger=database.url) == []
    assert onbrief.resume("one", ledger=database.url, progress=False).outcome == "passed"
    Path("onbrief-runs").rename("moved")
    assert told("list", "--out", "moved")[1].startswith("one  passed ")
    monkeypatch.setenv("ONBRIEF_LEDGER", f"{database.url.removesuffix('postgres')}template1")
    code, _, err = told("list", "--out", "moved")
    assert (code, "does not have the runs of this place" in err) == (1, True)
    monkeypatch.setenv("ONBRIEF_LEDGER", database.url)
    assert told("rm", "one", "--yes", "--out", "moved")[0] == 0
    assert told("list", "--out", "moved")[1] == ""


def test_a_place_keeps_the_ledger_that_it_has(told: Told, database: Database) -> None:
    assert told("run", "a red circle", "--size", "512x512", "--run-id", "one", "--quiet")[0] == 0
    code, _, err = told("run", "a red circle", "--size", "512x512", "--ledger", database.url)
    assert code == 2
    assert "onbrief-runs are recorded there, in ledger.db\nhint: without --ledger, they go on there" in err
    Path("onbrief-runs/ledger.db").unlink()
    assert "ledger.db is missing, but there are runs: one" in told("list", "--ledger", database.url)[2]
    Path("onbrief-runs/ledger.json").write_text('{"schema": "public"}')
    assert "ledger.json of" in told("list", "--ledger", database.url)[2]


@pytest.mark.parametrize(
    ("url", "code", "message"),
    [
        (
            "postgresql://ada:secret-of-ada@h/d",
            2,
            "error: ledger: a password in the URL is not allowed, as settings are written",
        ),
        ("postgresql://h/d?password=secret-of-ada", 2, "error: ledger: a password in the URL is not allowed, as settings are"),
        ("mysql://h/d", 2, "error: ledger: 'mysql://h/d' is not allowed; expected postgresql://host:port/database, with the"),
        ("postgresql://h:none/d", 2, "error: ledger: 'postgresql://h:none/d' is not allowed; expected postgresql://host"),
        ("postgresql://127.0.0.1:1/d", 1, "error: the ledger postgresql://127.0.0.1:1/d: connection failed: connection to"),
    ],
)
def test_a_url_that_cannot_work_is_one_line_before_anything_is_written(told: Told, url: str, code: int, message: str) -> None:
    ended, out, err = told("run", "a red circle", "--size", "512x512", "--ledger", url)
    assert (ended, out) == (code, "")
    assert err.startswith(message)
    assert "secret-of-ada" not in err
    assert len(err.splitlines()) <= 2
    assert not any(path.is_file() for path in Path().rglob("*"))


def test_a_missing_package_is_one_line_that_names_the_extra(told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    for name in ("onbrief.ledger.postgresql", "onbrief.ledger.postgresql_session"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.delattr("onbrief.ledger.postgresql", raising=False)
    assert told("list", "--ledger", "postgresql://h/d", "--out", ".")[0] == 2
    code, _, err = told("run", "a red circle", "--size", "512x512", "--ledger", "postgresql://h/d")
    assert (code, err) == (
        2,
        "error: ledger: not installed: psycopg, which onbrief[postgresql] installs\nhint: pip install 'onbrief[postgresql]'\n",
    )
