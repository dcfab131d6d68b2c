from __future__ import annotations

import pytest

from onbrief.providers.instructions import Instruction, read


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("replace the dog with a cat", Instruction("replace", "dog", "a cat")),
        ("Please swap a red dog for two cats.", Instruction("replace", "red dog", "two cats")),
        ("turn the lemon into an orange", Instruction("replace", "lemon", "an orange")),
        ("replace the apple with an orange", Instruction("replace", "apple", "an orange")),
        ('replace the word "OPNE" with "OPEN"', Instruction("letter", 'word "OPNE"', 'the text "OPEN"')),
        ('change the text to "OPEN"', Instruction("letter", "text", 'the text "OPEN"')),
        ("move the clock to the left of the cat", Instruction("move", "clock", "to the left of the cat")),
        ("make the bench blue", Instruction("recolour", "bench", "blue")),
        ("Paint the old wooden bench in dark blue!", Instruction("recolour", "old wooden bench", "dark blue")),
        ("change the bench to navy blue", Instruction("recolour", "bench", "navy blue")),
        ("change the colour of the bench to sky blue", Instruction("recolour", "bench", "sky blue")),
        ("make the dog bigger", Instruction("alter", "dog", "bigger")),
        ("remove the car", Instruction("remove", "car")),
        ("get rid of all cars on the left", Instruction("remove", "all cars on the left")),
        ("add two cups", Instruction("add", wanted="two cups")),
        ("add another cup", Instruction("add", wanted="a cup")),
        ("add two more cups", Instruction("add", wanted="two cups")),
        ("add a dog to the left of the cat", Instruction("add", wanted="a dog")),
        ("add a lamp at the top", Instruction("add", wanted="a lamp")),
        ("add a cup on the table", Instruction("add", wanted="a cup on the table")),
        ('add "SALE"', Instruction("add", wanted='the text "SALE"')),
        ("change the number of cups to four", Instruction("add", wanted="four cups")),
    ],
)
def test_a_sentence_is_parsed_into_a_change(text: str, expected: Instruction) -> None:
    assert read(text) == expected


@pytest.mark.parametrize("text", ["", ".", "add", "what a nice day", "make it nicer", "make the cat a dog"])
def test_sentences_that_do_not_change_one_thing_are_not_understood(text: str) -> None:
    assert read(text) is None
