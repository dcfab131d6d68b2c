"""`onbrief run --review` on a terminal with a real editor, and `onbrief checklist`."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from onbrief.cli import main

QUESTION = b"[a/e/c] "
RUN = ["run", "three red circles", "--review", "--quiet", "--size", "512x512", "--max-images", "1", "--json"]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@dataclass(frozen=True)
class Session:
    code: int
    screen: str
    out: str

    @property
    def checklist(self) -> list[str]:
        return [requirement["text"] for requirement in json.loads(self.out)["checklist"]["requirements"]]

    @property
    def prompt(self) -> str:
        return json.loads(self.out)["prompts"][0]["text"]


def typed(*answers: str, editor: str = "false", command: Sequence[str] = RUN) -> Session:
    """Run a command on a terminal of its own, and type an answer each time that it asks."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "onbrief", *command],
        stdin=theirs,
        stderr=theirs,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "VISUAL": editor},
        preexec_fn=lambda: (os.setsid(), os.close(os.open(os.ttyname(theirs), os.O_RDWR))),  # Ctrl-C is a key of it
    )
    os.close(theirs)
    screen, left = b"", list(answers)
    while True:
        try:
            read = os.read(ours, 4096)
        except OSError:  # as Linux says that the other end is closed
            break
        screen += read
        while left and screen.count(QUESTION) > len(answers) - len(left):
            os.write(ours, left.pop(0).encode())
    out, _ = process.communicate()
    os.close(ours)
    return Session(process.returncode, screen.decode(), out)


def editor(folder: Path, script: str) -> str:
    file = folder / "editor.sh"
    file.write_text(f"#!/bin/sh\n{script}\n")
    file.chmod(0o755)
    return str(file)


def calls(folder: Path, capsys: pytest.CaptureFixture[str]) -> list[str]:
    capsys.readouterr()
    assert main(["list", "--json"]) == 0
    return [row["run_id"] for row in json.loads(capsys.readouterr().out)]


def test_an_accepted_checklist_is_used_as_it_is() -> None:
    seen = typed("a\n")
    assert seen.prompt == "three red circles"
    assert "r2   must  count     there are exactly three circles" in seen.screen
    assert seen.checklist == ["there are circles", "there are exactly three circles", "the circles are red"]


@pytest.mark.parametrize("answer", ["c\n", "\x03", "\x04"], ids=["cancel", "Ctrl-C", "Ctrl-D"])
def test_cancel_ends_with_130_and_the_same_command_asks_again_in_the_same_run(
    answer: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    seen = typed(answer)
    assert seen.code == 130
    record = json.loads(seen.out)
    assert (record["outcome"], record["attempts"], record["usage"]["images"]) == ("cancelled", [], 0)
    if answer != "c\n":
        return
    again = json.loads(typed("a\n").out)
    assert again["run_id"] == record["run_id"]
    assert again["usage"]["text_calls"] == record["usage"]["text_calls"] == 1
    assert len(calls(folder, capsys)) == 1


def test_what_is_added_without_a_kind_gets_that_of_its_words(folder: Path) -> None:
    added = "\\n".join(
        f'[[requirements]]\\ntext = "{text}"' for text in ("exactly 2 squares", "no people or cars", "it is a drawing")
    )
    seen = typed("e\n", "a\n", editor=editor(folder, f"""printf '\\n{added}\\n' >> "$1" """))
    kinds = [(r["id"], r["kind"], r["text"]) for r in json.loads(seen.out)["checklist"]["requirements"]]
    assert kinds[3:] == [
        ("r4", "count", "exactly 2 squares"),
        ("r5", "absence", "there is no people"),
        ("r6", "absence", "there is no cars"),
        ("r7", "whole", "it is a drawing"),
    ]


def test_an_edited_checklist_is_frozen_and_survives_a_resume(folder: Path) -> None:
    with_editor = editor(folder, """sed -i -e 's/exactly three/exactly two/' -e 's/id = "r3"/id = ""/' "$1" """)
    seen = typed("e\n", "a\n", editor=with_editor)
    wanted = ["there are circles", "there are exactly two circles", "the circles are red"]
    assert seen.checklist == wanted
    assert seen.prompt == "three red circles. there are exactly two circles"
    run_id = json.loads(seen.out)["run_id"]
    again = typed(command=["resume", run_id, "--review", "--quiet", "--json", "--max-images", "2"])
    assert QUESTION.decode() not in again.screen
    assert (again.checklist, again.prompt) == (wanted, seen.prompt)


def test_what_is_added_to_the_checklist_is_in_the_first_prompt_as_one_that_is_required(folder: Path) -> None:
    table = """[[requirements]]\ntext = "the picture is calm"\nkind = "style"\nmust = false"""
    seen = typed("e\n", "a\n", editor=editor(folder, f"""printf '%s\n' '{table}' >> "$1" """))
    assert seen.checklist[3] == "the picture is calm"
    assert seen.prompt == "three red circles. the picture is calm"
    required = typed(command=[*RUN[:2], "--prefer", "the picture is calm", *RUN[3:]])
    assert required.prompt == seen.prompt


def test_what_is_wrong_with_an_edited_checklist_is_said_and_edited_again(folder: Path) -> None:
    broken = """if grep -q oops "$1"; then sed -i '/oops/d' "$1"; else echo 'oops = 1' >> "$1"; fi"""
    seen = typed("e\n", "e\n", "a\n", editor=editor(folder, broken))
    assert "requirements.2.oops in the checklist: 1 is not allowed" in seen.screen
    assert seen.checklist == ["there are circles", "there are exactly three circles", "the circles are red"]
    assert "error: the editor false ended with exit code 1" in typed("e\n", "c\n").screen


@pytest.mark.parametrize(
    ("arguments", "told"), [([], "--review needs a terminal"), (["--dry-run"], "one of --review and --dry-run")]
)
def test_without_a_terminal_it_is_refused_and_nothing_is_written(
    arguments: list[str], told: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*RUN, *arguments]) == 2
    assert told in capsys.readouterr().err
    assert list(folder.iterdir()) == []


# -- onbrief checklist -------------------------------------------------------------------------------------------------

BRIEF = "a photo of three red circles, no text"


def test_a_checklist_is_shown_with_what_the_brief_leaves_open(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["checklist", BRIEF, "--require", "the picture is calm"]) == 0
    out = capsys.readouterr().out
    assert "r3   must  count     there are exactly three circles" in out
    assert "the brief says “a photo”" in out
    assert main(["checklist", BRIEF, "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["questions"][0]["words"] == "a photo"
    assert list(folder.iterdir()) == []
    assert main(["checklist", BRIEF, "--json", "--toml"]) == 2


def test_a_checklist_can_be_given_back_as_a_brief(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["checklist", BRIEF, "--avoid", "dogs", "--require", 'the word "\x7f\\" can be read', "--size", "512x512"]
    assert main([*command, "--json"]) == 0
    sha256 = json.loads(capsys.readouterr().out)["checklist"]["sha256"]
    assert main([*command, "--toml"]) == 0
    Path("brief.toml").write_text(capsys.readouterr().out)
    assert main(["checklist", "brief.toml", "--no-plan", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["checklist"]["sha256"] == sha256
