"""Ctrl-C while `run`, `judge` or `resume` works, in processes of their own against a sandbox server: what is under way ends,
nothing new is paid for, and the same call again resumes.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import onbrief
from onbrief.interrupts import Interrupts, completed
from onbrief_sandbox.imagining import picture
from onbrief_sandbox.server.app import Terms
from onbrief_sandbox.server.bill import Bill
from tests.claude import lead_to
from tests.providers.recording import Reply, recording
from tests.sandbox.server.serving import TITAN, lines, served

CLAUDE = "global.anthropic.claude-haiku-5-5"
NEVER = "a circle, without circles"

# As in a cell of a notebook, the library may be called while the event loop of the thread runs: `asyncio` handles SIGINT there.
# A script without a loop has Python's own handler.
NOTEBOOK = """
import asyncio, json, signal, sys
import onbrief

signal.signal(signal.SIGINT, signal.default_int_handler)  # it is ignored if the tests run in the background
asked = json.loads(sys.argv[1])
brief = onbrief.Brief(text=asked["brief"], size=(512, 512))
settings = onbrief.Settings(**asked["settings"])

def call():
    if asked["call"] == "judge":
        return onbrief.judge(onbrief.Brief(text=asked["brief"]), asked["pictures"], settings=settings, run_id="mine")
    if asked["call"] == "resume":
        return onbrief.resume("mine", limits=onbrief.Limits(images=3), out=settings.out)
    return onbrief.run(brief, settings=settings, run_id="mine")

async def cell():
    call()

def interrupted():
    match asked["loop"]:
        case "asyncio":
            asyncio.run(cell())
        case "none":
            call()

try:
    interrupted()
except KeyboardInterrupt:
    print("interrupted", flush=True)
assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
sys.stdin.readline()
run = call()
print(run.outcome, len(run.attempts), run.usage.unknown_calls)
"""


@dataclass(frozen=True, slots=True)
class Case:
    """An interruption when the bill has `billed` lines of `model`. `pictures`: those on the bill when it has ended."""

    call: str
    loop: str
    model: str
    billed: int
    pictures: int
    parallel: int = 1

    @property
    def name(self) -> str:
        return f"{self.call}, {self.parallel} at once, {self.loop} loop, at call {self.billed} of {self.model.split('.')[-1]}"


CASES = [
    Case("run", "asyncio", TITAN, billed=3, pictures=3, parallel=3),
    Case("judge", "none", CLAUDE, billed=2, pictures=0),
    Case("resume", "asyncio", TITAN, billed=2, pictures=2),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_an_interrupt_ends_what_is_under_way_and_begins_nothing_new(
    case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bill = tmp_path / "bill"
    own = {"image_model": f"bedrock:{TITAN}", "judge": "sandbox:", "reviser": "sandbox:"}
    if case.model == CLAUDE:
        own["judge" if case.call == "judge" else "reviser"] = f"bedrock:{CLAUDE}"
    settings = {**own, "out": str(tmp_path / "out"), "max_images": 3, "parallel": case.parallel}
    begun: Any = {**settings, "max_images": 1}
    given = [tmp_path / f"{seed}.png" for seed in range(3)]
    for seed, path in enumerate(given):
        path.write_bytes(picture(NEVER, "", (512, 512), seed)[0])
    with served(Terms(latency={case.model: 0.5}, bill=Bill(bill))) as server:
        lead_to(server.port, monkeypatch)
        asked = {
            "call": case.call,
            "loop": case.loop,
            "brief": NEVER,
            "settings": settings,
            "pictures": [str(p) for p in given],
        }
        if case.call == "resume":  # of a run with one picture
            onbrief.run(onbrief.Brief(text=NEVER, size=(512, 512)), settings=onbrief.Settings(**begun), run_id="mine")
        with _notebook(asked, tmp_path) as process:
            assert process.stdin is not None
            assert process.stdout is not None
            while len(_of(case.model, bill)) < case.billed and process.poll() is None:
                time.sleep(0.01)
            process.send_signal(signal.SIGINT)
            assert process.stdout.readline() == "interrupted\n"
            assert len(_of(case.model, bill)) == case.billed
            assert len(_of(TITAN, bill)) == case.pictures
            record = json.loads((tmp_path / "out" / "mine" / "run.json").read_text())
            assert (record["outcome"], record["reason"]) == ("cancelled", "stopped by the user")
            assert record["usage"]["unknown_calls"] == 0
            kept = [attempt["image"] for attempt in record["attempts"]]
            out, _ = process.communicate("again\n")
        assert process.returncode == 0
    assert out == "unmet 3 0\n"
    again = json.loads((tmp_path / "out" / "mine" / "run.json").read_text())
    assert [attempt["image"] for attempt in again["attempts"]][: len(kept)] == kept
    bodies = [entry["sha256"] for entry in lines(bill)]
    assert len(set(bodies)) == len(bodies)  # nothing was asked twice


def test_the_interrupt_of_a_notebook_ends_the_call_of_the_planner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a real kernel, as its stop button interrupts it."""
    kernels: Any = pytest.importorskip("jupyter_client")
    pytest.importorskip("ipykernel")
    settings = {"image_model": f"bedrock:{TITAN}", "judge": "sandbox:", "reviser": f"bedrock:{CLAUDE}", "out": str(tmp_path)}
    cell = f"""
import onbrief
onbrief.run(onbrief.Brief(text={NEVER!r}, size=(512, 512)), settings=onbrief.Settings(**{settings}), run_id="mine")
"""
    bill = tmp_path / "bill"
    with served(Terms(latency={CLAUDE: 0.5}, bill=Bill(bill))) as server:
        lead_to(server.port, monkeypatch)
        kernel, client = kernels.manager.start_new_kernel(cwd=str(tmp_path))
        try:
            asked = client.execute(cell)
            while not _of(CLAUDE, bill) and kernel.is_alive():
                time.sleep(0.01)
            kernel.interrupt_kernel()
            while (reply := client.get_shell_msg(timeout=120))["parent_header"]["msg_id"] != asked:
                pass
        finally:
            client.stop_channels()
            kernel.shutdown_kernel(now=True)
    assert reply["content"].get("ename") == "KeyboardInterrupt"
    assert [entry["model"] for entry in lines(bill)] == [CLAUDE]
    record = json.loads((tmp_path / "mine" / "run.json").read_text())
    assert (record["outcome"], record["usage"]["text_calls"], record["usage"]["unknown_calls"]) == ("cancelled", 1, 0)


