from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule, run_state_machine_as_test

from onbrief.errors import OverBudget
from onbrief.ledger.budget import Budget
from onbrief.ledger.funds import Funds, Hold
from onbrief.ports import Call, CallKind, Entry, State

LIMIT = 1.0


def call(kind: CallKind, attempt: int, price: float | None) -> Call:
    return Call(kind, 0, attempt, f"test:{kind}", "d" * 64, price)


IMAGE, JUDGE = call("image", 0, 0.04), call("judge", 0, 0.02)
HOLD = Hold(JUDGE.key, 0.02)


def ended(call: Call, usd: float | None, state: State = "done") -> Entry:
    return Entry(call, 0, state, usd)


def sums(*budgets: Budget) -> list[tuple[float | None, float]]:
    return [(budget.spent, budget.held) for budget in budgets]


def test_a_price_and_its_hold_are_reserved_in_all_budgets_or_in_none() -> None:
    own, shared = Budget(1.0), Budget(0.07)
    funds = Funds("a", (own, shared))
    funds.reserve(IMAGE, HOLD)
    for other in (replace(IMAGE, attempt=1), replace(IMAGE, price=None)):
        with pytest.raises(OverBudget):
            funds.reserve(other, Hold("judge/000-001", 0.02))
    assert sums(own, shared) == [(0.04, 0.02)] * 2


def test_a_call_is_paid_from_what_is_held_for_it() -> None:
    budget = Budget(0.06)
    funds = Funds("a", (budget,))
    funds.reserve(IMAGE, HOLD)
    funds.settle(0.04, ended(IMAGE, 0.04))
    with pytest.raises(OverBudget):
        Funds("b", (budget,)).reserve(replace(JUDGE, attempt=5), None)
    funds.reserve(JUDGE, None)
    funds.settle(0.02, ended(JUDGE, 0.005))
    assert sums(budget) == [(0.045, 0.0)]


def test_a_call_that_was_not_accepted_keeps_what_is_held_and_one_that_failed_does_not() -> None:
    budget = Budget(0.06)
    funds = Funds("a", (budget,))
    funds.reserve(IMAGE, HOLD)
    for _ in range(3):
        funds.reserve(JUDGE, None)
        funds.settle(0.02, ended(JUDGE, 0.0, "refused"))
        assert sums(budget) == [(0.04, 0.02)]
    funds.reserve(JUDGE, None)
    funds.settle(0.02, ended(JUDGE, 0.02, "failed"))
    assert sums(budget) == [(0.06, 0.0)]


def test_a_second_try_of_a_picture_holds_once_and_what_is_not_used_is_given_back() -> None:
    budget = Budget(1.0)
    funds = Funds("a", (budget,))
    for _ in range(2):
        funds.reserve(IMAGE, HOLD)
        funds.settle(0.04, ended(IMAGE, 0.04, "failed"))
    assert sums(budget) == [(0.08, 0.02)]
    funds.give_back("judge/000-007")
    funds.give_back(HOLD.step)
    assert sums(budget) == [(0.08, 0.0)]


def test_everything_is_given_back_at_the_end() -> None:
    budget = Budget(1.0)
    funds = Funds("a", (budget,))
    funds.load([ended(IMAGE, 0.04)], {JUDGE.key: 0.02, "judge/000-003": 0.02})
    assert sums(budget) == [(0.04, 0.04)]
    funds.give_back()
    assert sums(budget) == [(0.04, 0.0)]


