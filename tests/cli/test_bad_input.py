"""A wrong input is one clear line that names the field, the value and what is allowed; exit 2, nothing made."""

from __future__ import annotations

import shlex
import sqlite3
from pathlib import Path

import pytest

from onbrief.cli import main

BRIEF_FILES = {
    "no-text.toml": 'size = "64x64"',
    "empty-text.toml": 'text = ""',
    "requirement-without-text.toml": 'text = "a circle"\n[[requirements]]\ntext = ""',
    "duplicate-ids.toml": 'text = "a"\n[[requirements]]\nid = "x"\ntext = "b"\n[[requirements]]\nid = "x"\ntext = "c"',
    "unknown-key.toml": 'text = "a circle"\ncolour = "red"',
    "unknown-requirement-key.toml": 'text = "a"\n[[requirements]]\ntext = "b"\nmusst = true',
    "wrong-kind.json": '{"text": "a", "requirements": [{"text": "b", "kind": "smell"}]}',
    "broken.toml": 'text = "a circle"\nsize = = 3',
    "broken.json": '{"text": "a circle",\n "size": }',
    "list.json": "[1, 2]",
}
WRONG = [
    (["run", ""], ["error: brief.text: ''", "a description"]),
    (["run", "   "], ["brief.text", "a description"]),
    (["run", "x" * 10_001], ["brief.text", "10003 characters", "at most 10000 characters"]),
    (["run", "a circle", "--require", " "], ["requirement.text", "a statement"]),
    (["run", "a circle", "--avoid", ""], ["brief.avoid", "names"]),
    (["run", "a circle", "--size", "large"], ["size", "'large'", "WIDTHxHEIGHT"]),
    (["run", "a circle", "--size", "0x0"], ["size", "0x0", "64 to 4096"]),
    (["run", "a circle", "--size", "3000x3000"], ["size", "3000x3000", "512 to 2048"]),
    (["run", "a circle", "--aspect", "9:0"], ["aspect", "'9:0'", "1:4 to 4:1"]),
    (["run", "a circle", "--aspect", "1:1", "--size", "64x64"], ["aspect", "not both"]),
    (["run", "a circle", "--max-images", "-1"], ["images", "-1", "1 to 10000"]),
    (["run", "a circle", "--max-images", "many"], ["--max-images", "many"]),
    (["run", "a circle", "--max-usd", "-0.5"], ["usd", "-0.5", "0 up"]),
    (["run", "a circle", "--max-usd", "nan"], ["usd", "nan", "0 up"]),
    (["run", "a circle", "--max-seconds", "-1"], ["seconds", "-1", "0 up"]),
    (["run", "a circle", "--parallel", "0"], ["parallel", "0", "1 to 64"]),
    (["run", "a circle", "--parallel", "many"], ["--parallel", "many", "auto or a whole number"]),
    (["run", "a circle", "--priority", "fame"], ["--priority", "fame", "money or time"]),
    (["run", "a circle", "--give-up-below", "nan"], ["give_up_below", "nan", "0 to 1"]),
    (["run", "a circle", "--policy", "lucky"], ["--policy", "lucky", "adaptive"]),
    (["run", "a circle", "--seed", "-1"], ["seed", "-1", "0 to"]),
    (["run", "a circle", "--image-model", "sandbox:huge"], ["image_model", "sandbox:huge"]),
    (["run", "a circle", "--image-model", "nobody:model"], ["image_model", "nobody:model", "sandbox"]),
    (["run", "a circle", "--image-model", "sandbox"], ["image_model", "'sandbox'", "PROVIDER:MODEL"]),
    (["run", "a circle", "--image-model", "sandbox:?speed=1"], ["image_model", "speed", "usd, seconds"]),
    (["run", "a circle", "--image-model", "sandbox:?usd=free"], ["usd of image_model", "'free'", "0 to 1000"]),
    (["run", "a circle", "--judge", "nobody:model"], ["judge", "nobody:model", "sandbox"]),
    (["run", "a circle", "--reviser", "nobody:model"], ["reviser", "nobody:model", "sandbox"]),
    (["run", "a circle", "--run-id", "../etc"], ["run id", "'../etc'", "letters"]),
    (["run", "a circle", "--run-id", "Ünï"], ["run id", "letters"]),
    (["run", "a circle", "--run-id", "-x"], ["--run-id"]),
    (["run", "a circle", "--no-plan"], ["plan", "requirement"]),
    (["run", "a circle", "--out", "a-file/below"], ["out", "a-file/below", "a folder"]),
    (["run", "a circle", "--out", "a-file"], ["out", "a-file", "a folder"]),
    (["run", "a circle", "--colour", "red"], ["--colour"]),
    (["run"], ["run", "brief"]),
    (["fly"], ["there is no command 'fly'"]),
    (["run", "a", "circle", "--max-images", "3"], ["the brief has several words"]),
    (["checklist", "a", "circle"], ["the brief has several words"]),
    (["judge", "a", "red", "circle"], ["pictures", "there is no file 'red'"]),
    (["run", "a circle", "--avoid", "a dog", "birds"], ["run does not take birds"]),
    (["run", "a circle", "--max-judge-usd", "-1"], ["error: max_judge_usd: -1", "0 up"]),
    (["run", "./brief"], ["brief cannot be read"]),
    (["checklist", "~/brief.txt"], ["/brief.txt cannot be read"]),
    (["show", "one", "two"], ["show does not take two"]),
    (["run", "-x"], ["Unknown option: -x"]),
    (["run", "--max-image", "3"], ["Unknown option: --max-image"]),
    (["run", "a circle", "--max-images"], ["--max-images", "a value is missing"]),
    (["list", "--outcome", "good"], ["--outcome", "'good'", "passed, failed, unmet"]),
    (["show", "one", "--link", "-1"], ["link", "-1", "up to 168"]),
    (["run", "missing.toml"], ["missing.toml", "cannot be read"]),
    (["run", "no-text.toml"], ["text", "no-text.toml"]),
    (["run", "empty-text.toml"], ["empty-text.toml", "brief.text", "a description"]),
    (["run", "requirement-without-text.toml"], ["requirement.text", "a statement"]),
    (["run", "duplicate-ids.toml"], ["requirement.id", "'x'", "no other"]),
    (["run", "unknown-key.toml"], ["colour", "unknown-key.toml"]),
    (["run", "unknown-requirement-key.toml"], ["musst"]),
    (["run", "wrong-kind.json"], ["kind", "smell", "object"]),
    (["run", "broken.toml"], ["broken.toml", "line 2", "column 8"]),
    (["run", "broken.json"], ["broken.json", "line 2", "column 10"]),
    (["run", "list.json"], ["list.json", "object"]),
    (["resume", "nothing-here", "--out", "empty"], ["out", "empty", "runs"]),
    (["show", "NOT-AN-ID", "--out", "empty"], ["out", "empty"]),
    (["list", "--out", "empty"], ["out", "empty", "runs"]),
]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, text in BRIEF_FILES.items():
        (tmp_path / name).write_text(text)
    (tmp_path / "a-file").write_text("not a folder")
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(("arguments", "parts"), WRONG, ids=[" ".join(given)[:60] for given, _ in WRONG])
def test_a_wrong_input_is_one_line_and_makes_nothing(
    arguments: list[str], parts: list[str], folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = sorted(folder.rglob("*"))
    code = main(arguments)
    out, err = capsys.readouterr()
    first, *rest = err.splitlines()
    assert code == 2, err
    assert out == ""
    assert first.startswith("error: ")
    assert all(line.startswith("hint: ") for line in rest)
    assert [part for part in parts if part not in first] == []
    assert sorted(folder.rglob("*")) == before


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        ("run a red circle --max-images 3", 'onbrief run "a red circle"'),
        ("""checklist two '"red"' circles""", r'onbrief checklist "two \"red\" circles"'),
        ("judge a red circle a-file", 'onbrief judge "a red circle" a-file'),
        ("judge a circle", 'onbrief judge "a circle" PICTURES'),
        ("a red circle", 'onbrief run "a red circle"'),
        ("'a red circle'", 'onbrief run "a red circle"'),
        ("run x --avoid dog birds --seed 1", "give the option again: --avoid birds"),
        ("runn x", "did you mean: onbrief run"),
        ("help", "onbrief --help"),
        ("version", "onbrief --version"),
        ("--quiet run x", "options come after the command"),
        ("run", 'onbrief run "a red circle left of a blue square"'),
    ],
)
def test_the_hint_says_what_to_type(arguments: str, hint: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(shlex.split(arguments)) == 2
    assert hint in capsys.readouterr().err.splitlines()[1]


@pytest.mark.parametrize(
    ("name", "value", "hint"), [("AWS_REGION", "", "set AWS_REGION"), ("AWS_PROFILE", "x", "check AWS_PROFILE")]
)
def test_what_a_provider_lacks_is_said(
    name: str, value: str, hint: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for other in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE"):
        monkeypatch.delenv(other, raising=False)
    monkeypatch.setenv(name, value)
    assert main(["run", "a circle", "--image-model", "bedrock:stability.sd3-5-large-v1:0"]) == 1
    assert f"hint: {hint}" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "value", "parts"),
    [
        ("ONBRIEF_MAX_IMAGES", "many", ["max_images", "'many'"]),
        ("ONBRIEF_COLOUR", "red", ["environment", "colour", "max_images"]),
    ],
)
def test_a_wrong_variable_is_named(
    name: str, value: str, parts: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(name, value)
    assert main(["run", "a circle"]) == 2
    err = capsys.readouterr().err
    assert [part for part in parts if part not in err] == []


def test_a_wrong_settings_file_is_named(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "onbrief.toml").write_text("max_images = 3\nmax_image = 4\n")
    assert main(["run", "a circle"]) == 2
    assert "onbrief.toml: 'max_image' is not allowed" in capsys.readouterr().err


def test_a_ledger_of_a_newer_schema_is_refused(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with sqlite3.connect(folder / "empty" / "ledger.db") as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    assert main(["run", "a circle", "--out", "empty"]) == 2
    err = capsys.readouterr().err
    assert "schema 99" in err
    assert "newer onbrief" in err


def test_a_taken_run_id_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "a circle", "--run-id", "mine", "--size", "512x512"]) == 0
    assert main(["run", "a square", "--run-id", "mine", "--size", "512x512"]) == 2
    assert "run id mine is taken" in capsys.readouterr().err
