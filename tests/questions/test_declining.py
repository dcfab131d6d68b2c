"""Refusals in prose, and answers that only look like them."""

from __future__ import annotations

import pytest

from onbrief import questions
from onbrief.brief import Brief, Checklist, Requirement
from onbrief.errors import Blocked

BRIEF = Brief(text="a knight")
CHECKLIST = Checklist((Requirement(id="r1", text="there is a knight", kind="object"),))


@pytest.mark.parametrize(
    "text",
    [
        "I am sorry, but I cannot help with that.",
        "I'm sorry. As an AI, I am not able to provide that.",
        "I can’t assist with this request.",
        "I won't create a checklist for this brief.",
        "Unfortunately, I'm not able to help with this content.",
        "I must decline to write this prompt.",
        "I apologize, but I cannot generate that.",
        "Sorry, I can't comply.",
    ],
)
def test_a_refusal_in_prose_is_one_and_is_no_prompt(text: str) -> None:
    assert questions.declines(text)
    with pytest.raises(Blocked, match="declines"):
        questions.revise(BRIEF, CHECKLIST, 1, ()).read({"text": text, "reason": "", "negative": ""})


@pytest.mark.parametrize(
    "text",
    [
        "",
        "not json at all",
        "A knight who cannot help himself",
        "I see a cup and a table.",
        "I cannot tell which of them is red",
        "I looked at the picture. A sign says: I cannot help you",
        "Two red cups; the third I cannot see",
        "Well lit kitchen with a robot that cannot help",
    ],
)
def test_other_prose_is_no_refusal(text: str) -> None:
    assert not questions.declines(text)
