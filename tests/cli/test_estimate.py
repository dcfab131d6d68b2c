"""`onbrief estimate`."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import pytest

import onbrief
from onbrief.cli import main
from onbrief.pursuit.estimate import ENOUGH

PRICED = ["--image-model", "sandbox:?usd=0.04"]
PRICES = "calls at their usual prices, or their highest where no other is known"
FILE = "text,max_images\na red circle,4\na blue square,6\n"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_text_is_one_brief_and_nothing_is_written(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["estimate", "a red circle", *PRICED]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "1 brief",
        "expected: 1.1 images, $0.04371, time not known",
        f"  usual rates of sandbox:?usd=0.04 for such requirements (docs/policy.md); {PRICES}",
        "at most: 12 images, $0.48, time not known",
    ]
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("source", ["shop.csv", "-"])
def test_a_file_has_the_limits_of_its_rows(
    source: str, folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "shop.csv").write_text(FILE)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(FILE.encode())))
    assert main(["estimate", source, *PRICED, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["briefs"], found["max_images"], found["max_usd"]) == (2, 10, pytest.approx(0.4))
    assert onbrief.estimate(folder / "shop.csv", image_model=PRICED[1]).max_images == 10
    assert main(["estimate", "shop.csv", *PRICED, "--max-total-usd", "0.3", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["max_usd"] == 0.3


def test_the_runs_of_the_folder_are_the_basis_once_there_are_enough(capsys: pytest.CaptureFixture[str]) -> None:
    rows = "".join(f"a red circle,{number}\n" for number in range(ENOUGH))
    Path("many.csv").write_text(f"text,seed\n{rows}")
    batch = ["batch", "many.csv", *PRICED, "--no-plan", "--require", "the picture has an aspect ratio of 1:1", "--quiet"]
    assert main([*batch, "--size", "512x512"]) == 0
    capsys.readouterr()
    assert main(["estimate", "many.csv", *PRICED, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["images"], found["usd"]) == (pytest.approx(ENOUGH), pytest.approx(ENOUGH * 0.04))
    assert found["basis"] == [f"{ENOUGH} runs of {PRICED[1]} in onbrief-runs: {ENOUGH} passed, with {ENOUGH} images"]
    assert 0 < found["seconds"] <= found["max_seconds"]


def test_a_dry_run_says_the_same_of_its_brief(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "a red circle", *PRICED, "--dry-run"]) == 0
    assert "expected: 1.1 images, $0.04371, time not known" in capsys.readouterr().out
    assert main(["run", "a red circle", *PRICED, "--dry-run", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["estimate"]["max_usd"] == pytest.approx(0.48)


@pytest.mark.parametrize("given", ["none.csv", "./none.csv"])
def test_a_file_that_is_not_there_is_named(given: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["estimate", given]) == 2
    assert capsys.readouterr().err.startswith("error: none.csv cannot be read")
