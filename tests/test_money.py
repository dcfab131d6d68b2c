"""Money in whole runs over HTTP: what is counted beside what the sandbox server has on its bill."""

from __future__ import annotations

import asyncio
import io
import sqlite3
from collections.abc import Generator
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from onbrief.brief import Brief, Requirement
from onbrief.errors import Blocked, ConfigError, Failed, Refused, Unknown
from onbrief.events import RunEnded
from onbrief.ledger.rules import OUT_OF_TRIES
from onbrief.ports import Judged, Picture
from onbrief.pursuit import Order, Workspace, open_pursuit, preview
from onbrief.record import Run
from onbrief.settings import Settings
from onbrief.studio import Crew
from onbrief.testing import Bill as Shared
from onbrief.testing import JudgeRequest, ScriptedJudge, crew, picture
from onbrief_sandbox.server.app import Terms
from onbrief_sandbox.server.bill import Bill
from onbrief_sandbox.server.faults import Fault
from tests.claude import reach
from tests.pursuing import BRIEF, pursue
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


# -- a picture and its judgement ---------------------------------------------------------------------------------------


def _blank() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (64, 64), "red").save(out, "PNG")
    return out.getvalue()


BLANK = _blank()


@pytest.mark.parametrize(("usd", "parallel"), [(1.0, 64), (0.3, 3)])
def test_every_picture_that_is_paid_for_is_judged_under_the_limit(
    usd: float, parallel: int, till: Till, tmp_path: Path
) -> None:
    settings = replace(SETTINGS, max_usd=usd, parallel=parallel, max_images=64, max_attempts=64, policy="classic", plan=False)
    opposites = ("there are exactly two dogs", "there are exactly three dogs")
    brief = Brief(text="a park", requirements=tuple(Requirement(text=text, kind="count") for text in opposites))
    ended = till.run(tmp_path, settings, brief)
    pictures = [line for line in till.billed if line["model"] == CORE]
    assert (ended.outcome, len(ended.attempts)) == ("over_budget", len(pictures))
    assert all(attempt.verdict for attempt in ended.attempts)
    assert usd - 0.11 < till.usd <= usd  # less is left than a picture and its judgement can cost
    assert ended.usage.usd == pytest.approx(till.usd)


def test_a_judgement_that_was_refused_keeps_its_money(tmp_path: Path) -> None:
    bill, refused = Shared(), set[bytes]()

    def judged(asked: JudgeRequest) -> Judged:
        if asked.image not in refused:
            refused.add(asked.image)
            raise Refused("busy", retry_after=0.0)
        return asked.answer(met=False)

    models = replace(crew(bill), judge=ScriptedJudge(Shared(), judged))
    run = pursue(tmp_path, models, replace(SETTINGS, max_usd=0.3, parallel=64, max_images=64, max_attempts=64))[-1].run
    assert run.outcome == "over_budget"
    assert len(bill.of("image")) == len(refused) == 6
    assert all(attempt.verdict for attempt in run.attempts)


@pytest.mark.parametrize("end", [Failed("it broke"), Blocked("no"), Unknown("cut"), b"no picture", BLANK], ids=repr)
def test_what_is_held_for_a_picture_that_is_not_judged_can_be_spent(end: Exception | bytes, tmp_path: Path) -> None:
    """There is money for two pictures, a revision and one judgement."""
    answers, limits = [end, picture(2)], replace(SETTINGS, max_usd=0.096, max_images=2, policy="classic")
    run = pursue(tmp_path, crew(Shared(), {"r1"}, answer=answers), limits)[-1].run
    assert run.usage.usd is not None
    assert run.usage.usd <= 0.096
    assert (run.usage.images, run.usage.judge_calls) == (2, 1)


