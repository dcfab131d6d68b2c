"""A detector of the user's own on the command line: refused before anything is paid for, named, and part of the order."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from onbrief.cli import main
from tests.detectors import table, write

RUN = ["run", "a red circle left of a blue square", "--size", "512x512", "--max-images", "1", "--seed", "2"]


@pytest.fixture
def model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A detector that the settings of the working folder name, with its classes in a file beside it."""
    monkeypatch.chdir(tmp_path)
    model = write(tmp_path / "own.onnx", names=None)
    (tmp_path / "names.txt").write_text("circle\nsquare\ncat\n")
    settings = table(model) | {"path": "own.onnx", "names": "names.txt"}
    (tmp_path / "onbrief.toml").write_text(
        "[detector]\n" + "".join(f'{name} = "{value}"\n' for name, value in settings.items())
    )
    return model


@pytest.mark.parametrize("command", [RUN, [*RUN, "--dry-run"], ["judge", "a circle", "own.png"]])
def test_one_that_cannot_be_used_is_one_line_and_makes_nothing(
    command: list[str], model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model.write_bytes(model.read_bytes() + b"\0")
    (tmp_path / "own.png").write_bytes((Path(__file__).parents[2] / "docs" / "things.png").read_bytes())
    before = sorted(tmp_path.iterdir())
    assert main(command) == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    assert lines[0].startswith("error: detector.sha256: ")
    assert sorted(tmp_path.iterdir()) == before


def test_doctor_and_show_name_it(model: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    name = f"own.onnx (sha256 {table(model)['sha256'][:12]})"
    assert main(["doctor"]) == 0
    assert f"{name} counts things of 3 classes" in capsys.readouterr().out
    main([*RUN, "--run-id", "mine", "--quiet", "--json"])
    assert json.loads(capsys.readouterr().out)["models"]["detector"] == name
    assert main(["show", "mine"]) == 0
    assert f"judged by sandbox:, counted by {name}, written by" in capsys.readouterr().out
    assert name in Path("onbrief-runs/mine/report.html").read_text()
    monkeypatch.setenv("ONBRIEF_DETECTOR_PATH", "none.onnx")
    assert main(["doctor"]) == 1
    assert main(["list"]) == 0, "what counts nothing does not need it"


def test_a_run_resumes_with_the_detector_that_it_began_with(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    main([*RUN, "--run-id", "mine", "--quiet"])
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    capsys.readouterr()
    resume = ["resume", "mine", "--out", str(tmp_path / "onbrief-runs"), "--json"]
    main(resume)
    assert json.loads(capsys.readouterr().out)["models"]["detector"].startswith("own.onnx")
    names = tmp_path / "names.txt"
    names.write_text("circle\nsquare\ndog\n")
    assert main(resume) == 2
    assert "expected the detector that run mine began with; this file has changed" in capsys.readouterr().err
