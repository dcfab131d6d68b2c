"""The control question: a judge that does not see is found out."""

from __future__ import annotations

import pytest

from onbrief import questions
from onbrief.errors import Unreadable
from tests.questions.answers import CHECKLIST, SEEING, controlled, statement


def honestly(text: str) -> str:
    return "false" if "dogs" in text or ("band" in text and not text.endswith(SEEING[0])) else "true"


@pytest.mark.parametrize(
    ("changed", "blind"),
    [
        ({}, ""),
        ({"control": "Red, blue, blue, white and green."}, ""),
        ({"control": ["red", "blue", "blue", "white", "black"]}, "the judge names red, blue, blue, white, black"),
        ({"control": []}, "the judge names none of these colours"),
        ({"control": ["a", 5, None]}, "the judge names none of these colours"),
    ],
)
def test_a_judge_that_does_not_see_the_band_is_found_out(changed: dict[str, object], blind: str) -> None:
    question = questions.judge(CHECKLIST.requirements, SEEING)
    read = question.read(controlled(question, honestly, **changed))
    assert (blind in read.blind, bool(read.blind)) == (True, bool(blind))
    assert {finding.id for finding in read.findings} == {requirement.id for requirement in CHECKLIST.requirements}


@pytest.mark.parametrize("word", ["true", "false"])
def test_so_is_one_that_says_the_same_to_everything(word: str) -> None:
    question = questions.judge(CHECKLIST.requirements, SEEING)
    assert f"calls it {word} that in the band" in question.read(controlled(question, lambda _: word)).blind
    confirm = questions.confirm(CHECKLIST.requirements, SEEING)
    assert "calls it true" in confirm.read(controlled(confirm, lambda _: "supported")).blind
    whole = questions.whole("a dog", "r1", SEEING)
    said = controlled(whole, lambda _: "true") | statement("", "true")
    assert "calls it true" in whole.read(said).blind
    assert not whole.read(controlled(whole, lambda _: "false") | statement("", "true")).blind


@pytest.mark.parametrize("left_out", ["control", "statements"])
def test_a_control_question_that_is_left_out_is_asked_again(left_out: str) -> None:
    question = questions.judge(CHECKLIST.requirements, SEEING)
    answer = controlled(question, honestly)
    answer[left_out] = (
        None if left_out == "control" else [s for s in answer["statements"] if s["id"] in ("r1", "r2", "r4", "r6")]
    )
    with pytest.raises(Unreadable, match=r"control|statements"):
        question.read(answer)
