"""Every command on runs that are stored in a bucket."""

from __future__ import annotations

import json
import re
import urllib.request
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from onbrief.cli import main
from tests.buckets import ALL, BUCKET, LEAST, Rights, Service, new_place

SMALL = ["--size", "512x512", "--quiet"]


@pytest.fixture
def out(s3: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)
    return new_place()


def printed(capsys: pytest.CaptureFixture[str]) -> str:
    return capsys.readouterr().out.strip()


def test_a_run_leaves_in_a_bucket_what_it_leaves_in_a_folder(
    s3: Service, out: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", "a red circle", "--out", out, "--run-id", "mine", *SMALL]) == 0
    assert re.fullmatch(rf"{out}/mine/\d+-\d+\.png", printed(capsys))
    assert main(["run", "a red circle", "--out", "folder", "--run-id", "mine", *SMALL]) == 0
    there = [key for key in s3.keys(f"{out}/mine") if not key.startswith("calls/")]
    assert there == sorted(path.name for path in Path("folder").rglob("mine/*"))
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]


def test_every_command_reads_a_bucket(s3: Service, out: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "a red circle", "--out", out, "--run-id", "mine", "--json", *SMALL]) == 0
    record = json.loads(printed(capsys))
    assert main(["show", "mine", "--out", out, "--json"]) == 0
    assert json.loads(printed(capsys)) == record
    assert main(["list", "--out", out, "--json"]) == 0
    assert [(row["run_id"], row["outcome"], row["live"]) for row in json.loads(printed(capsys))] == [("mine", "passed", False)]
    assert main(["report", "mine", "--out", out]) == 0
    assert printed(capsys) == f"{out}/mine/report.html"
    assert main(["report", "mine", "--out", out, "-o", "sheet.png"]) == 0
    assert Path(printed(capsys)).read_bytes()[:4] == b"\x89PNG"
    assert main(["show", "mine", "--out", out, "--link", "1"]) == 0
    with urllib.request.urlopen(printed(capsys)) as answer:  # noqa: S310 - the test's own service
        assert answer.headers["Content-Type"] == "image/png"
    assert main(["resume", "mine", "--out", out, "--json", "--quiet"]) == 0
    assert json.loads(printed(capsys))["attempts"] == record["attempts"]
    assert main(["rm", "mine", "--out", out, "--yes"]) == 0
    assert s3.keys(out) == [".write-check"]
    assert main(["show", "mine", "--out", out]) == 2


