"""Random scenes over the whole vocabulary, and the comparison of a sight with the truth."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import get_args

from onbrief_sandbox.scene import COLOURS, ELEMENTS, THINGS, Direction, Group, Place, Relation, Scene, Sight, Thing

NOUNS = (
    "dog", "cat", "fire truck", "hot air balloon", "butterfly", "merry-go-round", "sea otter", "queen's crown", "zebra",
    "jukebox", "vw beetle", "quiz show", "8 ball", "r2d2", "computer mouse", "wine glass", "xylophone", "bench", "kite",
)  # fmt: skip
WORDS = (
    "OPEN",
    "Hello World",
    "SALE 50%!",
    "happy birthday",
    "B8 S5 Z2 0O Q1 IL",
    "Don't panic",
    "GOOD NIGHT",
    "7 UP?",
    "love",
    "wxyz",
)
HOURS = ("day", "night", "sunset")
FIRST_THINGS = THINGS[: THINGS.index("bicycle")]
"""The things that existed before the classes of GenEval were added."""


def random_scene(seed: int, things: Sequence[str] = THINGS) -> Scene:
    """Return a random scene of these things and a few others. The same seed gives the same scene."""
    rng = random.Random(seed)  # noqa: S311  (scenes, not secrets)
    if rng.random() < 0.35:
        return _landscape(rng, things)
    groups = tuple(
        _group(rng, things, rng.choice((1, 1, 2, 3, 4, 5, 6, 7, 8, 9)))
        for _ in range(rng.choice((0, 1, 1, 2, 2, 2, 3, 3, 4, 5)))
    )
    background = rng.choice((None, None, *COLOURS))
    if groups and rng.random() < 0.15:  # a thing on a background of the same colour
        background = groups[0].colour or background
    words = tuple(rng.sample(WORDS, rng.randint(1, 2))) if rng.random() < 0.25 or not groups else ()
    return Scene(groups, _relations(rng, len(groups)), background, words=words if rng.random() < 0.95 else ())


def _group(rng: random.Random, things: Sequence[str], count: int) -> Group:
    noun = rng.choice(NOUNS) if rng.random() < 0.2 else rng.choice(things)
    colour = rng.choice((None, *COLOURS, *COLOURS))
    place = rng.choice(get_args(Place)) if rng.random() < 0.2 else None
    return Group(noun, count, colour, place)


def _relations(rng: random.Random, count: int) -> tuple[Relation, ...]:
    if count < 2 or rng.random() < 0.5:
        return ()
    pairs = [rng.sample(range(count), 2) for _ in range(rng.randint(1, 2))]
    return tuple(Relation(a, rng.choice(get_args(Direction)), b) for a, b in pairs)


def _landscape(rng: random.Random, things: Sequence[str]) -> Scene:
    hours = rng.sample(HOURS, rng.choice((0, 1, 1, 1, 1, 2)))
    others = sorted({*ELEMENTS, "sunrise"} - set(HOURS))
    share = rng.choice((0.15, 0.3, 0.5, 0.9))
    elements = frozenset(hours) | {element for element in others if rng.random() < share} or frozenset({"day"})
    groups = tuple(_group(rng, things, rng.choice((1, 1, 2, 3))) for _ in range(rng.choice((0, 0, 0, 1, 1, 2))))
    styles = frozenset(rng.sample(("serene", "dramatic"), rng.choice((0, 1))))
    words = (rng.choice(WORDS),) if rng.random() < 0.12 else ()
    return Scene(groups, _relations(rng, len(groups)), elements=elements, words=words, styles=styles)


def facts(truth: Sight, sight: Sight) -> Iterator[tuple[str, bool]]:
    """Yield each fact of the truth, by name, and whether the sight agrees."""
    left = list(sight.things)
    for thing in truth.things:
        seen = min(left, key=lambda other: _apart(thing, other), default=None)
        near = seen is not None and _apart(thing, seen) < 0.03
        if near and seen is not None:
            left.remove(seen)
        yield f"position of a {thing.noun}", near
        yield f"noun {thing.noun}", near and seen is not None and seen.noun == thing.noun
        yield f"colour {thing.colour} of a {thing.noun}", near and seen is not None and seen.colour == thing.colour
    there, counted = Counter(t.noun for t in truth.things), Counter(t.noun for t in sight.things)
    for noun in sorted({*there, *counted}):
        yield f"count of {noun}", there[noun] == counted[noun]
    yield f"background {truth.background}", truth.background == sight.background
    if truth.elements or sight.elements:
        for element in sorted({*ELEMENTS, "sunrise"}):
            yield f"element {element} {element in truth.elements}", (element in truth.elements) == (element in sight.elements)
        yield f"styles {sorted(truth.styles)}", truth.styles == sight.styles
        seen_boxes = dict(sight.boxes)
        for name, box in truth.boxes:
            other = seen_boxes.get(name)
            yield f"box of {name}", other is not None and abs(box.x - other.x) < 0.03 and abs(box.y - other.y) < 0.03
    yield f"words {truth.words}", truth.words == sight.words


def _apart(a: Thing, b: Thing) -> float:
    return max(abs(a.box.x - b.box.x), abs(a.box.y - b.box.y))
