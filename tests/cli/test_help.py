"""`--help`, and what a shell offers on TAB."""

from __future__ import annotations

import inspect
import os
import pty
import subprocess
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from onbrief.cli import app, main

OWN: dict[str, tuple[str, str]] = vars(app)["_OWN"]
OPUS = "bedrock:global.anthropic.claude-opus-5-5"
QUICK = """
import sys
from onbrief.cli import main
main(["--help"])
heavy = {"pydantic", "asyncio", "sqlalchemy", "PIL"}
heavy |= {f"onbrief.{name}" for name in ("config", "settings", "attempt", "record", "cli.run", "cli.flags")}
sys.exit(", ".join(sorted(heavy & sys.modules.keys())) or 0)
"""


@pytest.mark.parametrize("command", ["", *OWN, "sandbox"])
def test_help_begins_with_examples_and_groups_flags(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*filter(None, [command]), "--help"]) == 0
    out = capsys.readouterr().out
    assert out.index("For example:") < out.index("──")
    assert "[default: False]" not in out
    assert "[default: None]" not in out


def test_each_line_of_the_page_of_all_commands_is_that_of_its_command() -> None:
    for place, summary in OWN.values():
        module, _, name = place.partition(":")
        function = getattr(import_module(f"onbrief.cli.{module}"), name)
        assert " ".join((inspect.getdoc(function) or "").split("\n\n")[0].split()) == summary


def test_the_page_of_all_commands_loads_none_of_them() -> None:
    result = subprocess.run([sys.executable, "-c", QUICK], capture_output=True, text=True, check=False)
    assert (result.returncode, result.stderr) == (0, "")


@pytest.mark.parametrize(
    ("command", "parts"),
    [
        ("run", ["─ Brief ─", "─ Models, and what passes ─", "─ Limits ─", "─ This run ─", "─ Output ─"]),
        ("run", ["Maximum number of pictures. [default: 12]", "in US dollars. [default: no limit]", "[default: onbrief-runs]"]),
        ("judge", ["[default: fair]", "[default: that of the image model's provider]"]),
        ("resume", ["Maximum number of pictures. [default: as before]"]),
    ],
)
def test_groups_and_defaults(command: str, parts: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main([command, "--help"]) == 0
    words = " ".join(capsys.readouterr().out.replace("│", " ").split())
    assert [part for part in parts if part not in words] == []


@pytest.fixture
def tab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Callable[[str], str]:
    """Complete a line in a real bash, in a folder with a run, by the script that --install-completion writes."""
    monkeypatch.chdir(tmp_path)
    assert main(["run", "a red circle", "--size", "512x512", "--run-id", "mine", "--quiet"]) == 0
    assert main(["--install-completion", "--shell", "bash", "--output", "done.bash"]) == 0
    assert "Completion script installed" in capfd.readouterr().out
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")

    def complete(line: str) -> str:
        ours, theirs = pty.openpty()
        shell: Any = subprocess.Popen(
            ["bash", "--norc", "--noprofile", "-i"],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
            env={**os.environ, "PS1": "next> ", "TERM": "dumb"},
        )
        os.close(theirs)
        screen, typing = b"", [". ./done.bash\n", f'{line}\t\x01echo "<\x05>"\n', "exit\n"]
        while True:
            try:
                screen += os.read(ours, 4096)
            except OSError:  # as Linux says that the other end is closed
                break
            if typing and screen.count(b"next> ") > 3 - len(typing):
                os.write(ours, typing.pop(0).encode())
        shell.wait()
        os.close(ours)
        return screen.decode().rpartition("\n<")[2].partition(">")[0]

    return complete


@pytest.mark.parametrize(
    ("line", "completed"),
    [
        ("onbrief report m", "onbrief report mine "),
        (
            "onbrief run x --judge bedrock:global.anthropic.claude-o",
            "onbrief run x --judge bedrock:global.anthropic.claude-opus-5-5 ",
        ),
        ("onbrief run x --policy c", "onbrief run x --policy classic "),
        ("onbrief cal", "onbrief calibrate "),
    ],
)
def test_a_shell_completes_runs_models_policies_and_commands(line: str, completed: str, tab: Callable[[str], str]) -> None:
    assert tab(line) == completed


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_other_shells_ask_for_runs_and_models_too(shell: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--install-completion", "--shell", shell, "--output", str(tmp_path / "script")]) == 0
    script = (tmp_path / "script").read_text("utf-8")
    assert "__complete" in script
    assert "adaptive" in script


def offered(words: str, capsys: pytest.CaptureFixture[str]) -> list[str]:
    main(["__complete", *words.split(" ")])
    return [line.partition("\t")[0] for line in capsys.readouterr().out.splitlines() if line and not line.startswith("\x1f")]


def test_only_models_of_that_kind_are_offered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    images, judges = offered("run x --image-model ", capsys), offered("run x --judge ", capsys)
    assert "bedrock:stability.stable-image-core-v1:1" in images
    assert "bedrock:amazon.nova-canvas-v1:0" not in images  # it has ended
    assert OPUS in judges
    assert not set(images) & set(judges)
    assert offered("show ", capsys) == []  # there are no runs here, and no error
    assert list(tmp_path.iterdir()) == []
