"""New wordings of an earlier prompt."""

from __future__ import annotations

from onbrief.questions.varying import vary
from onbrief.record import Prompt


def test_a_prompt_is_varied_without_end_and_the_same_way_each_time() -> None:
    first = Prompt(0, "two cups", "dogs", "the brief")
    tried = [first]
    for revision in range(1, 60):
        varied = vary(first, revision, tried)
        assert varied == vary(first, revision, tried)
        assert varied.text.startswith("two cups. ")
        assert (varied.revision, varied.negative) == (revision, "dogs")
        tried.append(varied)
    assert len({prompt.text for prompt in tried}) == 60


def test_a_wording_that_differs_in_case_and_punctuation_is_the_same() -> None:
    first = Prompt(0, "Two cups!")
    once = vary(first, 1, [first])
    assert vary(first, 2, [first, Prompt(1, once.text.upper())]).text != once.text
