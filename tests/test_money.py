"""Money in whole runs over HTTP: what is counted beside what the sandbox server has on its bill."""

from __future__ import annotations

import asyncio
from collections.abc import Generator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from onbrief.brief import Brief
from onbrief.config import Settings
from onbrief.events import RunEnded
from onbrief.ledger.rules import OUT_OF_TRIES
from onbrief.pursuit import Order, open_pursuit
from onbrief.record import Run
from onbrief_sandbox.server.app import Terms
from onbrief_sandbox.server.bill import Bill
from onbrief_sandbox.server.faults import Fault
from tests.claude import reach
from tests.sandbox.server.serving import CORE, Play, lines, served

CLAUDE = "*claude*"
STARS = Brief(text="five red stars above a blue circle")
SETTINGS = Settings(image_model=f"bedrock:{CORE}", judge="bedrock:", reviser="bedrock:", max_images=1)


@dataclass(frozen=True, slots=True)
class Till:
    """A server with scripted faults, and its bill."""

    script: Play
    bill: Path

    def run(self, out: Path, settings: Settings = SETTINGS, brief: Brief = STARS) -> Run:
        """Start or resume the run of this folder, as the same command again does."""

        async def go() -> Run:
            async with open_pursuit(Order(brief=brief, settings=replace(settings, out=str(out)), seed=3)) as pursuit:
                *_, last = [event async for event in pursuit.events()]
            assert isinstance(last, RunEnded)
            return last.run

        return asyncio.run(go())

    @property
    def billed(self) -> list[dict[str, Any]]:
        return lines(self.bill)

    @property
    def usd(self) -> float:
        return sum(line["usd"] for line in self.billed)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Generator[Till]:
    play, bill = Play(), tmp_path_factory.mktemp("server") / "bill"
    with served(Terms(script=play, bill=Bill(bill))) as running, pytest.MonkeyPatch.context() as monkeypatch:
        reach(running, monkeypatch)
        yield Till(play, bill)


@pytest.fixture
def till(server: Till) -> Till:
    server.script.now()
    server.bill.write_text("")
    return server


# -- a call that always fails ------------------------------------------------------------------------------------------

FAILURES = {
    "image": Fault(model=CORE, does="filtered", reason="Inference error"),
    "plan": Fault(model=CLAUDE, does="text", text="not json at all"),
    "judge": Fault(model=CLAUDE, does="status", status=500, calls=(2, 3, 4)),
}


@pytest.mark.parametrize("kind", FAILURES)
def test_the_same_command_given_three_times_pays_for_three_failures_in_all(kind: str, till: Till, tmp_path: Path) -> None:
    till.script.now(FAILURES[kind])
    first = till.run(tmp_path)
    paid = len(till.billed)
    assert sum(line["answer"] in {"filtered", "text", "status"} for line in till.billed) == 3
    for again in (till.run(tmp_path), till.run(tmp_path)):
        assert (again.run_id, again.outcome, again.usage.usd) == (first.run_id, "failed", first.usage.usd)
        assert OUT_OF_TRIES in again.reason
    assert len(till.billed) == paid


def test_a_failure_that_an_interruption_followed_leaves_two_tries(till: Till, tmp_path: Path) -> None:
    busy = Fault(model=CORE, does="status", status=429, type="ThrottlingException", headers={"Retry-After": "9999"})
    for _ in range(2):
        till.script.now(replace(FAILURES["image"], calls=(1,)), replace(busy, calls=(2,)))
        assert OUT_OF_TRIES not in till.run(tmp_path).reason
    till.script.now(FAILURES["image"])
    assert OUT_OF_TRIES in till.run(tmp_path).reason
    assert [line["answer"] for line in till.billed if line["model"] == CORE] == ["filtered"] * 3


# -- answers that are of no use ----------------------------------------------------------------------------------------

USELESS = {
    "prose": Fault(does="text", text="not json at all"),
    "half an answer": Fault(does="truncated"),
    "cut short": Fault(stop_reason="max_tokens"),
    "filtered": Fault(does="filtered"),
    "refused": Fault(stop_reason="refusal"),
    "another reason": Fault(stop_reason="tea_time"),
}


@pytest.mark.parametrize("fault", USELESS.values(), ids=USELESS)
def test_an_answer_that_is_of_no_use_counts_what_it_says_that_it_cost(fault: Fault, till: Till, tmp_path: Path) -> None:
    till.script.now(replace(fault, model=CLAUDE))
    ended = till.run(tmp_path)
    assert ended.outcome in {"failed", "blocked"}
    assert ended.usage.usd == pytest.approx(till.usd)
    assert ended.usage.text_calls == len(till.billed)
    assert ended.usage.input_tokens > 500 * len(till.billed)


@pytest.mark.parametrize("fault", USELESS.values(), ids=USELESS)
def test_so_does_an_answer_of_the_judge(fault: Fault, till: Till, tmp_path: Path) -> None:
    till.script.now(replace(fault, model=CLAUDE, calls=(2, 3, 4)))
    ended = till.run(tmp_path)
    assert (len(ended.attempts), ended.usage.usd) == (1, pytest.approx(till.usd))
    assert ended.usage.judge_calls == len(till.billed) - 2
