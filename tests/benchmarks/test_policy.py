from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.policy import Choice, main, play
from benchmarks.runs import kept

TINY = ["hard", "--every", "100", "--seeds", "1", "--images", "8", "--policies", "classic,plain", "--processes", "1"]


def test_the_table_has_a_row_for_each_model_and_policy(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main([*TINY, "--keep", str(file := tmp_path / "runs.jsonl")])
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(" | ")[:5] for line in lines if line.startswith("| hard")] == [
        ["| hard", model, "8", policy, "2"] for model in ("modern", "sdxl") for policy in ("classic", "plain")
    ]
    assert len(kept(file)) == 8


def test_runs_that_are_kept_are_not_played_again(tmp_path: Path) -> None:
    main([*TINY, "--keep", str(file := tmp_path / "runs.jsonl")])
    first = kept(file)
    main([*TINY, "--keep", str(file), "--seeds", "2"])
    assert kept(file)[:8] == first
    assert [run.seed for run in kept(file)] == [1] * 8 + [2] * 8


def test_two_processes_play_the_same_as_one() -> None:
    choice = Choice(sets=("geneval",), every=100, seeds=1, images=(8,), policies=("former", "adaptive"))
    assert list(play(choice, 2)) == list(play(choice, 1))
