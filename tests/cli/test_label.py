"""`label` and `calibrate`."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from onbrief.cli import main
from onbrief.judging.labels import LabelledFinding, read_lines
from onbrief.record import Run
from onbrief.testing import picture
from tests.judging.test_calibration import pictures


@pytest.fixture
def run_id(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> str:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("USER", "ada")
    assert main(["run", "a red circle", "--size", "512x512", "--run-id", "mine", "--quiet"]) == 0
    capsys.readouterr()
    return "mine"


@pytest.fixture
def labels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file with labels of the sandbox's judge: enough of them."""
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "labels.jsonl"
    lines = (one.to_json().replace('"j:m"', '"sandbox:"') for one in pictures(150, 1))
    path.write_text("\n".join(lines))
    return path


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def labelled(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[dict[str, Any]]:
    assert main(["label", *arguments]) == 0
    return json.loads(capsys.readouterr().out)


def test_labels_are_kept_with_what_the_judge_found_until_the_same_person_gives_others(
    run_id: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["label", run_id, "r1=yes", "r2=no"]) == 0
    out, err = capsys.readouterr()
    assert "r2   no        (the judge: met " in out
    assert err == "2 labels recorded for 000-000 of run mine; 2 of 2 requirements have one\n"
    kept = labelled(capsys, run_id, "0-0", "r2=debatable", "--note", "rather orange", "--json")
    record = Run.from_json(Path("onbrief-runs/mine/run.json").read_text())
    assert record.best
    assert record.best.verdict
    first = record.best.verdict.findings[0]
    assert [(one["requirement"], one["label"], one["by"], one["note"]) for one in kept] == [
        ("r1", "yes", "ada", ""),
        ("r2", "debatable", "ada", "rather orange"),
    ]
    about = {name: kept[0][name] for name in ("run", "attempt", "text", "kind", "must", "judge", "verdict", "probability")}
    assert about == {
        "run": "mine",
        "attempt": "000-000",
        "text": "there is a circle",
        "kind": "object",
        "must": True,
        "judge": record.models.judge,
        "verdict": first.verdict,
        "probability": first.probability,
    }
    assert len(labelled(capsys, run_id, "r2=yes", "--by", "bo", "--json")) == 3


def test_labels_are_exported_as_lines(run_id: str, capsys: pytest.CaptureFixture[str]) -> None:
    main(["label", run_id, "r1=yes", "r2=no"])
    capsys.readouterr()
    assert main(["label", "--export"]) == 0
    lines = capsys.readouterr().out
    assert [LabelledFinding(**json.loads(line)).label for line in lines.splitlines()] == ["yes", "no"]
    assert main(["label", run_id, "--export", "-o", "new/labels.jsonl"]) == 0
    assert Path("new/labels.jsonl").read_text() == lines
    assert main(["calibrate", "new/labels.jsonl"]) == main(["calibrate"]) == 2
    assert capsys.readouterr().err.count("error: too few labels: 1 requirements are labelled no, and at least 72") == 2


def test_pictures_that_existed_already_are_labelled_by_their_paths(
    run_id: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second = Path("my art/a b=c.png"), Path("my art/r1.png")
    first.parent.mkdir()
    first.write_bytes(Path("onbrief-runs", run_id, "000-000.png").read_bytes())
    second.write_bytes(picture(1, (256, 256)))
    assert main(["judge", "a red circle", "my art", "--run-id", "ci", "--quiet", "--confirm", "always"]) == 3
    capsys.readouterr()
    for name, labels in (
        (str(first), ["r1=yes"]),
        (f"./{second}", ["r1=no", "r2=no"]),
        (str(tmp_path / first), ["r2=yes"]),
        ("0-1", ["r2=debatable"]),
    ):
        assert main(["label", "ci", name, *labels]) == 0
    err = capsys.readouterr().err
    assert f"1 label recorded for 000-001 ({tmp_path / second}) of run ci" in err
    kept = labelled(capsys, "ci", "--json")
    assert [(one["attempt"], one["requirement"], one["label"]) for one in kept] == [
        ("000-000", "r1", "yes"),
        ("000-000", "r2", "yes"),
        ("000-001", "r1", "no"),
        ("000-001", "r2", "debatable"),
    ]
    assert [one["confirmed"] for one in kept] == [True, True, False, False]  # only a picture that would pass is looked at again
    monkeypatch.setattr(sys, "stdin", Terminal("y\nq\n"))
    assert main(["label", "ci", str(second)]) == 0
    assert f"000-001: {tmp_path / second}" in capsys.readouterr().err
    assert main(["label", "ci", "my art/other.png", "r1=yes"]) == 2
    assert (
        "attempt: 'my art/other.png' is not allowed; expected a judged attempt of run ci: my art/a b=c.png my art/r1.png"
        in (capsys.readouterr().err)
    )
    assert main(["label", "--export", "-o", "labels.jsonl"]) == 0
    assert len(read_lines(Path("labels.jsonl").read_text("utf-8").split("\n"), "labels.jsonl")) == 4


def test_without_labels_a_person_at_the_terminal_is_asked(
    run_id: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", Terminal("perhaps\nd\n\n"))
    assert main(["label", run_id]) == 0
    err = capsys.readouterr().err
    assert "onbrief-runs/mine/000-000.png" in err
    assert "r1: there is a circle" in err
    assert "1 label recorded" in err
    monkeypatch.setattr(sys, "stdin", Terminal("n\n"))
    assert main(["label", run_id]) == 0
    capsys.readouterr()
    assert [(one["requirement"], one["label"]) for one in labelled(capsys, run_id, "--json")] == [("r1", "no")]


WRONG: list[tuple[list[str], str]] = [
    (["nope", "r1=yes"], "run: 'nope'"),
    (["mine", "000-007", "r1=yes"], "attempt: '000-007' is not allowed; expected a judged attempt of run mine: 000-000"),
    (["mine", "r9=yes"], "requirement: 'r9' is not allowed; expected one of run mine: r1 r2"),
    (["mine", "r1=maybe"], "label: 'r1=maybe'"),
    (["mine", "r1"], "label: 'r1'"),
    (["mine", "r1=yes", "r1=no"], "one label for r1"),
    (["mine", "r1=yes", "--note", "a\nb"], "note"),
    (["mine", "r1=yes", "--by", "x" * 501], "by"),
    (["mine"], "no terminal"),
    ([], "name a run"),
    (["--export", "--out", "elsewhere"], "out: 'elsewhere'"),
]


def test_a_wrong_label_is_one_line_and_records_nothing(run_id: str, capsys: pytest.CaptureFixture[str]) -> None:
    for arguments, problem in WRONG:
        assert main(["label", *arguments]) == 2
        out, err = capsys.readouterr()
        assert out == ""
        assert err.startswith("error: ")
        assert problem in err.splitlines()[0]
    assert labelled(capsys, run_id, "--json") == []


def test_a_calibration_is_written_where_runs_find_it_and_they_say_so(
    labels: Path, at_home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["calibrate", str(labels), "--true-rate", "0.2", "--attempts", "8"]) == 0
    out, err = capsys.readouterr()
    profile = at_home / "onbrief" / "profiles" / "sandbox-.json"
    assert f"written: {profile}" in err
    assert [line.split()[0] for line in out.splitlines()[2:5]] == ["all", "count", "object"]
    assert "if 0.2 of all pictures are right, " in out
    assert "of runs of 8 attempts" in out
    command = ["run", "a red circle", "--size", "512x512", "--seed", "3", "--quiet", "--json"]
    for extra, note in (
        ([], "judged by the calibration"),
        (["--strictness", "lenient"], "is stale and not applied"),
        (["--profile", "none"], None),
    ):
        main([*command, *extra])
        warnings = json.loads(capsys.readouterr().out)["warnings"]
        assert [note in warning for warning in warnings] == ([True] if note else [])
    profile.write_text("{}")
    assert main(command) == 2
    assert str(profile) in capsys.readouterr().err
    assert main(["calibrate", str(labels)]) == 0  # a broken one is replaced


def test_a_run_resumes_with_the_calibration_that_it_began_with(
    labels: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["calibrate", str(labels), "-o", "judge.json"]) == 0
    order = [
        "run",
        "a red circle left of a blue square",
        "--size",
        "512x512",
        "--run-id",
        "mine",
        "--max-images",
        "1",
        "--seed",
        "2",
    ]
    main([*order, "--profile", "judge.json"])
    out = str(tmp_path / "onbrief-runs")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    capsys.readouterr()
    main(["resume", "mine", "--out", out, "--json"])
    assert "judged by the calibration" in json.loads(capsys.readouterr().out)["warnings"][0]
    changed = json.loads((tmp_path / "judge.json").read_text()) | {"floor": 0.9}
    (tmp_path / "judge.json").write_text(json.dumps(changed))
    assert main(["resume", "mine", "--out", out]) == 2
    assert "this file has changed" in capsys.readouterr().err


def test_a_calibration_as_json_is_one_document(labels: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["calibrate", str(labels), "--json", "-o", "judge.json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["profile"] == json.loads(Path("judge.json").read_text())
    assert [row["kind"] for row in document["agreement"]["sandbox:"]] == [None, "count", "object"]
    assert 0 < document["belief"]["low"] < document["belief"]["high"] <= 1


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["missing.jsonl"], "missing.jsonl cannot be read"),
        (["broken.jsonl"], "broken.jsonl, line 2 is not valid JSON"),
        (["--max-false-accept", "0"], "max_false_accept: 0.0"),
        (["--true-rate", "1.5"], "true_rate: 1.5"),
        (["--attempts", "0"], "attempts: 0"),
        (["labels.jsonl", "--max-false-accept", "0.001"], "are missing"),
        (["two.jsonl"], "judge: 'sandbox:' is not allowed; expected a judge with labels: a:x or b:y"),
        (["empty.jsonl"], "there are no labels"),
    ],
)
def test_a_calibration_that_cannot_be_made_writes_nothing(
    labels: Path, at_home: Path, arguments: list[str], problem: str, capsys: pytest.CaptureFixture[str]
) -> None:
    first = labels.read_text().split("\n")[0]
    Path("broken.jsonl").write_text(f"{first}\n{first[:-4]}\n")
    Path("two.jsonl").write_text("\n".join(first.replace('"sandbox:"', f'"{judge}"') for judge in ("a:x", "b:y")))
    Path("empty.jsonl").write_text("\n")
    assert main(["calibrate", *arguments]) == 2
    errors = [line for line in capsys.readouterr().err.splitlines() if line.startswith("error: ")]
    assert len(errors) == 1
    assert problem in errors[0]
    assert not (at_home / "onbrief").exists()
