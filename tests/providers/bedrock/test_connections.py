"""Whole calls in limited time: what never ends by itself is ended, with its connection, its thread and its process."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from onbrief.errors import OnbriefError, Refused, Unknown
from onbrief.ports import ModelName
from onbrief.providers import registry
from onbrief.providers.bedrock.availability import standing
from onbrief.providers.bedrock.runtime import Runtime
from tests.claude import lead_to
from tests.providers.recording import Reply, recording
from tests.providers.wiring import CORE, at, drawn, keys

BODY = Reply(raw=b"{", stalls=True)
ERROR = Reply(raw=b"{", status=500, stalls=True)
HEAD = Reply(endless_head=True)
PATIENCE = 120  # seconds; far more than any of this takes, unless it never ends

PICTURE = ["--image-model", f"bedrock:{CORE}?timeout=1", "--judge", "sandbox:", "--reviser", "sandbox:"]
PLAN = ["--image-model", "sandbox:", "--judge", "sandbox:", "--reviser", "bedrock:?timeout=1"]
JUDGE = ["--no-plan", "--image-model", "sandbox:", "--judge", "bedrock:?timeout=1", "--reviser", "sandbox:"]


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    keys(monkeypatch)


@pytest.mark.parametrize(
    ("models", "reply", "code"),
    [
        (PICTURE, BODY, 6),
        pytest.param(PICTURE, ERROR, 6, marks=pytest.mark.soak),
        pytest.param(PICTURE, HEAD, 6, marks=pytest.mark.soak),
        (PLAN, BODY, 6),
        (JUDGE, HEAD, 3),
    ],
    ids=["picture", "error of a picture", "head of a picture", "plan", "head of a judgement"],
)
def test_a_process_ends_by_itself_after_a_call_that_does_not(
    models: list[str], reply: Reply, code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with recording(reply) as recorder:
        lead_to(recorder.port, monkeypatch)
        command = [sys.executable, "-m", "onbrief", "run", "a red circle", "--require", "a red circle", "--max-images", "1"]
        ended = subprocess.run([*command, *models], cwd=tmp_path, capture_output=True, text=True, timeout=PATIENCE, check=False)
        calls = len(recorder.bodies)
    assert (ended.returncode, calls) == (code, 1 if models is PICTURE else 2)  # text is asked for once more
    assert "within 1 seconds" in ended.stderr


@pytest.mark.parametrize("reply", [BODY, ERROR, HEAD], ids=["body", "error", "head"])
def test_the_connection_and_the_thread_of_a_call_end_with_its_time(reply: Reply, monkeypatch: pytest.MonkeyPatch) -> None:
    with recording(reply) as recorder:
        at(recorder.port, monkeypatch)
        with pytest.raises(Unknown, match="no complete answer within"):
            drawn(CORE, connected())
        assert recorder.cut.acquire(timeout=PATIENCE)
        require_threads_end()


def test_the_connection_and_the_thread_of_a_call_end_when_it_is_cancelled(monkeypatch: pytest.MonkeyPatch) -> None:
    async def cancelled() -> None:
        asked = asyncio.create_task(Runtime("us-west-2").invoke(CORE, {}))
        while not recorder.bodies:  # noqa: ASYNC110 - the request arrives in another thread
            await asyncio.sleep(0.01)
        asked.cancel()
        await asyncio.wait([asked])
        assert asked.cancelled()

    with recording(BODY) as recorder:
        at(recorder.port, monkeypatch)
        asyncio.run(cancelled())
        assert recorder.cut.acquire(timeout=PATIENCE)
        require_threads_end()


def test_a_call_that_finds_no_connection_in_time_was_not_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full:
        waiting = [socket.socket() for _ in range(4)]  # more than the queue holds: the next one is not answered
        for plug in waiting:
            plug.setblocking(False)
            plug.connect_ex(full.getsockname())
        at(full.getsockname()[1], monkeypatch)
        with pytest.raises(Refused):
            drawn(CORE, connected())
        for plug in waiting:
            plug.close()
        require_threads_end()


def test_a_call_whose_time_is_over_before_its_host_is_found_is_never_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    found, look_up = threading.Event(), socket.getaddrinfo

    def slow(*arguments: object, **options: object) -> object:
        assert found.wait(PATIENCE)
        return look_up(*arguments, **options)  # pyright: ignore[reportArgumentType, reportCallIssue]

    with recording(BODY) as recorder:
        at(recorder.port, monkeypatch)
        monkeypatch.setattr(socket, "getaddrinfo", slow)
        with pytest.raises(Refused, match="no connection within"):
            drawn(CORE, connected())
        found.set()
        require_threads_end()
        assert recorder.bodies == []


def test_questions_that_cost_nothing_end_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("onbrief.providers.bedrock.availability.TIMEOUT", 0.5)
    with recording(HEAD) as recorder:
        monkeypatch.setenv("AWS_ENDPOINT_URL_BEDROCK", f"http://127.0.0.1:{recorder.port}")
        with pytest.raises(OnbriefError):
            standing(CORE, "us-west-2")
        assert recorder.cut.acquire(timeout=PATIENCE)


@pytest.mark.parametrize("timeout", ["0", "soon", "1e9"])
@pytest.mark.parametrize("make", [registry.judge, registry.planner, registry.reviser])
def test_a_timeout_that_is_not_allowed_is_refused(make: Callable[[str], object], timeout: str) -> None:
    name = ModelName("bedrock", "", {"timeout": timeout, "region": "us-west-2"})
    with pytest.raises(OnbriefError, match="expected a number from 0"):
        make(str(name))


def connected() -> Runtime:
    """Return a runtime for short calls; making its client takes longer than they may."""
    runtime = Runtime("us-west-2", 0.5)
    runtime._connected()
    return runtime


def require_threads_end() -> None:
    for thread in threading.enumerate():
        if thread.name.startswith("bedrock"):
            thread.join(PATIENCE)
            assert not thread.is_alive()