@pytest.mark.parametrize("state", ["recorded", "in progress"])
def test_a_picture_of_an_earlier_session_has_the_money_for_its_judgement_from_the_start(state: str, tmp_path: Path) -> None:
    """Two runs share a budget in which both pictures fit, and one judgement."""
    bill, place = Shared(), replace(SETTINGS, out=str(tmp_path), max_images=1)
    broken = ScriptedJudge(Shared(), [ConfigError("no access")])
    first, second = (Order(brief=BRIEF, settings=place, run_id=run_id, seed=1) for run_id in ("first", "second"))

    async def end_of(order: Order, models: Crew, workspace: Workspace) -> Run:
        async with open_pursuit(order, models, workspace=workspace) as pursuit:
            return [event async for event in pursuit.events()][-1].run

    async def go() -> tuple[Run, Run]:
        with Workspace.open(place) as workspace:
            await end_of(first, replace(crew(bill), judge=broken), workspace)
        if state == "in progress":
            with closing(sqlite3.connect(tmp_path / "ledger.db")) as ledger, ledger:
                ledger.execute("UPDATE calls SET state = 'started', result = '' WHERE kind = 'image'")
        with Workspace.open(place, usd=0.0965) as workspace:
            async with open_pursuit(first, crew(bill), workspace=workspace) as resumed:
                other = await end_of(second, crew(bill), workspace)
                mine = [event async for event in resumed.events()][-1].run
            assert workspace.budget.held == 0.0
        return mine, other

    mine, other = asyncio.run(go())
    assert (mine.outcome, other.outcome, len(bill.of("image"))) == ("passed", "over_budget", 1)


def test_what_an_image_model_says_that_a_picture_cost_is_counted(tmp_path: Path) -> None:
    answers = [Picture(picture(1), usd=0.01), Picture(b"no picture", usd=0.02), Picture(BLANK, usd=0.03), Picture(picture(2))]
    models = crew(Shared(), {"r1"}, answer=answers)
    run = pursue(tmp_path, models, replace(SETTINGS, max_images=4, policy="classic", max_attempts=4))[-1].run
    assert [attempt.usd for attempt in run.attempts] == pytest.approx([0.016, 0.02, 0.03, 0.046])
    assert run.usage.usd == pytest.approx(0.117)


# -- a reservation is never smaller than the request -------------------------------------------------------------------

SENTENCES = {
    "Chinese": "红色的杯子放在木制的桌子上，旁边有一盏灯。",
    "Japanese": "赤いカップが木のテーブルの上にあります。",
    "emoji": "🍷🪑👩‍👩‍👧‍👦",
    "code": 'if(x[0]!=y->z){return{"a":[1,2,3]};}',
    "English": "the red cup is on the wooden table and ",
}
TIGHT = 0.11  # US dollars, for one picture or none


@pytest.mark.parametrize(
    ("script", "usd"),
    [
        pytest.param(script, usd, marks=[] if (number + (usd == TIGHT)) % 2 else [pytest.mark.soak])
        for number, script in enumerate(SENTENCES)
        for usd in (TIGHT, 0.4)
    ],
)
def test_the_bill_stays_under_the_limit_for_the_longest_checklist_in_any_script(
    script: str, usd: float, till: Till, tmp_path: Path
) -> None:
    texts = [f"{number} {SENTENCES[script] * 40}"[:480] for number in range(64)]
    brief = Brief(text=SENTENCES[script], requirements=tuple(Requirement(text=text) for text in texts))
    ended = till.run(tmp_path, replace(SETTINGS, max_usd=usd, max_images=2, plan=False), brief)
    assert till.usd <= usd
    assert ended.usage.usd == pytest.approx(till.usd)
    assert all(attempt.verdict for attempt in ended.attempts)
    assert ended.attempts or usd < 0.4


@pytest.mark.parametrize("script", ["Chinese", "emoji", "code"])
def test_a_run_costs_no_more_than_its_preview_says(script: str, till: Till, tmp_path: Path) -> None:
    brief = Brief(text=f"two red cups on a table. {SENTENCES[script] * 20}", size=(1024, 1024))
    settings = replace(SETTINGS, max_images=2, max_attempts=1, policy="classic")
    seen = asyncio.run(preview(Order(brief=brief, settings=settings)))
    assert seen.usd is not None
    till.bill.write_text("")
    assert till.run(tmp_path, settings, brief).usage.usd == pytest.approx(till.usd)
    assert till.usd <= seen.usd < 1.0


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
        assert (OUT_OF_TRIES in again.reason) == (kind == "image")  # the others are tried once more by `onbrief resume`
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
