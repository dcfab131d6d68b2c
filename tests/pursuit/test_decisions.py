"""The policy's decisions are recorded with the calls that follow from them, and a replay follows them."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections import Counter
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from onbrief.errors import Refused, Unknown
from onbrief.events import Event
from onbrief.ports import Call, CallKind
from onbrief.pursuit import open_pursuit
from onbrief.pursuit.decisions import decisions_behind
from onbrief.pursuit.feed import Feed
from onbrief.testing import Bill, ImageRequest, crew, picture
from tests.pursuing import order, pursue, settings

R1 = {"r1"}
STUCK = "no picture of this prompt met r1"


def rows(folder: Path, query: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(folder / "ledger.db")) as connection:
        return connection.execute(query).fetchall()


def decisions(folder: Path) -> list[tuple[int, str, dict[str, Any], str]]:
    found = rows(folder, "SELECT number, kind, inputs, reason FROM decisions ORDER BY number")
    return [(number, kind, json.loads(inputs), reason) for number, kind, inputs, reason in found]


def change(folder: Path, statement: str) -> None:
    with closing(sqlite3.connect(folder / "ledger.db")) as connection, connection:
        connection.execute(statement)


def test_each_step_is_recorded_with_its_inputs_and_its_reason(tmp_path: Path) -> None:
    pursue(tmp_path, crew(Bill(), R1, set()), run_id="r")
    recorded = [(*decision[:3], decision[3].partition(":")[0]) for decision in decisions(tmp_path)]
    assert recorded == [
        (0, "generate", {"revision": 0, "attempts": [0]}, "the first picture of this prompt"),
        (1, "revise", {"revision": 1, "with_history": True, "attempts": ["000-000"]}, "a new prompt"),
        (2, "generate", {"revision": 1, "attempts": [0]}, "the first picture of this prompt"),
        (3, "stop", {"outcome": "passed"}, "image 001-000 meets every requirement"),
    ]


def test_a_decision_records_what_had_been_used_when_it_was_made(tmp_path: Path) -> None:
    pursue(tmp_path, crew(Bill(), R1, set()), run_id="r")
    used = rows(tmp_path, "SELECT usd, seconds FROM decisions ORDER BY number")
    assert [usd for usd, _ in used] == pytest.approx([0.005, 0.051, 0.056, 0.102])
    assert [seconds for _, seconds in used] == sorted(seconds for _, seconds in used)


def test_a_replay_follows_recorded_decisions_and_not_what_would_be_decided_now(tmp_path: Path) -> None:
    """First with three pictures per round and then with one: the recorded round still has three."""
    bill = Bill()
    first = pursue(tmp_path, crew(bill, R1), settings(parallel=3, max_images=3, policy="classic"), run_id="r")[-1].run
    recorded, paid = decisions(tmp_path), bill.lines
    again = pursue(tmp_path, crew(bill, R1), settings(parallel=1, max_images=3, policy="classic"), run_id="r")[-1].run
    assert (again.attempts, again.outcome, bill.lines) == (first.attempts, "unmet", paid)
    assert decisions(tmp_path)[: len(recorded) - 1] == recorded[:-1]
    assert recorded[0][2] == {"revision": 0, "attempts": [0, 1, 2]}


def test_after_the_last_decision_the_policy_is_asked_under_the_current_limits(tmp_path: Path) -> None:
    bill = Bill()
    pursue(tmp_path, crew(bill, R1), settings(max_images=1), run_id="r")
    run = pursue(tmp_path, crew(bill), settings(max_images=3), run_id="r")[-1].run
    assert [kind for _, kind, _, _ in decisions(tmp_path)] == ["generate", "stop", "revise", "generate", "stop"]
    assert [attempt.name for attempt in run.attempts] == ["000-000", "001-000"]


def test_a_decision_whose_calls_were_never_sent_is_made_again_under_lower_limits(tmp_path: Path) -> None:
    bill = Bill()
    pursue(tmp_path, crew(bill, R1), settings(parallel=3, max_images=3), run_id="r")
    change(tmp_path, "DELETE FROM calls WHERE attempt > 0 AND kind IN ('image', 'judge')")
    change(tmp_path, "UPDATE runs SET outcome = NULL")
    paid = len(bill.of("image"))
    run = pursue(tmp_path, crew(bill, R1), settings(parallel=3, max_images=1), run_id="r")[-1].run
    assert ([attempt.name for attempt in run.attempts], len(bill.of("image"))) == (["000-000"], paid)


def test_a_run_from_before_decisions_were_recorded_is_resumed_from_its_calls(tmp_path: Path) -> None:
    bill = Bill()
    first = pursue(tmp_path, crew(bill, R1, R1, set()), settings(max_images=2), run_id="r")[-1].run
    change(tmp_path, "DELETE FROM decisions")
    paid = bill.lines
    again = pursue(tmp_path, crew(bill, R1, R1, set()), settings(max_images=2), run_id="r")[-1].run
    unsaid = [replace(each, decided="") for run in (first, again) for each in (*run.attempts, *run.prompts)]
    assert unsaid[: len(unsaid) // 2] == unsaid[len(unsaid) // 2 :], "only why they were made is not known any more"
    assert bill.lines == paid
    assert [kind for _, kind, _, _ in decisions(tmp_path)] == ["generate", "revise", "generate", "stop"]


@pytest.mark.parametrize("gaps", [{0}, {1}, {0, 2}, {0, 1, 2, 3}], ids=str)
@pytest.mark.parametrize("policy", ["adaptive", "classic"])
@pytest.mark.parametrize("parallel", [1, 2, 4])
def test_exactly_the_unknown_calls_are_sent_again(tmp_path: Path, gaps: set[int], policy: str, parallel: int) -> None:
    """No picture is good, and the answers to some requests are lost on the way."""
    bill = Bill()

    def lossy(asked: ImageRequest) -> bytes:
        if asked.number in gaps:
            raise Unknown("the answer was cut off")
        return picture(asked.seed)

    chosen = settings(policy=policy, parallel=parallel, max_images=4, max_attempts=2)
    first = pursue(tmp_path, crew(bill, R1, answer=lossy), chosen)[-1].run
    sent = Counter(bill.of("image"))
    again = pursue(tmp_path, crew(bill, R1, answer=lambda asked: picture(asked.seed)), chosen, resend_unknown=True)[-1].run
    lost = {attempt.name for attempt in first.attempts if attempt.problem}
    assert (first.outcome, len(first.attempts), len(lost)) == ("unknown", 4, len(gaps))
    assert {attempt.name for attempt in again.attempts} == {attempt.name for attempt in first.attempts}
    assert [a for a in first.attempts if a.verdict] == [a for a in again.attempts if a.name not in lost]
    assert (again.outcome, all(attempt.verdict for attempt in again.attempts)) == ("unmet", True)
    assert Counter(bill.of("image")) - sent <= sent
    assert len(bill.of("image")) == 4 + len(gaps)


def call(kind: CallKind, revision: int, attempt: int) -> Call:
    return Call(kind, revision, attempt, "test:model", "d" * 64, 0.0)


def test_decisions_are_inferred_from_calls() -> None:
    calls = [
        call("plan", 0, 0),
        call("image", 0, 1),
        call("image", 0, 0),
        call("judge", 0, 0),
        call("revise", 1, 0),
        call("image", 1, 0),
    ]
    assert [(d.number, d.kind, dict(d.inputs)) for d in decisions_behind(calls)] == [
        (0, "generate", {"revision": 0, "attempts": [0, 1]}),
        (1, "revise", {"revision": 1, "with_history": True, "attempts": []}),
        (2, "generate", {"revision": 1, "attempts": [0]}),
    ]


def test_no_decisions_are_inferred_for_a_run_without_a_picture() -> None:
    assert decisions_behind([]) == []
    assert decisions_behind([call("plan", 0, 0)]) == []


def test_a_wait_is_an_event_and_readers_see_it(tmp_path: Path) -> None:
    """A refusal with a short wait, then the picture."""

    answers = [Refused("ThrottlingException: slow down", retry_after=0.01), picture(1)]

    async def go() -> tuple[list[Event], list[Event]]:
        async with open_pursuit(order(tmp_path, run_id="r"), crew(Bill(), answer=answers)) as pursuit:
            reader = asyncio.create_task(read(pursuit.feed))
            seen = [event async for event in pursuit.events()]
            return seen, await reader

    async def read(feed: Feed) -> list[Event]:
        return [event async for event in feed.read()]

    seen, also = asyncio.run(go())
    assert seen == also
    assert [[(one.call, one.number, one.state) for one in event.calls] for event in seen] == [
        [("plan/000-000", 0, "done")],
        [],
        [("image/000-000", 0, "refused")],
        [("image/000-000", 1, "done")],
        [("judge/000-000", 0, "done")],
        [],
    ]
    assert [type(event).__name__ for event in seen] == [
        "ChecklistFrozen",
        "PromptChosen",
        "Waiting",
        "ImageMade",
        "ImageJudged",
        "RunEnded",
    ]
