"""`onbrief judge` over HTTP, killed at any moment and given again: no question is paid for twice, and the record is the same.

The judge is Claude on Bedrock, served by the sandbox in a separate process, whose bill is the reference.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Generator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from onbrief_sandbox.imagining import picture
from tests.forks import command, new_process
from tests.interruption import same
from tests.relays import Moments, relay
from tests.test_wire_kills import CLAUDE

PICTURES = 6


@dataclass(frozen=True, slots=True)
class Bench:
    """The running service behind its relay, its bill, and six pictures."""

    folder: Path
    environment: dict[str, str]
    moments: Moments

    def judge(self, out: str, at: int | None = None, pieces: int = 0) -> int | None:
        """Judge the pictures in a separate process, kill it at this moment, and return its exit code."""
        order = ["judge", "two green stars", str(self.folder / "art"), "--out", str(self.folder / out), "--quiet", "--no-plan"]
        about = ["--require", "there are exactly two stars", "--judge", f"bedrock:{CLAUDE}", "--reviser", f"bedrock:{CLAUDE}"]
        child = new_process(command, [*order, *about], **self.environment)

        def strike() -> None:
            assert child.pid
            os.kill(child.pid, signal.SIGKILL)

        self.moments.reset(at, pieces, strike)
        child.start()
        child.join()
        return child.exitcode

    def record(self, out: str) -> dict[str, Any]:
        """Return the record of the only run."""
        (written,) = (self.folder / out).glob("*/run.json")
        return json.loads(written.read_text("utf-8"))

    @property
    def billed(self) -> list[str]:
        """The digest of the request body of each call, in order."""
        return [json.loads(line)["sha256"] for line in (self.folder / "bill.jsonl").read_text("utf-8").splitlines()]


@pytest.fixture
def bench(tmp_path: Path) -> Generator[Bench]:
    (tmp_path / "art").mkdir()
    for seed in range(PICTURES):
        (tmp_path / "art" / f"{seed}.png").write_bytes(picture("two green stars", "", (512, 512), seed)[0])
    moments = Moments()
    serve = [sys.executable, "-m", "onbrief", "sandbox", "--bill", str(tmp_path / "bill.jsonl"), "--latency=global.=0.01"]
    with ExitStack() as stack:
        sandbox = stack.enter_context(subprocess.Popen(serve, stdout=subprocess.PIPE, text=True))
        stack.callback(sandbox.terminate)
        assert sandbox.stdout
        exported = dict(sandbox.stdout.readline().removeprefix("export ").strip().split("=", 1) for _ in range(5))
        port = int(exported["AWS_ENDPOINT_URL_BEDROCK_RUNTIME"].rpartition(":")[2])
        relayed = {"AWS_ENDPOINT_URL_BEDROCK_RUNTIME": f"http://127.0.0.1:{stack.enter_context(relay(port, moments))}"}
        yield Bench(tmp_path, {**exported, **relayed}, moments)


def kills(bench: Bench, number: int) -> Counter[str]:
    """Kill `number` sessions, each at a random message, and give the same command again. Return how often each end occurred."""
    draw, ends = random.Random(number), Counter[str]()  # noqa: S311 - the same moments each time
    code = bench.judge("whole")
    whole, asked, messages = bench.record("whole"), bench.billed, bench.moments.messages
    assert len(asked) == len(set(asked)) >= PICTURES
    for n in range(number):
        before = len(bench.billed)
        assert bench.judge(f"{n}", draw.randint(1, messages), draw.randint(0, 1)) == -signal.SIGKILL
        assert bench.judge(f"{n}") == code
        record, billed = bench.record(f"{n}"), Counter(bench.billed[before:])
        again = sum(billed.values()) - len(billed)
        assert billed.keys() == set(asked)
        assert again <= record["usage"]["unknown_calls"] <= 1, "a question was sent again whose answer was not lost"
        assert same(record) == same(whole)
        ends["one lost answer was asked for again" if again else "same"] += 1
    spent = len(bench.billed)
    assert bench.judge(f"{number - 1}") == code
    assert len(bench.billed) == spent, "what is recorded was paid for again"
    return ends


def test_a_judging_killed_at_a_few_moments_pays_for_no_answer_twice(bench: Bench) -> None:
    assert kills(bench, 3)


@pytest.mark.soak
def test_a_judging_killed_at_sixty_moments_pays_for_no_answer_twice(bench: Bench) -> None:
    ends = kills(bench, 60)
    print(f"killed at 60 moments: {dict(ends)}")
    assert ends["same"] >= 20
