"""Pictures whose answers were lost on their way: looked for at the provider before anything else is decided."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from onbrief.brief import Size
from onbrief.errors import Blocked, CallError, Failed, Refused, Unknown
from onbrief.ports import CannotTell, Found, Note, NotThere, Pending, Picture, Recovery, Sent
from onbrief.ports.recovery import Answer
from onbrief.pursuit import Order, open_pursuit
from onbrief.record import Prompt, Run
from onbrief.settings import Settings
from onbrief.testing import Bill, crew, picture
from tests.pursuing import BRIEF

PRICE = 0.04
LOST = Unknown("no answer")


@dataclass
class Service:
    """An image model whose service gives pictures back. `lose` has for each call what is raised instead of its answer, and
    `says` what `find` answers first; then the picture, if it was made.
    """

    lose: list[CallError | None]
    says: list[Answer | CallError] = field(default_factory=list[Answer | CallError])
    notes: bool = True
    made: dict[str, bytes] = field(default_factory=dict[str, bytes])
    asked: list[Sent] = field(default_factory=list[Sent])
    name: str = "test:service"
    price: float | None = PRICE
    recovery: Recovery = "first reply"
    warnings: tuple[str, ...] = ()

    def check(self, size: Size) -> tuple[str, ...]:
        return ()

    async def generate(self, prompt: Prompt, size: Size, seed: int) -> Picture:
        raise AssertionError("a model that can find pictures is asked so that it can")

    async def generate_as(self, sent: Sent, note: Note, prompt: Prompt, size: Size, seed: int) -> Picture:
        self.made[sent.id] = picture(seed, size)
        if self.notes:
            await note(f"job-{sent.id}")
        error = self.lose.pop(0) if self.lose else None
        if error:
            raise error
        return Picture(self.made[sent.id], usd=0.03)

    async def find(self, sent: Sent, prompt: Prompt, size: Size, seed: int) -> Answer:
        self.asked.append(sent)
        if self.says:
            said = self.says.pop(0)
            if isinstance(said, CallError):
                raise said
            return said
        return Found(Picture(self.made[sent.id], usd=0.03)) if sent.id in self.made else NotThere("it is not known")


def session(out: Path, service: Service, bill: Bill, *, resend: bool = False) -> Run:
    """The run at the end of one session, with one picture."""

    async def go() -> Run:
        models = replace(crew(bill), image_model=service)
        order = Order(brief=BRIEF, settings=Settings(out=str(out), max_images=1), run_id="r", seed=7, resend_unknown=resend)
        async with open_pursuit(order, models) as pursuit:
            return [event async for event in pursuit.events()][-1].run

    return asyncio.run(go())


def test_a_lost_answer_is_fetched_at_once(tmp_path: Path) -> None:
    service, bill = Service([LOST]), Bill()
    run = session(tmp_path, service, bill)
    assert (run.outcome, len(service.made), run.usage.unknown_calls) == ("passed", 1, 0)
    assert [sent.handle for sent in service.asked] == [f"job-{sent}" for sent in service.made]
    assert run.usage.usd == pytest.approx(0.041)  # with a checklist and a judgement


@pytest.mark.parametrize("first", [CannotTell("no answer"), Refused("busy"), Unknown("cut"), NotThere("not yet")])
def test_what_cannot_be_found_now_is_found_in_a_later_session(tmp_path: Path, first: Answer | CallError) -> None:
    service, bill = Service([LOST], [first]), Bill()
    assert session(tmp_path, service, bill).outcome == "unknown"
    run = session(tmp_path, service, bill)
    assert (run.outcome, len(service.made), run.usage.unknown_calls) == ("passed", 1, 0)
    assert service.asked[0] == service.asked[1]


def test_a_picture_that_is_still_being_made_is_waited_for(tmp_path: Path) -> None:
    service = Service([LOST], [Pending(0.0), Pending(0.001), Pending(0.0)])
    run = session(tmp_path, service, Bill())
    assert (run.outcome, len(service.made), len(service.asked)) == ("passed", 1, 4)
    assert run.usage.waits == 1


@pytest.mark.parametrize("resend", [False, True])
def test_the_money_of_a_call_that_never_arrived_is_free_and_it_is_sent_again(tmp_path: Path, resend: bool) -> None:
    service = Service([LOST], [NotThere("it is not known", final=True)])
    run = session(tmp_path, service, Bill(), resend=resend)
    assert (run.outcome, len(service.made), run.usage.unknown_calls, run.usage.images) == ("passed", 2, 0, 1)
    assert len(set(service.made)) == 2


@pytest.mark.parametrize(
    ("ended", "outcome", "calls"), [(Failed("out of memory"), "passed", 2), (Blocked("not allowed"), "blocked", 1)]
)
def test_a_lost_call_that_ended_without_a_picture_counts_as_that(
    tmp_path: Path, ended: CallError, outcome: str, calls: int
) -> None:
    service = Service([LOST], [ended])
    run = session(tmp_path, service, Bill())
    assert (run.outcome, len(service.made), run.usage.unknown_calls) == (outcome, calls, 0)


def test_the_first_picture_is_found_although_the_call_was_sent_again(tmp_path: Path) -> None:
    service, bill = Service([LOST, LOST], [CannotTell("")] * 9), Bill()
    assert session(tmp_path, service, bill).outcome == "unknown"
    assert session(tmp_path, service, bill, resend=True).outcome == "unknown"
    service.says = []
    run = session(tmp_path, service, bill)
    assert (run.outcome, len(service.made)) == ("passed", 2)


def test_a_process_that_ends_while_the_picture_is_made_leaves_its_handle(tmp_path: Path) -> None:
    class Dies(Service):
        async def generate_as(self, sent: Sent, note: Note, prompt: Prompt, size: Size, seed: int) -> Picture:
            await super().generate_as(sent, note, prompt, size, seed)
            raise asyncio.CancelledError

    service, bill = Dies([]), Bill()
    with pytest.raises(asyncio.CancelledError):
        session(tmp_path, service, bill)
    back = Service([], made=service.made)
    run = session(tmp_path, back, bill)
    assert (run.outcome, len(service.made), [sent.handle for sent in back.asked]) == (
        "passed",
        1,
        [f"job-{sent}" for sent in service.made],
    )
