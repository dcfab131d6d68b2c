from __future__ import annotations

import pytest

from onbrief_sandbox.language.checks import check
from onbrief_sandbox.language.claims import (
    Absent,
    Claim,
    Coloured,
    Counted,
    ElementThere,
    Ground,
    Lettered,
    Placed,
    Present,
    Related,
    Which,
)
from onbrief_sandbox.language.editing import Edit, read
from onbrief_sandbox.scene import Box, Sight, Thing
from onbrief_sandbox.world.changes import NotThereError
from onbrief_sandbox.world.editing import edited, kind
from onbrief_sandbox.world.numbers import EDIT
from onbrief_sandbox.world.room import touching

TRIES = 400


def box(x: float, y: float, side: float = 0.15) -> Box:
    return Box(x - side / 2, y - side / 2, x + side / 2, y + side / 2)


TABLE = Sight(
    (
        Thing("dog", "brown", box(0.2, 0.5)),
        Thing("clock", "white", box(0.75, 0.5)),
        Thing("cup", "red", box(0.4, 0.75)),
        Thing("cup", "red", box(0.6, 0.75)),
    ),
    "blue",
    words=("OPNE",),
)
LAKE = Sight((), None, frozenset({"night", "lake", "moon"}), boxes=(("moon", box(0.3, 0.2)),))


def edit_of(instruction: str) -> Edit:
    edit = read(instruction)
    assert edit is not None
    return edit


CASES: list[tuple[str, Sight, Claim]] = [
    ("replace the dog with a cat", TABLE, Present(Which("cat"))),
    ("make the clock green", TABLE, Coloured(Which("clock"), "green")),
    ("make the background yellow", TABLE, Ground("yellow")),
    ("add a red star", TABLE, Present(Which("star", "red"))),
    ("add a star to the right of the clock", TABLE, Related(Which("star"), "right of", Which("clock"))),
    ("add a cup", TABLE, Counted(Which("cup"), 3)),
    ("there are exactly five cups", TABLE, Counted(Which("cup"), 5)),
    ("remove one cup", TABLE, Counted(Which("cup"), 1)),
    ("remove the cups", TABLE, Absent("cup")),
    ("move the clock to the left of the dog", TABLE, Related(Which("clock"), "left of", Which("dog"))),
    ("move the cups above the clock", TABLE, Related(Which("cup"), "above", Which("clock"))),
    ("move the dog to the right side", TABLE, Placed(Which("dog"), "right")),
    ('change the text to "OPEN"', TABLE, Lettered("OPEN")),
    ("remove the text", TABLE, Absent("text")),
    ("add clouds", LAKE, ElementThere("clouds")),
    ("add daylight", LAKE, ElementThere("day")),
    ("remove the moon", LAKE, Absent("moon")),
]


@pytest.mark.parametrize(("instruction", "sight", "claim"), CASES, ids=[case[0] for case in CASES])
def test_an_edit_does_what_it_should_as_often_as_is_written_down(instruction: str, sight: Sight, claim: Claim) -> None:
    edit = edit_of(instruction)
    assert not check(claim, sight)[0]
    done = sum(check(claim, edited(sight, edit, str(key)))[0] for key in range(TRIES))
    assert abs(done / TRIES - EDIT[kind(edit, sight)]) < 0.09


def test_each_other_fact_breaks_as_often_as_is_written_down() -> None:
    facts: list[Claim] = [Present(Which("dog")), Ground("blue"), Lettered("OPNE")]
    after = [edited(TABLE, edit_of("make the clock green"), str(key)) for key in range(TRIES)]
    broken = [sum(not check(claim, sight)[0] for sight in after) / TRIES for claim in facts]
    assert [abs(share - EDIT["breaks"]) < 0.04 for share in broken] == [True, True, True]


def test_what_is_not_changed_stays_where_it_is() -> None:
    after = [edited(TABLE, edit_of("make the clock green"), str(key)) for key in range(TRIES)]
    recoloured = tuple(Thing(t.noun, "green" if t.noun == "clock" else t.colour, t.box) for t in TABLE.things)
    assert Sight(recoloured, "blue", words=("OPNE",)) in after
    assert TABLE in after


def test_the_same_key_gives_the_same_edit_and_another_another() -> None:
    after = [edited(TABLE, edit_of("add two stars"), str(key % 10)) for key in range(20)]
    assert after[:10] == after[10:]
    assert len(set(map(repr, after[:10]))) > 2


@pytest.mark.parametrize(
    ("instruction", "named"),
    [
        ("remove the car", "car"),
        ("make the red dog blue", "red dog"),
        ("move the clock to the left of the cat", "cat"),
        ("remove the moon", "moon"),
        ('replace the word "SALE" with "OPEN"', '"SALE"'),
    ],
)
def test_what_is_not_in_the_picture_is_named(instruction: str, named: str) -> None:
    with pytest.raises(NotThereError, match=named):
        edited(TABLE, edit_of(instruction), "key")


def test_things_are_added_where_there_is_room_even_in_a_crowd() -> None:
    places = [(0.1 + 0.2 * x, 0.1 + 0.2 * y) for x in range(5) for y in range(5)]
    crowd = Sight(tuple(Thing("cup", "red", box(x, y, 0.18)) for x, y in places), "blue")
    after = [edited(crowd, edit_of("add a dog"), str(key)) for key in range(60)]
    added = [sight for sight in after if any(thing.noun == "dog" for thing in sight.things)]
    assert len(added) > 15
    for sight in added:
        (dog,) = [thing.box for thing in sight.things if thing.noun == "dog"][:1]
        others = [thing.box for thing in sight.things if thing.noun != "dog"]
        assert not any(touching(dog, other) for other in others)
        assert min(dog.left, dog.top) > 0
        assert max(dog.right, dog.bottom) < 1
