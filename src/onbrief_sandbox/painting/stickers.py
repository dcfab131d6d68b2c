"""Things and banners as stickers: their extent, their SVG, and pasting them into a picture."""

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

from onbrief_sandbox.painting.drawings import CARD, CARD_FACE, DRAWINGS, Drawing, banner, symbol
from onbrief_sandbox.painting.layout import Area, Spot
from onbrief_sandbox.painting.lettering import HEIGHT, LEADING, break_lines, fit, lettered, transliterate
from onbrief_sandbox.painting.palette import GROUND, INK, PAINT, css, mix
from onbrief_sandbox.scene import Colour

_DRAWN = set(DRAWINGS) - {CARD}
NAMELESS = "unknown"
"""The lettering of a card whose noun has no letters in the painter's alphabet."""

_SKINS = ((244, 206, 174), (226, 172, 130), (176, 118, 82), (122, 80, 58))
_HAIRS = ((70, 48, 42), (46, 40, 48), (160, 98, 52), (224, 178, 96), (150, 146, 150))


@dataclass(frozen=True, slots=True)
class Placed:
    """A thing with its position. `area` is the area that it covers, including its outline."""

    noun: str
    colour: Colour
    spot: Spot
    pose: Pose
    area: Area


@dataclass(frozen=True, slots=True)
class Pose:
    """How a thing is drawn: its lean in degrees, whether it is mirrored, and the skin and hair of a person."""

    angle: float
    mirrored: bool
    skin: str
    hair: str

    @classmethod
    def drawn(cls, rng: random.Random, angle: float = 0.0, *, mirrored: bool = False) -> Pose:
        """Return a pose with this angle and random skin and hair."""
        return cls(angle, mirrored, css(rng.choice(_SKINS)), css(rng.choice(_HAIRS)))


def name_of(noun: str) -> str:
    """Return the name under which a thing is painted: that of a drawing, or the lettering of a card."""
    return noun if noun in _DRAWN else transliterate(noun).lower() or NAMELESS


def drawing_of(noun: str) -> Drawing:
    """Return the drawing of a thing, or the card if there is none."""
    return DRAWINGS[noun if noun in _DRAWN else CARD]


def extent(noun: str) -> tuple[float, float]:
    """Return the width and height of a drawing around its middle, relative to its size."""
    points = _silhouette(noun if noun in _DRAWN else CARD)
    wide, high = 2 * np.abs(points).max(axis=0)
    return float(wide) / 100, float(high) / 100


@cache
def _silhouette(name: str) -> npt.NDArray[np.float64]:
    """Return the points of the drawing's outline, in units from its middle, found by rendering it."""
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
    """Return the area that the thing covers, including its outline."""
    turn = math.radians(pose.angle)
    points = _silhouette(noun if noun in _DRAWN else CARD) * ((-1.0 if pose.mirrored else 1.0), 1.0)
    x = (points[:, 0] * math.cos(turn) - points[:, 1] * math.sin(turn)) * spot.size / 100 + spot.x
    y = (points[:, 0] * math.sin(turn) + points[:, 1] * math.cos(turn)) * spot.size / 100 + spot.y
    return grown(Area(float(x.min()), float(y.min()), float(x.max()), float(y.max())), pen)


def grown(area: Area, by: float) -> Area:
    """Return the area extended by this much on each side."""
    return Area(area.left - by, area.top - by, area.right + by, area.bottom + by)


def about(area: Area, spot: Spot) -> Area:
    """Return the area relative to this spot."""
    return Area(area.left - spot.x, area.top - spot.y, area.right - spot.x, area.bottom - spot.y)


def rendered(svg: str, area: Area) -> tuple[Image.Image, int, int]:
    """Render the SVG in this area around (0, 0). Return the image, and the left and top of the area."""
    left, top, right, bottom = math.floor(area.left), math.floor(area.top), math.ceil(area.right), math.ceil(area.bottom)
    sheet = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{right - left}" height="{bottom - top}" '
        f'viewBox="{left} {top} {right - left} {bottom - top}">{svg}</svg>'
    )
    return Image.open(io.BytesIO(resvg_py.svg_to_bytes(svg_string=sheet, skip_system_fonts=True))), left, top


def stick(picture: Image.Image, sticker: Image.Image, left: int, top: int, spot: Spot) -> None:
    """Paste a rendered sticker, whose area begins at (left, top), around this spot of the picture."""
    picture.paste(sticker, (int(spot.x) + left, int(spot.y) + top), sticker)


def _moved(placed: Placed, down: float = 0.0) -> str:
    scale = placed.spot.size / 100
    flip = -scale if placed.pose.mirrored else scale
    return (
        f'transform="translate(0 {down:.2f}) rotate({placed.pose.angle:.2f}) scale({flip:.4f} {scale:.4f}) translate(-50 -50)"'
    )


def sticker(placed: Placed, ground: Colour | None, pen: float, halo: float) -> str:
    """Return SVG of the thing around (0, 0), in pixels, including its shadow and halo."""
    scale = placed.spot.size / 100
    drawing = drawing_of(placed.noun)
    variant = {"skin": placed.pose.skin, "hair": placed.pose.hair}
    drawn = symbol(drawing, PAINT[placed.colour], pen / scale, halo / scale, variant)
    if placed.noun not in _DRAWN:
        left, top, right, bottom = CARD_FACE
        lines, unit = break_lines(placed.noun.upper(), right - left, bottom - top)
        drawn += lettered(lines, min(unit, 3.2), (left + right) / 2, (top + bottom) / 2, css(INK))
    shadow = ""
    if ground and ground != "white":  # on white, halo and shadow could not be distinguished
        colour = css(mix(GROUND[ground], INK, 0.15))
        line = f'stroke="{colour}" stroke-width="{2 * (pen + halo) / scale:.2f}" stroke-linejoin="round"'
        shadow = f'<path d="{drawing.outline}" fill="{colour}" {line} {_moved(placed, 0.9 * halo)}/>'
    return f"{shadow}<g {_moved(placed)}>{drawn}</g>"


def ribbon(words: tuple[str, ...], area: Area, pen: float, halo: float, colour: Colour) -> str:
    """Return SVG of a lettered banner around (0, 0), of the size of the area."""
    drawing = banner(area.width, area.height)
    high = area.height
    scale = min(fit(words, area.width - 1.3 * high, 0.86 * high), 0.86 * high / (LEADING * (len(words) - 1) + HEIGHT + 4.5))
    return symbol(drawing, PAINT[colour], pen, halo) + lettered(words, scale, 0, -0.07 * high, css(INK))
