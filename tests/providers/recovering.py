"""Whole runs whose picture is lost on its way, again and again: the campaign that every provider with pictures passes.

A provider takes part with a `Lane`, in the tuple of `test_recovering.py`:

    Lane("fal:fal-ai/flux-2/klein", "listing", first="fal.submit", later=("fal.status", "fal.result"))

`model` is the name as a user writes it; `recovery` how the provider says that it finds pictures, None if it cannot. `first` is
the operation of the stand-in that accepts and charges, `later` are those that bring the picture after the first reply, by their
names in scripted faults; `draws` is the operation that draws, if pictures cost nothing. `size` is the smallest that the model
makes. By default, the stand-in is reached by what `wires.mounting.exports` says; a provider that needs more has `around`, a
context manager that is given the terms of the server and yields other terms, and the environment for an address.

In each session, judge and planner are scripted and the image model is the real one, made by its name, over HTTP. The bill of
the stand-in is the reference.
"""

from __future__ import annotations

import asyncio
import os
import signal
import zlib
from collections import Counter
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

import pytest

from onbrief.brief import Brief, Size
from onbrief.config import load
from onbrief.ledger.owner import new_token
from onbrief.ledger.sqlite import SqliteLedger
from onbrief.ports import Entry, Recovery
from onbrief.providers import registry
from onbrief.pursuit import Order, open_pursuit
from onbrief.record import Run
from onbrief.testing import Bill as ScriptedBill
from onbrief.testing import crew
from onbrief_sandbox.server.app import Terms
from onbrief_sandbox.server.bill import Bill
from onbrief_sandbox.server.faults import Fault
from onbrief_sandbox.server.wires.mounting import exports
from tests.forks import new_process
from tests.relays import Moments, relay
from tests.sandbox.server.serving import Play, lines, served

POINTS = 40
"""Points of each answer at which it is cut, and moments at which the process is killed."""
SAMPLE = (3, 20, 37)
"""Three of them: early, in the middle, late."""

Environment = Callable[[str], Mapping[str, str]]
"""The environment variables that lead to the stand-in at an address."""


@contextmanager
def as_exported(terms: Terms) -> Generator[tuple[Terms, Environment]]:
    """Nothing but the server, reached as it says itself."""
    yield terms, exports


@dataclass(frozen=True, slots=True)
class Lane:
    """A provider that takes part; see above."""

    model: str
    recovery: Recovery | None
    first: str
    later: tuple[str, ...] = ()
    draws: str = ""
    size: Size = (512, 512)
    around: Callable[[Terms], AbstractContextManager[tuple[Terms, Environment]]] = as_exported

    def __str__(self) -> str:
        return self.model.partition("?")[0].replace("/", "-")


End = Literal["found", "unknown", "never sent", "sent again"]
"""What became of the picture of a struck session: it came back; it may have been paid for, and is not sent again; it was never
sent, and the next session sent it; the service's word was final that it never arrived, and it was sent again.
"""


@dataclass(frozen=True, slots=True)
class Bench:
    """A running stand-in for one lane. `moments` are those of the relay before it."""

    lane: Lane
    script: Play
    bill: Path
    moments: Moments
    folder: Path
    _number: list[int] = field(default_factory=lambda: [0])

    def cut(self, operation: str, point: int) -> End:
        """Lose a picture: the first answers of an operation end at this point. Then resume, and check every promise."""
        fault = Fault(does="cut", share=point / POINTS) if point else Fault(does="reset")
        self.script.now(replace(fault, operation=operation, calls=(1, 2)))
        out = self.fresh()
        session(self.lane.model, self.lane.size, out)
        self.script.now()
        return self._checked(out)

    def kill(self, point: int) -> End:
        """Kill the process at this moment of its conversation with the service. Then resume, and check every promise."""
        out = self.fresh()
        child = new_process(session, self.lane.model, self.lane.size, out)

        def strike() -> None:
            assert child.pid
            os.kill(child.pid, signal.SIGKILL)

        at, pieces = 1 + point * self._messages // POINTS, point % 4
        self.moments.reset(at, pieces, strike)
        child.start()
        child.join()
        self.moments.reset()
        return self._checked(out)

    def settle(self) -> None:
        """Make an undisturbed run, to know how long its conversation is."""
        self.moments.reset()
        out = self.fresh()
        ended = session(self.lane.model, self.lane.size, out)
        assert (ended.outcome, len(self.paid)) == ("passed", 1)
        self._number.append(self.moments.messages)

    @property
    def paid(self) -> list[dict[str, Any]]:
        """The lines of the bill that cost money, or for which something was drawn at no cost."""
        return [line for line in lines(self.bill) if line["usd"] or line["operation"] == self.lane.draws]

    @property
    def _messages(self) -> int:
        return self._number[1]

    def fresh(self) -> Path:
        self.bill.write_text("")
        self._number[0] += 1
        return self.folder / str(self._number[0])

    def _checked(self, out: Path) -> End:
        """Resume a struck run, twice, and check what came of its picture."""
        left, paid_before = entries(out), len(self.paid)
        ended = session(self.lane.model, self.lane.size, out, seconds=None if paid_before else 2)
        paid = self.paid
        again = session(self.lane.model, self.lane.size, out, seconds=None if paid_before else 2)
        assert len(self.paid) == len(paid), "a third session paid again"
        assert [a.image for a in again.attempts] == [a.image for a in ended.attempts]
        assert len(paid) <= 1, f"a picture was paid for {len(paid)} times"
        counted, billed = sum(entry.usd or 0.0 for entry in entries(out)), sum(line["usd"] for line in paid)
        assert counted >= billed - 1e-9, "something on the bill was not counted"
        back = [attempt.image for attempt in ended.attempts if attempt.image]
        for image in back:
            assert (out / image.key).read_bytes()
        if back:
            assert len(paid) == len(back) == 1
            assert counted == pytest.approx(billed), "the ledger does not equal the bill"
            return "found" if paid_before else "never sent" if not left else "sent again"
        assert not self._must_return(left, paid_before), f"the picture did not come back: {ended.reason} {entries(out)}"
        assert paid_before == 0 or ended.outcome == "unknown"
        return "unknown"

    def _must_return(self, left: Sequence[Entry], paid: int) -> bool:
        """Whether the picture has to come back, by the class of the provider."""
        match self.lane.recovery:
            case "own id" | "own tag" | "listing":
                return paid > 0
            case "first reply":
                return paid > 0 and any(entry.handle for entry in left)
            case _:
                return False


