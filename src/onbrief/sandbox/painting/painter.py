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
from onbrief.sandbox.painting.drawings import CARD, CARD_FACE, DRAWINGS, Drawing, banner, symbol
from onbrief.sandbox.painting.landscape import Landscape, landscape, shown
from onbrief.sandbox.painting.layout import Area, Spot, arrange
from onbrief.sandbox.painting.lettering import ADVANCE, HEIGHT, LEADING, break_lines, fit, lettered, transliterate
from onbrief.sandbox.painting.natural import BRIGHT, NATURAL
from onbrief.sandbox.painting.palette import GROUND, INK, PAINT, css, mix
from onbrief.sandbox.scene import COLOURS, Box, Colour, Group, Place, Relation, Scene, Sight, Thing

_DRAWN = set(DRAWINGS) - {CARD}
NAMELESS = "unknown"
"""What a card is lettered with when its noun has no letter that the painter knows."""

_CALM: tuple[Colour, ...] = ("white", "white", "blue", "yellow", "pink", "green", "gray", "purple")
_POSES = 3  # in which the things of one group are drawn
_EFFORT = 3  # of the PNG's compression, 0 to 9: much faster than the usual 6, and not much larger
_SKINS = ((244, 206, 174), (226, 172, 130), (176, 118, 82), (122, 80, 58))
_HAIRS = ((70, 48, 42), (46, 40, 48), (160, 98, 52), (224, 178, 96), (150, 146, 150))


@dataclass(frozen=True, slots=True)
class Placed:
    """A thing with its place, and what it covers, its outline included."""

    noun: str
    colour: Colour
    spot: Spot
    pose: Pose
    area: Area


@dataclass(frozen=True, slots=True)
class Pose:
    """How a thing leans (in degrees), whether it is mirrored, and which skin and hair it has if it is a person."""

    angle: float
    mirrored: bool
    skin: str
    hair: str

    @classmethod
    def upright(cls, rng: random.Random) -> Pose:
        """One that does not lean."""
        return cls(0.0, False, css(rng.choice(_SKINS)), css(rng.choice(_HAIRS)))


@dataclass(frozen=True, slots=True)
class Composition:
    """What goes where, before a stroke is painted. `ground` is None in a landscape."""

    things: tuple[Placed, ...]
    ground: Colour | None
    words: tuple[str, ...] = ()
    banner: Area | None = None


def paint(scene: Scene, size: Size, seed: int) -> tuple[bytes, Sight]:
    """A PNG of the scene and the painter's own account of it. The same scene, size and seed give the same bytes."""
    rng = random.Random(seed)  # noqa: S311  (a picture, not a secret)
    return render(_composed(scene, size, rng), scene, size, rng)


def foresee(scene: Scene, size: Size, seed: int) -> Sight:
    """What `paint` will say that it painted, without painting; of a landscape, the boxes of what is in the sky are missing."""
    composition = _composed(scene, size, random.Random(seed))  # noqa: S311
    if not scene.elements:
        return Sight(_things(composition, size), composition.ground, words=composition.words)
    elements, styles = shown(scene.elements, scene.styles)
    return Sight(_things(composition, size), None, elements, composition.words, styles)


def _composed(scene: Scene, size: Size, rng: random.Random) -> Composition:
    pen, halo = widths(size)
    words = tuple(text for word in scene.words if (text := transliterate(word)))
    groups = [group for group in scene.groups if group.count > 0]
    area = _banner_area(words, scene, size, rng) if words else None
    placed = _place(scene, groups, size, _free(scene, size, area, pen + halo), pen, halo, rng)
    ground = None if scene.elements else scene.background or _choose(_CALM, scene, rng)
    return Composition(tuple(placed), ground, words, area)


