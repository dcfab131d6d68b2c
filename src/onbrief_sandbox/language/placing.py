"""Parses positions: in the picture ("on the left side"), or relative to another thing ("to the left of a square")."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from onbrief_sandbox.language import words
from onbrief_sandbox.language.tokens import Token
from onbrief_sandbox.scene import Direction, Place

_SIDES: dict[str, Place] = {
    "left": "left", "lefthand": "left", "left-hand": "left", "right": "right", "righthand": "right", "right-hand": "right",
    "top": "top", "upper": "top", "bottom": "bottom", "lower": "bottom",
    "middle": "middle", "center": "middle", "centre": "middle", "central": "middle",
}  # fmt: skip
_DIRECTIONS: dict[str, Direction] = {
    "above": "above", "over": "above", "atop": "above",
    "below": "below", "under": "below", "underneath": "below", "beneath": "below",
}  # fmt: skip
_OF: dict[Place, Direction] = {"left": "left of", "right": "right of", "top": "above"}
_PARTS = frozenset({"side", "half", "part", "third", "edge", "corner", "hand", "left", "right", "area", "section"})


@dataclass(frozen=True, slots=True)
class Layout:
    """A place in the picture or a direction from another thing, or neither (words to skip). `end` is the index after it."""

    end: int
    place: Place | None = None
    direction: Direction | None = None


def find(tokens: Sequence[Token], start: int) -> Layout | None:
    """Parse the place or direction that begins at `start`; None if there is none."""
    first = tokens[start].text
    if first in _DIRECTIONS and tokens[start].kind == "word":
        return Layout(start + 1, direction=_DIRECTIONS[first])
    index = start
    if first == "the":
        index += 1
    elif first in ("on", "at", "in", "to", "near"):
        index += 1
        while index < len(tokens) and tokens[index].text in ("the", "very", "far") and index < start + 4:
            index += 1
    if index >= len(tokens) or tokens[index].text not in _SIDES:
        return None
    place = _SIDES[tokens[index].text]
    index = side = index + 1
    while index < len(tokens) and tokens[index].text in _PARTS and index < start + 8:
        index += 1
    if first == "the" and index == side:
        return None  # "the left arrow"; but "the left half"
    if index < len(tokens) and tokens[index].text == "of":
        return _of(tokens, start, index, place)
    if index == start + 1 and first not in ("left", "right", "centre", "center"):
        return None  # "top", "upper" and the like are adjectives unless "at the" precedes them
    if index == start + 1 and start > 0 and tokens[start - 1].text == "the":
        return None
    return Layout(index, place=place)


def _of(tokens: Sequence[Token], start: int, index: int, place: Place) -> Layout:
    """Parse what follows "of": the picture itself (a place), or another thing (a direction)."""
    following = [token.text for token in tokens[index + 1 : index + 4]]
    named = [word for word in following if word not in ("the", "a", "an", "this", "whole")]
    if named and named[0] in words.PICTURES:
        return Layout(index + 1 + following.index(named[0]) + 1, place=place)
    if (direction := _OF.get(place)) and (place != "top" or tokens[start].text == "on"):
        return Layout(index + 1, direction=direction)
    return Layout(index + 1)
