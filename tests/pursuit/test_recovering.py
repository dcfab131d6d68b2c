"""`onbrief.recover`: lost pictures are looked for in the runs of a place; nothing is started, and nothing is paid for."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

import onbrief
from onbrief.brief import Size
from onbrief.errors import Blocked, CallError, Failed, Refused, UsageError
from onbrief.ports import AnyModel, CannotTell, ModelRole, Note, NotThere, Pending, Picture, Sent
from onbrief.ports.recovery import Answer
from onbrief.pursuit import LostPicture, Order, open_pursuit
from onbrief.record import Prompt, Run
from onbrief.settings import Settings
from onbrief.testing import Bill, crew
from tests.pursuing import BRIEF
from tests.studio.test_recovery import LOST, Service

UNTOLD = CannotTell("the service does not answer")


def models(service: Service, bill: Bill, short: frozenset[str] = frozenset()) -> dict[ModelRole, AnyModel]:
    scripted = crew(bill, short)
    assert scripted.planner
    assert scripted.reviser
    return {"image_model": service, "judge": scripted.judge, "planner": scripted.planner, "reviser": scripted.reviser}


def session(out: Path, service: Service, bill: Bill, usd: float | None = None, run_id: str = "r", prompts: int = 1) -> Run:
    """The run at the end of one session, with one picture of each prompt. Only that of the first one can pass."""

    async def go() -> Run:
        given = models(service, bill, frozenset({"r1"} if prompts > 1 else ()))
        settings = Settings(out=str(out), max_images=prompts, max_usd=usd, policy="classic", max_attempts=1).with_models(given)
        async with open_pursuit(Order(brief=BRIEF, settings=settings, run_id=run_id, seed=7, models=given)) as pursuit:
            ended = [event async for event in pursuit.events()][-1].run
            await pursuit.deliver()
            return ended

    return asyncio.run(go())


def recovered(out: Path, service: Service, run_id: str | None = None) -> list[LostPicture]:
    given = models(service, Bill())
    return onbrief.recover(run_id, out=out, **given)  # pyright: ignore[reportArgumentType] - by their roles


def test_a_picture_that_is_found_is_stored_and_the_run_goes_on_with_it(tmp_path: Path) -> None:
    service, bill = Service([LOST], [UNTOLD]), Bill()
    assert session(tmp_path, service, bill).outcome == "unknown"
    asked = bill.lines
    (lost,) = recovered(tmp_path, service)
    assert (lost.run_id, lost.attempt, lost.model, lost.state, lost.usd) == ("r", "000-000", "test:service", "found", 0.03)
    assert Path(lost.url.removeprefix("file://")).is_file()
    assert (bill.lines, len(service.made)) == (asked, 1)
    assert [row.outcome for row in onbrief.runs(out=tmp_path)] == ["unknown"]
    run = session(tmp_path, service, bill)
    assert (run.outcome, run.usage.unknown_calls, len(service.made)) == ("passed", 0, 1)
    assert recovered(tmp_path, service) == []


def test_a_call_that_never_arrived_frees_its_money(tmp_path: Path) -> None:
    service, bill, limit = Service([LOST], [UNTOLD]), Bill(), 0.06  # enough for one picture with its judgement
    assert session(tmp_path, service, bill, limit).outcome == "unknown"
    service.says = [NotThere("it is not known", final=True)]
    (lost,) = recovered(tmp_path, service)
    assert (lost.state, lost.usd, lost.why, len(service.made)) == ("never arrived", 0.0, "it is not known", 1)
    run = session(tmp_path, service, bill, limit)
    assert (run.outcome, len(service.made), run.usage.usd) == ("passed", 2, pytest.approx(0.041))


@pytest.mark.parametrize(
    ("says", "state", "settled", "why"),
    [
        (UNTOLD, "unknown", False, "the service does not answer"),
        (NotThere("it is not in the list"), "unknown", False, "it is not in the list"),
        (Refused("busy"), "unknown", False, "busy"),
        (Pending(60), "waiting", False, "still be working"),
        (Blocked("not allowed"), "blocked", True, "not allowed"),
        (Failed("out of memory"), "failed", True, "out of memory"),
    ],
)
def test_what_is_not_found_says_why(says: Answer | CallError, state: str, settled: bool, why: str, tmp_path: Path) -> None:
    service = Service([LOST], [UNTOLD, says])
    session(tmp_path, service, Bill())
    (lost,) = recovered(tmp_path, service)
    assert (lost.state, lost.settled, why in lost.why, len(service.made)) == (state, settled, True, 1)


@pytest.mark.parametrize("last", [0, 1])
def test_the_picture_of_a_process_that_was_killed_is_found_without_a_record(last: int, tmp_path: Path) -> None:
    class Dies(Service):
        async def generate_as(self, sent: Sent, note: Note, prompt: Prompt, size: Size, seed: int) -> Picture:
            picture = await super().generate_as(sent, note, prompt, size, seed)
            if prompt.revision == last:
                raise asyncio.CancelledError
            return picture

    service = Dies([])
    with pytest.raises(asyncio.CancelledError):
        session(tmp_path, service, Bill(), prompts=last + 1)
    assert not [run for run in onbrief.runs(out=tmp_path) if run.outcome]
    (lost,) = recovered(tmp_path, Service([], made=service.made))
    assert (lost.state, lost.attempt) == ("found", f"00{last}-000")


def test_runs_in_use_are_left_alone_and_those_that_cannot_be_opened_say_why(tmp_path: Path) -> None:
    service, bill = Service([LOST], [UNTOLD] * 9), Bill()

    async def go() -> list[LostPicture]:
        given = models(service, bill)
        settings = Settings(out=str(tmp_path), max_images=1).with_models(given)
        async with open_pursuit(Order(brief=BRIEF, settings=settings, run_id="live", seed=7, models=given)):
            return await asyncio.to_thread(recovered, tmp_path, service)

    assert [(lost.run_id, lost.state) for lost in asyncio.run(go())] == [("live", "in use")]
    session(tmp_path, replace(service, lose=[LOST]), bill, run_id="named")
    assert "given an object" in next(lost.why for lost in onbrief.recover(out=tmp_path) if lost.run_id == "named")
    with pytest.raises(UsageError, match="given an object"):
        onbrief.recover("named", out=tmp_path)
