"""Paints a Scene as it stands, and says what it painted."""

from __future__ import annotations

import io
import math
import random
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt
import resvg_py
from PIL import Image

from onbrief.brief import Size
from onbrief.sandbox.drawings import CARD, CARD_FACE, DRAWINGS, Drawing, banner, symbol
from onbrief.sandbox.landscape import Landscape, landscape
from onbrief.sandbox.layout import Area, Spot, arrange
from onbrief.sandbox.lettering import ADVANCE, HEIGHT, LEADING, break_lines, fit, lettered, transliterate
from onbrief.sandbox.palette import GROUND, INK, PAINT, css, mix
from onbrief.sandbox.scene import COLOURS, THINGS, Box, Colour, Group, Relation, Scene, Sight, Thing

NAMELESS = "unknown"
"""What a card is lettered with when its noun has no letter that the painter knows."""

_NATURAL: dict[str, tuple[Colour, ...]] = {
    "tree": ("green", "green", "orange", "yellow"),
    "flower": ("pink", "red", "yellow", "purple", "white"),
    "heart": ("red", "pink"),
    "star": ("yellow", "orange"),
    "cup": ("white", "blue", "yellow", "red"),
}
_BRIGHT: tuple[Colour, ...] = ("red", "orange", "yellow", "green", "blue", "purple", "pink")
_CALM: tuple[Colour, ...] = ("white", "white", "blue", "yellow", "pink", "green", "gray", "purple")
_SKINS = ((244, 206, 174), (226, 172, 130), (176, 118, 82), (122, 80, 58))
_HAIRS = ((70, 48, 42), (46, 40, 48), (160, 98, 52), (224, 178, 96), (150, 146, 150))


@dataclass(frozen=True, slots=True)
class _Placed:
    """A thing with its place: what it is, how it leans and where it lies."""

    group: int
    noun: str
    colour: Colour
    spot: Spot
    angle: float
    mirrored: bool
    area: Area


def paint(scene: Scene, size: Size, seed: int) -> tuple[bytes, Sight]:
    """A PNG of the scene and the painter's own account of it. The same scene, size and seed give the same bytes."""
    rng = random.Random(seed)  # noqa: S311  (a picture, not a secret)
    width, height = size
    pen, halo = _widths(size)
    words = tuple(filter(None, map(transliterate, scene.words)))
    groups = [group for group in scene.groups if group.count > 0]
    banner_area = _banner_area(words, scene, size, rng) if words else None
    placed = _place(scene, groups, size, _free(scene, size, banner_area, pen + halo), pen, halo, rng)
    kept_clear = [_grown(p.area, halo) for p in placed] + ([_grown(banner_area, pen + halo)] if banner_area else [])
    ground: Colour | None = None
    if scene.elements:
        view = landscape(scene.elements, scene.styles, size, kept_clear, rng)
    else:
        ground = scene.background or _choose(_CALM, scene, rng)
        view = Landscape(_paper(ground, size, rng), frozenset(), frozenset(), ())
    parts = [view.svg]
    if ground and ground != "white":  # on white, a halo and a shadow would be one
        parts.append(_shadows(placed, ground, pen, halo))
    parts.append(_stickers(placed, pen, halo, rng))
    if banner_area:
        parts.append(_banner(words, banner_area, pen, halo, _choose(_BRIGHT, scene, rng)))
    svg = f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}">{"".join(parts)}</svg>'
    things = tuple(Thing(p.noun, p.colour, _box(p.area, size)) for p in placed)
    truth = Sight(things, ground, view.elements, words, view.styles, view.boxes)
    return resvg_py.svg_to_bytes(svg_string=svg, skip_system_fonts=True), truth


def _widths(size: Size) -> tuple[float, float]:
    """The widths of the ink and of the halo around things, in pixels: wide enough to survive when the eye scales it down."""
    side = math.sqrt(size[0] * size[1])
    return side * 0.0044, side * 0.0078


def _choose(colours: tuple[Colour, ...], scene: Scene, rng: random.Random) -> Colour:
    """One of these colours, but for those that must not be in the picture."""
    return rng.choice([c for c in colours if c not in scene.absent] or [c for c in COLOURS if c not in scene.absent] or ["white"])


# -- where -------------------------------------------------------------------------------------------------------------


