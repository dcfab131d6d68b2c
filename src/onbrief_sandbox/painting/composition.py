"""Composes a picture before it is painted: positions of the things and the banner of a scene, and its background."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass

from onbrief.brief import Size
from onbrief_sandbox.painting.layout import Area, Spot, arrange
from onbrief_sandbox.painting.lettering import ADVANCE, HEIGHT, LEADING, transliterate
from onbrief_sandbox.painting.natural import BRIGHT, NATURAL
from onbrief_sandbox.painting.stickers import Placed, Pose, drawing_of, extent, name_of, reach
from onbrief_sandbox.scene import COLOURS, Colour, Group, Place, Relation, Scene

_CALM: tuple[Colour, ...] = ("white", "white", "blue", "yellow", "pink", "green", "gray", "purple")
_POSES = 3  # different poses within a group


@dataclass(frozen=True, slots=True)
class Composition:
    """The things, background and banner of a picture, with their positions. `ground` is None in a landscape."""

    things: tuple[Placed, ...]
    ground: Colour | None
    words: tuple[str, ...] = ()
    banner: Area | None = None


def compose(scene: Scene, size: Size, rng: random.Random) -> Composition:
    """Return a composition for this scene."""
    pen, halo = widths(size)
    words = tuple(text for word in scene.words if (text := transliterate(word)))
    groups = [group for group in scene.groups if group.count > 0]
    area = _banner_area(words, scene, size, rng) if words else None
    placed = _place(scene, groups, size, _free(scene, size, area, pen + halo), pen, halo, rng)
    ground = None if scene.elements else scene.background or choose(_CALM, scene, rng)
    return Composition(tuple(placed), ground, words, area)


def widths(size: Size) -> tuple[float, float]:
    """Return the widths of outline and halo in pixels. They are wide enough to survive the eye's scaling."""
    side = math.sqrt(size[0] * size[1])
    return side * 0.0044, side * 0.0078


def choose(colours: tuple[Colour, ...], scene: Scene, rng: random.Random) -> Colour:
    """Return a random one of these colours, except those that must be absent from the picture."""
    return rng.choice(
        [c for c in colours if c not in scene.absent] or [c for c in COLOURS if c not in scene.absent] or ["white"]
    )


def _banner_area(words: tuple[str, ...], scene: Scene, size: Size, rng: random.Random) -> Area:
    """Return the banner's area: at the top or bottom, avoiding the places of groups; in the middle of an empty picture."""
    wanted = {group.place for group in scene.groups}
    landscape = bool(scene.elements)
    crowded = {"top", "bottom"} <= wanted
    if not scene.groups and not landscape:
        return banner_area(words, "middle", size)
    low = "top" in wanted or ("bottom" not in wanted and not landscape and rng.random() < 0.5)
    return banner_area(words, "bottom" if low else "top", size, landscape=landscape, crowded=crowded)


def banner_area(words: tuple[str, ...], place: Place, size: Size, *, landscape: bool = False, crowded: bool = False) -> Area:
    """Return the area of a banner with these words at the top, bottom or middle. `crowded` makes the banner flatter."""
    width, height = size
    side = min(size)
    longest = max(map(len, words))
    scale = min(
        (0.05 if landscape else 0.066) * side / HEIGHT,
        0.72 * width / (longest * ADVANCE),
        (0.1 if crowded else 0.17) * height / (LEADING * len(words)),
    )
    high = scale * (LEADING * (len(words) - 1) + HEIGHT + 7.0)
    wide = min(0.94 * width, max(scale * longest * ADVANCE + 1.6 * high, 3.0 * high))
    edge = high / 2 + 0.045 * side
    middle = {"top": edge, "bottom": height - edge}.get(place, height / 2)
    return Area((width - wide) / 2, middle - high / 2, (width + wide) / 2, middle + high / 2)


def _free(scene: Scene, size: Size, banner_area: Area | None, border: float) -> Area:
    """Return the area for things: in a landscape below the horizon, unless places or relations need the whole height."""
    width, height = size
    margin = 0.03 * min(size) + border
    top, bottom = margin, height - margin
    tall = any(g.place in {"top", "middle"} for g in scene.groups) or any(
        r.direction in {"above", "below"} for r in scene.relations
    )
    if scene.elements and not tall:
        top = 0.57 * height
    if banner_area and banner_area.top > height / 2:
        bottom = min(bottom, banner_area.top - margin)
    elif banner_area:
        top = max(top, banner_area.bottom + margin)
    return Area(margin, top, width - margin, bottom)


def _place(
    scene: Scene, groups: list[Group], size: Size, free: Area, pen: float, halo: float, rng: random.Random
) -> list[Placed]:
    nouns = [name_of(group.noun) for group in groups]
    extents = [extent(noun) for noun in nouns]
    numbers = [i for i, group in enumerate(scene.groups) if group.count > 0]
    relations = [
        Relation(numbers.index(r.subject), r.direction, numbers.index(r.object))
        for r in scene.relations
        if r.subject in numbers and r.object in numbers
    ]
    largest = min(size) * (0.24 if scene.elements else 0.46)
    spots = arrange(groups, extents, relations, Area(0, 0, *size), free, largest, 2.3 * (pen + halo), rng)
    placed: list[Placed] = []
    for i, group in enumerate(groups):
        colour = group.colour or choose(NATURAL.get(group.noun, BRIGHT), scene, rng)
        drawing = drawing_of(nouns[i])
        mirrored = drawing.faces and rng.random() < 0.5
        poses = [Pose.drawn(rng, rng.uniform(-1, 1) * drawing.tilt, mirrored=mirrored) for _ in range(_POSES)]
        for spot in spots[i]:
            whole, pose = Spot(round(spot.x), round(spot.y), spot.size), rng.choice(poses)
            placed.append(Placed(nouns[i], colour, whole, pose, reach(nouns[i], whole, pose, pen)))
    return placed
