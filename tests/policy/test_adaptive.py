"""What the adaptive policy chooses where the choice is clear."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import pytest

from onbrief.attempt import Attempt, Verdict
from onbrief.brief import Checklist, Requirement
from onbrief.limits import Limits
from onbrief.policy import Adaptive, Generate, Preference, Repair, Revise, Step, Stop, seed_of
from onbrief.policy.means import Cost, Means, Rung
from onbrief.record import Models, Run
from tests.histories import fresh, history, judged, problem, verdict

LIMITS = Limits(images=30)
BAD1, BAD2, BAD12, UNSURE = verdict({"r1"}), verdict({"r2"}), verdict({"r1", "r2"}), verdict(undecided={"r1"})
LADDER = ("test:one", "test:two")


def edits(run: Run, attempt: Attempt, must: str) -> Literal["editor"]:
    return "editor"


def retouches(run: Run, attempt: Attempt, must: str) -> Literal["pixels"] | None:
    return "pixels" if must == "r2" else None


def with_editor(run: Run) -> Means:
    return Means(rungs=(Rung(edit=Cost(0.07, 6.0), repairs=edits),))


def in_pixels(run: Run) -> Means:
    return Means(rungs=(Rung(repairs=retouches),))


def drawn(revision: int, *verdicts: Verdict) -> list[Attempt]:
    return [judged((revision, n), found) for n, found in enumerate(verdicts)]


# -- prompts ----------------------------------------------------------------------------------------------------------


def test_a_must_that_always_falls_short_leads_to_a_new_prompt() -> None:
    run = history(*drawn(0, BAD2, BAD2, BAD2, BAD2))
    assert Adaptive().next(run, LIMITS) == Revise(with_history=True)


def test_a_prompt_whose_pictures_fall_short_of_other_musts_each_time_is_drawn_again() -> None:
    run = history(*drawn(0, UNSURE, UNSURE, BAD2, UNSURE))
    assert Adaptive().next(run, LIMITS) == Generate(0, (seed_of(1, 0, 4),))


def test_no_prompt_is_written_before_a_picture_of_the_last_one_is_there() -> None:
    whole = Checklist((Requirement(id="r1", text="a red circle", kind="whole"),))
    first = Adaptive().next(replace(fresh(), checklist=whole), LIMITS)
    later = Adaptive().next(history(*drawn(0, *[BAD2] * 6), prompts=2), LIMITS)
    assert (first, type(later)) == (Generate(0, (1,)), Generate)


def test_an_earlier_prompt_is_taken_up_again_when_the_new_one_is_worse() -> None:
    run = history(*drawn(0, BAD2, UNSURE, UNSURE), *drawn(1, BAD1, BAD12, BAD1))
    assert Adaptive().next(run, replace(LIMITS, prompts=2)) == Generate(0, (seed_of(1, 0, 3),))


def test_a_picture_of_which_the_judge_cannot_tell_says_nothing_about_its_prompt() -> None:
    policy, doubtful = Adaptive(), history(*drawn(0, UNSURE))
    assert policy.next(doubtful, LIMITS) == Generate(0, (seed_of(1, 0, 1),))


def test_a_must_in_doubt_that_is_accepted_counts_as_met() -> None:
    reserved = replace(verdict({"r1"}), reservations=("r1",))
    run = history(*drawn(0, *[replace(reserved, findings=(*reserved.findings[:1], *BAD2.findings[1:]))] * 4))
    step = Adaptive(means=with_editor).next(run, replace(LIMITS, prompts=1))
    assert isinstance(step, Repair)
    assert step.must == "r2"


@pytest.mark.parametrize("limits", [Limits(images=30, attempts=2), Limits(images=30, attempts=2, prompts=1)])
def test_attempts_and_prompts_are_limits_if_they_are_set(limits: Limits) -> None:
    step = Adaptive().next(history(*drawn(0, UNSURE, UNSURE)), limits)
    expected: Step = Revise(True) if limits.prompts is None else Stop("unmet", "the single prompt has all its attempts")
    assert type(step) is type(expected)


# -- repairs ----------------------------------------------------------------------------------------------------------


def test_the_one_thing_that_a_picture_lacks_is_repaired_when_drawing_it_again_has_little_hope() -> None:
    run = history(*drawn(0, BAD12, BAD2, BAD12, BAD2, BAD12))
    assert Adaptive(means=with_editor).next(run, replace(LIMITS, prompts=1)) == Repair("000-001", "r2", seed_of(1, 0, 5))


def test_a_missing_thing_and_what_depends_on_it_are_one_thing_to_repair() -> None:
    run = history(*drawn(0, *[BAD12] * 12))
    assert Adaptive(means=with_editor).next(run, replace(LIMITS, prompts=1)) == Repair("000-000", "r1", seed_of(1, 0, 12))


def test_what_depends_on_a_missing_thing_is_added_with_it_and_does_not_make_an_edit_less_likely_to_pass() -> None:
    whole = Checklist((Requirement(id="r1", text="there are dogs", kind="object"),))
    child = Requirement(id="r2", text="there are exactly nine dogs", kind="count", parents=("r1",))
    with_child = Checklist((*whole.requirements, child))
    wanted = [(whole, BAD1), (with_child, BAD12)]
    reasons = [
        Adaptive(means=with_editor).next(
            replace(history(*drawn(0, *[found] * 3)), checklist=checklist), replace(LIMITS, prompts=1)
        )
        for checklist, found in wanted
    ]
    assert [isinstance(step, Repair) and step.reason for step in reasons] == [
        "000-000 lacks only r1: an edit is about 50% likely to make it pass"
    ] * 2


def test_an_edited_picture_is_never_edited() -> None:
    edited = replace(judged((0, 5), BAD2), base="000-000", must="r1")
    run = history(*drawn(0, *[BAD12] * 5), edited)
    step = Adaptive(means=with_editor).next(run, replace(LIMITS, prompts=1))
    assert not isinstance(step, Repair) or step.of == "000-000"


def test_edits_in_vain_lead_to_another_remedy() -> None:
    vain = [replace(judged((0, n), BAD2), base="000-000", must="r2") for n in range(4, 24)]
    run = history(*drawn(0, *[BAD2] * 4), *vain)
    step = Adaptive(means=with_editor).next(run, Limits(images=60))
    assert not isinstance(step, Repair)


def test_an_edit_that_gave_no_picture_is_not_asked_for_again_and_after_two_no_edit_is() -> None:
    def failing(*bases: int) -> Run:
        failed = [
            replace(problem((0, 5 + n), "failed"), base=judged((0, base), BAD2).name, must="r2") for n, base in enumerate(bases)
        ]
        return history(*drawn(0, *[BAD2] * 5), *failed)

    policy, limits = Adaptive(means=with_editor), replace(LIMITS, prompts=1)
    once = policy.next(failing(0), limits)
    assert isinstance(once, Repair)
    assert once.of != "000-000"
    assert not isinstance(policy.next(failing(0, 1), limits), Repair)


def test_what_can_be_done_in_pixels_is_done_once_and_at_once() -> None:
    run = history(*drawn(0, BAD2))
    policy = Adaptive(means=in_pixels)
    assert policy.next(run, LIMITS) == Repair("000-000", "r2", seed_of(1, 0, 1))
    vain = replace(judged((0, 1), BAD2), base="000-000", must="r2")
    assert not isinstance(policy.next(run.with_attempt(vain), LIMITS), Repair)


# -- time, money, giving up -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("parallel", "prefer", "most"), [(1, "time", 1), (3, "money", 3), (None, "money", 1), (None, "time", 8)]
)
def test_several_pictures_are_made_at_a_time_where_time_is_preferred(
    parallel: int | None, prefer: Preference, most: int
) -> None:
    hopeful = Adaptive(parallel, prefer).next(fresh(), LIMITS)
    bleak = Adaptive(parallel, prefer).next(history(*drawn(0, *[BAD2] * 8)), replace(LIMITS, prompts=1))
    assert isinstance(hopeful, Generate)
    assert isinstance(bleak, Generate)
    assert len(hopeful.seeds) <= len(bleak.seeds) == most


@pytest.mark.parametrize(("images", "at_once"), [(9, 1), (10, 2), (14, 4), (20, 8)])
def test_not_all_pictures_that_are_left_are_made_at_once(images: int, at_once: int) -> None:
    run = history(*drawn(0, *[BAD2] * 8))  # after which none is likely to pass
    step = Adaptive(None, "time").next(run, Limits(images=images, prompts=1))
    assert isinstance(step, Generate)
    assert len(step.seeds) == at_once


def test_a_run_is_given_up_only_if_the_user_says_when() -> None:
    run = history(*(judged((revision, n), BAD12) for revision in range(6) for n in range(4)))
    assert not isinstance(Adaptive().next(run, LIMITS), Stop)
    step = Adaptive(give_up_below=0.9).next(run, LIMITS)
    assert isinstance(step, Stop)
    assert step.outcome == "unmet"
    assert step.reason.startswith("a chance of less than 90% is left that a picture passes; no image met r1")
    at_once = Adaptive(give_up_below=0.99).next(fresh(), Limits(images=1))
    assert at_once == Stop("unmet", "a chance of less than 99% is left that a picture passes; no image was made")


def test_what_does_not_fit_under_the_limit_in_dollars_is_not_chosen_while_something_else_does() -> None:
    run = history(*drawn(0, BAD12, BAD2, BAD12, BAD2, BAD12))
    policy = Adaptive(means=with_editor)
    for left, step in ((0.08, Repair), (0.07, Generate), (0.01, Repair)):
        spent = replace(run, usage=replace(run.usage, usd=1.0 - left))
        assert isinstance(policy.next(spent, replace(LIMITS, prompts=1, usd=1.0)), step)


def test_a_judge_that_may_cost_more_than_it_usually_does_makes_nothing_dearer_but_must_fit_under_the_limit() -> None:
    def careful(run: Run) -> Means:
        usual = with_editor(run)
        return replace(usual, judgement=replace(usual.judgement, most=0.5), prompt=replace(usual.prompt, most=0.5))

    run = history(*drawn(0, BAD2, BAD2, BAD2, BAD2))
    assert Adaptive(means=careful).next(run, LIMITS) == Adaptive(means=with_editor).next(run, LIMITS)
    tight = replace(LIMITS, usd=0.6)  # enough for one picture with its judgement, not for a prompt before it
    revised = Adaptive(means=lambda run: replace(careful(run), rungs=(Rung(),))).next(run, LIMITS)
    assert isinstance(revised, Revise)
    assert isinstance(Adaptive(means=lambda run: replace(careful(run), rungs=(Rung(),))).next(run, tight), Generate)


def test_an_unknown_price_is_no_reason_not_to_choose() -> None:
    def unpriced(run: Run) -> Means:
        return Means(rungs=(Rung(picture=Cost(None, 5.0)),), judgement=Cost(0.0, 2.0), prompt=Cost(0.0, 2.0))

    run = history(*drawn(0, BAD2, BAD2, BAD2, BAD2))
    assert Adaptive(means=unpriced).next(run, LIMITS) == Adaptive(prefer="time").next(run, LIMITS)


# -- the ladder -------------------------------------------------------------------------------------------------------


def climbing(*attempts: Attempt, cheap: float = 0.01) -> tuple[Run, Adaptive]:
    def means(run: Run) -> Means:
        return Means(rungs=(Rung(picture=Cost(cheap, 5.0)), Rung(picture=Cost(0.04, 5.0))))

    models = Models(LADDER[0], "test:critic", "test:writer", ladder=("test:sdxl", "test:two"))
    run = history(*(replace(attempt, model="test:sdxl") for attempt in attempts))
    return replace(run, models=models), Adaptive(means=means)


def test_the_cheap_model_draws_first_and_the_dear_one_when_it_is_the_better_buy() -> None:
    run, policy = climbing()
    first = policy.next(run, LIMITS)
    assert isinstance(first, Generate)
    assert first.rung == 0
    run, policy = climbing(*drawn(0, *[BAD12] * 8))
    later = policy.next(run, replace(LIMITS, prompts=1))
    assert isinstance(later, Generate)
    assert later.rung == 1


def test_a_new_prompt_is_written_for_the_model_that_is_to_draw_it() -> None:
    run, policy = climbing(*drawn(0, BAD12))
    assert policy.next(run, LIMITS) == Revise(True, rung=0)


def test_a_cheap_model_that_costs_as_much_as_the_dear_one_is_not_used() -> None:
    run, policy = climbing(cheap=0.04)
    step = policy.next(run, LIMITS)
    assert isinstance(step, Generate)
    assert step.rung == 1


# -- reasons ----------------------------------------------------------------------------------------------------------


def test_each_step_says_why_in_a_sentence() -> None:
    again = Adaptive().next(history(*drawn(0, UNSURE)), LIMITS)
    new = Adaptive().next(history(*drawn(0, *[BAD2] * 4)), LIMITS)
    repair = Adaptive(means=with_editor).next(history(*drawn(0, *[BAD2] * 5)), replace(LIMITS, prompts=1))
    reasons = [getattr(step, "reason", "") for step in (again, new, repair)]
    assert reasons[0].startswith("this prompt again: about ")
    assert reasons[1].startswith("a new prompt: its pictures are about ")
    assert reasons[2].startswith("000-000 lacks only r2: an edit is about ")


def test_a_checklist_whose_musts_are_of_a_kind_without_a_rate_is_drawn_too() -> None:
    whole = Checklist((Requirement(id="r1", text="a red circle", kind="whole"),))
    assert Adaptive().next(replace(fresh(), checklist=whole), LIMITS) == Generate(0, (1,))