def _banner_area(words: tuple[str, ...], scene: Scene, size: Size, rng: random.Random) -> Area:
    """Where the banner goes: at the top or at the bottom, whichever no group wants; in the middle of an empty picture."""
    width, height = size
    side = min(size)
    longest = max(map(len, words))
    wanted = {group.place for group in scene.groups}
    most = 0.1 if {"top", "bottom"} <= wanted else 0.17
    scale = min(0.066 * side / HEIGHT, 0.72 * width / (longest * ADVANCE), most * height / (LEADING * len(words)))
    high = scale * (LEADING * (len(words) - 1) + HEIGHT + 7.0)
    wide = min(0.94 * width, max(scale * longest * ADVANCE + 1.6 * high, 3.0 * high))
    if not scene.groups and not scene.elements:
        middle = height / 2
    elif "top" in wanted or ("bottom" not in wanted and not scene.elements and rng.random() < 0.5):
        middle = height - high / 2 - 0.045 * side
    else:
        middle = high / 2 + 0.045 * side
    return Area((width - wide) / 2, middle - high / 2, (width + wide) / 2, middle + high / 2)


def _free(scene: Scene, size: Size, banner_area: Area | None, border: float) -> Area:
    """Where things may go: in a landscape on the ground, unless places or relations want the whole height."""
    width, height = size
    margin = 0.03 * min(size) + border
    top, bottom = margin, height - margin
    tall = any(g.place in {"top", "middle"} for g in scene.groups) or any(r.direction in {"above", "below"} for r in scene.relations)
    if scene.elements and not tall:
        top = 0.57 * height
    if banner_area and banner_area.top > height / 2:
        bottom = min(bottom, banner_area.top - margin)
    elif banner_area:
        top = max(top, banner_area.bottom + margin)
    return Area(margin, top, width - margin, bottom)


def _place(
    scene: Scene, groups: list[Group], size: Size, free: Area, pen: float, halo: float, rng: random.Random
) -> list[_Placed]:
    nouns = [group.noun if group.noun in THINGS else transliterate(group.noun).lower() or NAMELESS for group in groups]
    extents = [_extent(noun) for noun in nouns]
    numbers = [i for i, group in enumerate(scene.groups) if group.count > 0]
    relations = [
        Relation(numbers.index(r.subject), r.direction, numbers.index(r.object))
        for r in scene.relations
        if r.subject in numbers and r.object in numbers
    ]
    largest = min(size) * (0.24 if scene.elements else 0.46)
    spots = arrange(groups, extents, relations, Area(0, 0, *size), free, largest, 2.6 * (pen + halo), rng)
    placed: list[_Placed] = []
    for i, group in enumerate(groups):
        colour = group.colour or _choose(_NATURAL.get(group.noun, _BRIGHT), scene, rng)
        drawing = _drawing(nouns[i])
        mirrored = drawing.faces and rng.random() < 0.5
        for spot in spots[i]:
            angle = rng.uniform(-1, 1) * drawing.tilt
            placed.append(_Placed(i, nouns[i], colour, spot, angle, mirrored, _reach(nouns[i], spot, angle, mirrored, pen)))
    return placed


def _drawing(noun: str) -> Drawing:
    return DRAWINGS[noun if noun in THINGS else CARD]


def _extent(noun: str) -> tuple[float, float]:
    points = _silhouette(noun if noun in THINGS else CARD)
    wide, high = 2 * np.abs(points).max(axis=0)
    return float(wide) / 100, float(high) / 100


@cache
def _silhouette(name: str) -> npt.NDArray[np.float64]:
    """The points of the drawing's outline, in its units from its middle, found by painting it."""
    svg = (
        '<svg xmlns="http://www.w3.org/2000/svg" width="400" height="400" viewBox="-10 -10 120 120">'
        f'<path d="{DRAWINGS[name].outline}"/></svg>'
    )
    alpha = np.asarray(Image.open(io.BytesIO(resvg_py.svg_to_bytes(svg_string=svg, skip_system_fonts=True))))[:, :, 3]
    filled = alpha > 127
    inner = filled.copy()
    inner[1:-1, 1:-1] = filled[:-2, 1:-1] & filled[2:, 1:-1] & filled[1:-1, :-2] & filled[1:-1, 2:]
    y, x = np.nonzero(filled & ~inner)
    return np.stack([(x + 0.5) * 0.3 - 60, (y + 0.5) * 0.3 - 60], axis=1)


