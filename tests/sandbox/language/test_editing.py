from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from onbrief_sandbox.language.editing import (
    Add,
    AddElement,
    Edit,
    Letter,
    Move,
    Recolour,
    Remove,
    RemoveElement,
    Replace,
    SetCount,
    Target,
    read,
)
from onbrief_sandbox.scene import Group

WORDS = ("replace", "the", "cat", "with", '"A', '"', "to", "make", "add", "move", "of", "left", "red", "three")
UNDERSTOOD: list[tuple[str, Edit]] = [
    ("replace the dog with a cat", Replace(Target("dog"), "cat")),
    ("Replace the red car with a blue car.", Replace(Target("car", "red"), "car", "blue")),
    ("swap the dog for a horse", Replace(Target("dog"), "horse")),
    ("turn the dog into a cat", Replace(Target("dog"), "cat")),
    ("change the orange to an apple", Replace(Target("orange"), "apple")),
    ("make the bench blue", Recolour(Target("bench"), "blue")),
    ("Please change the color of the bench to blue.", Recolour(Target("bench"), "blue")),
    ("recolour the truck in green", Recolour(Target("truck"), "green")),
    ("make the car orange", Recolour(Target("car"), "orange")),
    ("make the background yellow", Recolour(None, "yellow")),
    ("change the background to yellow", Recolour(None, "yellow")),
    ("add a red circle", Add(Group("circle", 1, "red", numbered=False))),
    ("add two cups", Add(Group("cup", 2))),
    ("add one more cup", Add(Group("cup", 1))),
    ("add a dog at the top", Add(Group("dog", 1, place="top", numbered=False))),
    ("add a dog to the left of the cat", Add(Group("dog", 1, numbered=False), "left of", Target("cat"))),
    ("add a moon", AddElement("moon")),
    ("remove the car", Remove(Target("car"))),
    ("delete all people", Remove(Target("person"))),
    ("remove two cups", Remove(Target("cup"), 2)),
    ("remove a cup", Remove(Target("cup"), 1)),
    ("remove the clouds", RemoveElement("clouds")),
    ("move the clock to the left of the cat", Move(Target("clock"), direction="left of", other=Target("cat"))),
    ("put the cat above the red dog", Move(Target("cat"), direction="above", other=Target("dog", "red"))),
    ("move the clock to the top", Move(Target("clock"), "top")),
    ('change the text to "OPEN"', Letter("OPEN")),
    ("change the text to 'Open Late'", Letter("Open Late")),
    ('make the sign say "OPEN"', Letter("OPEN")),
    ('replace the word "OPNE" with "OPEN"', Letter("OPEN", "OPNE")),
    ("remove the text", Letter("")),
    ("change the number of cups to four", SetCount(Target("cup"), 4)),
    ("change two cats to three cats", SetCount(Target("cat"), 3)),
    ("there are exactly three cups", SetCount(Target("cup"), 3)),
    ("there should be exactly three cups", SetCount(Target("cup"), 3)),
    ("make sure the bench is blue", Recolour(Target("bench"), "blue")),
    ("there is no person", Remove(Target("person"))),
    ("there is a cat", Add(Group("cat", 1, numbered=False))),
    ('the word "OPEN" can be read', Letter("OPEN")),
    ("the clock is to the left of the cat", Move(Target("clock"), direction="left of", other=Target("cat"))),
]


@pytest.mark.parametrize(("instruction", "edit"), UNDERSTOOD, ids=[text for text, _ in UNDERSTOOD])
def test_an_instruction_is_understood(instruction: str, edit: Edit) -> None:
    assert read(instruction) == edit


@pytest.mark.parametrize(
    "instruction", ["", "make it nicer", "foo bar", "sharper, please", "ベンチを青くする", "the dog", '"', "add"]
)
def test_what_asks_for_no_change_is_not_understood(instruction: str) -> None:
    assert read(instruction) is None


@settings(deadline=None, max_examples=150)
@given(
    st.one_of(
        st.text(max_size=200),
        st.lists(st.sampled_from(WORDS)).map(" ".join),
    )
)
def test_any_text_can_be_an_instruction(text: str) -> None:
    read(text)


@pytest.mark.parametrize(
    "hostile", ["add " * 2000, 'change "' * 1000, "replace " + "a " * 5000, "make the " * 3000, "of " * 3000]
)
def test_hostile_instructions_are_read_in_time(hostile: str) -> None:
    read(hostile)
