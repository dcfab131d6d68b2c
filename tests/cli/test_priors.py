"""`--priors`: what the runs of a model have taught, written by `onbrief stats` and used by later runs. On the sandbox."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from onbrief.cli import main
from onbrief.policy import learned_toml, read_learned
from onbrief.run_statistics import Rates

MODEL = "sandbox:sdxl?usd=0.04"
RUN = ["run", "--size", "512x512", "--image-model", MODEL, "--max-images", "2", "--seed", "1"]
TAUGHT = ["a red circle above a blue square", "three green stars"]
BRIEF = "two yellow circles left of a red square"
HOPELESS: Rates = {"count": (0, 5000), "relation": (0, 5000)}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def record(run_id: str) -> dict[str, Any]:
    return json.loads((Path("onbrief-runs") / run_id / "run.json").read_text())


def hopeless(path: str = "hopeless.toml") -> str:
    Path(path).write_text(learned_toml({MODEL: HOPELESS}))
    return path


def expected_images(capsys: pytest.CaptureFixture[str], *flags: str) -> float:
    capsys.readouterr()
    assert main(["estimate", BRIEF, "--image-model", MODEL, "--json", *flags]) == 0
    return json.loads(capsys.readouterr().out)["images"]


def decisions(run_id: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect("onbrief-runs/ledger.db")) as connection:
        found = connection.execute(
            "SELECT d.number, d.kind, d.inputs FROM decisions d WHERE d.run_id = ? ORDER BY d.number", (run_id,)
        )
        return found.fetchall()


def test_what_runs_taught_is_written_and_begun_with(capsys: pytest.CaptureFixture[str]) -> None:
    for brief in TAUGHT:
        assert main([*RUN, brief, "--quiet"]) in (0, 3)
    capsys.readouterr()
    assert main(["stats", "--priors", "learned/rates.toml", "--json"]) == 0
    told = capsys.readouterr()
    [found] = json.loads(told.out)
    assert "written: learned/rates.toml" in told.err
    learned = read_learned(Path("learned/rates.toml"))
    assert learned == {MODEL: {name: tuple(counts) for name, counts in found["opening"].items()}}
    assert set(learned[MODEL]) == {"object", "object_of_several", "attribute", "attribute_of_several", "count", "relation"}
    assert main([*RUN, BRIEF, "--run-id", "knowing", "--priors", "learned/rates.toml", "--quiet"]) in (0, 3)
    path, seen = Path("learned/rates.toml").absolute(), sum(seen for _, seen in learned[MODEL].values())
    assert f"the policy begins with rates of {MODEL} from {seen} findings, by {path}" in record("knowing")["warnings"]
    assert main(["stats", "--priors", "learned/rates.toml"]) == 0, "a file of the same kind is written over"
    assert read_learned(Path("learned/rates.toml")) != learned


def test_no_other_file_is_written_over(capsys: pytest.CaptureFixture[str]) -> None:
    Path("brief.toml").write_text('text = "a red circle"')
    assert main(["stats", "--priors", "brief.toml"]) == 2
    assert "priors: 'brief.toml' is not allowed; expected a new file, or one that onbrief stats has written" in (
        capsys.readouterr().err
    )
    assert Path("brief.toml").read_text() == 'text = "a red circle"'


def test_the_estimate_and_the_dry_run_begin_with_them_too(capsys: pytest.CaptureFixture[str]) -> None:
    usual = expected_images(capsys)
    assert expected_images(capsys, "--priors", hopeless()) > 1.2 * usual
    Path("onbrief.toml").write_text('priors = "hopeless.toml"')
    assert expected_images(capsys) > 1.2 * usual
    assert expected_images(capsys, "--priors", "none") == usual
    assert main(["run", BRIEF, "--image-model", MODEL, "--dry-run"]) == 0
    assert f"rates of {MODEL} for such requirements, learned in {Path('hopeless.toml').absolute()}" in capsys.readouterr().out


def test_a_batch_begins_with_them(capsys: pytest.CaptureFixture[str]) -> None:
    Path("shop.csv").write_text(f"text,id\n{BRIEF},one\n{TAUGHT[0]},two\n")
    command = ["batch", "shop.csv", *RUN[1:-2], "--out", "onbrief-runs", "--give-up-below", "0.9", "--quiet"]
    assert main([*command, "--priors", hopeless()]) in (0, 3)
    assert "less than 90%" in record("one")["reason"]
    assert any("begins with rates of" in warning for warning in record("two")["warnings"])
    Path("hopeless.toml").write_text("count = 3")
    capsys.readouterr()
    assert main([*command, "--priors", "hopeless.toml", "--skip-bad"]) == 2
    assert capsys.readouterr().err.startswith(f"error: priors {Path('hopeless.toml').absolute()}: model: 'count'")


def test_a_file_without_the_model_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    Path("others.toml").write_text(learned_toml({"sandbox:sdxl": HOPELESS}))
    usual = expected_images(capsys)
    assert expected_images(capsys, "--priors", "others.toml") == usual
    main(["estimate", BRIEF, "--image-model", MODEL, "--priors", "others.toml"])
    assert f"have no rates of {MODEL}: the usual ones are used" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (None, "cannot be read: No such file"),
        ("[sandbox:", "is not valid TOML"),
        (f'["{MODEL}"]\ncount = {{ met = 3, seen = 2 }}', "count.met: 3 is not allowed; expected a whole number from 0 to 2"),
    ],
    ids=["missing", "no TOML", "more met than seen"],
)
def test_a_wrong_file_is_refused_before_anything_is_spent(
    text: str | None, told: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if text is not None:
        Path("learned.toml").write_text(text)
    for command in (["run"], ["run", "--dry-run"], ["estimate"], ["run", "--policy", "classic"]):
        assert main([*command, BRIEF, "--priors", "learned.toml"]) == 2
        assert told in capsys.readouterr().err
    assert {path.name for path in folder.iterdir()} <= {"learned.toml"}


def test_a_command_that_draws_nothing_does_not_read_it(capsys: pytest.CaptureFixture[str]) -> None:
    """The file may have to be written first: by `onbrief stats`."""
    Path("onbrief.toml").write_text('priors = "learned.toml"')
    assert main(["config"]) == 0
    assert str(Path("learned.toml").absolute()) in capsys.readouterr().out
    assert main([*RUN, TAUGHT[0], "--priors", "none", "--quiet"]) in (0, 3)
    assert main(["stats", "--priors", "learned.toml"]) == 0
    assert set(read_learned(Path("learned.toml"))) == {MODEL}


def test_a_resumed_run_follows_its_recorded_decisions_also_without_the_file(capsys: pytest.CaptureFixture[str]) -> None:
    order = [*RUN, BRIEF, "--run-id", "r", "--quiet"]
    assert main([*order, "--priors", hopeless()]) == 3
    before, made = decisions("r"), record("r")["attempts"]
    Path("hopeless.toml").unlink()
    capsys.readouterr()
    assert main(["resume", "r", "--max-images", "4", "--quiet"]) == 2, "its order names the file"
    assert "hopeless.toml cannot be read" in capsys.readouterr().err
    assert main(["resume", "r", "--max-images", "4", "--priors", "none", "--quiet"]) in (0, 3)
    after = record("r")["attempts"]
    assert after[:2] == made
    assert len(after) > 2
    assert decisions("r")[: len(before) - 1] == before[:-1]  # the last one was the end