def session(model: str, size: Size, out: Path, seconds: float | None = None) -> Run:
    """One session of the run with one picture, as a process makes it."""
    flags = {"out": str(out), "image_model": model, "max_images": 1, "max_seconds": seconds}
    settings, _ = load({name: value for name, value in flags.items() if value is not None})

    async def go() -> Run:
        models = replace(crew(ScriptedBill()), image_model=registry.image_model(model, settings.tables))
        order = Order(brief=Brief(text="a red circle", size=size), settings=settings, run_id=_run_id(out), seed=_seed(out))
        async with open_pursuit(order, models) as pursuit:
            ended = [event async for event in pursuit.events()][-1].run
            await pursuit.deliver()
            return ended

    return asyncio.run(go())


def _run_id(out: Path) -> str:
    """Return the id of the run in a folder. It is another one for each: ids of tries come from it, and a service keeps them."""
    return f"run-{out.name}"


def _seed(out: Path) -> int:
    """Return the seed of the run in a folder, another one for each, as runs have: a list tells equal requests apart by time."""
    return zlib.crc32(out.name.encode()) % 2**31


def entries(out: Path) -> list[Entry]:
    """Return the tries of pictures in the ledger."""
    if not (out / "ledger.db").is_file():
        return []
    ledger = SqliteLedger(out / "ledger.db")
    try:
        if (row := ledger.run(_run_id(out))) is None:
            return []
        token = new_token()
        recorded = asyncio.run(ledger.claim(_run_id(out), row.request, row.settings, token, 60))
        asyncio.run(ledger.release(_run_id(out), token, row.outcome))
        return [entry for entry in recorded.entries if entry.call.kind == "image"]
    finally:
        ledger.close()


@contextmanager
def bench_of(lane: Lane, folder: Path) -> Generator[Bench]:
    """Run the stand-in of a lane, behind a relay, with the environment that leads to it."""
    script, bill, moments = Play(), folder / "bill", Moments()
    with (
        lane.around(Terms(script=script, bill=Bill(bill))) as (terms, environment),
        served(terms) as server,
        relay(server.port, moments) as port,
        pytest.MonkeyPatch.context() as monkeypatch,
    ):
        for name, value in environment(f"http://127.0.0.1:{port}").items():
            monkeypatch.setenv(name, value)
        bench = Bench(lane, script, bill, moments, folder)
        bench.settle()
        yield bench


def sample(bench: Bench) -> dict[str, int]:
    """Cut each operation's answer once or more, so that all points of the sample have their turn, and kill the process at each
    of its moments.
    """
    operations = (bench.lane.first, *bench.lane.later)
    shares = {name: SAMPLE[number % len(SAMPLE) :: len(operations)] for number, name in enumerate(operations)}
    return _struck(bench, shares, SAMPLE)


def campaign(bench: Bench) -> dict[str, int]:
    """Cut each operation's answer at every point, kill the process at every moment, and count the ends."""
    return _struck(bench, dict.fromkeys((bench.lane.first, *bench.lane.later), range(POINTS)), range(POINTS))


def _struck(bench: Bench, cut: Mapping[str, Sequence[int]], moments: Sequence[int]) -> dict[str, int]:
    lane = bench.lane
    cuts = {operation: Counter(bench.cut(operation, point) for point in points) for operation, points in cut.items()}
    killed = Counter(bench.kill(point) for point in moments)
    for operation, ends in cuts.items():
        if lane.recovery is None or (lane.recovery == "first reply" and operation == lane.first):
            assert ends["sent again"] == 0, ends
        elif lane.recovery == "listing":
            assert ends["found"] >= 0.99 * ends.total(), (operation, ends)
        else:
            assert set(ends) == {"found"}, (operation, ends)
    return dict(Counter(end for ends in (*cuts.values(), killed) for end in ends.elements()))
