"""Complete runs with Bedrock's image models: which calls are sent again, which never are, and what the record says."""

from __future__ import annotations

import asyncio
from collections.abc import Generator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from onbrief.brief import Brief
from onbrief.events import RunEnded
from onbrief.pursuit import Order, open_pursuit
from onbrief.record import Run
from onbrief.settings import Settings
from onbrief_sandbox.server.app import Terms
from onbrief_sandbox.server.bill import Bill
from onbrief_sandbox.server.faults import Fault
from tests.sandbox.server.serving import CORE, TITAN, Play, lines, served

CIRCLE = Brief(text="a red circle")
SETTINGS = Settings(image_model=f"bedrock:{CORE}", judge="sandbox:", reviser="sandbox:", max_images=1)


@pytest.fixture(scope="module")
def script(tmp_path_factory: pytest.TempPathFactory) -> Generator[tuple[Play, Path]]:
    play, bill = Play(), tmp_path_factory.mktemp("runs") / "bill"
    terms = Terms(script=play, bill=Bill(bill))
    with served(terms) as server, pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setenv("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", f"http://127.0.0.1:{server.port}")
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            monkeypatch.setenv(name, "sandbox")
        yield play, bill
    terms.bill.close()


def run(folder: Path, settings: Settings = SETTINGS, brief: Brief = CIRCLE, seed: int = 7, **about: Any) -> Run:
    async def go() -> Run:
        order = Order(brief=brief, settings=replace(settings, out=str(folder)), run_id="one", seed=seed, **about)
        async with open_pursuit(order) as pursuit:
            *_, last = [event async for event in pursuit.events()]
        assert isinstance(last, RunEnded)
        return last.run

    return asyncio.run(go())


@pytest.mark.parametrize(
    ("fault", "answers", "usd"),
    [
        (Fault(does="status", status=429, type="ThrottlingException", calls=(1,)), ["picture"], 0.04),
        (Fault(does="status", status=500, type="InternalServerException", calls=(1, 2)), ["status", "status", "picture"], 0.12),
        (Fault(does="filtered", reason="Inference error", calls=(1,)), ["filtered", "picture"], 0.08),
    ],
)
def test_what_was_refused_or_failed_is_sent_again_and_counted(
    fault: Fault, answers: list[str], usd: float, script: tuple[Play, Path], tmp_path: Path
) -> None:
    play, bill = script
    play.now(fault)
    bill.write_text("")
    ended = run(tmp_path)
    assert [line["answer"] for line in lines(bill)] == answers
    assert (len(ended.attempts), ended.usage.usd) == (1, usd)


@pytest.mark.parametrize("fault", [Fault(does="reset"), Fault(does="cut", byte=100)])
def test_what_may_have_been_paid_for_is_never_sent_again(fault: Fault, script: tuple[Play, Path], tmp_path: Path) -> None:
    play, bill = script
    play.now(fault)
    bill.write_text("")
    for ended in (run(tmp_path), run(tmp_path)):
        assert (ended.outcome, ended.usage.unknown_calls, ended.usage.usd) == ("unknown", 1, 0.04)
    assert len(lines(bill)) == 1


def test_what_fails_three_times_ends_the_run(script: tuple[Play, Path], tmp_path: Path) -> None:
    play, bill = script
    play.now(Fault(does="status", status=424, type="ModelErrorException"))
    bill.write_text("")
    ended = run(tmp_path)
    assert (ended.outcome, "ModelErrorException" in (ended.reason or ""), len(lines(bill))) == ("failed", True, 3)


def test_a_missing_right_ends_the_run_before_anything_is_spent(script: tuple[Play, Path], tmp_path: Path) -> None:
    play, bill = script
    play.now(Fault(does="status", status=403, type="AccessDeniedException"))
    bill.write_text("")
    ended = run(tmp_path, replace(SETTINGS, max_images=4))
    assert (ended.outcome, ended.usage.usd, lines(bill)) == ("failed", 0.0, [])
    assert "AccessDeniedException" in (ended.reason or "")
    assert "allow bedrock:InvokeModel" in (ended.reason or "")


def test_content_that_is_blocked_is_not_sent_again_unchanged(script: tuple[Play, Path], tmp_path: Path) -> None:
    play, bill = script
    play.now(Fault(does="filtered", reason="prompt"))
    bill.write_text("")
    ended = run(tmp_path, replace(SETTINGS, max_images=4))
    assert ended.outcome == "blocked"
    assert "Filter reason: prompt" in (ended.reason or "")
    digests = [line["sha256"] for line in lines(bill)]
    assert len(digests) == len(set(digests)) == len(ended.attempts)


def test_what_was_changed_is_a_warning_in_the_record_and_stays_one(script: tuple[Play, Path], tmp_path: Path) -> None:
    play, bill = script
    play.now()
    bill.write_text("")
    settings = replace(SETTINGS, image_model=f"bedrock:{TITAN}?steps=50")
    for ended in (run(tmp_path, settings, seed=4_000_000_000), run(tmp_path, settings, seed=4_000_000_000)):
        assert ended.warnings == (
            "Titan Image Generator v2 does not take steps=50: it is left out",
            "Titan Image Generator v2 ended on 2026-06-30: it may be refused",
            "Titan Image Generator v2 takes seeds from 0 to 2147483647: it is sent 1852516352 instead of 4000000000",
        )
    assert len(lines(bill)) == 1


@pytest.mark.parametrize(
    "message", ["One or more prompts contains filtered words.", "Your request was flagged as inappropriate content"]
)
def test_a_filters_400_blocks_the_run_after_one_revision(message: str, script: tuple[Play, Path], tmp_path: Path) -> None:
    play, bill = script
    play.now(Fault(does="status", status=400, message=message))
    bill.write_text("")
    ended = run(tmp_path, replace(SETTINGS, max_images=4))
    assert (ended.outcome, len(ended.prompts), [a.problem and a.problem.kind for a in ended.attempts]) == (
        "blocked",
        2,
        ["blocked", "blocked"],
    )
    assert message in ended.reason