class Spending(RuleBasedStateMachine):
    """Several runs that share a budget, and everything that can happen to their money."""

    @initialize(limits=st.lists(st.sampled_from([None, 0.0, 0.3, 2.0]), min_size=2, max_size=3))
    def open(self, limits: list[float | None]) -> None:
        self.shared = Budget(LIMIT)
        self.own = [Budget(limit) for limit in limits]
        self.funds = [Funds(f"run-{number}", (own, self.shared)) for number, own in enumerate(self.own)]
        self.billed = [0.0] * len(limits)
        self.begun: list[tuple[int, Call, Hold | None]] = []
        self.drawn: list[tuple[int, Hold]] = []
        self.pictures = 0

    @rule(run=st.integers(0, 2), price=st.integers(0, 200), judging=st.integers(0, 100))
    def begin_a_picture(self, run: int, price: int, judging: int) -> None:
        run %= len(self.funds)
        self.pictures += 1
        image = call("image", self.pictures, price / 1e3)
        hold = Hold(call("judge", self.pictures, None).key, judging / 1e3)
        try:
            self.funds[run].reserve(image, hold)
        except OverBudget:
            return
        self.begun.append((run, image, hold))

    @rule(run=st.integers(0, 2), price=st.integers(0, 200))
    def begin_another_call(self, run: int, price: int) -> None:
        run %= len(self.funds)
        self.pictures += 1
        other = call("revise", self.pictures, price / 1e3)
        try:
            self.funds[run].reserve(other, None)
        except OverBudget:
            return
        self.begun.append((run, other, None))

    @precondition(lambda self: self.begun)
    @rule(data=st.data(), share=st.floats(0, 1), state=st.sampled_from(["done", "failed", "refused"]))
    def end_a_call(self, data: st.DataObject, share: float, state: State) -> None:
        run, begun, hold = self.begun.pop(data.draw(st.integers(0, len(self.begun) - 1)))
        assert begun.price is not None
        usd = 0.0 if state == "refused" else begun.price * share
        self.billed[run] += usd
        self.funds[run].settle(begun.price, ended(begun, usd, state))
        if begun.kind == "judge":
            if state == "refused":
                self.drawn.append((run, Hold(begun.key, begun.price)))
        elif hold and state == "done":
            self.drawn.append((run, hold))
        elif hold:
            self.funds[run].give_back(hold.step)

    @precondition(lambda self: self.drawn)
    @rule(data=st.data())
    def judge_a_picture(self, data: st.DataObject) -> None:
        """Whatever else happened, its price is there."""
        run, hold = self.drawn.pop(data.draw(st.integers(0, len(self.drawn) - 1)))
        judge = call("judge", int(hold.step[-3:]), hold.usd)
        self.funds[run].reserve(judge, None)
        self.begun.append((run, judge, None))

    @precondition(lambda self: self.drawn)
    @rule()
    def leave_a_picture_unjudged(self) -> None:
        run, hold = self.drawn.pop()
        self.funds[run].give_back(hold.step)

    @invariant()
    def no_budget_is_exceeded_by_the_bill_or_by_what_is_counted_and_held(self) -> None:
        if not hasattr(self, "funds"):
            return
        bills = [*zip(self.own, self.billed, strict=True), (self.shared, sum(self.billed))]
        for budget, bill in bills:
            assert budget.spent is not None
            assert bill <= budget.spent + 1e-6
            assert budget.usd is None or budget.spent + budget.held <= budget.usd + 1e-9
        assert self.shared.held == pytest.approx(sum(own.held for own in self.own))

    def teardown(self) -> None:
        if hasattr(self, "funds"):
            for funds in self.funds:
                funds.give_back()
            assert self.shared.held == 0.0


def test_no_order_of_calls_exceeds_a_budget_or_leaves_a_picture_without_its_judgement() -> None:
    run_state_machine_as_test(Spending, settings=settings(max_examples=100, stateful_step_count=30, deadline=None))


@given(st.lists(st.tuples(st.integers(0, 300), st.integers(0, 300)), max_size=30))
def test_pictures_that_were_begun_can_all_be_judged_in_any_order(prices: list[tuple[int, int]]) -> None:
    budget = Budget(LIMIT)
    funds, begun = Funds("a", (budget,)), list[Call]()
    for number, (price, judging) in enumerate(prices):
        judge = call("judge", number, judging / 1e3)
        try:
            funds.reserve(call("image", number, price / 1e3), Hold(judge.key, judging / 1e3))
        except OverBudget:
            continue
        begun.append(judge)
    for judge in reversed(begun):
        funds.reserve(judge, None)
    assert budget.held == 0.0
    assert budget.spent is not None
    assert budget.spent <= LIMIT
