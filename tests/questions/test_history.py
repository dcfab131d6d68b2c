"""What a reviser is shown of the prompts so far."""

from __future__ import annotations

from typing import Any

from onbrief.attempt import Answer, Attempt, Finding, Problem, Verdict
from onbrief.brief import Checklist, Requirement
from onbrief.ports import History
from onbrief.questions import history
from onbrief.record import Prompt
from tests.questions.answers import BRIEF, CHECKLIST


def attempt(revision: int, number: int, how: Answer = "unmet", /, **short: str) -> Attempt:
    findings = tuple(
        Finding(r.id, how if r.id in short else "met", 0.1 if r.id in short else 0.9, short.get(r.id, "fine"))
        for r in CHECKLIST.requirements
    )
    return Attempt(revision, number, 1, verdict=Verdict(not short, findings))


def table(tried: History) -> list[dict[str, Any]]:
    return history.table(tried, CHECKLIST)


def test_it_says_what_failed_how_often_and_which_prompt_was_best() -> None:
    shown = table(
        [
            (Prompt(0, "one"), [attempt(0, 0, r3="two circles", r4="blue"), attempt(0, 1, r3="four circles")]),
            (Prompt(1, "two", "dogs"), [attempt(1, 0, r2="none", r3="none", r4="none", r5="a blank sign")]),
            (Prompt(2, "three"), [Attempt(2, 0, 1, problem=Problem("blocked", "Filter reason: prompt"))]),
        ]
    )
    assert [(t["prompt"], t["best"], t["text"], t["negative"], t["pictures"]) for t in shown] == [
        (0, True, "one", "", 2),
        (1, False, "two", "dogs", 1),
        (2, False, "three", "", 0),
    ]
    assert shown[0]["results"] == [
        {"id": "r3", "met": 0, "borderline": 0, "unmet": 2, "seen": ["four circles", "two circles"]},
        {"id": "r4", "met": 1, "borderline": 0, "unmet": 1, "seen": ["blue"]},
    ]
    assert shown[0]["met"] == ["r1", "r2", "r5", "r6"]
    assert (shown[2]["results"], shown[2]["met"], shown[2]["problems"]) == ([], [], ["blocked: Filter reason: prompt"])


def test_what_fails_with_its_missing_thing_is_no_failure_of_its_own() -> None:
    (shown,) = table([(Prompt(0, "one"), [attempt(0, 0, r2="none", r3="none", r4="none"), attempt(0, 1, r4="blue")])])
    assert shown["results"] == [
        {"id": "r2", "met": 1, "borderline": 0, "unmet": 1, "seen": ["none"], "with_it": ["r3", "r4"]},
        {"id": "r4", "met": 0, "borderline": 0, "unmet": 1, "seen": ["blue"]},
    ]
    assert "r3" in shown["met"]  # in the one picture where it could be


def test_a_chain_of_missing_things_leads_to_the_first_of_them_and_a_cycle_ends() -> None:
    checklist = Checklist(
        tuple(
            Requirement(id=id_, text=f"there is {id_}", parents=parents)
            for id_, parents in (
                ("r1", ("r3",)),
                ("r2", ("r1",)),
                ("r3", ("r2",)),
                ("r4", ()),
                ("r5", ("r4",)),
                ("r6", ("r5",)),
            )
        )
    )
    findings = tuple(Finding(r.id, "unmet", 0.1) for r in checklist.requirements)
    (shown,) = history.table([(Prompt(0, "x"), [Attempt(0, 0, 1, verdict=Verdict(False, findings))])], checklist)
    results: Any = shown["results"]
    assert {one["id"]: one.get("with_it") for one in results}["r4"] == ["r5", "r6"]


def test_borderline_and_undecided_are_counted_apart() -> None:
    (shown,) = table(
        [(Prompt(0, "one"), [attempt(0, 0, "borderline", r4="pink"), attempt(0, 1, "undecided", r4="mist", r5="fog")])]
    )
    assert shown["results"] == [{"id": "r4", "met": 0, "borderline": 1, "unmet": 0, "seen": ["pink"]}]
    assert shown["undecided"] == ["r4", "r5"]


def test_evidence_is_one_line_of_what_can_be_printed_and_bounded() -> None:
    (shown,) = table([(Prompt(0, "one"), [attempt(0, 0, r3="two\n\x1b[31m circles \u202e" + "x" * 900)])])
    (seen,) = shown["results"][0]["seen"]
    assert seen.startswith("two [31m circles xxx")
    assert len(seen) == 200


def test_a_long_history_is_cut_to_the_newest_prompts_and_the_best() -> None:
    shown = table(
        [(Prompt(n, f"prompt {n}"), [attempt(n, 0, r3="x", **({} if n == 2 else {"r2": "none"}))]) for n in range(40)]
    )
    assert [tried["prompt"] for tried in shown] == [2, *range(33, 40)]


def test_where_most_is_met_only_what_failed_is_to_change() -> None:
    def advice(*attempts: Attempt) -> str:
        return history.advice([(Prompt(0, "one"), attempts)], CHECKLIST)

    assert "What failed with it: r4. Everything else was met, so keep that prompt word for word" in advice(
        attempt(0, 0, r4="blue")
    )
    assert "write a new arrangement" in advice(attempt(0, 0, r2="none", r3="none", r4="none"))  # three of five musts
    assert "no must failed for it alone" in advice(attempt(0, 0))
    assert "None of the pictures was judged" in advice(Attempt(0, 0, 1, problem=Problem("blank", "white")))


def test_the_longest_history_is_at_least_as_long_as_any() -> None:
    longest = history.table(history.longest(BRIEF, CHECKLIST, 9, 500), CHECKLIST)
    evidence = {r.id: "\U00010400" * 300 for r in CHECKLIST.requirements}
    real = [
        (Prompt(n, "y" * 500), [attempt(n, k, **{i: f"{k}{e}" for i, e in evidence.items()}) for k in range(4)])
        for n in range(9)
    ]
    assert len(str(longest).encode()) >= len(str(table(real)).encode())
