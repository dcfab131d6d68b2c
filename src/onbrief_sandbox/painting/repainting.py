"""Paints the content of an edited picture again, with everything in its place."""

from __future__ import annotations

import random

from onbrief.brief import Size
from onbrief_sandbox.painting.composition import Composition, banner_area, widths
from onbrief_sandbox.painting.layout import Area, Spot
from onbrief_sandbox.painting.lettering import transliterate
from onbrief_sandbox.painting.painter import render
from onbrief_sandbox.painting.stickers import Placed, Pose, name_of, reach
from onbrief_sandbox.scene import Box, Place, Scene, Sight, Thing

_LEAST = 0.02  # the smallest size of a drawing, as a fraction of the picture's side


def repaint(sight: Sight, size: Size, seed: int) -> tuple[bytes, Sight]:
    """Return a PNG of this content, and its true content. Things fill their boxes as far as their drawings allow. Sun and
    moon keep their places; other parts of a landscape are drawn again from the seed. Words go on a banner at the top or the
    bottom, where there is more room; if there is too little, things move together. The same arguments give the same bytes.
    """
    rng = random.Random(seed)  # noqa: S311  (a picture, not a secret)
    pen, halo = widths(size)
    words = tuple(text for word in sight.words if (text := transliterate(word)))
    things = sight.things
    banner = None
    if words:
        banner, free = _room_for_banner(words, sight, size, 2.3 * (pen + halo))
        things = tuple(_squeezed(thing, free, size) for thing in things)
    placed = tuple(_placed(thing, size, pen, rng) for thing in things)
    ground = None if sight.elements else sight.background or "white"
    scene = Scene(elements=sight.elements, styles=sight.styles)
    return render(Composition(placed, ground, words, banner), scene, size, rng, sight.boxes)


def _placed(thing: Thing, size: Size, pen: float, rng: random.Random) -> Placed:
    """Return a thing as large as its box allows, centred and upright."""
    noun, box = name_of(thing.noun), thing.box
    pose = Pose.drawn(rng)
    across, down = (box.right - box.left) * size[0] - 2 * pen, (box.bottom - box.top) * size[1] - 2 * pen
    unit = reach(noun, Spot(0, 0, 100), pose, 0)
    length = max(_LEAST * min(size), 100 * min(across / unit.width, down / unit.height))
    near = reach(noun, Spot(0, 0, length), pose, pen)  # a drawing is not always centred in its square
    x, y = (near.left + near.right) / 2, (near.top + near.bottom) / 2
    spot = Spot(round(box.x * size[0] - x), round(box.y * size[1] - y), length)
    return Placed(noun, thing.colour or "gray", spot, pose, reach(noun, spot, pose, pen))


def _room_for_banner(words: tuple[str, ...], sight: Sight, size: Size, gap: float) -> tuple[Area, Area]:
    """Return the banner's area and the area left for things: the whole picture if no thing is in the way."""
    whole = Area(0, 0, *size)
    landscape = bool(sight.elements)
    if not sight.things and not landscape:
        return banner_area(words, "middle", size), whole
    places: tuple[Place, ...] = ("top", "bottom")
    areas = [banner_area(words, place, size, landscape=landscape) for place in places]
    top, bottom = (sum(_common(thing.box, area, size, gap) for thing in sight.things) for area in areas)
    if min(top, bottom) == 0:
        return areas[0 if top == 0 else 1], whole
    if top <= bottom:
        return areas[0], Area(0, areas[0].bottom + gap, *size)
    return areas[1], Area(0, 0, size[0], areas[1].top - gap)


def _common(box: Box, area: Area, size: Size, gap: float) -> float:
    across = min(box.right * size[0], area.right) - max(box.left * size[0], area.left) + gap
    down = min(box.bottom * size[1], area.bottom) - max(box.top * size[1], area.top) + gap
    return max(0.0, across) * max(0.0, down)


def _squeezed(thing: Thing, free: Area, size: Size) -> Thing:
    """Return the thing's position after the whole picture is compressed vertically into the free area."""
    start, share = free.top / size[1], free.height / size[1]
    top, bottom = start + thing.box.top * share, start + thing.box.bottom * share
    return Thing(thing.noun, thing.colour, Box(thing.box.left, top, thing.box.right, bottom))
