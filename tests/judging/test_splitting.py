from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onbrief.attempt import Finding, Verdict
from onbrief.brief import Checklist, Kind, Requirement
from onbrief.judging.splitting import MARGIN, first_question, holds
from onbrief.policy.chances import Outlook

CHECKLIST = Checklist(
    (
        Requirement(id="r1", text="there is a cup", kind="object"),
        Requirement(id="r2", text="the cup is red", kind="attribute", parents=("r1",)),
        Requirement(id="r3", text="there are five plates", kind="count"),
        Requirement(id="r4", text="there is a table", kind="object"),
        Requirement(id="r5", text="the light is soft", kind="style", must=False),
    )
)
LIKELY = {"r1": 0.95, "r2": 0.9, "r3": 0.2, "r4": 0.99}


def real(number: int) -> float:
    """The cost of a question to a judge at 3 dollars for a million tokens of input, and 15 of output."""
    return ((2_650 + 15 * number) * 3 + 30 * number * 15) / 1e6


def even(number: int) -> float:
    return 1.0 + number


def outlook(musts: dict[str, float], weight: float = 1.0) -> Outlook:
    return Outlook(weight, musts, math.prod(musts.values()))


def statements(number: int, kind: Kind = "object") -> Checklist:
    return Checklist(tuple(Requirement(id=f"r{n}", text=f"there is thing {n}", kind=kind) for n in range(1, number + 1)))


def test_the_must_that_fails_most_often_is_first() -> None:
    assert first_question(CHECKLIST, [outlook(LIKELY)], even) == ("r3",)


def test_a_thing_is_asked_about_with_what_is_said_of_it_in_the_order_of_the_checklist() -> None:
    assert first_question(CHECKLIST, [outlook({**LIKELY, "r2": 0.05, "r3": 0.9})], even) == ("r1", "r2")


@pytest.mark.parametrize("price", [0.0, 0.006])
def test_nothing_is_split_where_a_question_costs_the_same_for_any_number(price: float) -> None:
    assert first_question(CHECKLIST, [outlook(dict.fromkeys(LIKELY, 0.01))], lambda number: price) == ()


def test_nothing_is_split_where_most_pictures_meet_everything() -> None:
    assert first_question(CHECKLIST, [outlook(dict.fromkeys(LIKELY, 0.95))], real) == ()


def test_failures_that_come_together_are_worth_less_than_independent_ones() -> None:
    checklist = statements(20)
    ids = [must.id for must in checklist.musts]
    apart = [outlook(dict.fromkeys(ids, 0.8))]
    together = [outlook(dict.fromkeys(ids, 0.999), 0.8), outlook(dict.fromkeys(ids, 0.004), 0.2)]  # the same mean
    assert first_question(checklist, apart, real)
    assert first_question(checklist, together, real) == ()


def test_with_a_spare_more_must_fail_before_the_rest_is_left_out() -> None:
    checklist = statements(20)
    outlooks = [outlook({must.id: 0.6 if n < 8 else 0.95 for n, must in enumerate(checklist.musts)})]
    alone, spared = (first_question(checklist, outlooks, real, spare) for spare in (0, 1))
    assert 0 < len(alone) < len(spared)


def test_a_lone_description_is_judged_in_another_way_so_neither_question_is_one() -> None:
    checklist = Checklist((Requirement(id="r1", text="a harbour at dusk"), *statements(6).requirements[1:]))
    first = {must.id: 0.01 if must.id == "r1" else 0.9 for must in checklist.musts}
    assert len(first_question(checklist, [outlook(first)], lambda number: number)) > 1
    last = {must.id: 0.99 if must.id == "r1" else 0.6 for must in checklist.musts}
    assert len(first_question(checklist, [outlook(last)], lambda number: number)) < 5


def test_requirements_that_depend_on_each_other_are_asked_about_together() -> None:
    one, other = Requirement(id="r1", text="one", parents=("r2",)), Requirement(id="r2", text="other", parents=("r1",))
    checklist = Checklist((one, other, *statements(4).requirements[2:]))
    musts = {"r1": 0.1, "r2": 0.9, "r3": 0.9, "r4": 0.9}
    assert first_question(checklist, [outlook(musts)], lambda number: number) == ("r1", "r2")


def sets(ids: list[str]) -> Iterator[tuple[str, ...]]:
    return (some for size in range(1, len(ids)) for some in combinations(ids, size))


@given(st.lists(st.floats(0.01, 0.99), min_size=2, max_size=7), st.floats(0, 0.02), st.floats(1e-4, 0.01))
def test_of_independent_musts_no_other_set_costs_less(chances: list[float], fixed: float, each: float) -> None:
    checklist = statements(len(chances))
    musts = {must.id: chance for must, chance in zip(checklist.musts, chances, strict=True)}

    def cost(number: int) -> float:
        return fixed + each * number

    def expected(asked: tuple[str, ...]) -> float:
        return cost(len(asked)) + math.prod(musts[id_] for id_ in asked) * cost(len(musts) - len(asked))

    asked = first_question(checklist, [outlook(musts)], cost)
    best = min(map(expected, sets(list(musts))))
    if asked:
        assert expected(asked) == pytest.approx(best)
        assert expected(asked) < (1 - MARGIN) * cost(len(musts))
    else:
        assert best >= (1 - MARGIN) * cost(len(musts)) * (1 - 1e-9)


@pytest.mark.parametrize(
    ("unmet", "spare", "goes_on"),
    [
        ((), 0, True),
        (("r3",), 0, False),
        (("r3",), 1, True),
        (("r1", "r2"), 1, True),  # the cup is missing, and so is its colour
        (("r1", "r3"), 1, False),
        (("r5",), 0, True),  # it is no must
    ],
)
def test_the_rest_is_asked_of_a_picture_that_may_pass(unmet: tuple[str, ...], spare: int, goes_on: bool) -> None:
    found = tuple(Finding(r.id, "unmet" if r.id in unmet else "met", 0.5) for r in CHECKLIST.requirements)
    assert holds(CHECKLIST, Verdict(False, found), spare) is goes_on


def test_a_doubt_is_no_reason_to_leave_the_rest_out() -> None:
    assert holds(CHECKLIST, Verdict(False, (Finding("r1", "borderline", 0.3), Finding("r3", "undecided", 0.5))))
