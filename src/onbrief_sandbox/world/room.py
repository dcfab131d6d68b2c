"""Finds room for another thing in a finished picture."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random

from onbrief_sandbox.scene import Box, Direction, Place

_EDGE = 0.035  # least distance of things from the picture's edge, as a fraction of its side
_GAP = 0.035  # least distance of things from each other
_APART = 0.06  # least distance of the centres in a relation: twice what the check requires
_SIZES = (1.0, 0.8, 0.64, 0.5, 0.4, 0.3)  # relative sizes to try
_LEAST = 0.09  # of the picture's side: the smallest size that the eye still recognises
_TRIES = 60


@dataclass(frozen=True, slots=True)
class Region:
    """An area for the centre of a thing, as fractions of the picture's width and height."""

    left: float = 0.0
    top: float = 0.0
    right: float = 1.0
    bottom: float = 1.0

    def holds(self, box: Box) -> bool:
        """Return whether the centre of a box is in this region."""
        return self.left <= box.x <= self.right and self.top <= box.y <= self.bottom


_PLACES: dict[Place, Region] = {
    "left": Region(right=0.3),
    "right": Region(left=0.7),
    "top": Region(bottom=0.3),
    "bottom": Region(top=0.7),
    "middle": Region(0.36, 0.36, 0.64, 0.64),
}


def in_place(place: Place) -> Region:
    """Return a region well within this third of the picture."""
    return _PLACES[place]


def in_third(place: Place | None) -> Region:
    """Return this third of the picture, or all of it for None."""
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
    """Return the region in this direction from all of these boxes."""
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
    """Return a free, `allowed` square with its centre in the region, of this side (as a fraction of the picture's) or smaller,
    or None. `aspect` is the picture's width divided by its height.
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
    """Return whether two boxes overlap or are too close to be seen as separate."""
    across = min(one.right, other.right) - max(one.left, other.left)
    down = min(one.bottom, other.bottom) - max(one.top, other.top)
    return across > -_GAP and down > -_GAP


def moved_up(box: Box, direction: Direction) -> Box:
    """Return the position of a box after everything is compressed to make room in this direction."""
    share = 0.62
    start = 1 - share if direction in {"left of", "above"} else 0.0
    if direction in {"left of", "right of"}:
        return Box(start + box.left * share, box.top, start + box.right * share, box.bottom)
    return Box(box.left, start + box.top * share, box.right, start + box.bottom * share)
