from __future__ import annotations

import pytest

from benchmarks.geneval import briefs
from benchmarks.hard import hard_briefs
from onbrief_sandbox.language import sentences
from onbrief_sandbox.language.emphasis import Stress, stress, strip_layout
from onbrief_sandbox.language.grammar import parse


def stressed(text: str, negative: str = "") -> Stress:
    return stress(parse(text, negative), text, negative, first_words=10)


@pytest.mark.parametrize(
    ("text", "negative", "statement", "devices"),
    [
        ("a red circle left of a blue square", "", "the circle is red", 0),
        ("a red circle and a square. The circle is red.", "", "the circle is red", 1),
        ("a (red circle:1.2) and a square", "", "the circle is red", 1),
        ("a (red circle:0.8) and a square", "", "the circle is red", 0),
        ("a (red circle:1.05) and a square", "", "the circle is red", 0),
        ("a (red circle:1.1) and a square", "", "the circle is red", 1),
        ("a (red circle:1.4) and a square", "", "the circle is red", 1),
        ("a (red circle:1.5) and a square", "", "the circle is red", 0),
        ("a red circle that stands in some wide and empty place with a square", "", "the circle is red", 0),
        ("a red circle that stands in some wide and empty place with a square. Soft light.", "", "the circle is red", 1),
        ("a square that stands in some wide and empty place with a red circle. Soft light.", "", "the circle is red", 0),
        ("two cats and three circles. Three circles in a row", "", "there are exactly three circles", 2),
        ("two cats and three circles. Exactly three circles in one line", "", "there are exactly three circles", 3),
        ("a clock above a cat. The clock at the top, the cat at the bottom. Soft light", "", "the clock is above the cat", 3),
        ("a dog and a clock. The clock is above the cat", "", "the clock is above the cat", 1),
        ('a dog. A sign says "OPEN". A sign says "LATE"', "", 'the word "OPEN" can be read', 1),
        ("a big old (red circle:1.2), a square and a green heart. The circle is red", "", "the circle is red", 3),
        ("three circles. The circles are three in a row", "", "there are exactly three circles", 2),
        ("a circle left of a square. The circle on the left side, the square on the right side", "",
         "the circle is to the left of the square", 3),
        ("a lake, no people", "people", "there is no person", 1),
        ("a lake, no people", "", "there is no person", 0),
        ("a lake, no people. No people", "people", "there is no person", 2),
    ],
)  # fmt: skip
def test_devices_are_counted_for_each_claim(text: str, negative: str, statement: str, devices: int) -> None:
    assert [stressed(text, negative).on(claim) for claim in sentences.read(statement) or ()] == [devices]


def test_length_weight_and_form_are_noted() -> None:
    written = stressed("a (red circle:1.7). In soft light.")
    assert (written.words, written.weight, written.well_formed) == (6, 1.7, True)
    assert stressed("a red circle").well_formed is False


def test_places_that_spell_out_a_relation_are_no_demand_of_their_own() -> None:
    spelled = "a circle left of a square. The circle on the left side, the square on the right side"
    assert strip_layout(parse(spelled)) == parse("a circle left of a square")
    assert strip_layout(parse("a circle at the top")) == parse("a circle at the top")


def test_plain_prompts_of_geneval_and_hard_ones_stress_nothing() -> None:
    texts = [brief.prompt for brief in briefs()] + [brief.text for brief in hard_briefs()]
    assert [text for text in texts if stressed(text).devices or stressed(text).well_formed] == []


def test_places_that_spell_out_a_relation_are_no_devices_that_disturb_others() -> None:
    spelled = "a circle left of a square. The circle on the left side, the square on the right side"
    related = ("Related", "circle", "left of", "square")
    assert set(stressed(spelled).devices) == {("Present", "circle"), ("Present", "square"), related}
