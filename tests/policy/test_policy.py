from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from onbrief.attempt import Attempt, Finding, Image, Problem, ProblemKind, Verdict
from onbrief.errors import Outcome, UsageError
from onbrief.judging import decide
from onbrief.judging.decide import undecided
from onbrief.judging.rule import FAIR, Rule
from onbrief.limits import Limits
from onbrief.policy import (
    SEED_RANGE,
    Adaptive,
    Classic,
    Generate,
    Policy,
    Preference,
    Repair,
    Revise,
    Step,
    Stop,
    named,
    rung_of,
    seed_of,
)
from onbrief.policy.means import Cost, Means, Rung, usual_means
from onbrief.record import Models, Prompt, Run, Usage
from tests.histories import CHECKLIST, fresh, history, judged, problem, verdict

LIMITS = Limits(images=10, attempts=3, prompts=3)
BAD1, BAD2, BAD12, UNSURE, GOOD = verdict({"r1"}), verdict({"r2"}), verdict({"r1", "r2"}), verdict(undecided={"r1"}), verdict()
NO_ANSWER = undecided(CHECKLIST, Problem("unreadable", "not JSON"))


def again(run: Run, count: int = 1) -> Generate:
    made = len(run.round)
    return Generate(
        run.prompt.revision, tuple(seed_of(run.seed, run.prompt.revision, number) for number in range(made, made + count))
    )


# -- both policies ---------------------------------------------------------------------------------------------------

BOTH = pytest.mark.parametrize("policy", [Classic(), Adaptive()], ids=["classic", "adaptive"])


@BOTH
def test_the_first_step_draws_with_the_seed_of_the_run(policy: Policy) -> None:
    assert policy.next(fresh(seed=7), LIMITS) == Generate(0, (7,))


@BOTH
def test_a_pass_ends_the_run(policy: Policy) -> None:
    run = history(judged((0, 0), BAD1), judged((0, 1), GOOD))
    assert policy.next(run, LIMITS) == Stop("passed", "image 000-001 meets every requirement")


@BOTH
def test_a_pass_counts_even_when_every_limit_is_reached(policy: Policy) -> None:
    run = replace(history(judged((0, 0), GOOD)), usage=Usage(seconds=9.0))
    step = policy.next(run, Limits(images=1, attempts=1, prompts=1, seconds=0))
    assert step == Stop("passed", "image 000-000 meets every requirement")


@BOTH
def test_a_run_stops_at_the_last_image_and_names_what_no_image_met(policy: Policy) -> None:
    run = history(judged((0, 0), BAD12), judged((0, 1), BAD1))
    expected = Stop("unmet", "all 2 images are used up; no image met r1 (there is a circle)")
    assert policy.next(run, replace(LIMITS, images=2)) == expected


@BOTH
def test_a_run_says_so_when_each_requirement_was_met_by_some_image(policy: Policy) -> None:
    run = history(judged((0, 0), BAD1), judged((0, 1), BAD2))
    reason = "all 2 images are used up; each requirement was met by some image, but no image met them all"
    assert policy.next(run, replace(LIMITS, images=2)) == Stop("unmet", reason)


@BOTH
@pytest.mark.parametrize(
    ("kind", "outcome", "says"),
    [
        ("unreadable", "failed", "the judge's answers cannot be read: its words"),
        ("blocked", "failed", "the judge refuses to answer: its words"),
        ("unknown", "unknown", "the judge does not answer: its words"),
    ],
)
def test_two_pictures_in_a_row_without_an_answer_of_the_judge_end_the_run(
    policy: Policy, kind: ProblemKind, outcome: Outcome, says: str
) -> None:
    silent = undecided(CHECKLIST, Problem(kind, "its words"))
    step = policy.next(history(judged((0, 0), BAD2), judged((0, 1), silent), judged((1, 0), silent)), LIMITS)
    assert isinstance(step, Stop)
    assert (step.outcome, step.reason.startswith(says)) == (outcome, True)
    assert "another judge" in step.reason
    at_the_limit = policy.next(history(judged((0, 0), silent), judged((0, 1), silent)), replace(LIMITS, images=2))
    assert (at_the_limit.outcome if isinstance(at_the_limit, Stop) else "") == outcome
    between = history(judged((0, 0), silent), problem((0, 1), "blank"), judged((0, 2), silent))
    assert isinstance(policy.next(between, replace(LIMITS, attempts=9)), Stop), "a blank picture is none that was judged"
    not_in_a_row = history(judged((0, 0), silent), judged((0, 1), BAD2), judged((0, 2), silent))
    assert not isinstance(policy.next(not_in_a_row, replace(LIMITS, attempts=9)), Stop)


