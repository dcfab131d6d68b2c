from __future__ import annotations

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onbrief.errors import OverBudget
from onbrief.ledger.budget import Budget


def test_a_price_is_counted_before_it_is_spent_and_the_unused_part_can_be_spent() -> None:
    budget = Budget(0.06)
    budget.reserve("r", "m", 0.04)
    assert budget.spent == 0.04
    with pytest.raises(OverBudget, match=r"^\$0\.04 of \$0\.06 is spent, and the next step may cost \$0\.04$"):
        budget.reserve("r", "m", 0.04)
    budget.settle("r", 0.04, 0.01)
    budget.reserve("r", "m", 0.04)
    assert budget.spent == 0.05


def test_what_is_held_is_not_spent_and_only_its_call_may_spend_it() -> None:
    budget = Budget(0.06)
    with pytest.raises(OverBudget, match=r"^\$0 of \$0\.06 is spent, and the next step may cost \$0\.07$"):
        budget.reserve("r", "m", 0.04, hold=0.03)
    budget.reserve("r", "m", 0.04, hold=0.02)
    assert (budget.spent, budget.held) == (0.04, 0.02)
    with pytest.raises(OverBudget, match=r"^\$0\.04 of \$0\.06 is spent, \$0\.02 is held for calls to come, and the next"):
        budget.reserve("another", "m", 0.01)
    budget.reserve("r", "m", 0.015, held=0.02)
    assert (budget.spent, budget.held) == (0.055, 0.0)


def test_holds_of_a_run_that_is_loaded_never_lift_the_limit() -> None:
    budget = Budget(0.1)
    budget.load("r", [0.08], held=[0.02, 0.02])  # the limit was lowered
    with pytest.raises(OverBudget):
        budget.reserve("r", "m", 0.001)
    budget.reserve("r", "m", 0.02, held=0.02)
    with pytest.raises(OverBudget):
        budget.reserve("r", "m", 0.02, held=0.02)
    budget.load("r", [0.1])
    assert (budget.spent, budget.held) == (0.1, 0.0)


def test_without_a_limit_everything_fits_and_is_counted() -> None:
    budget = Budget()
    budget.reserve("r", "m", 1e6)
    assert budget.spent == 1e6
    budget.reserve("r", "m", None)
    assert budget.spent is None


def test_an_unknown_price_is_never_counted_as_zero() -> None:
    budget = Budget(100.0)
    with pytest.raises(OverBudget, match=r"^the price of m is unknown, so the limit of \$100 cannot be enforced$"):
        budget.reserve("r", "m", None)
    budget.load("old", [0.5, None])
    with pytest.raises(OverBudget, match="the price of an earlier call is unknown"):
        budget.reserve("r", "m", 0.01)
    budget.settle("old", None, 0.2)
    budget.reserve("r", "m", 0.01)
    assert budget.spent == 0.71


@given(price=st.integers(1, 10**12), times=st.integers(1, 50))
def test_amounts_add_up_exactly(price: int, times: int) -> None:
    usd = price / 1e9
    budget = Budget(price * times / 1e9)
    for _ in range(times):
        budget.reserve("r", "m", usd)
    with pytest.raises(OverBudget):
        budget.reserve("r", "m", usd)


def test_a_run_that_is_loaded_again_is_counted_once() -> None:
    budget = Budget(1.0)
    budget.load("r", [0.3])
    budget.reserve("r", "m", 0.2)
    budget.load("other", [0.1])
    budget.load("r", [0.3, 0.2])
    assert budget.spent == 0.6


def test_threads_that_race_for_the_same_money_never_exceed_it() -> None:
    budget, got = Budget(10.0), list[int]()
    start = threading.Barrier(8)

    def spend() -> None:
        start.wait()
        for _ in range(500):
            try:
                budget.reserve("r", "m", 0.01)
            except OverBudget:
                return
            got.append(1)

    threads = [threading.Thread(target=spend) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(got), budget.spent) == (1000, 10.0)
