"""`onbrief run` and `onbrief resume` from outside: what goes where, and with which exit code it ends."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from onbrief.cli import main

SMALL = ["--size", "512x512"]
SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "record.schema.json").read_text())


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def record(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    document = json.loads(capsys.readouterr().out)
    jsonschema.validate(document, SCHEMA)
    return document


def test_the_path_of_the_best_picture_goes_to_stdout(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "a red circle", *SMALL]) == 0
    out, err = capsys.readouterr()
    assert (folder / out.strip()).read_bytes()[:4] == b"\x89PNG"
    assert "sandbox" in err.splitlines()[0]
    assert "passed: image" in err


def test_quiet_prints_outcome_and_reason_alone(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "a red circle", "--quiet", *SMALL]) == 0
    out, err = capsys.readouterr()
    assert len(out.splitlines()) == 1
    assert (err[:13], err.count("\n")) == ("passed: image", 1)


@pytest.mark.parametrize(("to", "flags"), [("full", []), ("full", ["--json"]), ("closed pipe", ["--json", "--quiet"])])
def test_a_result_that_cannot_be_printed_is_printed_by_the_same_command_and_not_paid_again(
    folder: Path, to: str, flags: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    stdout = os.open("/dev/full", os.O_WRONLY) if to == "full" else writer
    command = ["run", "a red circle", *SMALL, *flags]
    program = [sys.executable, "-m", "onbrief", *command]
    failed = subprocess.run(program, stdout=stdout, stderr=subprocess.PIPE, text=True, check=False)
    os.close(stdout)
    assert failed.returncode == 1
    assert failed.stderr.count("error: ") == failed.stderr.count("hint: give the same command again") == 1
    assert "Traceback" not in failed.stderr
    assert "Exception ignored" not in failed.stderr
    assert main(command) == 0
    (run,) = (path.parent.name for path in folder.glob("onbrief-runs/*/run.json"))
    assert run in capsys.readouterr().out
    assert main(command) == 0  # delivered: this is another run
    assert len(list(folder.glob("onbrief-runs/*/run.json"))) == 2


def test_json_is_one_document_of_the_published_schema(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "a red circle", "--json", "--run-id", "one", *SMALL]) == 0
    document = record(capsys)
    assert document == json.loads((folder / "onbrief-runs" / "one" / "run.json").read_text())
    assert document["outcome"] == "passed"


def test_a_brief_that_cannot_be_met_ends_unmet_with_the_best_attempt(capsys: pytest.CaptureFixture[str]) -> None:
    assert (
        main(
            [
                "run",
                "a red circle, without circles",
                "--json",
                "--max-images",
                "5",
                "--seed",
                "1",
                "--policy",
                "classic",
                *SMALL,
            ]
        )
        == 3
    )
    document = record(capsys)
    impossible = next(r for r in document["checklist"]["requirements"] if r["kind"] == "absence")
    best = next(a for a in document["attempts"] if {k: a[k] for k in ("revision", "attempt")} == document["best"])
    met = [sum(f["verdict"] == "met" for f in a["verdict"]["findings"]) for a in document["attempts"]]
    assert document["outcome"] == "unmet"
    assert len(document["attempts"]) == 5
    assert f"no image met {impossible['id']} ({impossible['text']})" in document["reason"]
    assert sum(f["verdict"] == "met" for f in best["verdict"]["findings"]) == max(met)


def test_a_money_limit_ends_over_budget_before_it_is_passed(capsys: pytest.CaptureFixture[str]) -> None:
    priced = ["--image-model", "sandbox:?usd=0.04", "--judge", "sandbox:?usd=0.006", "--reviser", "sandbox:?usd=0.005"]
    assert main(["run", "a circle, without circles", "--json", "--max-usd", "0.15", *priced, *SMALL]) == 4
    document = record(capsys)
    assert document["usage"]["usd"] <= 0.15
    assert document["usage"]["images"] == 3
    assert all(attempt["verdict"] for attempt in document["attempts"])
    assert document["best"] is not None


def test_a_run_is_resumed_with_higher_limits(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "a circle, without circles", "--run-id", "on", "--max-images", "2", "--json", *SMALL]) == 3
    first = record(capsys)
    assert main(["resume", "on", "--max-images", "4", "--json"]) == 3
    second = record(capsys)
    assert second["attempts"][:2] == first["attempts"]
    assert len(second["attempts"]) == 4


def test_a_dry_run_makes_nothing(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["run", "three red circles above a blue square", "--dry-run", "--image-model", "sandbox:?usd=0.04"]
    assert main([*arguments, "--json"]) == 0
    seen = json.loads(capsys.readouterr().out)
    assert main(arguments) == 0
    printed = capsys.readouterr().out
    assert [r["text"] for r in seen["checklist"]["requirements"]][:2] == [
        "there are circles",
        "there are exactly three circles",
    ]
    assert seen["prompt"]["text"] == "three red circles above a blue square"
    assert seen["max_usd"] == pytest.approx(12 * 0.04)
    assert "at most 12 images, $0.48" in printed
    assert list(folder.iterdir()) == []


def test_own_requirements_come_first_and_decide(capsys: pytest.CaptureFixture[str]) -> None:
    given = ["--require", "there is a star", "--prefer", "the background is pink", "--avoid", "tree"]
    assert main(["run", "a circle", *given, "--json", "--dry-run"]) == 0
    texts = {r["text"]: (r["must"], r["kind"]) for r in json.loads(capsys.readouterr().out)["checklist"]["requirements"]}
    assert texts["there is a star"] == (True, "whole")
    assert texts["the background is pink"] == (False, "whole")
    assert texts["there is no tree"] == (True, "absence")
    assert texts["there is a circle"] == (True, "object")


def test_a_brief_comes_from_a_file_or_from_standard_input(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "brief.toml").write_text('text = "a red circle"\nsize = "512x512"\navoid = ["star"]\n')
    assert main(["run", "brief.toml", "--json"]) == 0
    document = record(capsys)
    assert (document["brief"]["size"], document["brief"]["avoid"]) == ([512, 512], ["star"])
    document = json.loads(_onbrief("run", "-", "--json", *SMALL, stdin="a blue square\n").stdout)
    assert document["brief"]["text"] == "a blue square\n"


def test_the_same_seed_and_run_id_draw_the_same_pictures(capsys: pytest.CaptureFixture[str]) -> None:
    hashes: list[list[str]] = []
    for out in ("one", "two"):
        main(["run", "two green stars", "--seed", "5", "--run-id", "x", "--out", out, "--json", *SMALL])
        hashes.append([a["image"]["sha256"] for a in record(capsys)["attempts"]])
    assert hashes[0] == hashes[1]


def test_the_same_command_after_an_interruption_resumes_the_run(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """After Ctrl-C during a call, its picture is finished and kept, and the same command pays for nothing again."""
    command = ["run", "a circle, without circles", "--seed", "1", "--max-images", "3", "--image-model", "sandbox:?seconds=0.4"]
    process = subprocess.Popen(
        [sys.executable, "-m", "onbrief", *command, *SMALL], stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stderr is not None
    for line in process.stderr:
        if line.startswith("  image 000-000"):
            process.send_signal(signal.SIGINT)
            break
    _, err = process.communicate()
    assert process.returncode == 130, err
    assert "cancelled: stopped by the user" in err
    (run_id,) = [path.name for path in (folder / "onbrief-runs").iterdir() if path.is_dir()]
    kept = json.loads((folder / "onbrief-runs" / run_id / "run.json").read_text())
    assert kept["outcome"] == "cancelled"
    assert kept["attempts"]
    assert main([*command, "--json", *SMALL]) == 3
    document = record(capsys)
    assert document["run_id"] == run_id
    # The last one may not have been judged yet.
    images = [[attempt["image"] for attempt in each["attempts"]] for each in (kept, document)]
    assert images[1][: len(images[0])] == images[0]
    assert document["attempts"][: len(kept["attempts"]) - 1] == kept["attempts"][:-1]
    assert document["usage"]["images"] == 3


def test_progress_on_a_terminal_and_no_colour_elsewhere() -> None:
    progress = _onbrief("run", "a red circle", *SMALL).stderr
    assert "\x1b" not in progress
    assert "prompt 0 (the brief): a red circle" in progress


def _onbrief(*arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "onbrief", *arguments],
        input=stdin, capture_output=True, text=True, check=True, env={**os.environ, "NO_COLOR": "1"},
    )  # fmt: skip