def _reach(noun: str, spot: Spot, angle: float, mirrored: bool, pen: float) -> Area:
    """What the drawn thing covers, its outline included."""
    turn = math.radians(angle)
    points = _silhouette(noun if noun in THINGS else CARD) * ((-1.0 if mirrored else 1.0), 1.0)
    x = (points[:, 0] * math.cos(turn) - points[:, 1] * math.sin(turn)) * spot.size / 100 + spot.x
    y = (points[:, 0] * math.sin(turn) + points[:, 1] * math.cos(turn)) * spot.size / 100 + spot.y
    return _grown(Area(float(x.min()), float(y.min()), float(x.max()), float(y.max())), pen)


def _grown(area: Area, by: float) -> Area:
    return Area(area.left - by, area.top - by, area.right + by, area.bottom + by)


def _box(area: Area, size: Size) -> Box:
    return Box(area.left / size[0], area.top / size[1], area.right / size[0], area.bottom / size[1])


# -- what it looks like ------------------------------------------------------------------------------------------------


def _paper(ground: Colour, size: Size, rng: random.Random) -> str:
    """A plain ground, a shade darker at its foot, as a sheet lies on a table. Whole rows of one colour are quick to paint."""
    width, height = size
    parts = [f'<rect width="{width}" height="{height}" fill="{css(GROUND[ground])}"/>']
    edge = round(rng.uniform(0.7, 0.84) * height)
    for k in range(3):
        y = edge + round(k * 0.012 * height)
        shade = css(mix(GROUND[ground], INK, 0.014 * (k + 1)))
        parts.append(f'<rect y="{y}" width="{width}" height="{height - y}" fill="{shade}"/>')
    return "".join(parts)


def _moved(placed: _Placed, down: float = 0.0) -> str:
    scale = placed.spot.size / 100
    flip = -scale if placed.mirrored else scale
    place = f"translate({placed.spot.x:.2f} {placed.spot.y + down:.2f}) rotate({placed.angle:.2f})"
    return f'transform="{place} scale({flip:.4f} {scale:.4f}) translate(-50 -50)"'


def _shadows(placed: list[_Placed], ground: Colour, pen: float, halo: float) -> str:
    parts = [
        f'<path d="{_drawing(p.noun).outline}" {_moved(p, 0.9 * halo)} stroke-width="{200 * (pen + halo) / p.spot.size:.2f}"/>'
        for p in placed
    ]
    colour = css(mix(GROUND[ground], INK, 0.15))
    return f'<g fill="{colour}" stroke="{colour}" stroke-linejoin="round">{"".join(parts)}</g>'


def _stickers(placed: list[_Placed], pen: float, halo: float, rng: random.Random) -> str:
    parts: list[str] = []
    for p in placed:
        scale = p.spot.size / 100
        variant = {"skin": css(rng.choice(_SKINS)), "hair": css(rng.choice(_HAIRS))}
        drawn = symbol(_drawing(p.noun), PAINT[p.colour], pen / scale, halo / scale, variant)
        if p.noun not in THINGS:
            left, top, right, bottom = CARD_FACE
            lines, unit = break_lines(p.noun.upper(), right - left, bottom - top)
            drawn += lettered(lines, min(unit, 3.2), (left + right) / 2, (top + bottom) / 2, css(INK))
        parts.append(f"<g {_moved(p)}>{drawn}</g>")
    return "".join(parts)


def _banner(words: tuple[str, ...], area: Area, pen: float, halo: float, colour: Colour) -> str:
    drawing = banner(area.width, area.height)
    high = area.height
    scale = min(fit(words, area.width - 1.3 * high, 0.86 * high), 0.86 * high / (LEADING * (len(words) - 1) + HEIGHT + 4.5))
    middle = ((area.left + area.right) / 2, (area.top + area.bottom) / 2)
    return (
        f'<g transform="translate({middle[0]:.1f} {middle[1]:.1f})">{symbol(drawing, PAINT[colour], pen, halo)}'
        f"{lettered(words, scale, 0, -0.07 * high, css(INK))}</g>"
    )
