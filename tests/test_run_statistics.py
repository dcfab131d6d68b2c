from __future__ import annotations

from dataclasses import replace

import pytest

from onbrief.brief import Checklist, Requirement
from onbrief.errors import Outcome
from onbrief.record import Models, Run, Usage
from onbrief.run_statistics import ModelStatistics, statistics_of
from tests.histories import CHECKLIST, history, judged, problem, verdict


def ended(run: Run, outcome: Outcome, *, images: int = 1, usd: float | None = 0.1, seconds: float = 2.0) -> Run:
    return replace(run.ended_as(outcome, "a reason"), usage=Usage(images=images, usd=usd, seconds=seconds))


def test_each_answer_counts_for_its_kind_apart_for_the_first_prompt_and_later_ones() -> None:
    run = history(judged((0, 0), verdict({"r2", "r3"})), judged((0, 1), verdict(undecided={"r1"})), judged((1, 0), verdict()))
    [found] = statistics_of([ended(run, "passed", images=3)])
    assert found == ModelStatistics(
        model="test:painter",
        runs=1,
        passed=1,
        images=3,
        usd=0.1,
        seconds=2.0,
        opening={"object": (1, 1), "attribute": (0, 1), "style": (1, 2)},
        first={"object": (1, 1), "attribute": (0, 1), "style": (3, 4)},
        later={"object": (1, 1), "attribute": (1, 1), "style": (2, 2)},
    )


def test_a_must_that_is_accepted_with_a_reservation_counts_as_met() -> None:
    [found] = statistics_of([history(judged((0, 0), replace(verdict({"r2"}), reservations=("r2",))))])
    assert found.first["attribute"] == (1, 1)


@pytest.mark.parametrize("parent", ["unmet", "undecided", "unasked"])
def test_what_depends_on_something_that_is_not_there_does_not_count(parent: str) -> None:
    found = verdict({"r1", "r2"} if parent == "unmet" else {"r2"}, undecided={"r1"} if parent == "undecided" else ())
    if parent == "unasked":
        found = replace(found, findings=tuple(one for one in found.findings if one.id != "r1"), unasked=("r1",))
    [counted] = statistics_of([history(judged((0, 0), found), judged((0, 1), verdict({"r2"})))])
    assert counted.first["attribute"] == (0, 1)
    reserved = replace(verdict({"r1"}), reservations=("r1",))
    [counted] = statistics_of([history(judged((0, 0), reserved))])
    assert (counted.first["object"], counted.first["attribute"]) == ((1, 1), (1, 1))


def test_what_stands_beside_other_objects_counts_apart() -> None:
    beside = Requirement(id="r5", text="there is a square", kind="object")
    several = Checklist((*CHECKLIST.requirements, beside))
    finding = replace(verdict().findings[0], id="r5")
    seen = replace(verdict({"r2"}), findings=(*verdict({"r2"}).findings, finding))
    [found] = statistics_of([replace(history(judged((0, 0), seen)), checklist=several), history(judged((0, 0), verdict()))])
    assert found.opening == {
        "object": (1, 1),
        "object_of_several": (2, 2),
        "attribute": (1, 1),
        "attribute_of_several": (0, 1),
        "style": (4, 4),
    }


def test_the_first_picture_of_each_run_counts_apart() -> None:
    """Of the others of a prompt, a brief has the more the harder it is."""
    hard = history(*(judged((0, n), verdict({"r2"})) for n in range(9)))
    [found] = statistics_of([hard, history(judged((0, 0), verdict()))])
    assert (found.opening["attribute"], found.first["attribute"]) == ((1, 2), (1, 10))


def test_an_edited_picture_says_nothing_about_a_prompt() -> None:
    edited = replace(judged((0, 1), verdict({"r2"})), base="000-000", must="r2")
    [found] = statistics_of([history(judged((0, 0), verdict()), edited)])
    assert found.first["attribute"] == (1, 1)


def test_what_runs_that_did_not_pass_have_used_is_part_of_the_price_of_a_pass() -> None:
    run = history(judged((0, 0), verdict()))
    runs = [ended(run, "passed", images=2), ended(run, "passed"), ended(run, "unmet", images=9, usd=0.7, seconds=5.0)]
    [found] = statistics_of([*runs, run])  # the last one has not ended
    assert (found.runs, found.passed, found.images) == (3, 2, 12)
    assert [found.for_each_pass(used) for used in (found.images, found.usd, found.seconds)] == pytest.approx([6.0, 0.45, 4.5])


def test_without_a_pass_or_a_price_there_is_no_price_of_a_pass() -> None:
    run = history(problem((0, 0), "blocked"))
    [found] = statistics_of([ended(run, "blocked")])
    assert (found.first, found.for_each_pass(found.images)) == ({}, None)
    [unpriced] = statistics_of([ended(run, "passed", usd=None), ended(run, "passed")])
    assert (unpriced.usd, unpriced.for_each_pass(unpriced.usd)) == (None, None)


def test_a_ladder_has_runs_and_each_of_its_models_has_rates() -> None:
    models = Models("test:cheap", "test:critic", "test:writer", ladder=("test:cheap", "test:dear"))
    cheap, dear = judged((0, 0), verdict({"r1"})), judged((1, 0), verdict())
    run = history(replace(cheap, model="test:cheap"), replace(dear, model="test:dear"))
    found = {one.model: one for one in statistics_of([ended(replace(run, models=models), "passed")])}
    assert list(found) == ["test:cheap", "test:cheap, then test:dear", "test:dear"]
    assert [(one.runs, one.first.get("object"), one.later.get("object")) for one in found.values()] == [
        (0, (0, 1), None),
        (1, None, None),
        (0, None, (1, 1)),
    ]


def test_runs_that_only_judged_are_left_out() -> None:
    assert statistics_of([replace(ended(history(judged((0, 0), verdict())), "passed"), kind="judge")]) == ()
