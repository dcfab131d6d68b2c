"""Room in a finished picture for one thing more."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random

from onbrief_sandbox.scene import Box, Direction, Place

_EDGE = 0.035  # that things keep from the picture's edge, as a fraction of its side
_GAP = 0.035  # and from each other
_APART = 0.06  # of centres that lie in a direction from one another: twice what counts
_SIZES = (1.0, 0.8, 0.64, 0.5, 0.4, 0.3)  # that are tried
_LEAST = 0.09  # of the picture's side: what the eye still knows
_TRIES = 60


@dataclass(frozen=True, slots=True)
class Region:
    """Where a centre may lie, as fractions of the picture's width and height."""

    left: float = 0.0
    top: float = 0.0
    right: float = 1.0
    bottom: float = 1.0

    def holds(self, box: Box) -> bool:
        """Whether the centre of a box lies here."""
        return self.left <= box.x <= self.right and self.top <= box.y <= self.bottom


_PLACES: dict[Place, Region] = {
    "left": Region(right=0.3),
    "right": Region(left=0.7),
    "top": Region(bottom=0.3),
    "bottom": Region(top=0.7),
    "middle": Region(0.36, 0.36, 0.64, 0.64),
}


def in_place(place: Place) -> Region:
    """Well within this third of the picture."""
    return _PLACES[place]


def in_third(place: Place | None) -> Region:
    """This third of the picture; all of it for no place."""
    third = 1 / 3
    match place:
        case "left":
            return Region(right=third)
        case "right":
            return Region(left=1 - third)
        case "top":
            return Region(bottom=third)
        case "bottom":
            return Region(top=1 - third)
        case "middle":
            return Region(third, third, 1 - third, 1 - third)
        case None:
            return Region()


def beyond(direction: Direction, others: Sequence[Box]) -> Region:
    """In this direction from all of these."""
    match direction:
        case "left of":
            return Region(right=min(box.x for box in others) - _APART)
        case "right of":
            return Region(left=max(box.x for box in others) + _APART)
        case "above":
            return Region(bottom=min(box.y for box in others) - _APART)
        case "below":
            return Region(top=max(box.y for box in others) + _APART)


def _anywhere(_: Box) -> bool:
    return True


def find(
    taken: Sequence[Box],
    side: float,
    region: Region,
    aspect: float,
    rng: Random,
    allowed: Callable[[Box], bool] = _anywhere,
) -> Box | None:
    """A free square whose centre lies in the region, of this side (as a fraction of the picture's) or smaller, which is
    `allowed`; None where there is none. `aspect` is the picture's width over its height.
    """
    for share in _SIZES:
        half_x = max(_LEAST, side * share) / math.sqrt(aspect) / 2
        half_y = half_x * aspect
        left, right = max(region.left, _EDGE + half_x), min(region.right, 1 - _EDGE - half_x)
        top, bottom = max(region.top, _EDGE + half_y), min(region.bottom, 1 - _EDGE - half_y)
        if left > right or top > bottom:
            continue
        for _ in range(_TRIES):
            x, y = rng.uniform(left, right), rng.uniform(top, bottom)
            box = Box(x - half_x, y - half_y, x + half_x, y + half_y)
            if not any(touching(box, other) for other in taken) and allowed(box):
                return box
    return None


def touching(one: Box, other: Box) -> bool:
    """Whether two boxes are too close to be told apart."""
    across = min(one.right, other.right) - max(one.left, other.left)
    down = min(one.bottom, other.bottom) - max(one.top, other.top)
    return across > -_GAP and down > -_GAP


def moved_up(box: Box, direction: Direction) -> Box:
    """Where a box is when the whole picture moves closer together, so that there is room in this direction from it."""
    share = 0.62
    start = 1 - share if direction in {"left of", "above"} else 0.0
    if direction in {"left of", "right of"}:
        return Box(start + box.left * share, box.top, start + box.right * share, box.bottom)
    return Box(box.left, start + box.top * share, box.right, start + box.bottom * share)