def render(
    composition: Composition, scene: Scene, size: Size, rng: random.Random, boxes: tuple[tuple[str, Box], ...] = ()
) -> tuple[bytes, Sight]:
    """A PNG of what goes where, and an account of it. Of the scene, only elements, styles and what is absent count;
    `boxes` say where elements with a place of their own are to be.
    """
    pen, halo = widths(size)
    placed, ground, banner_area = composition.things, composition.ground, composition.banner
    kept_clear = [_grown(p.area, halo) for p in placed] + ([_grown(banner_area, pen + halo)] if banner_area else [])
    if ground is None:
        view = landscape(scene.elements, scene.styles, size, kept_clear, rng, boxes)
    else:
        view = Landscape(_paper(ground, size, rng), frozenset(), frozenset(), ())
    stickers = {_sticker(p, ground, pen, halo): p for p in placed}  # those that look alike are drawn once
    drawn = {svg: _rendered(svg, _grown(_about(p.area, p.spot), 3 * halo)) for svg, p in stickers.items()}
    for p in placed:
        _stick(view.picture, *drawn[_sticker(p, ground, pen, halo)], p.spot)
    if banner_area:
        spot = Spot(*_middle(banner_area), 100)
        ribbon = _banner(composition.words, banner_area, pen, halo, _choose(BRIGHT, scene, rng))
        _stick(view.picture, *_rendered(ribbon, _grown(_about(banner_area, spot), pen + halo + 2)), spot)
    png = io.BytesIO()
    view.picture.save(png, "PNG", compress_level=_EFFORT)
    return png.getvalue(), Sight(_things(composition, size), ground, view.elements, composition.words, view.styles, view.boxes)


def _things(composition: Composition, size: Size) -> tuple[Thing, ...]:
    return tuple(Thing(p.noun, p.colour, _box(p.area, size)) for p in composition.things)


def widths(size: Size) -> tuple[float, float]:
    """The widths of the ink and of the halo around things, in pixels: wide enough to survive when the eye scales it down."""
    side = math.sqrt(size[0] * size[1])
    return side * 0.0044, side * 0.0078


def _choose(colours: tuple[Colour, ...], scene: Scene, rng: random.Random) -> Colour:
    """One of these colours, but for those that must not be in the picture."""
    return rng.choice(
        [c for c in colours if c not in scene.absent] or [c for c in COLOURS if c not in scene.absent] or ["white"]
    )


# -- where -------------------------------------------------------------------------------------------------------------


def _banner_area(words: tuple[str, ...], scene: Scene, size: Size, rng: random.Random) -> Area:
    """Where the banner goes: at the top or at the bottom, whichever no group wants; in the middle of an empty picture."""
    wanted = {group.place for group in scene.groups}
    landscape = bool(scene.elements)
    crowded = {"top", "bottom"} <= wanted
    if not scene.groups and not landscape:
        return banner_area(words, "middle", size)
    low = "top" in wanted or ("bottom" not in wanted and not landscape and rng.random() < 0.5)
    return banner_area(words, "bottom" if low else "top", size, landscape=landscape, crowded=crowded)


def banner_area(words: tuple[str, ...], place: Place, size: Size, *, landscape: bool = False, crowded: bool = False) -> Area:
    """What a banner with these words covers at the top, at the bottom or in the middle; it is flat where it is crowded."""
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
    """Where things may go: in a landscape on the ground, unless places or relations want the whole height."""
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
    extents = [_extent(noun) for noun in nouns]
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
        colour = group.colour or _choose(NATURAL.get(group.noun, BRIGHT), scene, rng)
        drawing = _drawing(nouns[i])
        mirrored = drawing.faces and rng.random() < 0.5
        poses = [
            Pose(rng.uniform(-1, 1) * drawing.tilt, mirrored, css(rng.choice(_SKINS)), css(rng.choice(_HAIRS)))
            for _ in range(_POSES)
        ]
        for spot in spots[i]:
            whole, pose = Spot(round(spot.x), round(spot.y), spot.size), rng.choice(poses)
            placed.append(Placed(nouns[i], colour, whole, pose, reach(nouns[i], whole, pose, pen)))
    return placed


def name_of(noun: str) -> str:
    """What a thing is painted as: a drawing's name, or what a card can be lettered with."""
    return noun if noun in _DRAWN else transliterate(noun).lower() or NAMELESS


def _drawing(noun: str) -> Drawing:
    return DRAWINGS[noun if noun in _DRAWN else CARD]


def _extent(noun: str) -> tuple[float, float]:
    points = _silhouette(noun if noun in _DRAWN else CARD)
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
    return np.stack([(x + 0.5) * 0.3 - 60, (y + 0.5) * 0.3 - 60], axis=1).astype(np.float64)


