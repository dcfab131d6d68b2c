from __future__ import annotations

import pytest

from benchmarks.geneval import briefs, expected
from onbrief_sandbox.language import claims
from onbrief_sandbox.language.grammar import parse, read
from onbrief_sandbox.scene import Colour, Group, Place, Relation, Scene


def some(noun: str, count: int = 1, colour: Colour | None = None, place: Place | None = None) -> Group:
    """Return a group without an explicit number."""
    return Group(noun, count, colour, place, numbered=False)


def landscape(*elements: str, styles: tuple[str, ...] = (), absent: tuple[str, ...] = ()) -> Scene:
    return Scene(elements=frozenset(elements), styles=frozenset(styles), absent=frozenset(absent))


CIRCLE_SQUARE = (some("circle", 1, "red"), some("square", 1, "blue"))
LEFT = (Relation(0, "left of", 1),)

PROMPTS: list[tuple[str, Scene]] = [
    (
        "three red circles above a blue square on a yellow background",
        Scene((Group("circle", 3, "red"), some("square", 1, "blue")), (Relation(0, "above", 1),), "yellow"),
    ),
    ("a red circle left of a blue square", Scene(CIRCLE_SQUARE, LEFT)),
    ("a red circle to the left of a blue square", Scene(CIRCLE_SQUARE, LEFT)),
    ("A red circle is on the left side of a blue square.", Scene(CIRCLE_SQUARE, LEFT)),
    ("red circle, to the left of blue square", Scene(CIRCLE_SQUARE, LEFT)),
    ("a (red circle:1.2) and a ((blue square))", Scene(CIRCLE_SQUARE)),
    ("“a red circle and a blue square”", Scene(CIRCLE_SQUARE)),
    ("a red circle left of a blue circle", Scene((some("circle", 1, "red"), some("circle", 1, "blue")), LEFT)),
    (
        "on the left side a red circle, on the right side a blue square",
        Scene((some("circle", 1, "red", "left"), some("square", 1, "blue", "right"))),
    ),
    (
        "The left half shows a yellow star; the right half shows a purple star.",
        Scene((some("star", 1, "yellow", "left"), some("star", 1, "purple", "right"))),
    ),
    (
        "two green stars and a pink heart in the middle",
        Scene((Group("star", 2, "green"), some("heart", 1, "pink", "middle"))),
    ),
    ("a star at the top", Scene((some("star", place="top"),))),
    ("At the top, a star. At the bottom, two hearts.", Scene((some("star", place="top"), Group("heart", 2, None, "bottom")))),
    (
        "Draw me a picture of a big red heart in the center of the image, please!",
        Scene((some("heart", 1, "red", "middle"),)),
    ),
    ("exactly one grey circle", Scene((Group("circle", 1, "gray"),))),
    ("a pair of fish and a dozen cups", Scene((Group("fish", 2), Group("cup", 12)))),
    ("three red and two blue circles", Scene((Group("circle", 3, "red"), Group("circle", 2, "blue")))),
    (
        "a red circle above a blue square and left of a green star",
        Scene((*CIRCLE_SQUARE, some("star", 1, "green")), (Relation(0, "above", 1), Relation(0, "left of", 2))),
    ),
    ("to the left of a square there is a circle", Scene((some("square"), some("circle")), (Relation(1, "left of", 0),))),
    (
        "circle left of square and square left of circle",
        Scene((some("circle"), some("square")), (Relation(0, "left of", 1), Relation(1, "left of", 0))),
    ),
    (
        "There are exactly three circles. The circles are red. They are above the square. The background is light blue.",
        Scene((Group("circle", 3, "red"), some("square")), (Relation(0, "above", 1),), "blue"),
    ),
    ("the circle is not red", Scene((some("circle"),))),
    ('a sign that says "OPEN"', Scene(words=("OPEN",))),
    ('the word "Hello"', Scene(words=("Hello",))),
    ("a neon sign saying OPEN", Scene(words=("OPEN",))),
    (
        "a white canvas with the text 'SALE' below a red heart",
        Scene((some("heart", 1, "red"),), background="white", words=("SALE",)),
    ),
    ("a cat sitting on a bicycle", Scene((some("cat"), some("bicycle")), (Relation(0, "above", 1),))),
    ("A fluffy robot and two small brown otters", Scene((some("fluffy robot"), Group("small otter", 2, "brown")))),
    ("A fluffy cat and two small brown dogs", Scene((some("cat"), Group("dog", 2, "brown")))),
    ("a bowl of soup next to a jar of honey", Scene((some("bowl"), some("jar of honey")))),
    ("a photo of a purple orange", Scene((some("orange", 1, "purple"),))),
    ("a photograph of an orange", Scene((some("orange"),))),
    ("a photorealistic image of an orange", Scene((some("orange"),), styles=frozenset({"photographic"}))),
    ("an orange potted plant and an orange", Scene((some("potted plant", 1, "orange"), some("orange")))),
    ("a pair of scissors and two pairs of skis", Scene((some("scissors"), Group("skis", 2)))),
    ("a dog portrait, a heart shape", Scene((some("dog"), some("heart")))),
    (
        "a cat to the left of and above a dog",
        Scene((some("cat"), some("dog")), (Relation(0, "left of", 1), Relation(0, "above", 1))),
    ),
    ("a cat on top of a bed", Scene((some("cat"), some("bed")), (Relation(0, "above", 1),))),
    ("a cat beneath a bed", Scene((some("cat"), some("bed")), (Relation(0, "below", 1),))),
    ("a kite over a bed", Scene((some("kite"), some("bed")), (Relation(0, "above", 1),))),
    ("a cat on the right of a bed", Scene((some("cat"), some("bed")), (Relation(0, "right of", 1),))),
    ("a moon at the top and a tree", Scene((some("tree"),), elements=frozenset({"moon"}))),
    ("a traffic light, highly detailed, 8k, masterpiece, trending on artstation", Scene((some("traffic light"),))),
    ("a group of people under a tree", Scene((some("person", 4), some("tree")), (Relation(0, "below", 1),))),
    ("a man riding a horse", Scene((some("person"), some("horse")))),
    ("two stars and a moon", Scene((Group("star", 2),), elements=frozenset({"moon"}))),
    ("a night scene with stars and a moon", landscape("night", "stars", "moon")),
    ("a serene landscape with mountains and a lake", landscape("mountains", "lake", styles=("serene",))),
    ("a landscape with hills and no people", landscape("hills", absent=("person",))),
    ("mountains without clouds", landscape("mountains", absent=("clouds",))),
    ("A moon hangs over calm waters", landscape("moon", styles=("serene",))),
    ("the sun rising from the horizon over the ocean", landscape("sunrise", "sea")),
    ("night, with a sun on the horizon", landscape("night", "sunrise")),
    ("the sun above the hills, and the moon at the horizon", landscape("sun", "hills", "moon")),
    (
        "a starry night sky with the northern lights over the ocean and drifting icebergs",
        landscape("stars", "night", "aurora", "sea", "ice"),
    ),
    ("a deserted forest at dusk", landscape("forest", "sunset", absent=("person",))),
    ("There should not be any people; a rainbow", landscape("rainbow", absent=("person",))),
    (
        "without people, cars or trees, a red house",
        Scene((some("house", 1, "red"),), absent=frozenset({"person", "car", "tree"})),
    ),
    ("neither a cat nor a dog, a red house", Scene((some("house", 1, "red"),), absent=frozenset({"cat", "dog"}))),
    ("a red circle, without circles", Scene((some("circle", 1, "red"),), absent=frozenset({"circle"}))),
    ("no red circles and a blue square", Scene((some("square", 1, "blue"),), absent=frozenset({"red circle"}))),
    ("a poster with the word SALE above a house", Scene((some("house"),), words=("SALE",))),
    ("赤い円と青い四角", Scene()),
    ("красный круг and a blue square", Scene((some("square", 1, "blue"),))),
    ("", Scene()),
]  # fmt: skip


