from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from onbrief.attempt import Attempt, Finding, Image, Problem, Verdict
from onbrief.brief import Brief, Checklist, Requirement
from onbrief.errors import Outcome, UsageError
from onbrief.events import ChecklistFrozen, ImageJudged, ImageMade, PromptChosen, RunEnded, Waiting
from onbrief.record import Models, Prompt, Run, Usage, json_schema
from tests.histories import BRIEF, CHECKLIST, fresh, history, image, judged, problem, verdict

SCHEMA = Path(__file__).parents[1] / "docs" / "record.schema.json"
REGENERATE = (
    "python -c 'import json; from onbrief.record import json_schema; "
    "print(json.dumps(json_schema(), indent=2, ensure_ascii=False))' > docs/record.schema.json"
)


def document(run: Run) -> dict[str, Any]:
    return json.loads(run.to_json())


def validator(schema: dict[str, Any]) -> Any:
    return jsonschema.Draft202012Validator(schema)


PUBLISHED = validator(json.loads(SCHEMA.read_text()))


def require_valid(run: Run) -> None:
    PUBLISHED.validate(document(run))


# -- the published schema --------------------------------------------------------------------------------------------


def test_the_published_schema_is_current() -> None:
    assert json.loads(SCHEMA.read_text()) == json_schema(), f"docs/record.schema.json is stale; write it again: {REGENERATE}"


def test_the_schema_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(json_schema())


@pytest.mark.parametrize(
    "spoiled",
    [
        {"schema": 2},
        {"outcome": "won"},
        {"best": {"revision": -1, "attempt": 0}},
        {"best": 3},
        {"prompts": [{"revision": 0}]},
        {"attempts": [{"revision": 0, "attempt": 0, "seed": 1, "problem": {"kind": "ugly", "message": ""}}]},
        {"usage": {"images": "many"}},
    ],
)
def test_the_schema_refuses_a_document_that_is_not_a_record(spoiled: dict[str, object]) -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(document(fresh()) | spoiled, json_schema())


def test_every_field_of_the_record_is_always_there() -> None:
    published = validator(json_schema())
    for field in document(fresh()):
        short = {key: value for key, value in document(fresh()).items() if key != field}
        assert [error.message for error in published.iter_errors(short)] == [f"'{field}' is a required property"]


# -- the record ------------------------------------------------------------------------------------------------------


def test_the_record_has_the_fields_of_the_design_in_its_order() -> None:
    assert list(document(history(judged((0, 0), verdict())))) == [
        "schema",
        "kind",
        "run_id",
        "outcome",
        "reason",
        "seed",
        "brief",
        "checklist",
        "prompts",
        "attempts",
        "best",
        "usage",
        "models",
        "warnings",
        "started",
        "ended",
    ]


def test_the_record_names_the_best_attempt() -> None:
    run = history(judged((0, 0), verdict({"r1"})), judged((0, 1), verdict()), judged((0, 2), verdict({"r2"})))
    assert document(run)["best"] == {"revision": 0, "attempt": 1}
    assert document(fresh())["best"] is None


def test_words_of_every_script_stay_readable() -> None:
    assert "собака 犬 🐕" in replace(fresh(), reason="собака 犬 🐕").to_json()


TEXT = st.text(min_size=1, max_size=30).filter(str.strip)
AMOUNT = st.floats(0, 1000, allow_nan=False)
COUNT = st.integers(0, 2**31)
NAME = st.text("abcdefgh0123456789-/", min_size=1, max_size=12)
BRIEFS = st.builds(
    Brief,
    text=TEXT,
    avoid=st.lists(TEXT, max_size=2).map(tuple),
    size=st.tuples(st.integers(64, 4096), st.integers(64, 4096)),
    requirements=st.lists(st.builds(Requirement, text=TEXT, must=st.booleans(), weight=st.floats(0.01, 100)), max_size=3).map(
        tuple
    ),
)
FINDINGS = st.builds(
    Finding, id=NAME, verdict=st.sampled_from(["met", "unmet", "undecided"]), probability=st.floats(0, 1), evidence=st.text()
)
IMAGES = st.builds(
    Image, key=NAME, url=NAME, sha256=NAME, media_type=st.just("image/png"), width=COUNT, height=COUNT, bytes=COUNT
)
PROBLEMS = st.builds(Problem, kind=st.sampled_from(["blank", "unreadable", "blocked", "unknown"]), message=st.text())
ATTEMPTS = st.builds(
    Attempt,
    revision=st.integers(0, 9),
    attempt=st.integers(0, 9),
    seed=COUNT,
    image=st.none() | IMAGES,
    verdict=st.none(),
    problem=st.none() | PROBLEMS,
    usd=AMOUNT,
    seconds=AMOUNT,
)
USAGES = st.builds(Usage, images=COUNT, input_tokens=COUNT, usd=st.none() | AMOUNT, unknown_calls=COUNT, seconds=AMOUNT)
RUNS = st.builds(
    Run,
    run_id=NAME,
    outcome=st.none() | st.sampled_from(["passed", "failed", "unmet", "over_budget", "blocked", "unknown", "cancelled"]),
    reason=st.text(),
    seed=COUNT,
    brief=BRIEFS,
    checklist=st.none() | st.just(CHECKLIST),
    prompts=st.lists(st.builds(Prompt, revision=COUNT, text=TEXT, negative=st.text(), reason=st.text()), max_size=3).map(tuple),
    attempts=st.lists(ATTEMPTS, max_size=4).map(tuple),
    usage=USAGES,
    models=st.builds(Models, image=NAME, judge=NAME, reviser=NAME),
    warnings=st.lists(st.text(), max_size=2).map(tuple),
    started=NAME,
    ended=st.none() | NAME,
)


