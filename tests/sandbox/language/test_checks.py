from __future__ import annotations

import pytest

from onbrief_sandbox.language import sentences
from onbrief_sandbox.language.checks import check
from onbrief_sandbox.scene import Box, Colour, Sight, Thing


def at(noun: str, colour: Colour, x: float, y: float) -> Thing:
    return Thing(noun, colour, Box(x - 0.05, y - 0.05, x + 0.05, y + 0.05))


SIGHT = Sight(
    things=(
        at("circle", "red", 0.2, 0.2),
        at("circle", "red", 0.3, 0.2),
        at("square", "blue", 0.5, 0.5),
        at("star", "green", 0.8, 0.5),
        at("star", "pink", 0.9, 0.52),
        at("fluffyrobot", "white", 0.5, 0.9),
    ),
    background="yellow",
    elements=frozenset({"sunrise", "sea"}),
    words=("OPEN  late",),
    styles=frozenset({"serene"}),
)
ALL = "two red circles, one blue square, one green star, one pink star, one white fluffyrobot"
FROM = "(from the left and from the top)"


@pytest.mark.parametrize(
    ("statement", "holds", "evidence"),
    [
        ("there is a circle", True, "two circles: red, red"),
        ("there are exactly two circles", True, "two circles: red, red"),
        ("there are exactly three circles", False, "two circles: red, red"),
        ("there is exactly one green star", True, "one star: green"),
        ("there is a heart", False, f"no heart; seen: {ALL}"),
        ("the circles are red", True, "two circles: red, red"),
        ("the stars are green", False, "two stars: green, pink"),
        ("there is a green star", True, "one star: green"),
        ("the circles are above the square", True, f"circle at 0.20/0.20, 0.30/0.20, square at 0.50/0.50 {FROM}"),
        ("the square is to the left of the stars", True, f"square at 0.50/0.50, star at 0.80/0.50, 0.90/0.52 {FROM}"),
        ("the square is above the pink star", False, f"square at 0.50/0.50, pink star at 0.90/0.52 {FROM}"),
        ("the circles are above the heart", False, f"no heart; seen: {ALL}"),
        ("the circles are at the top", True, "circle on the left and at the top; circle on the left and at the top"),
        ("the square is in the middle", True, "square in the middle"),
        ("the square is on the left", False, "square in the middle"),
        ("the background is yellow", True, "the background is yellow"),
        ("the background is red", False, "the background is yellow"),
        ("there is a fluffy robot", True, "one fluffy robot: white"),
        ("the sun is on the horizon", True, "seen in the landscape: sea, sunrise"),
        ("there is a sun", True, "seen in the landscape: sea, sunrise"),
        ("there is a moon", False, "seen in the landscape: sea, sunrise"),
        ('the words "open Late" can be read', True, 'to be read: "OPEN  late"'),
        ('the word "SHUT" can be read', False, 'to be read: "OPEN  late"'),
        ("there is no person", True, f"no person; seen: {ALL}"),
        ("there are no circles", False, "two circles: red, red"),
        ("there is no blue circle", True, f"no blue circle; seen: {ALL}"),
        ("there is no sun", False, "seen in the landscape: sea, sunrise"),
        ("there is no text", False, 'to be read: "OPEN  late"'),
        ("the picture has a serene style", True, "the style: serene"),
        ("the picture has a vivid style", False, "the style: serene"),
    ],
)  # fmt: skip
def test_a_statement_is_answered_with_what_is_seen(statement: str, holds: bool, evidence: str) -> None:
    assert [check(claim, SIGHT) for claim in sentences.read(statement) or ()] == [(holds, evidence)]


@pytest.mark.parametrize(
    ("statement", "sentences_read"),
    [
        ("three red circles", ["there are exactly three red circles"]),
        ("A red circle.", ["there is a red circle"]),
        ("a circle and a square", ["there is a circle", "there is a square"]),
        ("There is no dogs", ["there is no dog"]),
        ("nobody", ["there is no person"]),
        ("two cats left of a dog", ["there are exactly two cats", "the cats are to the left of the dog"]),
    ],
)
def test_a_free_statement_makes_claims_that_stand_by_themselves(statement: str, sentences_read: list[str]) -> None:
    assert [sentences.sentence(claim) for claim in sentences.read(statement) or ()] == sentences_read


@pytest.mark.parametrize(
    "statement",
    [
        "赤い円", "", "the mood is happy", "very nice", "there is a fluffy cat", "the star is small", "the star is not red",
        "the star is next to the square", "a star between two squares", "a star inside a square", "a person riding a horse",
        "a circle und 赤い円", "a cup of coffee", "there is a red moon", "the boat is on the lake", "no big stars",
        "the moon is at the top", "two stars side by side",
    ],
)  # fmt: skip
def test_what_claims_nothing_or_more_than_is_known_is_not_understood(statement: str) -> None:
    assert sentences.read(statement) is None