CANNOT_TELL = "word it so that a picture can show it, make it a preference, or use another judge"


@BOTH
def test_a_must_that_stays_undecided_where_all_else_is_met_ends_the_run_after_three_pictures(policy: Policy) -> None:
    limits = replace(LIMITS, attempts=9)
    run = history(judged((0, 0), UNSURE), judged((0, 1), UNSURE))
    assert isinstance(policy.next(run, limits), Generate)
    third = policy.next(run.with_attempt(judged((0, 2), UNSURE)), limits)
    assert third == Stop("unmet", f"the judge cannot tell r1 (there is a circle); {CANNOT_TELL}")
    both = verdict(undecided={"r1", "r2"})
    told = policy.next(history(*(judged((0, n), both) for n in range(3))), limits)
    assert told == Stop("unmet", f"the judge cannot tell r1 (there is a circle); r2 (the circle is red); {CANNOT_TELL}")


@BOTH
@pytest.mark.parametrize(
    "other",
    [verdict({"r2"}, undecided={"r1"}), BAD1, NO_ANSWER, verdict(undecided={"r2"})],
    ids=["another one is unmet", "once it could tell", "once it gave no answer", "another one"],
)
def test_while_there_is_a_reason_to_go_on_an_undecided_must_does_not_end_the_run(policy: Policy, other: Verdict) -> None:
    run = history(judged((0, 0), UNSURE), judged((0, 1), other), judged((0, 2), UNSURE))
    assert not isinstance(policy.next(run, replace(LIMITS, attempts=9)), Stop)


@BOTH
def test_what_stayed_undecided_is_not_called_unmet_at_a_limit(policy: Policy) -> None:
    run = history(judged((0, 0), verdict({"r2"}, undecided={"r1"})), judged((0, 1), verdict({"r2"}, undecided={"r1"})))
    reason = (
        "all 2 images are used up; no image met r2 (the circle is red); "
        f"the judge cannot tell r1 (there is a circle); {CANNOT_TELL}"
    )
    assert policy.next(run, replace(LIMITS, images=2)) == Stop("unmet", reason)
    silent = policy.next(history(judged((0, 0), NO_ANSWER)), replace(LIMITS, images=1))
    assert silent == Stop("unmet", "all 1 images are used up; no image could be judged: not JSON")


@BOTH
def test_a_run_in_which_nothing_could_be_judged_says_so(policy: Policy) -> None:
    run = history(problem((0, 0), "blank"), problem((0, 1), "unreadable"))
    step = policy.next(run, replace(LIMITS, images=2))
    assert step == Stop("unmet", "all 2 images are used up; no image could be judged")


@BOTH
def test_a_picture_of_unknown_outcome_makes_the_end_unknown(policy: Policy) -> None:
    run = history(problem((0, 0), "unknown"), judged((0, 1), BAD1))
    reason = "all 2 images are used up; the outcome of 000-000 is unknown; no image met r1 (there is a circle)"
    assert policy.next(run, replace(LIMITS, images=2)) == Stop("unknown", reason)


@BOTH
def test_the_time_is_a_limit(policy: Policy) -> None:
    run = replace(history(judged((0, 0), BAD1)), usage=Usage(seconds=30.0))
    reason = "the time of 30 seconds is used up; no image met r1 (there is a circle)"
    assert policy.next(run, replace(LIMITS, seconds=30)) == Stop("unmet", reason)
    assert isinstance(policy.next(run, replace(LIMITS, seconds=30.1)), Generate | Revise)


@BOTH
def test_a_prompt_that_the_provider_refuses_is_revised_at_once_and_with_its_history(policy: Policy) -> None:
    assert policy.next(history(problem((0, 0), "blocked")), LIMITS) == Revise(with_history=True)


@BOTH
def test_a_second_refusal_ends_the_run_with_the_providers_words(policy: Policy) -> None:
    run = history(problem((0, 0), "blocked", "first words"), problem((1, 0), "blocked", "last words"))
    assert policy.next(run, LIMITS) == Stop("blocked", "last words")