@pytest.mark.parametrize(("prompt", "scene"), PROMPTS, ids=[prompt[:50] for prompt, _ in PROMPTS])
def test_a_prompt_is_understood_as_its_scene(prompt: str, scene: Scene) -> None:
    assert parse(prompt) == scene


def test_negative_text_names_what_must_be_absent() -> None:
    assert parse("a lake", "people, red circles, clouds, text, blurry").absent == {"person", "red circle", "clouds", "text"}


UNREAD: list[tuple[str, list[tuple[str, int | None, tuple[int, ...]]]]] = [
    ("a fluffy cat and two small dogs", [("fluffy", 0, ()), ("small", 1, ())]),
    ("a fluffy robot", []),
    ("the cat is fluffy", [("fluffy", 0, ())]),
    ("the circle is not red", [("not red", 0, ())]),
    ("a cat next to a dog", [("next to", 0, (1,))]),
    ("a cat between a dog and a horse", [("between", 0, (1, 2))]),
    ("a cat and a dog side by side", [("side by side", 1, ())]),
    ("a dog in a car", [("in", 0, (1,))]),
    ("a man riding a horse", [("riding", 0, (1,))]),
    ("a cat sleeping on a couch", [("sleeping", 0, ())]),
    ("a cat sitting on a couch", []),
    ("a person holding an umbrella and a dog", [("holding", 0, (1,))]),
    ("a bowl of soup", [("of soup", 0, ())]),
    ("at least two dogs and a cat", [("at least two", 0, ())]),
    ("more than 3 small dogs", [("more than 3", 0, ()), ("small", 0, ())]),
    ("a black and white cat", [("black and white", 0, ())]),
    ("two dogs, one black and one white", [("in part black", 0, ()), ("in part white", 0, ())]),
    ("the circles overlap", [("overlap", 0, ())]),
    ("the red circle touches the square", [("touches", 0, (1,))]),
    ("the cat is black and white", [("black and white", 0, ())]),
    ("an orange and two blue fish", []),
    ("misty mountains and a calm lake", [("misty mountains", None, ())]),
    ("a beautiful red car, highly detailed, in soft light", []),
    ("a car is visible in the picture", []),
    ("stars in the sky, a cat next to a dog", [("next to", 0, (1,))]),
]


@pytest.mark.parametrize(("prompt", "unread"), UNREAD, ids=[prompt for prompt, _ in UNREAD])
def test_what_no_scene_can_hold_is_noted(prompt: str, unread: list[tuple[str, int | None, tuple[int, ...]]]) -> None:
    assert [(u.text, u.subject, u.objects) for u in read(prompt).unread] == unread


@pytest.mark.parametrize("prompt", ["a boat on the sea", "a house by the lake", "a moon at the top", "the mood is happy"])
def test_where_in_a_landscape_something_is_may_be_left(prompt: str) -> None:
    assert [u.loose for u in read(prompt).unread] == [True]


def test_every_prompt_of_geneval_asks_for_what_its_metadata_say() -> None:
    readings = [(brief.prompt, read(brief.prompt)) for brief in briefs()]
    asked = [(prompt, set(claims.of(reading.scene)), reading.unread) for prompt, reading in readings]
    assert asked == [(brief.prompt, expected(brief), ()) for brief in briefs()]
    assert len(asked) == 553
