"""Runs that earlier versions left behind resume to the record that those versions would have made of them, as far as it is
decided by what is recorded; what comes after that is for today's policy to decide.

`tests/data/ledgers/schema-1` holds a folder and a bucket as version 0.1.0 left them before its ledger recorded decisions: runs
that passed, fell short, were killed while drawing or judging, or ended with a call of unknown outcome. `expected` has the
records that the same version made of them, and `commands.json` the commands.
"""

from __future__ import annotations

import base64
import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from onbrief.cli import main
from onbrief.store import open_bucket
from tests.buckets import Service, new_place

DATA = Path(__file__).parent / "data" / "ledgers" / "schema-1"
COMMANDS: dict[str, list[str]] = json.loads((DATA / "expected" / "commands.json").read_text("utf-8"))
GO_ON = ("interrupted-drawing", "parallel", "parallel-resend")  # the policy decides more in these
FOLDER = [name for name in COMMANDS if not name.startswith("bucket-") and name not in GO_ON]
BUCKET = [name for name in COMMANDS if name.startswith("bucket-")]


def comparable(record: dict[str, Any], kept: set[str]) -> dict[str, Any]:
    """The record without what differs between two times, places and versions. Pictures that are `kept` have the same bytes."""
    for decided in (*record["attempts"], *record["prompts"]):
        decided.pop("decided", None)  # earlier versions kept no reasons, or other ones
    for attempt in record["attempts"]:
        attempt.pop("seconds")
        if image := attempt["image"]:
            image.pop("url")
            if image["key"] not in kept:  # the version is part of what a new picture says about itself
                image.pop("sha256")
                image.pop("bytes")
    for name in ("seconds", "waits", "waited_seconds"):
        record["usage"].pop(name, None)
    record.pop("ended")
    return record


def resumed(command: list[str], out: str, capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    main([*command, "--out", out, "--json", "--quiet"])
    return json.loads(capsys.readouterr().out)


def expected(name: str) -> dict[str, Any]:
    """The expected record, with today's fields, and its `reason` in today's wording: version 0.1.0 described unknown outcomes
    differently.
    """
    record = json.loads((DATA / "expected" / f"{name}.json").read_text("utf-8"))
    record.setdefault("kind", "run")
    record["models"].setdefault("changes", [])
    record["models"] |= {"confirm_judge": "", "detector": "", "ladder": []}
    for attempt in record["attempts"]:
        attempt.setdefault("model", record["models"]["image"])
        attempt |= {"base": "", "must": ""}
        if attempt["verdict"]:
            attempt["verdict"].setdefault("problem", None)
            attempt["verdict"].setdefault("reservations", [])
            attempt["verdict"].setdefault("confirmed", [])
            attempt["verdict"].setdefault("unasked", [])
            for finding in attempt["verdict"]["findings"]:
                finding.setdefault("source", "judge")
                finding.setdefault("box", None)
    return record | {"reason": re.sub("what became of (.*?) is not known", r"the outcome of \1 is unknown", record["reason"])}


@pytest.mark.parametrize("name", FOLDER)
def test_a_run_of_a_folder_resumes(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = shutil.copytree(DATA / "folder", tmp_path / "out")
    kept = {str(path.relative_to(out)) for path in out.rglob("*.png")}
    record = comparable(resumed(COMMANDS[name], str(out), capsys), kept)
    assert record == comparable(expected(name), kept)
    assert comparable(resumed(COMMANDS[name], str(out), capsys), kept) == record, "what is recorded is not paid for again"


@pytest.mark.parametrize("name", GO_ON)
def test_what_is_recorded_of_a_run_that_goes_on_stays_as_it_is(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = shutil.copytree(DATA / "folder", tmp_path / "out")
    kept = {str(path.relative_to(out)) for path in out.rglob("*.png")}
    before = [a for a in comparable(expected(name), kept)["attempts"] if (image := a["image"]) and image["key"] in kept]
    record = comparable(resumed(COMMANDS[name], str(out), capsys), kept)
    assert len(before) >= 2
    assert [attempt for attempt in before if attempt not in record["attempts"]] == []
    assert comparable(resumed(COMMANDS[name], str(out), capsys), kept) == record, "what is recorded is not paid for again"


def test_an_unknown_picture_between_others_is_sent_once_more_and_every_other_attempt_stays(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = shutil.copytree(DATA / "folder", tmp_path / "out")
    before = resumed(["resume", "unknown-between"], str(out), capsys)
    record = resumed(["resume", "unknown-between", "--resend-unknown"], str(out), capsys)
    assert record["usage"]["images"] == before["usage"]["images"] + 1
    lost, found = (run["attempts"].pop(1) for run in (before, record))
    assert (lost["problem"]["kind"], found["problem"], found["image"]["key"]) == (
        "unknown",
        None,
        "unknown-between/000-001.png",
    )
    assert record["attempts"] == before["attempts"]


@pytest.mark.parametrize("name", BUCKET)
def test_a_run_of_a_bucket_resumes(name: str, s3: Service, capsys: pytest.CaptureFixture[str]) -> None:
    place = new_place()
    objects = open_bucket(place).objects
    dump: dict[str, dict[str, str]] = json.loads((DATA / "bucket.json").read_text("utf-8"))
    for key, entry in dump.items():
        objects.replace(key, base64.b64decode(entry["base64"]), entry["media_type"])
    record = comparable(resumed(COMMANDS[name], place, capsys), set(dump))
    assert record == comparable(expected(name), set(dump))
    assert comparable(resumed(COMMANDS[name], place, capsys), set(dump)) == record
