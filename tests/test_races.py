"""Runs that race for the money that all runs of a place share, over HTTP: the server's bill has what they spend together."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Generator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from onbrief.brief import Brief, Requirement
from onbrief.pursuit import Order, open_pursuit
from onbrief.settings import Settings
from onbrief_sandbox.server.app import Terms
from onbrief_sandbox.server.bill import Bill
from tests.claude import reach
from tests.forks import new_process
from tests.sandbox.server.serving import NOVA, SDXL, lines, served

RUNS, USD = 32, 1.0
NEXT_STEP = 0.11  # US dollars: a picture and its judgement cost no more
OPPOSITES = tuple(Requirement(text=f"there are exactly {number} dogs", kind="count") for number in ("two", "three"))
BRIEF = Brief(
    text="a park", requirements=OPPOSITES, size=(512, 512)
)  # no picture passes, so each run goes on as long as there is money
DEAR = Settings(image_model=f"bedrock:{NOVA}", judge="bedrock:", reviser="bedrock:", plan=False, max_total_usd=USD)
EXACT = replace(DEAR, image_model=f"bedrock:{SDXL}", judge="sandbox:", policy="classic", max_attempts=12)
"""Nothing but pictures is paid for, at $0.04 each: 25 of them, no more and no less, come to a dollar."""


@pytest.fixture(scope="module")
def bill(tmp_path_factory: pytest.TempPathFactory) -> Generator[Path]:
    path = tmp_path_factory.mktemp("server") / "bill"
    with served(Terms(bill=Bill(path))) as running, pytest.MonkeyPatch.context() as monkeypatch:
        reach(running, monkeypatch)
        yield path


def pursue(settings: Settings, names: Sequence[str]) -> list[str]:
    """Pursue runs of these names at the same time, each with the place opened anew, and return how they ended."""
    crew = settings.crew()

    async def one(name: str) -> str:
        async with open_pursuit(Order(brief=BRIEF, settings=settings, run_id=name), crew) as pursuit:
            *_, last = [event async for event in pursuit.events()]
            await pursuit.deliver()
        return f"{last.run.outcome}: {last.run.reason}"

    async def all_() -> list[str]:
        return await asyncio.gather(*map(one, names))

    return asyncio.run(all_())


def race(settings: Settings, processes: int) -> None:
    """Start all runs at once, in this process or in several."""
    names = [f"run-{number}" for number in range(RUNS)]
    if processes == 1:
        pursue(settings, names)
        return
    started = [new_process(pursue, settings, names[number::processes]) for number in range(processes)]
    for process in started:
        process.start()
    for process in started:
        process.join()
    assert [process.exitcode for process in started] == [0] * processes


def spent(bill: Path) -> float:
    return round(sum(line["usd"] for line in lines(bill)), 9)


@pytest.mark.parametrize("processes", [pytest.param(1, marks=pytest.mark.soak), 4])
def test_runs_that_race_for_a_dollar_spend_exactly_that(processes: int, bill: Path, tmp_path: Path) -> None:
    bill.write_text("")
    race(replace(EXACT, out=str(tmp_path)), processes)
    assert spent(bill) == USD


def test_money_that_is_held_for_judgements_is_not_spent_by_others(bill: Path, tmp_path: Path) -> None:
    bill.write_text("")
    settings = replace(DEAR, out=str(tmp_path))
    race(settings, processes=4)
    assert USD / 3 < spent(bill) <= USD  # what is held for judgements is given back when the other runs have ended
    before = spent(bill)
    [late] = pursue(settings, ["late"])
    assert late.startswith("over_budget: $")
    assert "of the $1 that all runs of this place share is spent" in late
    [richer] = pursue(replace(settings, max_total_usd=USD + 2 * NEXT_STEP), ["richer"])
    assert richer.startswith("over_budget: $")
    assert before < spent(bill) <= USD + 2 * NEXT_STEP


@pytest.mark.soak
@pytest.mark.parametrize("settings", [EXACT, DEAR], ids=["exact", "held"])
def test_200_races_for_a_dollar(settings: Settings, bill: Path, tmp_path: Path) -> None:
    bills = Counter[float]()
    for number in range(200):
        bill.write_text("")
        race(replace(settings, out=str(tmp_path / str(number))), processes=(1, 4)[number % 2])
        bills[spent(bill)] += 1
        print(f"race {number}: ${spent(bill)}", flush=True)
    assert min(bills) > USD / 3
    assert max(bills) <= USD
