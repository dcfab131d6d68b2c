"""The question for the next prompt: what of the history it shows, and how answers are read."""

from __future__ import annotations

import pytest

from onbrief import questions
from onbrief.errors import Failed
from onbrief.record import Attempt, Finding, Problem, Prompt, Verdict
from tests.questions.answers import BRIEF, CHECKLIST


def attempt(revision: int, number: int, **unmet: str) -> Attempt:
    findings = tuple(
        Finding(r.id, "unmet" if r.id in unmet else "met", 0.1 if r.id in unmet else 0.9, unmet.get(r.id, "fine"))
        for r in CHECKLIST.requirements
    )
    return Attempt(revision, number, 1, verdict=Verdict(not unmet, findings))


def test_the_history_says_what_failed_how_often_and_which_prompt_was_best() -> None:
    history = [
        (Prompt(0, "one"), [attempt(0, 0, r3="two circles", r4="blue"), attempt(0, 1, r3="four circles")]),
        (Prompt(1, "two", "dogs"), [attempt(1, 0, r2="none", r3="none", r4="none")]),
        (Prompt(2, "three"), [Attempt(2, 0, 1, problem=Problem("blocked", "Filter reason: prompt"))]),
    ]
    shown = questions.materials(questions.revise(BRIEF, CHECKLIST, 3, history).text)["history"]
    assert [(tried["prompt"], tried["best"], tried["text"], tried["negative"]) for tried in shown] == [
        (0, True, "one", ""),
        (1, False, "two", "dogs"),
        (2, False, "three", ""),
    ]
    assert shown[0]["results"][2] == {"id": "r3", "met": 0, "of": 2, "seen": ["four circles", "two circles"]}
    assert shown[0]["results"][3] == {"id": "r4", "met": 1, "of": 2, "seen": ["blue"]}
    assert shown[0]["results"][1] == {"id": "r2", "met": 2, "of": 2}
    assert shown[2]["results"] == []
    assert shown[2]["problems"] == ["blocked: Filter reason: prompt"]


def test_a_long_history_is_cut_to_the_newest_prompts_and_the_best() -> None:
    history = [
        (Prompt(n, f"prompt {n}"), [attempt(n, 0, r3="x" * 900, **({} if n == 2 else {"r2": "none"}))]) for n in range(40)
    ]
    shown = questions.materials(questions.revise(BRIEF, CHECKLIST, 40, history).text)["history"]
    assert [tried["prompt"] for tried in shown] == [2, *range(33, 40)]
    assert shown[0]["results"][2]["seen"] == ["x" * 200]


def test_without_a_history_the_prompt_is_written_from_the_brief_alone() -> None:
    shown = questions.materials(questions.revise(BRIEF, CHECKLIST, 2, ()).text)
    assert set(shown) == {"brief", "checklist"}
    assert [entry["id"] for entry in shown["checklist"]] == [r.id for r in CHECKLIST.requirements]


def test_a_revision_is_read_and_an_empty_one_refused() -> None:
    read = questions.revise(BRIEF, CHECKLIST, 1, ()).read
    revised = read({"reason": "", "text": "three circles", "negative": "dogs"})
    assert (revised.text, revised.negative, revised.reason) == ("three circles", "dogs", "")
    refused: list[object] = [{"reason": "", "text": " ", "negative": ""}, {"reason": "", "negative": ""}, [], {"text": 1}]
    for document in refused:
        with pytest.raises(Failed):
            read(document)
