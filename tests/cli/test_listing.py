"""`onbrief list`."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import get_args
from zoneinfo import ZoneInfo

import pytest
from rich.cells import cell_len

from onbrief.cli import main
from onbrief.cli.listing import State
from onbrief.errors import Outcome

LONG = "a red circle left of a blue square on a yellow background with a green star above the square"
Listing = Callable[..., list[str]]


@pytest.fixture
def listing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Listing:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("COLUMNS", raising=False)
    run = ["run", "--size", "512x512", "--image-model", "sandbox:?usd=0.04", "--max-images", "1", "--quiet"]
    always = ["--no-plan", "--require", "the picture has an aspect ratio of 1:1"]
    main([*run, LONG, *always, "--run-id", "mine"])
    main([*run, "a red circle", "--require", "the circle is blue", "--run-id", "later"])
    main([*run, "a blue square", *always, "--run-id", "a-run-with-a-name-that-is-as-long-as-names-can-be-64-characters"])
    capsys.readouterr()

    def lines(*options: str) -> list[str]:
        assert main(["list", *options]) == 0
        return capsys.readouterr().out.splitlines()

    return lines


def test_a_line_has_run_outcome_pictures_cost_local_time_and_brief(
    listing: Listing, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    lines = listing()
    monkeypatch.undo()
    time.tzset()
    assert [line.split()[0][:8] for line in lines] == ["a-run-wi", "later", "mine"]
    found = re.fullmatch(r"later  unmet        1 image, \$0\.04     (\S+ \S+)  a red circle", lines[1])
    assert found
    (later,) = json.loads("\n".join(listing("--json", "--outcome", "unmet", "--out", str(tmp_path / "onbrief-runs"))))
    assert (later["run_id"], later["outcome"], later["images"], later["usd"]) == ("later", "unmet", 1, 0.04)
    assert later["started"].endswith("Z")
    began = datetime.fromisoformat(later["started"]).astimezone(ZoneInfo("Asia/Tokyo"))
    assert found[1] == f"{began:%Y-%m-%d %H:%M}"


def test_it_fits_a_narrow_terminal(listing: Listing, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    lines = listing()
    assert [line for line in lines if len(line) > 60 and " " in line] == []
    assert "later  unmet        1 image, $0.04     " in "\n".join(lines)
    assert lines[-1].endswith("…")


def test_wide_letters_take_two_columns(
    listing: Listing, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["run", "自然の中から見た夜景" * 9, "--max-images", "1", "--size", "512x512", "--run-id", "wide", "--quiet"])
    capsys.readouterr()
    monkeypatch.setenv("COLUMNS", "60")
    lines = listing("--limit", "1")
    assert lines[-1].endswith("…")
    assert max(map(cell_len, lines)) <= 60


def test_it_can_be_limited(listing: Listing) -> None:
    assert [line.split()[0][:5] for line in listing("--outcome", "passed", "--limit", "1")] == ["a-run"]
    assert [line.split()[0] for line in listing("--outcome", "unmet")] == ["later"]
    assert listing("--outcome", "running") == []
    assert main(["list", "--limit", "0"]) == 2


def test_it_can_ask_for_every_outcome() -> None:
    assert {*get_args(Outcome), "running", "interrupted"} == {*get_args(State)}