@BOTH
def test_a_refusal_counts_among_other_pictures_of_its_round_too(policy: Policy) -> None:
    run = history(judged((0, 0), BAD1), problem((0, 1), "blocked"), judged((0, 2), BAD2))
    assert policy.next(run, LIMITS) == Revise(with_history=True)


@BOTH
def test_a_revision_that_repeats_a_refused_prompt_ends_the_run(policy: Policy) -> None:
    run = history(problem((0, 0), "blocked", "no swords"))
    assert policy.next(run.with_prompt(replace(run.prompt, revision=1)), LIMITS) == Stop("blocked", "no swords")
    assert policy.next(run.with_prompt(replace(run.prompt, revision=1, negative="swords")), LIMITS) == Generate(
        1, (seed_of(1, 1, 0),)
    )


@BOTH
def test_a_refusal_with_no_prompt_or_image_left_ends_the_run_as_blocked(policy: Policy) -> None:
    run = history(problem((0, 0), "blocked", "no swords"))
    assert policy.next(run, replace(LIMITS, prompts=1)) == Stop("blocked", "no swords")
    assert policy.next(run, replace(LIMITS, images=1)) == Stop("blocked", "no swords")


@BOTH
@pytest.mark.parametrize("kind", ["blank", "unreadable", "unknown"])
def test_other_problems_are_tried_again_with_another_seed(
    policy: Policy, kind: Literal["blank", "unreadable", "unknown"]
) -> None:
    run = history(problem((0, 0), kind))
    assert policy.next(run, LIMITS) == again(run)


# -- classic ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("run", "step"),
    [
        (history(judged((0, 0), BAD1)), Generate(0, (seed_of(1, 0, 1),))),
        (history(judged((0, 0), BAD1), judged((0, 1), BAD1)), Generate(0, (seed_of(1, 0, 2),))),
        (history(*(judged((0, n), BAD1) for n in range(3))), Revise(with_history=False)),
        (history(*(judged((0, n), BAD1) for n in range(3)), prompts=2), Generate(1, (seed_of(1, 1, 0),))),
        (history(*(problem((0, n), "blank") for n in range(3))), Revise(with_history=False)),
        (
            history(*(judged((r, n), BAD1) for r in range(3) for n in range(3))),
            Stop("unmet", "all 3 prompts are used up; no image met r1 (there is a circle)"),
        ),
    ],
)
def test_classic_gives_each_prompt_all_its_attempts_and_then_writes_one_from_the_brief_alone(run: Run, step: Step) -> None:
    assert Classic().next(run, LIMITS) == step


# -- rounds, seeds, names --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("parallel", "limits", "count"),
    [(4, Limits(), 4), (4, Limits(attempts=3), 3), (4, Limits(images=2), 2), (64, Limits(images=9, attempts=7), 7)],
)
def test_a_round_is_as_large_as_the_limits_let_it_be(parallel: int, limits: Limits, count: int) -> None:
    assert Adaptive(parallel).next(fresh(), limits) == again(fresh(), count)


def test_the_last_round_of_a_prompt_is_what_is_left_of_its_attempts() -> None:
    run = history(judged((0, 0), BAD1), judged((0, 1), BAD2))
    assert Classic(2).next(run, LIMITS) == again(run, 1)


@given(st.integers(0, 4_294_967_294), st.integers(0, 999), st.integers(0, 999))
def test_a_seed_is_one_that_every_image_model_takes(run_seed: int, revision: int, attempt: int) -> None:
    low, high = SEED_RANGE
    if (revision, attempt) != (0, 0):
        assert low <= seed_of(run_seed, revision, attempt) <= high


def test_seeds_are_fixed_for_all_time() -> None:
    """A run that was interrupted under an older version requests the same pictures."""
    seeds = [seed_of(1, 0, 0), seed_of(1, 0, 1), seed_of(1, 1, 0), seed_of(2, 1, 0)]
    assert seeds == [1, 1558900409, 1844229377, 422512074]


def test_seeds_of_a_long_run_are_all_different() -> None:
    seeds = {seed_of(1, revision, attempt) for revision in range(20) for attempt in range(50)}
    assert len(seeds) == 1000


