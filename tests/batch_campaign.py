"""A batch over HTTP in processes that are killed at random moments and given again, and what must hold of it at the end.

The models are those of Bedrock, served by the sandbox in a separate process, whose bill is the reference.
"""

from __future__ import annotations

import csv
import hashlib
import json
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Generator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from pathlib import Path

from benchmarks.geneval import briefs as geneval_briefs
from onbrief.results import Result
from tests.forks import command, command_alone, new_process
from tests.relays import Moments, relay

CORE = "stability.stable-image-core-v1:1"
CLAUDE = "global.anthropic.claude-sonnet-5"
MODELS = ("--image-model", f"bedrock:{CORE}", "--judge", f"bedrock:{CLAUDE}", "--reviser", f"bedrock:{CLAUDE}")
DONE = (0, 3)  # exit codes: all passed, not all passed
_LATENCY = ("stability.=0.02", "global.=0.01")  # seconds


@dataclass(frozen=True, slots=True)
class Campaign:
    """A batch of GenEval's briefs in `out`; `moments` counts the messages between its workers and the services."""

    file: Path
    out: Path
    bill: Path
    briefs: int
    environment: dict[str, str]
    moments: Moments
    options: tuple[str, ...] = ()

    def begin(self, *more: str, alone: bool = False) -> BaseProcess:
        """Start a worker: the command of the batch, in a process of its own; if `alone`, in a group of its own."""
        arguments = ["batch", str(self.file), "--out", str(self.out), "--max-images", "3", "--concurrency", "6", "--quiet"]
        worker = new_process(
            command_alone if alone else command, [*arguments, *MODELS, *self.options, *more], **self.environment
        )
        worker.start()
        return worker

    def killed(self, at: int) -> int | None:
        """Run a worker, kill it with SIGKILL at this message, and return its exit code."""
        workers: list[BaseProcess] = []
        # Workers outlive their command until their calls have ended, so this message must arrive: its answer is awaited.
        self.moments.reset(at, int("--engine" in self.options), lambda: os.kill(workers[0].pid or 0, signal.SIGKILL))
        workers.append(self.begin())
        workers[0].join()
        return workers[0].exitcode

    def check(self) -> str:
        """Check what must hold at the end, and return it in figures."""
        lines = [Result.from_json(line) for line in (self.out / "results.jsonl").read_text().splitlines()]
        assert len(lines) == len({result.id for result in lines}) == self.briefs, "each brief ends once"
        summary = json.loads((self.out / "summary.json").read_text())
        assert (summary["briefs"], summary["done"]) == (self.briefs, self.briefs)
        assert {state: n for state, n in summary["outcomes"].items() if n} == Counter(result.outcome for result in lines)
        with (self.out / "results.csv").open(encoding="utf-8-sig", newline="") as file:
            assert [row["id"] for row in csv.DictReader(file)] == [result.id for result in lines]
        records = [json.loads((self.out / result.run_id / "run.json").read_text()) for result in lines]
        for record in records:
            for image in (attempt["image"] for attempt in record["attempts"] if attempt["image"]):
                data = (self.out / image["key"]).read_bytes()
                assert hashlib.sha256(data).hexdigest() == image["sha256"]
        billed = [json.loads(line) for line in self.bill.read_text().splitlines()]
        asked = Counter((line["model"], line["sha256"]) for line in billed)
        pictures = [count for (model, _), count in asked.items() if model == CORE]
        assert pictures, "no picture is on the bill"
        assert set(pictures) == {1}, "a picture was paid for twice"
        again = sum(count - 1 for count in asked.values())
        unknown = sum(record["usage"]["unknown_calls"] for record in records)
        assert again <= unknown, "a call was sent again whose answer was not lost"
        stored = sum(1 for record in records for attempt in record["attempts"] if attempt["image"])
        lost = sum(1 for record in records for a in record["attempts"] if a["problem"] and a["problem"]["kind"] == "unknown")
        assert stored <= len(pictures) <= stored + lost, "a picture on the bill is lost"
        spent, paid = sum(record["usage"]["usd"] for record in records), sum(line["usd"] for line in billed)
        assert abs(summary["usd"] - spent) < 1e-6
        assert paid - 1e-6 <= spent, "something on the bill is not counted"
        assert unknown or abs(paid - spent) < 1e-6
        passed = summary["outcomes"]["passed"]
        return (
            f"{self.briefs} briefs, {passed} passed, {len(pictures)} pictures on the bill, each once; {unknown} calls lost by "
            f"kills, {again} of them sent again; bill ${paid:.4f}, ledger ${spent:.4f}"
        )


@contextmanager
def campaign(folder: Path, number: int, *options: str) -> Generator[Campaign]:
    """Provide a batch of so many of GenEval's briefs, spread over all of them, and the sandbox that it draws on."""
    step = max(1, 553 // number)
    prompts = [brief.prompt for brief in geneval_briefs()][::step][:number]
    file = folder / "geneval.csv"
    with file.open("w", newline="") as out:
        csv.writer(out).writerows([("id", "text"), *((f"g{n}", prompt) for n, prompt in enumerate(prompts))])
    bill, moments = folder / "bill.jsonl", Moments()
    serve = [sys.executable, "-m", "onbrief", "sandbox", "--bill", str(bill), *(f"--latency={term}" for term in _LATENCY)]
    with ExitStack() as stack:
        sandbox = stack.enter_context(subprocess.Popen(serve, stdout=subprocess.PIPE, text=True))
        stack.callback(sandbox.terminate)
        assert sandbox.stdout
        exported = dict(_exported(sandbox.stdout.readline()) for _ in range(5))
        port = int(exported["AWS_ENDPOINT_URL_BEDROCK_RUNTIME"].rpartition(":")[2])
        url = f"http://127.0.0.1:{stack.enter_context(relay(port, moments))}"
        environment = {**exported, "AWS_ENDPOINT_URL_BEDROCK_RUNTIME": url, "ONBRIEF_OCR_USE": "never"}
        yield Campaign(file, folder / "out", bill, len(prompts), environment, moments, options)


def _exported(line: str) -> tuple[str, str]:
    name, _, value = line.removeprefix("export ").strip().partition("=")
    return name, value


def until_done(batch: Campaign, workers: Sequence[BaseProcess]) -> None:
    """Wait for the workers, and give the command once more if none of them came to the end."""
    for worker in workers:
        worker.join()
    if not any(worker.exitcode in DONE for worker in workers):
        last = batch.begin()
        last.join()
        assert last.exitcode in DONE
