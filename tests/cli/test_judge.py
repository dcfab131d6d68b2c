"""`onbrief judge` from outside: what goes where, and with which exit code it ends."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from onbrief.cli import main
from onbrief.record import json_schema
from onbrief.testing import picture

README = (Path(__file__).parents[2] / "README.md").read_text()
STARS = ["two green stars", "--size", "512x512", "--max-images", "1"]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def stars(capsys: pytest.CaptureFixture[str]) -> str:
    """The path of a picture of two green stars."""
    assert main(["run", *STARS, "--run-id", "stars", "--seed", "1", "--quiet"]) == 0
    return capsys.readouterr().out.strip()


def test_the_example_of_readme_prints_what_readme_says() -> None:
    example = README.partition("## Judge pictures that exist already")[2]
    first, second = re.findall(r"^(onbrief .*?)(?:    #.*)?$", example.partition("```text")[0], re.MULTILINE)
    for command in (first, second):
        program = [sys.executable, "-m", "onbrief"]
        ran = subprocess.run([*program, *shlex.split(command)[1:]], capture_output=True, text=True, check=False)
    shown = example.partition("```text\n")[2].partition("```")[0]
    assert ran.returncode == 3, ran.stderr
    assert [line[:105] for line in ran.stdout.splitlines()] == [line[:105] for line in shown.splitlines()]
    assert "unmet: 1 of 2 pictures does not meet every requirement" in ran.stderr


def test_a_line_for_each_picture_and_an_exit_code_for_ci(stars: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path("other.png").write_bytes(picture(1, (256, 256)))
    assert main(["judge", "two green stars", stars]) == 0
    out, err = capsys.readouterr()
    assert out == f"passed  $0.00  {stars}\n"
    assert err.splitlines()[0].startswith("sandbox: ")
    assert "passed: the picture meets every requirement" in err
    assert main(["judge", "two green stars", stars, "other.png", "--quiet"]) == 3
    out, err = capsys.readouterr()
    assert [line.split()[:2] for line in out.splitlines()] == [["passed", "$0.00"], ["not", "passed"]]
    assert err.splitlines()[0].startswith("unmet: 1 of 2 pictures does not meet every requirement")
    assert main(["judge", "two green stars", stars, "--quiet"]) == 0
    assert capsys.readouterr().err == "passed: the picture meets every requirement\n"


def test_bad_pictures_are_named_and_nothing_begins(stars: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("words.png").write_text("no picture")
    Path("brief.toml").write_text('text = "two green stars"\n')
    before = sorted(folder.rglob("*"))
    assert main(["judge", "brief.toml", stars, "words.png", "gone.png"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines() == [
        "error: pictures: 2 cannot be used",
        "  words.png: not a PNG, JPEG or WebP picture; the 10 bytes begin with 'no picture'",
        "  gone.png: No such file or directory",
        "hint: nothing was paid for; leave them out, or replace them",
    ]
    assert main(["judge", "brief.toml"]) == 2
    assert capsys.readouterr().err == (
        "error: pictures: none are given; expected files, folders or patterns such as 'art/*.png'\n"
    )
    assert sorted(folder.rglob("*")) == before


def test_judging_needs_no_image_model(stars: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path("onbrief.toml").write_text('image_model = "missing:model"\njudge = "sandbox:"\nreviser = "missing:model"\n')
    assert main(["judge", "two green stars", stars, "--no-plan", "--require", "there are exactly two stars", "--json"]) == 0
    document: dict[str, Any] = json.loads(capsys.readouterr().out)
    jsonschema.validate(document, json_schema())
    assert (document["kind"], document["models"]["image"], document["models"]["reviser"]) == ("judge", "", "")
    assert [r["text"] for r in document["checklist"]["requirements"]] == ["there are exactly two stars"]
    assert document["attempts"][0]["image"]["key"] == stars


def test_recorded_verdicts_are_listed_shown_reported_resumed_and_deleted(
    stars: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["judge", "two green stars", stars, "--run-id", "ci", "--quiet"]
    assert main(command) == 0
    line = capsys.readouterr().out
    bill = json.loads((folder / "onbrief-runs/ci/run.json").read_text())["usage"]["judge_calls"]
    assert main(command) == 0
    assert capsys.readouterr().out == line
    assert json.loads((folder / "onbrief-runs/ci/run.json").read_text())["usage"]["judge_calls"] == bill
    assert main(["list"]) == 0
    assert "judge: two green stars" in capsys.readouterr().out
    assert main(["list", "--json"]) == 0
    assert [run["kind"] for run in json.loads(capsys.readouterr().out)] == ["judge", "run"]
    assert main(["show", "ci"]) == 0
    assert capsys.readouterr().out.endswith(line)
    assert main(["show", "ci", "--link", "1"]) == 2
    assert main(["report", "ci"]) == 0
    assert "data:image/webp" in (folder / "onbrief-runs/ci/report.html").read_text()
    assert main(["report", "ci", "--output", "sheet.png"]) == 0
    capsys.readouterr()
    assert main(["resume", "ci", "--quiet"]) == 0
    assert capsys.readouterr().out == line
    assert main(["rm", "ci", "--yes"]) == 0
    assert Path(stars).is_file()