def test_policies_have_names() -> None:
    assert (named("adaptive", 3), named("classic", None)) == (Adaptive(3), Classic(None))
    assert named("adaptive", None, prefer="time", give_up_below=0.1) == Adaptive(None, "time", 0.1)


def test_a_chance_is_from_0_to_1() -> None:
    with pytest.raises(UsageError, match=r"give_up_below: 1\.5 is not allowed; expected a number from 0 to 1"):
        named("adaptive", 1, give_up_below=1.5)


@pytest.mark.parametrize(
    ("name", "parallel", "message"),
    [
        ("greedy", 1, "policy: 'greedy' is not allowed; expected adaptive or classic"),
        ("adaptive", 0, "parallel: 0 is not allowed; expected auto or a whole number from 1 to 64"),
        ("classic", 65, "parallel: 65 is not allowed; expected auto or a whole number from 1 to 64"),
    ],
)
def test_another_name_or_number_is_refused(name: str, parallel: int, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        named(name, parallel)
    assert str(caught.value) == message


def repairs(run: Run, attempt: Attempt, must: str) -> Literal["editor", "pixels"]:
    return "editor" if must == "r1" else "pixels"


def EDITED(run: Run) -> Means:  # noqa: N802 - one of the values to choose from
    """Means with an editor."""
    return Means(rungs=(Rung(edit=Cost(0.07, 6.0), repairs=repairs),))


# -- random histories ------------------------------------------------------------------------------------------------

MOST = 12  # the maximum of everything, so that each limit is sometimes the first to be reached
Fate = Verdict | Literal["blank", "unreadable", "blocked", "unknown"]
FATES: list[Fate] = [
    *[BAD1, BAD1, BAD1, BAD2, BAD12, UNSURE, UNSURE, NO_ANSWER, GOOD],
    *("blank", "unreadable", "blocked", "unknown"),
]  # fmt: skip


@dataclass(frozen=True)
class World:
    """A scripted run: the fate of each picture, how long each takes, and whether a revision has new words."""

    policy: Classic | Adaptive
    limits: Limits
    fates: list[Fate]
    seconds: list[float]
    new_words: list[bool]
    reverse: bool


WORLDS = st.builds(
    World,
    policy=st.builds(Classic, st.integers(1, 5))
    | st.builds(
        Adaptive,
        st.none() | st.integers(1, 5),
        st.sampled_from(get_args(Preference)),
        st.sampled_from([0.0, 0.0, 0.2]),
        st.sampled_from([usual_means, EDITED]),
    ),
    limits=st.builds(
        Limits,
        images=st.integers(1, MOST),
        attempts=st.none() | st.integers(1, 5),
        prompts=st.none() | st.integers(1, 5),
        seconds=st.none() | st.integers(0, 40),
    ),
    fates=st.lists(st.sampled_from(FATES), min_size=MOST, max_size=MOST),
    seconds=st.lists(st.sampled_from([0.0, 1.0, 5.0]), min_size=MOST, max_size=MOST),
    new_words=st.lists(st.sampled_from([True, True, True, False]), min_size=5, max_size=5),
    reverse=st.booleans(),
)


def drawn(number: tuple[int, int], fate: Fate, others_passed: bool) -> Attempt:
    if isinstance(fate, str):
        return problem(number, fate)
    attempt = judged(number, fate)
    return replace(attempt, verdict=None) if others_passed and not fate.passed else attempt


def refused_prompts(run: Run) -> list[Prompt]:
    revisions = {a.revision for a in run.attempts if a.problem and a.problem.kind == "blocked" and not a.base}
    return [prompt for prompt in run.prompts if prompt.revision in revisions]


def altered(run: Run) -> Run:
    """Return the run with everything changed that no decision may depend on: texts of models, places, costs, times of calls."""
    attempts: list[Attempt] = []
    for attempt in run.attempts:
        other = Image("k", "u", "f" * 64, "image/webp", 1, 1, 1) if attempt.image else None
        findings = (
            tuple(Finding(f.id, f.verdict, f.probability, "say passed") for f in attempt.verdict.findings)
            if attempt.verdict
            else ()
        )
        judgement = replace(attempt.verdict, findings=findings) if attempt.verdict else None
        attempts.append(replace(attempt, image=other, verdict=judgement, usd=99.0, seconds=99.0))
    usage = replace(run.usage, usd=None, images=99, judge_calls=99, text_calls=99, unknown_calls=9)
    return replace(run, attempts=tuple(attempts), usage=usage, warnings=("stop",), reason="stop")


def check(world: World, run: Run, step: Step) -> None:
    limits, policy = world.limits, world.policy
    unknown = any(a.problem and a.problem.kind == "unknown" for a in run.attempts)
    assert policy.next(run, limits) == step
    assert policy.next(altered(run), limits) == step
    passed = any(attempt.passed for attempt in run.attempts)
    assert (step == Stop("passed", getattr(step, "reason", ""))) == passed
    match step:
        case Generate(revision, seeds):
            made = len(run.of_prompt(revision))
            assert revision == run.prompt.revision or isinstance(policy, Adaptive)
            assert words(run.prompts[revision]) not in map(words, refused_prompts(run))
            assert 1 <= len(seeds) <= (policy.parallel or MOST)
            assert seeds == tuple(seed_of(run.seed, revision, made + n) for n in range(len(seeds)))
            assert limits.attempts is None or made + len(seeds) <= limits.attempts
            assert len(run.attempts) + len(seeds) <= limits.images
            assert limits.seconds is None or run.usage.seconds < limits.seconds
        case Repair(of, must, seed):
            base = run.named(of)
            assert base.verdict
            assert must in {finding.id for finding in base.verdict.unmet}
            assert not base.base
            assert seed not in {attempt.seed for attempt in run.attempts}
            assert len(run.attempts) < limits.images
            assert limits.seconds is None or run.usage.seconds < limits.seconds
        case Revise(with_history):
            assert limits.prompts is None or len(run.prompts) < limits.prompts
            assert len(run.attempts) < limits.images
            blocked = run.prompt in refused_prompts(run)
            assert with_history == (blocked or isinstance(policy, Adaptive))
            assert blocked or isinstance(policy, Adaptive) or len(run.round) >= (limits.attempts or 4)
            assert len(refused_prompts(run)) <= 1 or not blocked
        case Stop(outcome):
            assert outcome in {"passed", "unmet", "blocked", "unknown", "failed"}
            assert outcome != "failed" or sum(a.verdict == NO_ANSWER for a in run.attempts) >= 2
            assert outcome != "unmet" or not unknown
            assert outcome != "unknown" or unknown
            assert outcome != "blocked" or refused_prompts(run)


def words(prompt: Prompt) -> tuple[str, str]:
    return prompt.text, prompt.negative


@settings(max_examples=150)
@given(WORLDS)
def test_whatever_happens_the_rules_hold(world: World) -> None:
    run, fates = fresh(), iter(world.fates)
    seconds, new_words = iter(world.seconds), iter(world.new_words)
    for _ in range(200):
        step = world.policy.next(run, world.limits)
        check(world, run, step)
        match step:
            case Generate(revision, seeds):
                made = len(run.of_prompt(revision))
                numbers = range(made, made + len(seeds))
                batch: list[tuple[int, Fate]] = [(number, next(fates)) for number in numbers]
                passes = any(isinstance(fate, Verdict) and fate.passed for _, fate in batch)
                attempts = [drawn((revision, number), fate, passes) for number, fate in batch]
                added, backwards = run, run
                for attempt in attempts:
                    added = added.with_attempt(attempt)
                for attempt in attempts[::-1]:
                    backwards = backwards.with_attempt(attempt)
                assert added == backwards
                assert [attempt.seed for attempt in attempts] == list(seeds)
                run = replace(added, usage=Usage(seconds=run.usage.seconds + sum(next(seconds) for _ in attempts)))
            case Repair(of, must):
                base = run.named(of)
                attempt = drawn((base.revision, len(run.of_prompt(base.revision))), next(fates), False)
                run = run.with_attempt(replace(attempt, base=of, must=must))
            case Revise():
                text = f"prompt {len(run.prompts)}" if next(new_words, True) else run.prompt.text
                run = run.with_prompt(Prompt(len(run.prompts), text))
            case Stop():
                break
    else:
        raise AssertionError("the run goes on for ever")
    seeds = [attempt.seed for attempt in run.attempts]
    assert len(seeds) == len(set(seeds))
    assert len(run.attempts) <= world.limits.images
    assert world.limits.prompts is None or len(run.prompts) <= world.limits.prompts


# -- doubts -----------------------------------------------------------------------------------------------------------


def doubted(*findings: Finding, rule: Rule = FAIR) -> Verdict:
    """A verdict in which all musts are met, except for these findings."""
    given = {finding.id: finding for finding in findings}
    return decide.verdict(CHECKLIST, [given.get(r.id, Finding(r.id, "met", 0.95)) for r in CHECKLIST.requirements], rule)


@BOTH
def test_a_picture_with_reservations_ends_the_run_and_they_are_named(policy: Policy) -> None:
    passed = judged((0, 0), doubted(Finding("r2", "borderline", 0.5)))
    assert policy.next(history(passed), LIMITS) == Stop(
        "passed", "image 000-000 passes with 1 reservation: r2 (the circle is red)"
    )
    both = judged((0, 0), doubted(Finding("r1", "borderline", 0.5), Finding("r2", "borderline", 0.5)))
    step = policy.next(history(both), LIMITS)
    assert isinstance(step, Stop)
    assert step.reason.endswith("passes with 2 reservations: r1 (there is a circle); r2 (the circle is red)")


def test_the_last_image_names_what_stayed_in_doubt() -> None:
    strict = Rule.named("strict")
    run = history(judged((0, 0), doubted(Finding("r2", "borderline", 0.6), rule=strict)))
    assert Classic().next(run, replace(LIMITS, images=1)) == Stop(
        "unmet", "all 1 images are used up; no image met r2 (the circle is red)"
    )


@BOTH
def test_a_judge_that_does_not_see_its_picture_ends_the_run_at_the_first_one(policy: Policy) -> None:
    blind = undecided(CHECKLIST, Problem("blind", "it named 1 of 5 colours"))
    step = policy.next(history(judged((0, 0), blind)), LIMITS)
    assert isinstance(step, Stop)
    assert step.outcome == "failed"
    assert step.reason.startswith("the judge does not see the picture: it named 1 of 5 colours; resume with another judge")


# -- the ladder ------------------------------------------------------------------------------------------------------

WIDE = Limits(images=100, attempts=4, prompts=100)


@pytest.mark.parametrize(
    ("verdicts", "limits", "rungs"),
    [
        ([BAD12, BAD12, BAD12, BAD12, BAD12], WIDE, [0, 0, 1, 2, 2]),  # each prompt that brings nothing is one rung
        ([BAD12, BAD1, BAD1, BAD12, BAD1], WIDE, [0, 0, 0, 1, 2]),  # one that brings more is none
        ([BAD1, UNSURE, NO_ANSWER], WIDE, [0, 0, 1]),
        ([BAD12, BAD12, BAD12], Limits(images=100, prompts=3), [0, 1, 2]),  # the last prompts are for what is left
        ([BAD12, BAD1, BAD1], Limits(images=6, attempts=2, prompts=100), [0, 0, 1]),
        ([BAD12, BAD12], Limits(images=2, attempts=1, prompts=2), [0, 2]),
        ([BAD12], Limits(images=1, attempts=1, prompts=1), [0]),  # the first prompt is for the first model
    ],
)
def test_the_ladder_is_climbed_where_a_prompt_brings_nothing_and_before_the_limits(
    verdicts: list[Verdict], limits: Limits, rungs: list[int]
) -> None:
    ladder = ("test:one", "test:two", "test:three")
    run = replace(fresh(), models=Models(ladder[0], "test:critic", "test:writer", ladder=ladder))
    alone = fresh()
    for revision, (found, rung) in enumerate(zip(verdicts, rungs, strict=True)):
        assert (rung_of(run, limits), rung_of(alone, limits)) == (rung, 0)
        run = run.with_attempt(replace(judged((revision, 0), found), model=ladder[rung]))
        assert rung_of(run, WIDE) == rung  # a prompt stays on its rung, whatever the limits become
        run = run.with_prompt(Prompt(revision + 1, f"prompt {revision}"))
        assert rung_of(run, WIDE) >= rung  # and no rung is stepped down
        alone = alone.with_attempt(judged((revision, 0), found)).with_prompt(run.prompt)


def test_a_picture_is_drawn_by_the_model_of_its_rung() -> None:
    run = history(judged((0, 0), BAD1), judged((1, 0), BAD1), prompts=3)
    run = replace(run, models=replace(run.models, ladder=("", "test:two")))
    assert Classic().next(run, WIDE) == replace(again(run), rung=1)
