"""Output fits every terminal and pipe, and a pipe that nobody reads any more is no error."""

from __future__ import annotations

import contextlib
import io
import json
import os
import sys
import tomllib
from collections.abc import Generator
from pathlib import Path

import pytest

from onbrief.cli import main
from onbrief.pictures.detector import _in_file  # pyright: ignore[reportPrivateUsage]

BRIEF = "赤い丸 🎈 “é” a red circle"
RUN = ["run", BRIEF, "--size", "512x512", "--max-images", "1", "--run-id", "mine", "--require", "赤い 🎈"]
PICTURE = "onbrief-runs/mine/000-000.png"
COMMANDS = [
    ["resume", "mine", "--max-images", "2"],
    ["run", BRIEF, "--dry-run"],
    ["list"],
    ["show", "mine"],
    ["judge", BRIEF, PICTURE],
    ["report", "mine"],
    ["report", "mine", "-o", "赤い🎈.html"],
    ["label", "mine", "r1=yes", "--by", "ゆき🎈", "--note", "é"],
    ["label", "--export"],
    ["calibrate"],
    ["models"],
    ["doctor"],
    ["config"],
    ["checklist", BRIEF],
    ["rm", "赤い"],
    ["sandbox", "--faults", "赤い🎈.toml"],
    ["judge", BRIEF, "赤い🎈.png"],
    ["calibrate", "赤い🎈.jsonl"],
    ["list", "--out", "赤い🎈"],
    ["run", "赤い🎈.csv"],
    ["run", "赤い", "🎈"],
    ["赤い", "🎈"],
    ["run", "--help"],
]
DOCUMENTS = [["list"], ["show", "mine"], ["label", "mine"], ["checklist", BRIEF], ["run", BRIEF, "--dry-run"], ["models"]]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Generator[Path]:
    folder = tmp_path_factory.mktemp("art")
    with contextlib.chdir(folder), pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOME", str(folder))
        assert main([*RUN, "--quiet"]) == 3
        assert main(["label", "mine", "r1=yes", "--by", "somebody"]) == 0  # for `label --export`, whichever test is first
        yield folder


def through(encoding: str, arguments: list[str], monkeypatch: pytest.MonkeyPatch) -> tuple[int, str, str]:
    """Run a command whose output has this encoding, as Python sets it up for a terminal or a pipe."""
    streams = [io.TextIOWrapper(io.BytesIO(), encoding=encoding) for _ in range(2)]
    with monkeypatch.context() as patch:
        patch.setattr(sys, "stdout", streams[0])
        patch.setattr(sys, "stderr", streams[1])
        code = main(arguments)
    for stream in streams:
        stream.flush()
    out, err = (stream.buffer.getvalue().decode(encoding) for stream in streams)  # pyright: ignore[reportAttributeAccessIssue]
    return code, out, err


@pytest.mark.parametrize("arguments", COMMANDS, ids=" ".join)
def test_no_command_fails_at_characters_that_the_terminal_lacks(
    arguments: list[str], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for encoding in ("ascii", "cp1252"):
        code, out, err = through(encoding, arguments, monkeypatch)
        assert "Traceback" not in err
        assert code in {0, 2, 3}
        assert out or err


@pytest.mark.parametrize("arguments", DOCUMENTS, ids=" ".join)
def test_documents_say_the_same_in_every_encoding(arguments: list[str], folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    documents = [json.loads(through(encoding, [*arguments, "--json"], monkeypatch)[1]) for encoding in ("utf-8", "ascii")]
    assert documents[0] == documents[1]


def test_a_brief_file_says_the_same_in_every_encoding(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for encoding in ("utf-8", "ascii", "cp1252"):
        assert tomllib.loads(through(encoding, ["checklist", BRIEF, "--toml"], monkeypatch)[1])["text"] == BRIEF


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_files_that_a_user_gives_may_have_a_byte_order_mark(
    encoding: str, tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["label", "mine", "r1=no"]) == 0
    assert main(["label", "--export", "--output", str(tmp_path / "labels.jsonl")]) == 0
    labels = tmp_path / "labels.jsonl"
    labels.write_bytes(labels.read_text("utf-8").encode(encoding))
    main(["calibrate", str(labels)])
    assert "too few labels" in capsys.readouterr().err  # it was read
    monkeypatch.chdir(tmp_path)
    (tmp_path / "onbrief.toml").write_bytes('max_images = 3\n[detector]\nnames = "names.txt"\n'.encode(encoding))
    assert main(["config", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["max_images"] == {"value": 3, "from": "onbrief.toml"}
    (tmp_path / "names.txt").write_bytes("cat\ncafé\n".encode(encoding))
    assert _in_file("names.txt") == ("cat", "café")


CLOSED = [
    ["--help"],
    ["run", "--help"],
    ["--version"],
    ["list"],
    ["list", "--json"],
    ["show", "mine"],
    ["show", "mine", "--json"],
    ["show", "mine", "--link", "1"],
    ["models"],
    ["doctor"],
    ["config"],
    ["checklist", "a cat"],
    ["checklist", "a cat", "--toml"],
    ["run", "a cat", "--dry-run"],
    ["report", "mine"],
    ["label", "mine", "r1=yes"],
    ["label", "--export"],
]


@pytest.mark.parametrize("arguments", CLOSED, ids=" ".join)
def test_a_pipe_that_nobody_reads_is_no_error(
    arguments: list[str], folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with open(writing, "w", encoding="utf-8") as pipe, monkeypatch.context() as patch:  # noqa: PTH123 - it has no path
        patch.setattr(sys, "stdout", pipe)
        assert main(arguments) == 0
    assert "rror" not in capsys.readouterr().err