def test_every_command_asks_in_the_region_of_the_bucket(
    s3: Service, out: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ONBRIEF_BUCKET_REGION", "eu-north-1")
    place = ["--out", out]
    assert main(["run", "a red circle", "--run-id", "mine", *place, *SMALL]) == 0
    for command in (["show"], ["show", "--json"], ["report"], ["resume", "--quiet"]):
        assert main([*command, "mine", *place]) == 0
    assert main(["list", *place]) == 0
    assert main(["doctor", *place]) == 0
    capsys.readouterr()
    assert main(["show", "mine", "--link", "1", *place]) == 0
    assert "%2Feu-north-1%2Fs3%2F" in printed(capsys)
    assert main(["rm", "mine", "--yes", *place]) == 0
    assert s3.regions == {"eu-north-1"}


def test_a_run_is_resumed_with_higher_limits(s3: Service, out: str, capsys: pytest.CaptureFixture[str]) -> None:
    impossible = ["a red circle, without circles", "--out", out, "--run-id", "mine", "--json", *SMALL]
    assert main(["run", *impossible, "--max-images", "2"]) == 3
    first = json.loads(printed(capsys))
    assert main(["resume", "mine", "--out", out, "--max-images", "3", "--json", "--quiet"]) == 3
    second = json.loads(printed(capsys))
    assert second["attempts"][:2] == first["attempts"]
    assert len(second["attempts"]) == second["usage"]["images"] == 3
    drawn = Counter(request for request in s3.requests if request.startswith("PUT") and request.endswith(".png"))
    assert set(drawn.values()) == {1}


def test_pictures_of_a_prompt_can_be_made_at_once(out: str, capsys: pytest.CaptureFixture[str]) -> None:
    impossible = ["a red circle, without circles", "--max-images", "8", "--parallel", "4", "--json", *SMALL]
    records: list[dict[str, Any]] = []
    for place in (out, "folder"):
        assert main(["run", *impossible, "--seed", "1", "--run-id", "mine", "--out", place]) == 3
        records.append(json.loads(printed(capsys)))
    there, here = ([(a["revision"], a["attempt"], a["seed"], a["image"]["sha256"]) for a in r["attempts"]] for r in records)
    assert sorted(there) == sorted(here)
    assert len(there) == 8


def test_a_bucket_that_is_not_there_is_a_usage_error_before_anything_is_made(
    s3: Service, out: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", "a red circle", "--out", "s3://no-such-bucket/x", *SMALL]) == 2
    error = capsys.readouterr().err
    assert re.match(r"error: out: 's3://no-such-bucket/x' is not allowed; expected an existing bucket: .*\n$", error)
    assert list(tmp_path.iterdir()) == []
    assert main(["list", "--out", "s3://no-such-bucket/x"]) == 1


def test_a_picture_that_the_bucket_does_not_take_is_not_drawn_again(
    s3: Service, out: str, capsys: pytest.CaptureFixture[str]
) -> None:
    s3.fault = lambda method, path: "403 AccessDenied" if method == "PUT" and path.endswith(".png") else None
    command = ["run", "a red circle", "--out", out, "--run-id", "mine", "--json", *SMALL]
    assert main(command) == 1
    assert "cannot be written: 403" in json.loads(printed(capsys))["reason"]
    s3.fault = lambda method, path: None
    assert main(command) == 0
    record = json.loads(printed(capsys))
    begun = [json.loads(line)["entry"]["call"]["kind"] for line in calls(s3, out) if '"event":"begin"' in line]
    assert begun.count("image") == len(record["attempts"]) == record["usage"]["images"]
    assert record["usage"]["unknown_calls"] == 0


def test_a_run_needs_no_more_than_to_put_and_to_get(s3: Service, out: str, capsys: pytest.CaptureFixture[str]) -> None:
    s3.rights = Rights(LEAST, under=out.removeprefix(f"s3://{BUCKET}/") + "/")
    impossible = ["a red circle, without circles", "--out", out, "--max-images", "2", "--json", *SMALL]
    assert main(["run", *impossible]) == 3
    output, error = capsys.readouterr()
    first = json.loads(output)
    warning = "interrupted runs of this order could not be looked up, so a new one is begun"
    assert [line.startswith(warning) and "s3:ListBucket" in line for line in first["warnings"]] == [True]
    assert main(["resume", first["run_id"], "--out", out, "--max-images", "3", "--json", "--quiet"]) == 3
    second = json.loads(capsys.readouterr().out)
    assert (second["attempts"][:2], len(second["attempts"])) == (first["attempts"], 3)
    assert main(["show", first["run_id"], "--out", out, "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == second
    assert main(["doctor", "--out", out, "--json"]) == 0
    checked = {about["about"]: about for about in json.loads(capsys.readouterr().out)}
    assert [(checked[about]["state"], "s3:ListBucket" in checked[about]["told"]) for about in ("out", "ledger")] == [
        ("ok", False),
        ("warning", True),
    ]
    for command in (["list"], ["rm", first["run_id"], "--yes"]):
        assert main([*command, "--out", out]) == 1
        error = capsys.readouterr().err
        needed = r"\(these credentials need s3:ListBucket on arn:aws:s3:::pictures: allow it "
        assert re.match(rf"error: .* 403 Forbidden, AccessDenied, .*{needed}", error)
    s3.rights = ALL
    assert [key for key in s3.keys(out) if "/" not in key] == [".write-check"]


def calls(s3: Service, out: str) -> list[str]:
    bucket, _, prefix = out.removeprefix("s3://").partition("/")
    keys = [key for key in s3.keys(out) if "/calls/" in key]
    return [s3.client.get_object(Bucket=bucket, Key=f"{prefix}/{key}")["Body"].read().decode() for key in keys]
