"""Paints landscapes as flat layers of polygons: the sky and everything in it, then the land from the horizon forward."""

from __future__ import annotations

import random
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from PIL import Image, ImageDraw

from onbrief_sandbox.painting import land, sky
from onbrief_sandbox.painting.layout import Area
from onbrief_sandbox.painting.view import Patch, View
from onbrief_sandbox.painting.weather import Hour, Style, Weather, weather
from onbrief_sandbox.scene import Box

_FINE = 2  # painted at this scale, then scaled down: smooth edges, and faster than a vector renderer
_FINE_UP_TO = 3_000_000  # pixels; larger pictures are painted at their own size


@dataclass(frozen=True, slots=True)
class Landscape:
    """A painted landscape and its content."""

    picture: Image.Image
    elements: frozenset[str]
    styles: frozenset[str]
    boxes: tuple[tuple[str, Box], ...]


def weather_of(elements: Collection[str], styles: Collection[str]) -> Weather:
    """Return the weather for these elements and styles. Night takes precedence over day. With either of them, a sunset only
    adds its glow on the horizon. Without an hour, it is night if something in the sky needs it, else day.
    """
    style: Style = "serene" if "serene" in styles else "dramatic" if "dramatic" in styles else ""
    glow = "sunset" in elements
    hour: Hour
    if "night" in elements:
        hour = "night"
    elif "day" in elements:
        hour = "day"
    elif glow:
        hour = "sunset"
    else:
        hour = "night" if {"moon", "stars", "aurora", "meteors"} & set(elements) and "sun" not in elements else "day"
    return weather(hour, glow and hour != "sunset", style)


def landscape(
    elements: Collection[str],
    styles: Collection[str],
    size: tuple[int, int],
    things: Sequence[Area],
    rng: random.Random,
    kept: tuple[tuple[str, Box], ...] = (),
) -> Landscape:
    """Paint a landscape with these elements. Small objects in the sky avoid the areas of `things`, which are painted over it
    later. `kept` fixes the boxes of sun and moon.
    """
    air = weather_of(elements, styles)
    fixed = {name: _area(box, size) for name, box in kept}
    view = View(size[0], size[1], set(elements), air, rng, list(things), fixed)
    picture = _raster((patch for layer in _LAYERS for patch in layer(view)), size)
    boxes = tuple((name, _box(area, view)) for name, area in view.boxes)
    return Landscape(picture, *shown(elements, styles), boxes)


def shown(elements: Collection[str], styles: Collection[str]) -> tuple[frozenset[str], frozenset[str]]:
    """Return the elements and styles that a landscape for this request shows. It always has an hour, requested or not."""
    air = weather_of(elements, styles)
    hours = {air.hour} | ({"sunset"} if air.glow else set[str]())
    return frozenset((set(elements) - {"day", "night", "sunset"}) | hours), frozenset({air.style} - {""})


def _area(box: Box, size: tuple[int, int]) -> Area:
    return Area(box.left * size[0], box.top * size[1], box.right * size[0], box.bottom * size[1])


def _box(area: Area, view: View) -> Box:
    return Box(area.left / view.width, area.top / view.height, area.right / view.width, area.bottom / view.height)


def _raster(patches: Iterable[Patch], size: tuple[int, int]) -> Image.Image:
    fine = _FINE if size[0] * size[1] <= _FINE_UP_TO else 1
    picture = Image.new("RGB", (size[0] * fine, size[1] * fine))
    solid, glazed = ImageDraw.Draw(picture, "RGB"), ImageDraw.Draw(picture, "RGBA")
    for patch in patches:
        points = [(x * fine, y * fine) for x, y in patch.points]
        if patch.opacity < 1:
            glazed.polygon(points, (*patch.colour, round(255 * patch.opacity)))
        else:
            solid.polygon(points, patch.colour)
    return picture.reduce(fine) if fine > 1 else picture


_LAYERS: tuple[Callable[[View], Iterator[Patch]], ...] = (
    sky.sky, sky.aurora, sky.rainbow, sky.sun, sky.moon, sky.meteors, sky.clouds, sky.stars,
    land.mountains, land.ground, land.sea, land.hills, land.forest, land.lake, land.ice,
)  # fmt: skip
