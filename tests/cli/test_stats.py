"""`onbrief stats`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import onbrief
from onbrief.cli import main

RUN = [
    "run",
    "--policy",
    "classic",
    "--size",
    "512x512",
    "--image-model",
    "sandbox:?usd=0.04",
    "--max-images",
    "2",
    "--quiet",
    "--seed",
    "1",
]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("runs")
    always = ["--no-plan", "--require", "the picture has an aspect ratio of 1:1"]
    assert main([*RUN, "a red circle", *always, "--out", str(out)]) == 0
    assert main([*RUN, "a red circle", "--require", "the circle is blue", "--out", str(out)]) == 3
    return out


def test_the_runs_of_a_folder_are_counted_by_model_and_kind(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["stats", "--out", str(place), "--json"]) == 0
    [found] = json.loads(capsys.readouterr().out)
    assert (found["runs"], found["passed"], found["images"], found["usd"]) == (2, 1, 3, pytest.approx(0.12))
    assert found["for_each_pass"] == {"images": 3.0, "usd": pytest.approx(0.12), "seconds": found["seconds"]}
    assert found["first"]["whole"] == [1, 3]
    [value] = onbrief.stats(out=place)
    assert (value.model, value.first["whole"]) == (found["model"], (1, 3))


def test_they_are_told_in_lines(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["stats", "--out", str(place)]) == 0
    first, head, *kinds = capsys.readouterr().out.splitlines()
    assert first.startswith("sandbox:?usd=0.04: 1 of 2 runs passed; for each: 3.00 images, $0.12, ")
    assert head.split() == ["first", "picture", "first", "prompt", "later", "prompts"]
    whole = next(line for line in kinds if line.split()[0] == "whole").split()
    assert whole[1:9] == ["1", "of", "2", "(50%)", "1", "of", "3", "(33%)"]


def test_a_record_that_cannot_be_read_is_named_and_the_others_count(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for run_id in ("whole", "torn"):
        main([*RUN, "a red circle", "--run-id", run_id, "--out", str(tmp_path)])
    (tmp_path / "torn" / "run.json").write_text("{")
    capsys.readouterr()
    assert main(["stats", "--out", str(tmp_path), "--json"]) == 1
    told = capsys.readouterr()
    assert [one["runs"] for one in json.loads(told.out)] == [1]
    assert "error: run torn: run.json of run torn is damaged" in told.err


def test_a_place_without_runs_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["stats", "--out", str(tmp_path / "none")]) == 2
    assert "a folder with runs in it" in capsys.readouterr().err