VERDICTS = st.builds(Verdict, passed=st.booleans(), findings=st.lists(FINDINGS, max_size=4).map(tuple))


@pytest.mark.parametrize("examples", [40, pytest.param(2_000, marks=pytest.mark.soak)])
def test_a_record_reads_back_as_the_run_that_it_was_written_from(examples: int) -> None:
    settings(max_examples=examples)(given(RUNS, VERDICTS)(reads_back))()


def reads_back(run: Run, findings: Verdict) -> None:
    """Check one run, and what is shown of each of its parts."""
    run = replace(run, attempts=tuple(replace(a, verdict=findings if run.checklist is None else None) for a in run.attempts))
    assert Run.from_json(run.to_json()) == run
    require_valid(run)
    shown = [run, run.brief, findings, *run.attempts, *(attempt.image for attempt in run.attempts if attempt.image)]
    events = [PromptChosen(run)] if run.prompts else [ChecklistFrozen(run), RunEnded(run), Waiting(run, run.reason, 1e9, "")]
    for one in (*shown, *events, *(ImageJudged(run, attempt) for attempt in run.attempts)):
        assert len(repr(one)) < 100
        assert repr(one).isprintable()


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        (
            history(judged((0, 0), verdict({"r1"})), judged((0, 1), verdict())).ended_as("passed", "so"),
            "<Run a-run passed, 2 attempts, $0.00: 'a red circle left of a blue square'>",
        ),
        (replace(fresh(), usage=Usage(usd=None)), "<Run a-run not ended, 0 attempts: 'a red circle left of a blue square'>"),
        (judged((0, 1), verdict()), "<Attempt 000-001 passed>"),
        (judged((1, 0), verdict({"r1"}, undecided={"r3"})), "<Attempt 001-000 not passed: short of r1 r3>"),
        (problem((0, 1), "blank"), "<Attempt 000-001 blank>"),
        (Attempt(0, 0, 1, image=image("000-000")), "<Attempt 000-000 not judged>"),
        (verdict({"r1"}, undecided={"r3"}), "<Verdict not passed: 2 met, 1 unmet, 1 undecided>"),
        (CHECKLIST, f"<Checklist of 4, 2 musts: {CHECKLIST.sha256[:12]}>"),
        (BRIEF, "<Brief 64x64: 'a red circle left of a blue square'>"),
        (Brief(text="a\ncat", avoid=("dogs",)), r"<Brief 1024x1024, 1 avoided: 'a\ncat'>"),
        (image("000-000"), "<Image 64x64: file:///runs/a-run/000-000.png>"),
        (replace(image("0"), url="s3://b/" + "p" * 100 + "/0.png"), f"<Image 64x64: …{'p' * 74}/0.png>"),
        (ChecklistFrozen(fresh()), "<ChecklistFrozen 0 of a-run: 4 requirements>"),
        (PromptChosen(fresh(), number=1), "<PromptChosen 1 of a-run: 'a red circle left of a blue square'>"),
        (ImageMade(fresh(), Attempt(0, 0, 1), number=2), "<ImageMade 2 of a-run: 000-000 not judged>"),
        (Waiting(fresh(), "image/000-001", 2.0, "busy"), "<Waiting 0 of a-run: 2.0 s before image/000-001>"),
        (RunEnded(fresh().ended_as("unmet", "so")), "<RunEnded 0 of a-run: unmet>"),
    ],
)
def test_what_a_notebook_or_a_log_shows_of_a_value_is_one_short_line(shown: object, expected: str) -> None:
    assert repr(shown) == expected


@pytest.mark.parametrize(
    "run",
    [
        fresh(),
        replace(fresh(), checklist=None, prompts=()),
        history(judged((0, 0), verdict({"r1"}, undecided={"r2"})), problem((0, 1), "blank"), judged((1, 0), verdict())),
        history(problem((0, 0), "blocked"), problem((1, 0), "unknown"), prompts=3).ended_as("unknown", "nobody knows"),
    ],
)
def test_runs_of_every_kind_read_back_and_fit_the_schema(run: Run) -> None:
    assert Run.from_json(run.to_json().encode()) == run
    require_valid(run)