def reach(noun: str, spot: Spot, pose: Pose, pen: float) -> Area:
    """What the drawn thing covers, its outline included."""
    turn = math.radians(pose.angle)
    points = _silhouette(noun if noun in _DRAWN else CARD) * ((-1.0 if pose.mirrored else 1.0), 1.0)
    x = (points[:, 0] * math.cos(turn) - points[:, 1] * math.sin(turn)) * spot.size / 100 + spot.x
    y = (points[:, 0] * math.sin(turn) + points[:, 1] * math.cos(turn)) * spot.size / 100 + spot.y
    return _grown(Area(float(x.min()), float(y.min()), float(x.max()), float(y.max())), pen)


def _grown(area: Area, by: float) -> Area:
    return Area(area.left - by, area.top - by, area.right + by, area.bottom + by)


def _box(area: Area, size: Size) -> Box:
    return Box(area.left / size[0], area.top / size[1], area.right / size[0], area.bottom / size[1])


# -- what it looks like ------------------------------------------------------------------------------------------------


def _paper(ground: Colour, size: Size, rng: random.Random) -> Image.Image:
    """A plain ground, a shade darker at its foot, as a sheet lies on a table."""
    width, height = size
    paper = Image.new("RGB", size, GROUND[ground])
    edge = round(rng.uniform(0.7, 0.84) * height)
    for k in range(3):
        paper.paste(mix(GROUND[ground], INK, 0.014 * (k + 1)), (0, edge + round(k * 0.012 * height), width, height))
    return paper


def _about(area: Area, spot: Spot) -> Area:
    return Area(area.left - spot.x, area.top - spot.y, area.right - spot.x, area.bottom - spot.y)


def _middle(area: Area) -> tuple[int, int]:
    return round((area.left + area.right) / 2), round((area.top + area.bottom) / 2)


def _rendered(svg: str, area: Area) -> tuple[Image.Image, int, int]:
    """What is drawn in this area around (0, 0), and where the area begins."""
    left, top, right, bottom = math.floor(area.left), math.floor(area.top), math.ceil(area.right), math.ceil(area.bottom)
    sheet = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{right - left}" height="{bottom - top}" '
        f'viewBox="{left} {top} {right - left} {bottom - top}">{svg}</svg>'
    )
    return Image.open(io.BytesIO(resvg_py.svg_to_bytes(svg_string=sheet, skip_system_fonts=True))), left, top


def _stick(picture: Image.Image, sticker: Image.Image, left: int, top: int, spot: Spot) -> None:
    picture.paste(sticker, (int(spot.x) + left, int(spot.y) + top), sticker)


def _moved(placed: Placed, down: float = 0.0) -> str:
    scale = placed.spot.size / 100
    flip = -scale if placed.pose.mirrored else scale
    return (
        f'transform="translate(0 {down:.2f}) rotate({placed.pose.angle:.2f}) scale({flip:.4f} {scale:.4f}) translate(-50 -50)"'
    )


def _sticker(placed: Placed, ground: Colour | None, pen: float, halo: float) -> str:
    """SVG of the thing around (0, 0), in pixels, its shadow and its halo included."""
    scale = placed.spot.size / 100
    drawing = _drawing(placed.noun)
    variant = {"skin": placed.pose.skin, "hair": placed.pose.hair}
    drawn = symbol(drawing, PAINT[placed.colour], pen / scale, halo / scale, variant)
    if placed.noun not in _DRAWN:
        left, top, right, bottom = CARD_FACE
        lines, unit = break_lines(placed.noun.upper(), right - left, bottom - top)
        drawn += lettered(lines, min(unit, 3.2), (left + right) / 2, (top + bottom) / 2, css(INK))
    shadow = ""
    if ground and ground != "white":  # on white, a halo and a shadow would be one
        colour = css(mix(GROUND[ground], INK, 0.15))
        line = f'stroke="{colour}" stroke-width="{2 * (pen + halo) / scale:.2f}" stroke-linejoin="round"'
        shadow = f'<path d="{drawing.outline}" fill="{colour}" {line} {_moved(placed, 0.9 * halo)}/>'
    return f"{shadow}<g {_moved(placed)}>{drawn}</g>"


def _banner(words: tuple[str, ...], area: Area, pen: float, halo: float, colour: Colour) -> str:
    drawing = banner(area.width, area.height)
    high = area.height
    scale = min(fit(words, area.width - 1.3 * high, 0.86 * high), 0.86 * high / (LEADING * (len(words) - 1) + HEIGHT + 4.5))
    return symbol(drawing, PAINT[colour], pen, halo) + lettered(words, scale, 0, -0.07 * high, css(INK))
