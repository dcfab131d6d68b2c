"""A money limit that several processes share, in each kind of database."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Generator
from contextlib import ExitStack, closing, suppress
from dataclasses import replace
from pathlib import Path

import pytest

from onbrief.errors import OverBudget
from onbrief.ledger import tables
from onbrief.ledger.account import CallResult, Hold, SpendingPolicy, Try, open_account
from onbrief.ledger.budget import NANO, nano
from onbrief.ledger.database import DatabaseLedger
from onbrief.ledger.owner import new_token
from onbrief.ledger.postgresql import PostgresLedger
from onbrief.ledger.sqlite import SqliteLedger
from onbrief.ports import Call, Entry, Fund
from onbrief.testing.ledger_contract import CALL, claim
from tests.databases import new_schema
from tests.forks import new_process

Open = Callable[[Fund | None], DatabaseLedger]
DOLLAR = Fund("batch", 1.0)


def open_at(place: str, fund: Fund | None) -> DatabaseLedger:
    if "://" in place:
        url, schema = place.split("#")
        return PostgresLedger(url, schema, fund, create="a test")
    return SqliteLedger(Path(place), fund)


@pytest.fixture(params=["SQLite", "PostgreSQL"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "SQLite":
        return str(tmp_path / "ledger.db")
    return f"{request.getfixturevalue('database').url}#{new_schema()}"


@pytest.fixture
def opened(place: str) -> Generator[Open]:
    """Open the ledger as one more process would."""
    with ExitStack() as stack:
        yield lambda fund: stack.enter_context(closing(open_at(place, fund)))


def entry(attempt: int, usd: float | None) -> Entry:
    return Entry(replace(CALL, attempt=attempt, price=usd), 0, "started", usd)


def state(ledger: DatabaseLedger, name: str = "batch") -> tuple[float, int, float]:
    """What is spent of a fund, how many prices are unknown, and what is held."""
    row = ledger._read(lambda connection: connection.execute(tables.SELECT_FUND, {"name": name}).fetchone())
    return row["nano"] / NANO, row["unknown"], row["held"] / NANO


def test_what_processes_spend_together_stays_below_the_limit(opened: Open) -> None:
    one, other, tokens = opened(DOLLAR), opened(DOLLAR), [new_token(), new_token()]

    async def go() -> None:
        await claim(one, tokens[0])
        await claim(other, tokens[1], run_id="b-run")
        await one.begin("a-run", tokens[0], entry(0, 0.6))
        for attempt in (0, 1):
            with pytest.raises(OverBudget, match=r"^\$0.6 of the \$1 that all runs of batch share is spent, .* cost \$0.5$"):
                await other.begin("b-run", tokens[1], entry(attempt, 0.5))
        await one.finish("a-run", tokens[0], replace(entry(0, 0.5), state="done"))
        await other.begin("b-run", tokens[1], entry(0, 0.5))
        assert state(one) == (1.0, 0, 0.0)
        await other.finish("b-run", tokens[1], replace(entry(0, 0.0), state="refused"))
        await other.finish("b-run", tokens[1], replace(entry(0, 0.0), state="refused"))  # not counted twice
        assert state(one) == (0.5, 0, 0.0)
        found = await one.claim("c-run", "{}", "{}", new_token(), 60.0)
        assert found.entries == ()

    asyncio.run(go())


def test_what_a_run_has_spent_before_counts_once_and_what_is_deleted_stays_spent(opened: Open) -> None:
    without, fund, token = opened(None), opened(DOLLAR), new_token()

    async def go() -> None:
        await claim(without, token)
        await without.begin("a-run", token, entry(0, 0.7))
        await without.release("a-run", token, None)
        for _ in range(2):
            again = new_token()
            await claim(fund, again)
            assert state(fund) == (0.7, 0, 0.0)
            with pytest.raises(OverBudget):
                await fund.begin("a-run", again, entry(1, 0.4))
            await fund.release("a-run", again, None)
        alone = new_token()
        await claim(without, alone)  # resumed by itself: no limit, and counted all the same
        await without.begin("a-run", alone, entry(2, 0.9))
        await without.release("a-run", alone, "unmet")
        await without.forget("a-run")
        assert state(fund) == (1.6, 0, 0.0)

    asyncio.run(go())


def test_no_limit_holds_when_a_price_is_unknown(opened: Open) -> None:
    ledger, token = opened(DOLLAR), new_token()

    async def go() -> None:
        await claim(ledger, token)
        with pytest.raises(OverBudget, match="the price of test:painter is unknown"):
            await ledger.begin("a-run", token, entry(0, None))
        only_counts, other = opened(Fund("batch", None)), new_token()
        await claim(only_counts, other, run_id="b-run")
        await only_counts.begin("b-run", other, entry(0, None))
        with pytest.raises(OverBudget, match="the price of an earlier call is unknown"):
            await ledger.begin("a-run", token, entry(0, 0.01))
        await only_counts.finish("b-run", other, replace(entry(0, 0.2), state="done"))
        await ledger.begin("a-run", token, entry(0, 0.01))
        assert state(ledger) == (0.21, 0, 0.0)

    asyncio.run(go())


def test_money_that_one_process_holds_is_not_spent_by_another(opened: Open) -> None:
    """A picture is begun only if its judgement can be paid for, whoever else spends."""
    drawing, other = opened(DOLLAR), opened(DOLLAR)
    judged = Call("judge", 0, 0, "test:critic", "e" * 64, 0.2)

    async def send(_: Try) -> CallResult:
        return CallResult("{}")

    async def go() -> None:
        token = new_token()
        await claim(other, token, run_id="b-run")
        async with open_account(drawing, "a-run", "{}", "{}", SpendingPolicy()) as account:
            await account.once(replace(CALL, price=0.7), send, hold=Hold(judged.step, 0.2))
            assert state(drawing) == (0.7, 0, 0.2)
            with pytest.raises(OverBudget, match=r"spent, \$0.2 is held for calls to come"):
                await other.begin("b-run", token, entry(0, 0.2))
            await other.begin("b-run", token, entry(1, 0.1))
            await account.once(judged, send)
            assert state(drawing) == (1.0, 0, 0.0)
            with pytest.raises(OverBudget):
                await account.once(replace(CALL, attempt=7, price=0.01), send, hold=Hold("judge/007-007", 0.1))
            assert account.usage().usd == pytest.approx(0.9)
            assert not account.begun("image/001-007")
        assert [run.outcome for run in other.runs()] == [None, None]
        async with open_account(drawing, "c-run", "{}", "{}", SpendingPolicy()) as account:
            with suppress(OverBudget):
                await account.once(replace(CALL, price=0.01), send)
        assert state(drawing) == (1.0, 0, 0.0)

    asyncio.run(go())


# -- many processes ------------------------------------------------------------------------------------------------------------


def spend(place: str, number: int, bill: Path) -> None:
    """Spend until nothing fits any more. What is sent is written to the bill, at its real cost."""
    dice = random.Random(number)  # noqa: S311 - no secret

    async def send(_: Try) -> CallResult:
        usd = round(dice.uniform(0.005, 0.04), 9)
        with bill.open("a") as lines:
            lines.write(f"{usd!r}\n")
        return CallResult("{}", usd=usd)

    async def go() -> None:
        with closing(open_at(place, DOLLAR)) as ledger:
            async with open_account(ledger, f"run-{number}", f"{number}", "{}", SpendingPolicy()) as account:
                for attempt in range(100):
                    await account.once(replace(CALL, attempt=attempt, price=0.04), send)

    with suppress(OverBudget):
        asyncio.run(go())


@pytest.mark.parametrize("races", [1, pytest.param(100, marks=pytest.mark.soak)])
def test_processes_that_race_for_a_dollar_never_exceed_it(place: str, tmp_path: Path, races: int) -> None:
    for race in range(races):
        at = f"{place}_{race}"
        open_at(at, None).close()
        bill = tmp_path / f"bill-{race}"
        processes = [new_process(spend, at, number, bill) for number in range(32)]
        for process in processes:
            process.start()
        for process in processes:
            process.join()
        assert [process.exitcode for process in processes] == [0] * 32
        paid = sum(map(nano, map(float, bill.read_text().split())))
        assert 0.96 * NANO < paid <= NANO
        with closing(open_at(at, None)) as ledger:
            assert state(ledger) == (paid / NANO, 0, 0.0)
            assert all(row.outcome is None and not row.live for row in ledger.runs())


def test_a_bucket_knows_no_fund() -> None:
    from onbrief.ledger.objects import ObjectsLedger
    from onbrief.ports import HoldsMoney

    assert issubclass(SqliteLedger, HoldsMoney)
    assert not issubclass(ObjectsLedger, HoldsMoney)
