"""What the terminal says about each event."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from onbrief.attempt import Attempt, Problem
from onbrief.brief import Brief
from onbrief.cli import main
from onbrief.errors import OverBudget
from onbrief.events import ImageJudged, Waiting
from onbrief.ledger.budget import Budget
from onbrief.limits import Limits
from onbrief.policy import limit_reached
from onbrief.progress import lines
from onbrief.record import Models, Run
from onbrief_sandbox.server.app import Terms
from onbrief_sandbox.server.faults import Fault, Script
from tests.providers.wiring import CORE, at, keys
from tests.sandbox.server.serving import served

RUN = Run(run_id="r", seed=1, brief=Brief(text="a circle"), models=Models("a:", "b:", "c:"), started="2026-11-28T10:00:00Z")


BUSY = "ThrottlingException: too many requests"


@pytest.mark.parametrize(
    ("event", "line"),
    [
        (Waiting(RUN, "image/000-001", 12.34, BUSY, 1), f"  waiting 12.3 s before image/000-001, try 2: {BUSY}"),
        (Waiting(RUN, "plan/000-000", 60.0, BUSY), f"  waiting 60.0 s before plan/000-000, try 1: {BUSY}"),
        (
            Waiting(RUN, "image/000-001", 0.5, BUSY, 1, 10.2),
            f"  waiting 0.5 s before image/000-001, try 2, 10 s after the first: {BUSY}",
        ),
        (Waiting(RUN, "image/000-001", 1.5, BUSY, 2, 0.4), None),
        (Waiting(RUN, "image/000-001", 1.5, BUSY, 2, 0.5), f"  waiting 1.5 s before image/000-001, try 3: {BUSY}"),
    ],
)
def test_a_wait_of_two_seconds_says_how_long_before_which_try_of_which_call_and_why(event: Waiting, line: str | None) -> None:
    assert lines(event) == ([line] if line else [])


def test_an_edited_picture_says_what_it_is_a_repair_of_and_by_what() -> None:
    edit = Attempt(0, 3, 1, problem=Problem("failed", "no dog"), model="test:editor", base="000-002", must="r3")
    (line,) = lines(ImageJudged(RUN.with_attempt(edit), edit))
    assert line.startswith("  image 000-003, repair of 000-002: r3, by test:editor failed: no dog [")


def test_a_long_reason_is_cut() -> None:
    (line,) = lines(Waiting(RUN, "judge/000-000", 2.0, "x" * 500))
    assert line.endswith("x…")
    assert len(line) < 230


def test_a_line_says_of_how_many_of_how_much_and_for_how_long() -> None:
    attempt = Attempt(0, 1, 5, problem=Problem("unreadable", "no answer"))
    run = replace(RUN, attempts=(attempt,), usage=replace(RUN.usage, images=2, usd=0.08, seconds=12.4))
    for limits, used in (
        (Limits(images=3), "2 of 3 images, $0.08, 12 s"),
        (Limits(usd=1.5, seconds=60), "2 of 12 images, $0.08 of $1.50, 12 of 60 s"),
        (Limits(usd=0.005), "2 of 12 images, $0.08 of $0.005, 12 s"),
    ):
        assert lines(ImageJudged(run, attempt), limits) == [f"  image 000-001 unreadable: no answer [{used}]"]
    judged = replace(run, kind="judge", attempts=(attempt, replace(attempt, attempt=2, problem=None)))
    assert lines(ImageJudged(judged, attempt)) == ["  image 000-001 unreadable: no answer [1 of 2 judged, $0.08, 12 s]"]


def test_the_status_line_fits_60_columns_with_seconds_and_limits(tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 60, 0, 0))
    limits = ["--max-images", "2", "--max-usd", "15.5", "--max-seconds", "90"]
    model = ["--image-model", "sandbox:?usd=1.25&seconds=2.2", "--size", "512x512", "--out", str(tmp_path)]
    command = [sys.executable, "-m", "onbrief", "run", "a red circle", "--require", "the circle is blue", *limits, *model]
    process = subprocess.Popen(command, stdout=theirs, stderr=theirs, env={**os.environ, "TERM": "xterm", "COLUMNS": "60"})
    os.close(theirs)
    screen = b""
    while True:
        try:
            screen += os.read(ours, 4096)
        except OSError:  # as Linux says that the other end is closed
            break
    process.wait()
    os.close(ours)
    shown = {" ".join(line.split()) for line in re.split(r"[\r\n]|\x1b\[[0-9;?]*[A-Za-z]|[\u2800-\u28ff]", screen.decode())}
    status = [line for line in shown if " · " in line]
    assert [line for line in status if len(line) > 58 or "…" in line] == []
    told = [re.sub(r"\b\d+ of 90 s", "S of 90 s", re.sub(r"\(\d+ s\)", "(S s)", line)) for line in status]
    assert {
        "drawing · image 1 of 2 · $0.00 of $15.50 · S of 90 s",
        "drawing (S s) · image 1 of 2 · $0.00 of $15.50 · S of 90 s",
        "judging · image 2 of 2 · $2.50 of $15.50 · S of 90 s",
    } <= {*told}


def test_where_there_is_no_terminal_a_line_says_what_takes_long(
    onbrief: Callable[..., tuple[int, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("onbrief.progress._LONG_SILENCE", 0.2)
    _, err = onbrief("--image-model", "sandbox:?seconds=1", "--max-images", "3", "--size", "512x512")
    assert re.search(r"^  drawing · image 1 of 3 · \$0\.00 · [01] s$", err, re.MULTILINE)


@pytest.fixture
def onbrief(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str]]:
    monkeypatch.chdir(tmp_path)
    keys(monkeypatch)

    def run(*options: str) -> tuple[int, str]:
        command = [
            "run",
            "a red circle",
            "--require",
            "a red circle",
            "--no-plan",
            "--judge",
            "sandbox:",
            "--reviser",
            "sandbox:",
        ]
        return main([*command, *options]), capsys.readouterr().err

    return run


def _longest(low: float, high: float) -> float:
    """Waits of 1, 2 and 4 seconds, whatever the chance."""
    return high


@pytest.mark.parametrize("url", ["http://127.0.0.1:9", "http://no-such-host.invalid:80"], ids=["refused", "unknown host"])
def test_an_endpoint_that_cannot_be_reached_is_seen_to_be_tried_again(
    url: str, onbrief: Callable[..., tuple[int, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", url)
    monkeypatch.setattr("random.uniform", _longest)
    code, err = onbrief("--image-model", f"bedrock:{CORE}", "--max-seconds", "4", "--run-id", "mine")
    waited = [line for line in err.splitlines() if line.startswith("  waiting ")]
    assert (code, bool(waited)) == (1, True)
    assert all("before image/000-000, try " in line and url in line for line in waited)
    usage = json.loads(Path("onbrief-runs/mine/run.json").read_text())["usage"]
    assert usage["waits"] >= len(waited)
    assert usage["waited_seconds"] > 1
    assert usage["images"] == 0


@pytest.mark.parametrize(
    ("does", "outcome"),
    [
        (Fault(does="status", status=403, type="AccessDeniedException"), "failed"),
        (Fault(does="filtered"), "blocked"),
        (Fault(does="reset"), "unknown"),
    ],
    ids=["failed", "blocked", "unknown"],
)
def test_quiet_does_not_hide_why_a_run_did_not_pass(
    does: Fault, outcome: str, onbrief: Callable[..., tuple[int, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    with served(Terms(script=Script((does,)))) as server:
        at(server.port, monkeypatch)
        code, err = onbrief("--image-model", f"bedrock:{CORE}", "--quiet", "--max-images", "1")
    shown = [line for line in err.splitlines() if not line.startswith(("hint: ", "report: ", "warning: "))]
    assert code != 0
    assert [line.partition(":")[0] for line in shown] == [outcome]
    assert len(shown[0]) > len(outcome) + 10


def test_quiet_tells_outcome_and_reason_in_one_line(
    onbrief: Callable[..., tuple[int, str]], capsys: pytest.CaptureFixture[str]
) -> None:
    code, err = onbrief("--image-model", "sandbox:", "--quiet", "--seed", "1", "--size", "512x512")
    assert (code, err) == (0, "passed: image 000-000 meets every requirement\n")


@pytest.mark.parametrize(
    ("options", "flag"),
    [
        (["--max-images", "1"], "--max-images N"),
        (["--max-prompts", "1", "--max-attempts", "1"], "--max-prompts N or --max-attempts N"),
        (["--max-seconds", "0"], "--max-seconds X"),
        (["--max-usd", "1.5"], "--max-usd X"),
        (["--max-total-usd", "1.5"], "--max-total-usd X"),
        (["--max-seconds", "0", "--max-usd", "1.5"], "--max-seconds X"),
    ],
)
def test_the_hint_after_a_limit_names_its_flag(options: list[str], flag: str, onbrief: Callable[..., tuple[int, str]]) -> None:
    code, err = onbrief("--require", "the circle is blue", "--run-id", "mine", "--image-model", "sandbox:?usd=1", *options)
    assert code in {3, 4}
    assert f"run: onbrief resume mine {flag}\n" in err


def test_a_limit_is_known_by_the_reason_that_it_gives() -> None:
    with pytest.raises(OverBudget) as over:
        Budget(1.0, " for judging (max_judge_usd)").reserve("r", "m", 2.0)
    assert limit_reached(RUN.ended_as("over_budget", str(over.value))) == "judge_usd"
    shared = "$0.3 of the $1 that all runs of this place share is spent, $0.6 is held for calls to come, and the next step may"
    assert limit_reached(RUN.ended_as("over_budget", shared)) == "total_usd"
    with pytest.raises(OverBudget) as over:
        Budget(1.0).reserve("r", "m", None)
    assert limit_reached(RUN.ended_as("over_budget", str(over.value))) is None  # more money would not help


def test_quiet_does_not_hide_warnings_or_that_no_picture_met_the_brief(onbrief: Callable[..., tuple[int, str]]) -> None:
    code, err = onbrief("--image-model", "sandbox:", "--require", "the circle is blue", "--quiet", "--max-images", "1")
    assert code == 3
    assert "unmet: " in err
    assert "  waiting" not in err
    assert "prompt 0" not in err