@pytest.mark.parametrize("text", ["", "[]", "null", "{", "{}", '{"schema": 2}', '"\\ud800"', "[" * 100_000])
def test_a_text_that_is_not_a_record_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="not a record of schema 1"):
        Run.from_json(text)


def test_a_record_whose_checklist_was_changed_is_refused() -> None:
    spoiled = fresh().to_json().replace("the circle is red", "the circle is there")
    with pytest.raises(UsageError, match=r"checklist\.sha256"):
        Run.from_json(spoiled)


# -- which attempt is the best ---------------------------------------------------------------------------------------


def best(*attempts: Attempt) -> str | None:
    run = history(*attempts)
    return run.best.name if run.best else None


def test_the_attempt_with_more_musts_met_is_better_regardless_of_everything_else() -> None:
    two = judged((1, 0), verdict({"r3", "r4"}, probability={"r1": 0.51, "r2": 0.51}))
    one = judged((0, 0), verdict({"r2"}, probability={"r1": 1.0, "r2": 0.49}))
    assert best(one, two) == "001-000"


def test_an_undecided_must_is_not_met() -> None:
    assert best(judged((0, 0), verdict(undecided={"r1"})), judged((0, 1), verdict())) == "000-001"


def test_then_the_smallest_probability_among_musts_decides() -> None:
    shaky = judged((0, 0), verdict(probability={"r1": 0.99, "r2": 0.6}))
    sure = judged((0, 1), verdict({"r3", "r4"}, probability={"r1": 0.7, "r2": 0.7}))
    assert best(shaky, sure) == "000-001"


def test_then_the_weight_of_the_nice_to_haves_met() -> None:
    assert best(judged((0, 0), verdict({"r3"})), judged((0, 1), verdict({"r4"}))) == "000-001"
    assert best(judged((0, 0), verdict({"r4"})), judged((0, 1), verdict({"r3"}))) == "000-000"


def test_the_probability_of_a_nice_to_have_counts_for_nothing() -> None:
    assert best(judged((0, 0), verdict(probability={"r3": 0.6})), judged((0, 1), verdict(probability={"r3": 1.0}))) == "000-000"


def test_then_the_earlier_one() -> None:
    assert best(judged((1, 0), verdict()), judged((0, 1), verdict()), judged((0, 0), verdict())) == "000-000"


def test_an_unjudged_picture_is_better_than_none_and_worse_than_any_other() -> None:
    unjudged = Attempt(0, 0, 1, image=image("000-000"))
    assert best(unjudged) == "000-000"
    assert best(unjudged, judged((0, 1), verdict({"r1", "r2"}))) == "000-001"


def test_an_attempt_without_a_usable_picture_is_never_the_best() -> None:
    assert best(problem((0, 0), "blank"), problem((0, 1), "unknown"), problem((0, 2), "blocked")) is None


# -- small things ----------------------------------------------------------------------------------------------------


def test_attempts_are_kept_in_order_and_a_later_state_replaces_an_earlier_one() -> None:
    first, second, third = judged((0, 0), verdict()), judged((0, 1), verdict()), judged((1, 0), verdict())
    made = replace(second, verdict=None)
    run = fresh().with_attempt(third).with_attempt(made).with_attempt(first).with_attempt(second)
    assert run.attempts == (first, second, third)


def test_the_first_prompt_is_the_unchanged_brief() -> None:
    assert Prompt.first(BRIEF) == Prompt(0, BRIEF.text, "", "the brief")


def test_the_first_prompt_ends_with_the_users_requirements_and_has_what_to_avoid_as_negative_text() -> None:
    brief = Brief(text=" A cat. ", requirements=(Requirement(text="it wears a hat."),), avoid=("dogs", "rain"))
    assert Prompt.first(brief) == Prompt(0, "A cat. it wears a hat", "dogs, rain", "the brief")


def test_the_round_is_what_was_made_with_the_newest_prompt() -> None:
    run = history(judged((0, 0), verdict({"r1"})), judged((1, 0), verdict({"r1"})))
    assert [attempt.name for attempt in run.round] == ["001-000"]


@pytest.mark.parametrize("outcome", ["passed", "unmet", "unknown"])
def test_a_run_ends_as_something_for_a_reason(outcome: Outcome) -> None:
    ended = fresh().ended_as(outcome, "so it is")
    assert (ended.outcome, ended.reason, fresh().outcome) == (outcome, "so it is", None)


def test_a_checklist_is_part_of_the_record_with_its_hash() -> None:
    assert document(fresh())["checklist"]["sha256"] == Checklist(CHECKLIST.requirements).sha256
