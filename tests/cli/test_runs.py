"""`show`, `report`, `rm` and `config`."""

from __future__ import annotations

import io
import json
import sqlite3
from pathlib import Path

import pytest
from PIL import Image

from onbrief.cli import main


@pytest.fixture
def run_id(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> str:
    monkeypatch.chdir(tmp_path)
    assert main(["run", "a red circle", "--size", "512x512", "--run-id", "mine", "--quiet"]) == 0
    capsys.readouterr()
    return "mine"


def test_show_lists_each_requirement_of_the_best_picture(run_id: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", run_id]) == 0
    out = capsys.readouterr().out
    assert out.startswith("mine: passed, image ")
    assert "the circle is red — met: " in out


def test_show_json_is_the_record(run_id: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", run_id, "--json"]) == 0
    assert capsys.readouterr().out == Path("onbrief-runs/mine/run.json").read_text()


def test_a_run_without_a_record_is_told_as_what_it_is(run_id: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path("onbrief-runs/mine/run.json").unlink()
    assert main(["show", run_id]) == 2
    assert "run mine ended as passed, but its record, run.json, is missing" in capsys.readouterr().err
    with sqlite3.connect("onbrief-runs/ledger.db") as ledger:
        ledger.execute("UPDATE runs SET outcome = NULL, ended = NULL")
    ledger.close()
    assert main(["show", run_id]) == 2
    assert capsys.readouterr().err == (
        "error: run mine was interrupted before its first picture was judged\nhint: onbrief resume mine\n"
    )
    Path("onbrief-runs/mine/000-000.png").unlink()
    assert main(["report", run_id]) == 2
    assert "run mine was interrupted before its first picture\n" in capsys.readouterr().err


def test_report_writes_a_page_or_a_sheet(run_id: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", run_id]) == 0
    assert capsys.readouterr().out.strip().endswith("onbrief-runs/mine/report.html")
    assert main(["report", run_id, "-o", "page.html"]) == 0
    assert main(["report", run_id, "--output", "sheet.png"]) == 0
    assert Path("page.html").read_text() == Path("onbrief-runs/mine/report.html").read_text()
    assert Image.open(io.BytesIO(Path("sheet.png").read_bytes())).format == "PNG"
    assert main(["report", run_id, "-o", "sheet.gif"]) == 2


def test_rm_deletes_pictures_record_and_ledger(run_id: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rm", run_id]) == 2
    assert "cannot ask for confirmation" in capsys.readouterr().err
    assert main(["rm", run_id, "--yes"]) == 0
    assert not Path("onbrief-runs/mine").exists()
    assert main(["show", run_id]) == 2


def test_config_shows_where_each_setting_comes_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ONBRIEF_MAX_USD", "2.5")
    Path("onbrief.toml").write_text("parallel = 3\n")
    assert main(["config", "--json"]) == 0
    settings = json.loads(capsys.readouterr().out)
    assert settings["max_usd"] == {"value": 2.5, "from": "environment"}
    assert settings["parallel"] == {"value": 3, "from": "onbrief.toml"}
    assert settings["judge"] == {"value": "sandbox:", "from": "default"}
