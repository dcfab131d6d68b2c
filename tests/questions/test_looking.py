"""The questions about a picture: what a judge is asked and what it is not told."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from onbrief import questions
from onbrief.attempt import Finding
from onbrief.brief import Requirement
from onbrief.errors import Failed
from tests.questions.answers import CHECKLIST, SEEING, counted, judged, lines, statement


def test_the_judge_is_not_told_what_is_wanted() -> None:
    for question in (questions.judge(CHECKLIST.requirements), questions.confirm(CHECKLIST.requirements)):
        assert "OPEN" not in question.text
        assert "three" not in question.text
        assert "must" not in question.text
        assert questions.materials(question.text)["counts"] == [{"id": "r3", "things": "circles"}]


def test_what_must_be_absent_is_asked_for_as_if_it_were_there() -> None:
    shown = questions.materials(questions.judge(CHECKLIST.requirements).text)
    assert shown["statements"][0] == {"id": "r1", "text": "this can be seen in the picture: dogs"}
    read = questions.judge(CHECKLIST.requirements).read
    assert read(judged()).findings[0] == Finding("r1", "met", 0.98, "seen")
    dogs = [statement("r1", "true", 0.9)]
    assert read(judged(statements=dogs)).findings[0] == Finding("r1", "unmet", 0.1, "seen")


def test_the_confirmation_asks_from_the_other_side() -> None:
    question = questions.confirm(CHECKLIST.requirements)
    assert questions.materials(question.text)["claims"][0] == {"id": "r1", "text": "none of this is in the picture: dogs"}
    statements = [statement("r1", "supported", 0.05), statement("r2", "contradicted", 0.9), statement("r4", "borderline", 0.4)]
    found = question.read(judged(statements=statements)).findings
    assert [(f.id, f.verdict, f.probability) for f in found] == [
        ("r1", "met", 0.95),
        ("r2", "unmet", 0.1),
        ("r3", "met", 0.9),
        ("r4", "borderline", 0.6),
        ("r5", "met", 0.95),
    ]


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("absence", "there is no dog and there is a cat"),
        ("absence", "no dogs, cats only"),
        ("absence", "the street is empty"),
        ("count", "there are at least three cups"),
        ("count", "there are exactly two cups on three tables"),
        ("count", "there are exactly three cups and they are red"),
        ("text", "something can be read"),
        ("whole", "there is no dog"),
    ],
)
def test_what_cannot_be_turned_around_safely_is_asked_as_it_stands(kind: Any, text: str) -> None:
    shown = questions.materials(questions.judge([Requirement(id="r1", text=text, kind=kind)]).text)
    assert shown == {"statements": [{"id": "r1", "text": text}]}


def test_one_question_for_a_whole_description_has_one_finding() -> None:
    question = questions.whole("a </description> dog", "r1")
    assert questions.materials(question.text) == {"description": "a </description> dog"}
    assert question.read(statement("", "true", 0.8)).findings == (Finding("r1", "met", 0.8, "seen"),)
    assert question.read(statement("", "false", 0.2)).findings == (Finding("r1", "unmet", 0.2, "seen"),)
    with pytest.raises(Failed, match="answer: 'yes' is not allowed"):
        question.read(statement("", "yes", 0.8))


def test_a_closer_look_says_which_enlarged_part_shows_what_is_meant() -> None:
    question = questions.confirm(CHECKLIST.requirements[1:4], parts={"r2": "A", "r3": "B"})
    shown = questions.materials(question.text)
    assert shown["claims"] == [
        {"id": "r2", "text": "there are circles", "part": "A"},
        {"id": "r4", "text": "the circles are red"},
    ]
    assert shown["counts"] == [{"id": "r3", "things": "circles", "part": "B"}]
    assert "enlarged" in question.text
    assert "enlarged" not in questions.confirm(CHECKLIST.requirements).text


def test_forty_requirements_cost_at_most_2500_tokens_of_output() -> None:
    """Counted from above: a token for each word, number and punctuation mark, and one more for each further four letters."""
    plain = [f"the {noun} is {colour}" for noun in ("cup", "table", "lamp", "curtain") for colour in "abcdefghi"]
    asked = [Requirement(id=f"r{n}", text=text, kind="attribute") for n, text in enumerate(plain, 1)]
    asked += [Requirement(id=f"r{n}", text=f"there are exactly {n} cups", kind="count") for n in range(37, 41)]
    question = questions.judge(asked, SEEING)
    ids = [entry["id"] for entry in questions.materials(question.text)["statements"]]
    statements = [{**statement(id_, "true", 0.97, "glossy red, on the left"), "box": None} for id_ in ids]
    statements[0]["box"] = [0.25, 0.5, 0.75, 0.9]
    counts = [{**counted(r.id, 12, 0.9), "evidence": "two rows of six on the shelf", "box": None} for r in asked[36:]]
    answer = {"control": list(SEEING), "lettering": lines("OPEN DAILY"), "counts": counts, "statements": statements}
    assert len(question.read(answer).findings) == 40
    pieces = re.findall(r"[^\W\d]+|\d+|[^\w\s]+", json.dumps(answer, separators=(",", ":")))
    assert sum(1 + (len(piece) - 1) // 4 for piece in pieces) <= 2500