def test_the_second_interrupt_cuts_what_is_under_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = {"image_model": "bedrock:stability.stable-image-core-v1:1", "judge": "sandbox:", "reviser": "sandbox:"}
    asked = {"call": "run", "loop": "asyncio", "brief": NEVER, "settings": settings}
    with recording(Reply(raw=b"{", stalls=True)) as recorder:
        lead_to(recorder.port, monkeypatch)
        with _notebook(asked, tmp_path, stderr=subprocess.PIPE) as process:
            assert process.stdout is not None
            assert process.stderr is not None
            while not recorder.bodies and process.poll() is None:
                time.sleep(0.01)
            process.send_signal(signal.SIGINT)
            assert process.stderr.readline().startswith("stopping after the calls in progress")
            process.send_signal(signal.SIGINT)
            assert process.stdout.readline() == "interrupted\n"
            assert recorder.cut.acquire(timeout=120)
            process.kill()
        assert len(recorder.bodies) == 1


class _Left(Exception):
    pass


def _leave(*_: object) -> None:
    raise _Left


@pytest.mark.parametrize(
    ("loop", "handler", "stops", "raised"),
    [
        (False, signal.default_int_handler, True, KeyboardInterrupt),
        (True, signal.default_int_handler, True, KeyboardInterrupt),
        (True, signal.default_int_handler, False, KeyboardInterrupt),  # cancelled, for there is no gentler way
        (True, _leave, True, _Left),  # with a loop, the work is in another thread, where no handler can raise
    ],
)
def test_work_ends_before_the_interrupt_is_raised(loop: bool, handler: Any, stops: bool, raised: type[BaseException]) -> None:
    ended: list[str] = []
    over = threading.Event()

    async def work(interrupts: Interrupts) -> None:
        stopped = asyncio.Event()
        interrupts.stop = stopped.set if stops else None
        threading.Thread(target=os.kill, args=(os.getpid(), signal.SIGINT)).start()
        try:
            await stopped.wait()
            ended.append("stopped")
        except asyncio.CancelledError:
            ended.append("cancelled")
            raise
        finally:
            over.set()

    async def cell() -> None:
        completed(work)

    before = signal.signal(signal.SIGINT, handler)
    try:
        with pytest.raises(raised), closing(asyncio.new_event_loop()) as running:
            running.run_until_complete(cell()) if loop else completed(work)
        assert signal.getsignal(signal.SIGINT) is handler
    finally:
        signal.signal(signal.SIGINT, before)
    assert raised is KeyboardInterrupt or over.wait(
        60
    )  # it may be raised while the thread starts, which nobody can wait for then
    assert ended == ["stopped" if stops else "cancelled"]


def test_other_threads_leave_the_handler_alone() -> None:
    async def work(interrupts: Interrupts) -> object:
        return signal.getsignal(signal.SIGINT)

    with ThreadPoolExecutor(1) as thread:
        assert thread.submit(completed, work).result() is signal.getsignal(signal.SIGINT)


def _notebook(asked: dict[str, Any], folder: Path, stderr: int | None = None) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", NOTEBOOK, json.dumps(asked)],
        cwd=folder,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=stderr,
        text=True,
    )


def _of(model: str, bill: Path) -> list[dict[str, Any]]:
    entries = lines(bill) if bill.exists() else []
    return [entry for entry in entries if entry["model"] == model]
