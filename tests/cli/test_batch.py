"""`onbrief batch` from outside: what goes where, and with which exit code it ends."""

from __future__ import annotations

import io
import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from onbrief.cli import main
from onbrief.results import Result

EXCEL = (
    '\ufeffID;Brief;Avoid;Size\r\nstar-1;two green stars;;512x512\r\n;"a red circle; and\r\na blue square";people;512x512\r\n'
)
FLAGS = ["--out", "shop", "--max-images", "1"]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("shop.csv").write_bytes(EXCEL.encode())
    return tmp_path


def results() -> list[Result]:
    return [Result.from_json(line) for line in Path("shop/results.jsonl").read_text().splitlines()]


def test_a_spreadsheet_of_a_designer_becomes_a_page_and_costs_nothing_again(capsys: pytest.CaptureFixture[str]) -> None:
    code = main(["batch", "shop.csv", *FLAGS])
    assert code in {0, 3}
    told = capsys.readouterr()
    assert told.out == "shop/index.html\n"
    assert "2 of 2 done" in told.err
    first, second = results()
    assert (first.id, first.run_id, first.number, second.number) == ("star-1", "star-1", 2, 3)
    assert "two green stars" in Path("shop/index.html").read_text()
    pictures = {path: path.stat().st_mtime_ns for path in Path("shop").glob("*/*.png")}
    assert main(["batch", "shop.csv", *FLAGS, "--json"]) == code
    assert json.loads(capsys.readouterr().out)["done"] == 2
    assert {path: path.stat().st_mtime_ns for path in Path("shop").glob("*/*.png")} == pictures


def test_standard_input_is_a_stream_of_briefs(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    lines = b'{"text": "two green stars", "id": "a", "size": "512x512"}\n'
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(lines)))
    assert main(["batch", "-", *FLAGS, "--quiet"]) in {0, 3}
    assert [result.id for result in results()] == ["a"]
    assert capsys.readouterr().out == "shop/index.html\n"


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("id,text\na,two stars\na,three stars\n", "line 3: id: 'a'"),
        ("text,size\ntwo stars,big\n", "line 2: size: 'big' is not allowed"),
        ("text,judge\ntwo stars,nobody:x\n", "line 2: judge: "),
        ("text,agespect\ntwo stars,1\n", "did you mean 'aspect'"),
        ("id,name\na,b\n", "text"),
        ("", "shop.csv"),
    ],
)
def test_a_broken_file_is_told_by_line_and_field_and_nothing_is_begun(
    content: str, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("shop.csv").write_text(content)
    assert main(["batch", "shop.csv", *FLAGS]) == 2
    assert told in capsys.readouterr().err
    assert not Path("shop").exists()


def test_a_broken_row_can_be_skipped_and_is_told_in_the_results(capsys: pytest.CaptureFixture[str]) -> None:
    Path("shop.csv").write_text("id,text,size\na,two stars,512x512\nb,three stars,big\n")
    assert main(["batch", "shop.csv", *FLAGS, "--skip-bad", "--quiet"]) == 3
    assert [result.outcome for result in results()][1] == "invalid"
    assert "1 row left out" in capsys.readouterr().err


def test_a_dry_run_says_what_the_file_comes_to_and_writes_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["batch", "shop.csv", *FLAGS, "--max-total-usd", "5", "--dry-run"]) == 0
    assert capsys.readouterr().out == "2 briefs, at most 2 images, at most $5\n"
    Path("shop.csv").write_text("two stars\n")
    Path("shop.csv").rename("shop.txt")
    assert main(["batch", "shop.txt", *FLAGS, "--dry-run"]) == 0
    assert capsys.readouterr().out == "1 brief, at most 1 image\n"
    assert main(["batch", "shop.txt", *FLAGS, "--max-total-usd=-1"]) == 2
    assert "max_total_usd: -1.0 is not allowed" in capsys.readouterr().err
    assert not Path("shop").exists()


def test_a_place_of_another_batch_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    Path("shop.csv").write_text("text,size\ntwo stars,512x512\n")
    assert main(["batch", "shop.csv", *FLAGS, "--quiet"]) in {0, 3}
    Path("shop.csv").rename("other.csv")
    assert main(["batch", "other.csv", *FLAGS]) == 2
    assert "choose another --out" in capsys.readouterr().err


def test_ctrl_c_ends_what_is_in_progress_and_the_same_command_goes_on() -> None:
    Path("shop.csv").write_text("id,text,size\n" + "".join(f"a{n},{n} green stars,512x512\n" for n in range(1, 6)))
    command = [sys.executable, "-m", "onbrief", "batch", "shop.csv", *FLAGS, "--concurrency", "1"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stderr
        for line in process.stderr:
            if line.startswith("a1 "):
                process.send_signal(signal.SIGINT)
                break
        told = process.stderr.read()
    assert process.returncode == 130
    assert " not finished\nhint: give the same command again to go on" in told
    assert 1 <= len(results()) < 5
    assert main(["batch", "shop.csv", *FLAGS, "--quiet"]) in {0, 3}
    assert [result.id for result in results()] == [f"a{n}" for n in range(1, 6)]
