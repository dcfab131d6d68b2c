"""A run over HTTP that is killed at any moment and resumed ends the same and pays for nothing twice.

The models are those of Bedrock, served by the sandbox in a separate process, whose bill is the reference. Moments are counted
in messages between the run and the services: requests, answers, and pieces of them.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Generator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from onbrief.pursuit import Workspace
from onbrief.settings import Settings
from onbrief.store import open_store
from tests.buckets import Service, new_place
from tests.forks import command, new_process
from tests.interruption import same
from tests.relays import Moments, relay

CORE = "stability.stable-image-core-v1:1"
CLAUDE = "global.anthropic.claude-sonnet-5"
COMMAND = [
    *("run", "five red stars above a blue circle", "--seed", "6", "--quiet"),
    *("--image-model", f"bedrock:{CORE}", "--judge", f"bedrock:{CLAUDE}", "--reviser", f"bedrock:{CLAUDE}"),
    *("--policy", "classic", "--max-attempts", "1"),
]
"""Two pictures: one that does not pass, and one of a revised prompt, that does."""
LAST = 0.5  # seconds from the last message of a run to the end of its process
LATENCY = ("stability.=0.02", "global.=0.01")  # seconds


@dataclass(frozen=True, slots=True)
class Left:
    """What a run has left: its record, and its lines on the bill."""

    out: str
    record: dict[str, Any]
    billed: list[dict[str, Any]]

    @property
    def asked(self) -> list[tuple[str, str]]:
        """The model and the digest of the request body of each call, in order."""
        return [(line["model"], line["sha256"]) for line in self.billed]

    @property
    def unknown(self) -> list[dict[str, Any]]:
        """The attempts whose image call has an unknown outcome."""
        return [a for a in self.record["attempts"] if a["problem"] and a["problem"]["kind"] == "unknown"]


@dataclass(frozen=True, slots=True)
class Bench:
    """The running services, and the environment in which runs reach them through the relays."""

    bill: Path
    environment: dict[str, str]
    moments: Moments

    def sit(self, out: str, at: int | None = None, pieces: int = 0, late: float | None = None) -> int | None:
        """Run the command in a separate process, kill it at this moment, and return its exit code. With `late`, the message
        passes whole, and the kill comes this many seconds later.
        """
        child = new_process(command, [*COMMAND, "--out", out], **self.environment)

        def strike() -> None:
            assert child.pid
            os.kill(child.pid, signal.SIGKILL)

        later = None if late is None else threading.Timer(late, strike)
        self.moments.reset(at, pieces, later.start if later else strike, stops=later is None)
        child.start()
        child.join()
        if later:
            later.cancel()
        return child.exitcode

    def run(self, out: str, at: int | None = None, pieces: int = 0, late: float | None = None) -> Left:
        """Return a run that was killed at this moment and continued by the same command; without `at`, an uninterrupted run."""
        before = len(self.lines)
        delivered = False
        if at is not None:
            delivered = self.sit(out, at, pieces, late) == 0
            assert late is not None or not delivered, f"the run ended before message {at}"
        with Workspace.open(Settings(out=out)) as workspace:
            delivered = delivered or "passed" in {row.outcome for row in workspace.ledger.runs()}
            if not delivered:
                assert self.sit(out) == 0
            (row,) = workspace.ledger.runs()
            data = workspace.store.load(f"{row.run_id}/run.json")
        assert data is not None
        return Left(out, json.loads(data), self.lines[before:])

    @property
    def lines(self) -> list[dict[str, Any]]:
        """All lines of the bill."""
        return [json.loads(line) for line in self.bill.read_text().splitlines()]


@pytest.fixture
def bench(s3: Service, tmp_path: Path) -> Generator[Bench]:
    """Start the sandbox in a separate process, with its bill, and relays to it and to the service of the bucket."""
    bill, moments = tmp_path / "bill.jsonl", Moments()
    serve = [sys.executable, "-m", "onbrief", "sandbox", "--bill", str(bill)]
    with ExitStack() as stack:
        sandbox = stack.enter_context(
            subprocess.Popen([*serve, *(f"--latency={term}" for term in LATENCY)], stdout=subprocess.PIPE, text=True)
        )
        stack.callback(sandbox.terminate)
        assert sandbox.stdout
        exported = dict(sandbox.stdout.readline().removeprefix("export ").strip().split("=", 1) for _ in range(5))
        bedrock, bucket = (int(url.rpartition(":")[2]) for url in (exported["AWS_ENDPOINT_URL_BEDROCK_RUNTIME"], s3.url))
        environment = {
            **s3.environment,
            "AWS_ENDPOINT_URL_BEDROCK_RUNTIME": f"http://127.0.0.1:{stack.enter_context(relay(bedrock, moments))}",
            "AWS_ENDPOINT_URL_S3": f"http://127.0.0.1:{stack.enter_context(relay(bucket, moments))}",
        }
        yield Bench(bill, environment, moments)


def check(left: Left, whole: Left) -> str:
    """Check every promise after one kill. Return what the kill cost: a picture, an answer in text, or nothing ("same")."""
    pictures = [body for model, body in left.asked if model == CORE]
    others = Counter(asked for asked in left.asked if asked[0] != CORE)
    usage, stored = left.record["usage"], [a["image"] for a in left.record["attempts"] if a["image"]]
    again = sum(count - 1 for count in others.values())
    assert max(Counter(pictures).values()) == 1, "a picture was paid for twice"
    assert again <= usage["unknown_calls"] - len(left.unknown) <= 1, "a call was sent again that was not lost"
    for image in stored:
        assert hashlib.sha256(open_store(left.out).load(image["key"]) or b"").hexdigest() == image["sha256"]
    assert len(stored) <= len(pictures) <= len(stored) + len(left.unknown), "a picture on the bill is lost"
    assert left.record["outcome"] == "passed"
    assert usage["usd"] >= sum(line["usd"] for line in left.billed) - 1e-9
    if left.unknown:
        assert len(left.unknown) == usage["unknown_calls"] == 1
        lost = left.record["attempts"].index(left.unknown[0])
        assert same(left.record)["attempts"][:lost] == same(whole.record)["attempts"][:lost]
        return "a picture unknown"
    assert same(left.record) == same(whole.record)
    assert list(dict.fromkeys(left.asked)) == whole.asked
    return "a text unknown" if usage["unknown_calls"] else "same"


def kills(bench: Bench, folder: Path, number: int) -> Counter[str]:
    """Kill `number` runs, in a folder and in a bucket by turns, each at a random moment. Return how often each end occurred."""
    draw, ends = random.Random(number), Counter[str]()  # noqa: S311 - the same moments each time
    places = (lambda: str(folder / f"{len(bench.lines)}"), new_place)
    wholes = [(bench.run(place()), bench.moments.messages) for place in places]
    for n in range(number):
        place, (whole, messages) = places[n % 2], wholes[n % 2]
        at, pieces, late = draw.randint(1, messages), draw.randint(0, 1), None
        if n % 4 > 1:  # in the last moments of the process, when everything has been paid for
            at, pieces, late = messages, 1, draw.uniform(0, LAST)
        ends[check(bench.run(place(), at, pieces, late), whole)] += 1
    return ends


def test_a_run_over_http_killed_at_ten_moments_pays_for_nothing_twice(bench: Bench, tmp_path: Path) -> None:
    assert kills(bench, tmp_path, 10)["same"] >= 5


@pytest.mark.soak
def test_a_run_over_http_killed_at_two_hundred_moments_pays_for_nothing_twice(bench: Bench, tmp_path: Path) -> None:
    ends = kills(bench, tmp_path, 200)
    print(f"killed at 200 moments: {dict(ends)}")
    assert len(ends) == 3
