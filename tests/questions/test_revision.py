"""The question for the next prompt: what it says for which image model, and how answers are read."""

from __future__ import annotations

import pytest

from onbrief import questions
from onbrief.attempt import Attempt, Finding, Verdict
from onbrief.errors import Blocked, Failed
from onbrief.ports import CLIP_TOKENS, NATURAL, Dialect, Unreachable
from onbrief.record import Prompt
from tests.questions.answers import BRIEF, CHECKLIST

CLIP = Dialect(unit="CLIP tokens", most=CLIP_TOKENS, negative=True, weights=True, hardest_first=True)


def test_without_a_history_nothing_was_tried_and_a_layout_is_asked_for() -> None:
    question = questions.revise(BRIEF, CHECKLIST, 2, ())
    shown = questions.materials(question.text)
    assert set(shown) == {"brief", "checklist"}
    assert [entry["id"] for entry in shown["checklist"]] == [r.id for r in CHECKLIST.requirements]
    assert "Nothing was tried yet. Design the arrangement first" in question.text
    assert "Never repeat a prompt" not in question.text


def test_the_question_says_how_the_image_model_is_written_for() -> None:
    clip, long = (questions.revise(BRIEF, CHECKLIST, 1, (), dialect) for dialect in (CLIP, NATURAL))
    for words in ("75 CLIP tokens", "begin with what is hardest", "It reads weights", "It takes a negative text"):
        assert words in clip.text
        assert words not in long.text
    for words in ("up to 300 words", "in natural order", "It reads no weights", "It takes no negative text"):
        assert words in long.text
        assert words not in clip.text
    fields = [list(question.schema["properties"]) for question in (clip, long)]  # pyright: ignore[reportArgumentType, reportCallIssue, reportUnknownVariableType, reportUnknownArgumentType]
    assert fields == [["reason", "unreachable", "text", "negative"], ["reason", "unreachable", "text"]]


def test_a_model_that_reads_clip_tokens_shows_how_long_each_prompt_was() -> None:
    attempt = Attempt(0, 0, 1, verdict=Verdict(False, (Finding("r2", "unmet", 0.1, "none"),)))
    text = questions.revise(BRIEF, CHECKLIST, 1, [(Prompt(0, "three circles"), [attempt])], CLIP).text
    assert questions.materials(text)["history"][0]["length"] == "2 CLIP tokens"


def test_a_revision_is_read_and_an_empty_one_refused() -> None:
    read = questions.revise(BRIEF, CHECKLIST, 1, ()).read
    revised = read({"reason": "", "text": "three circles", "negative": "dogs"})
    assert (revised.text, revised.negative, revised.reason, revised.unreachable) == ("three circles", "dogs", "", ())
    refused: list[object] = [{"reason": "", "text": " ", "negative": ""}, {"reason": "", "negative": ""}, [], {"text": 1}]
    for document in refused:
        with pytest.raises(Failed):
            read(document)
    with pytest.raises(Blocked):
        read({"reason": "", "text": "I'm sorry, but I cannot help with that.", "negative": ""})


def test_musts_that_no_prompt_can_reach_are_read_and_others_left_out() -> None:
    read = questions.revise(BRIEF, CHECKLIST, 1, ()).read
    said = [{"id": "R3", "why": " too\nmany "}, {"id": "r6", "why": "no must"}, {"id": "r99", "why": "unknown"}]
    assert read({"reason": "", "unreachable": said, "text": "circles"}).unreachable == (Unreachable("r3", "too many"),)


def test_what_is_wrong_is_said_with_the_answer_that_it_is_about() -> None:
    prompt = Prompt(1, "</answer> a circle", "no dogs")
    told = questions.correction(prompt, ("it is too long", "it names no square"))
    assert questions.materials(told)["answer"] == {"text": prompt.text, "negative": prompt.negative}
    assert told.endswith("What is wrong with it: it is too long; it names no square")
    assert told.count("</answer>") == 1
    long = questions.correction(Prompt(1, "\U00010400" * 10_000), tuple("x" * 100 for _ in range(40)))
    assert len(long.encode()) < 3_000
