"""The eye's templates: the appearance of each drawing at each lean, on a small grid stretched to the drawing's box.

An outline has the same width in pixels at every size, so a small thing shows relatively more ink than a large one. There is
a separate set of stencils for each of a few sizes, made when the first thing of about that size is seen.
"""

from __future__ import annotations

import io
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt
import resvg_py
from PIL import Image

from onbrief_sandbox.painting.drawings import CARD, CARD_FACE, DRAWINGS, symbol
from onbrief_sandbox.painting.drawings.drawing import roles
from onbrief_sandbox.seeing.regions import Mask, touching_border

GRID = 24
PEN = 2.25
"""The width of outlines at the eye's scale, in pixels: 0.0044 of the picture's side."""
MIXED = 0.25
"""The apparent extra width of outlines, in pixels: a pixel that mixes ink and halo counts as ink."""

_HALO = 4.0  # the width of the halo around the outline, in pixels
_FINE = 3  # sampled points along each side of a grid cell
_CELL = 140  # the side of a drawing's place on the sheet, in units of the drawing
_ACROSS = 10  # drawings per row of the sheet
_SIZES = ((26.0, 64), (42.0, 64), (60.0, 72), (90.0, 88), (160.0, 112))
"""The sizes with a set of stencils: the longer side of things at the eye's scale, and the resolution of each drawing, in
pixels.
"""
_LEAN = 1.9  # largest difference between a thing's lean and the nearest stencil's, in degrees
_LEAN_SLENDER = 1.0  # the same for slender things

ROLES = tuple(roles((128, 128, 128)))
_CODES = {role: 2 * number + 1 for number, role in enumerate(ROLES)}
OUTSIDE, INKED, HOLLOW, BEYOND = range(len(ROLES), len(ROLES) + 4)
"""The classes of a point besides the roles: outside the silhouette, the outline, the halo in a hole, and unknown content (the
background seen through a hole, the lettering of a card).
"""

Shares = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Stencil:
    """One drawing at one lean, facing one way. `wide` and `high` are its extent in units, without the outline, whose width is
    `pen`.
    """

    name: str
    lean: float
    mirrored: bool
    left: float
    top: float
    wide: float
    high: float
    pen: float


@dataclass(frozen=True, slots=True, eq=False)
class Stencils:
    """All stencils for things of about one size. `shapes` are the silhouettes, one row per stencil; `wide` and `high` hold the
    stencils' fields of the same names.
    """

    each: tuple[Stencil, ...]
    shapes: Shares
    wide: Shares
    high: Shares
    sheet: npt.NDArray[np.uint8]

    def aspects(self, longer: int) -> Shares:
        """Return the logarithm of each stencil's width/height at this longer side in pixels, including the outline."""
        around = 2 * (PEN + MIXED)
        scale = max(1.0, longer - around) / np.maximum(self.wide, self.high)
        return np.log((self.wide * scale + around) / (self.high * scale + around)).astype(np.float32)

    def kinds(self, stencil: Stencil) -> npt.NDArray[np.uint8]:
        """Return the class of each point of the stencil: an index into ROLES, or OUTSIDE, INKED, HOLLOW or BEYOND."""
        return _sampled(self.sheet, stencil)


def stencils(longer: int) -> Stencils:
    """Return the stencils for things with about this longer side, in pixels at the eye's scale."""
    size, pixels = min(_SIZES, key=lambda each: abs(math.log(each[0] / max(1, longer))))
    return _stencils(size, pixels)


@cache
def _stencils(size: float, pixels: int) -> Stencils:
    pens = [PEN * extent / (size - 2 * PEN) for extent in _extents()]
    sheet = _codes(pens, pixels)
    each: list[Stencil] = []
    shapes: list[npt.NDArray[np.uint8]] = []
    for number, (name, drawing) in enumerate(DRAWINGS.items()):
        part = _part(sheet, number)
        y, x = np.nonzero(_rim(part != OUTSIDE))
        unit = _CELL / part.shape[0]
        points = np.stack([(x + 0.5) * unit - _CELL / 2, (y + 0.5) * unit - _CELL / 2])
        for lean in _leans(name, drawing.tilt, points):
            for mirrored in (False, True) if drawing.faces else (False,):
                stencil = _measured(name, lean, mirrored, points, pens[number], unit / 2)
                each.append(stencil)
                solid = _sampled(sheet, stencil) != OUTSIDE
                shapes.append(solid.reshape(GRID, _FINE, GRID, _FINE).sum(axis=(1, 3), dtype=np.uint8).ravel())
    wide = np.array([stencil.wide for stencil in each], np.float32)
    high = np.array([stencil.high for stencil in each], np.float32)
    return Stencils(tuple(each), (np.stack(shapes) / _FINE**2).astype(np.float32), wide, high, sheet)


def _leans(name: str, tilt: float, points: npt.NDArray[np.float64]) -> list[float]:
    wide, high = np.ptp(points, axis=1)
    step = 2 * (_LEAN if min(wide, high) > 0.3 * max(wide, high) else _LEAN_SLENDER)
    if name in {CARD, "circle"}:
        return [0.0]
    count = max(1, math.ceil(2 * tilt / step))
    return [tilt * ((2 * k + 1) / count - 1) for k in range(count)]


def _measured(name: str, lean: float, mirrored: bool, points: npt.NDArray[np.float64], pen: float, rounded: float) -> Stencil:
    """Return the stencil for these outline points, which are `rounded` units inside the true outline."""
    turn, facing = math.radians(lean), -1.0 if mirrored else 1.0
    x = facing * math.cos(turn) * points[0] - math.sin(turn) * points[1]
    y = facing * math.sin(turn) * points[0] + math.cos(turn) * points[1]
    left, right, top, bottom = (float(value) for value in (x.min(), x.max(), y.min(), y.max()))
    in_ = pen - rounded
    wide, high = max(1.0, right - left - 2 * in_), max(1.0, bottom - top - 2 * in_)
    return Stencil(name, lean, mirrored, left + in_, top + in_, wide, high, pen)


def _sampled(sheet: npt.NDArray[np.uint8], stencil: Stencil) -> npt.NDArray[np.uint8]:
    """Sample the drawing within its box on an even grid, at the stencil's lean."""
    part = _part(sheet, list(DRAWINGS).index(stencil.name))
    steps = (np.arange(GRID * _FINE) + 0.5) / (GRID * _FINE)
    u = stencil.left - stencil.pen + steps * (stencil.wide + 2 * stencil.pen)
    v = stencil.top - stencil.pen + steps * (stencil.high + 2 * stencil.pen)
    turn, unit = math.radians(stencil.lean), part.shape[0] / _CELL
    facing = -1.0 if stencil.mirrored else 1.0
    middle = part.shape[0] / 2
    x = (facing * math.cos(turn) * unit * u + middle)[None, :] + (facing * math.sin(turn) * unit * v)[:, None]
    y = (-math.sin(turn) * unit * u + middle)[None, :] + (math.cos(turn) * unit * v)[:, None]
    return part[y.astype(np.intp), x.astype(np.intp)]


def _part(sheet: npt.NDArray[np.uint8], number: int) -> npt.NDArray[np.uint8]:
    pixels = sheet.shape[1] // _ACROSS
    row, column = divmod(number, _ACROSS)
    return sheet[row * pixels : (row + 1) * pixels, column * pixels : (column + 1) * pixels]


def _rim(mask: Mask) -> Mask:
    around = np.pad(mask, 1)
    return mask & ~(around[:-2, 1:-1] & around[2:, 1:-1] & around[1:-1, :-2] & around[1:-1, 2:])


@cache
def _extents() -> list[float]:
    """Return the longer side of each drawing, in its units, without the outline."""
    pixels = _CELL // 2
    outlines = [f'<path d="{drawing.outline}"/>' for drawing in DRAWINGS.values()]
    painted = np.concatenate([row[:, :, 3] for row in _painted(outlines, pixels)])
    extents: list[float] = []
    for number in range(len(DRAWINGS)):
        y, x = np.nonzero(_part(painted, number) > 127)
        extents.append(2.0 * max(int(np.ptp(x)), int(np.ptp(y))) + 2)
    return extents


def _codes(pens: Sequence[float], pixels: int) -> npt.NDArray[np.uint8]:
    """Return a sheet of all drawings with the class of each point, rendered with codes for colours and without smoothing."""
    variant = {role: f"#{code:02x}ff00" for role, code in _CODES.items()}
    parts: list[str] = []
    for (name, drawing), pen in zip(DRAWINGS.items(), pens, strict=True):
        drawn = symbol(drawing, (0, 0, 0), pen, pen * _HALO / PEN, variant)
        if name == CARD:
            left, top, right, bottom = CARD_FACE
            drawn += f'<path d="M{left} {top}H{right}V{bottom}H{left}Z" fill="#fe0000"/>'
        parts.append(drawn)
    return np.concatenate([_decoded(row) for row in _painted(parts, pixels)])


def _decoded(painted: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    code, green, alpha = painted[:, :, 0], painted[:, :, 1], painted[:, :, 3]
    halo, clear = (code == 255) & (green == 255), alpha < 128
    kinds = np.where((green == 255) & ~halo, np.minimum(code // 2, len(ROLES) - 1), INKED).astype(np.uint8)
    kinds[clear | (code == 254)] = BEYOND
    kinds[halo] = HOLLOW
    kinds[touching_border(halo | clear)] = OUTSIDE
    return kinds


def _painted(parts: Sequence[str], pixels: int) -> Iterator[npt.NDArray[np.uint8]]:
    """Yield renderings of these drawings, row by row, each `pixels` square. All rows at once would take too much memory."""
    for first in range(0, len(parts), _ACROSS):
        placed = [
            f'<g transform="translate({number * _CELL} 0)">{part}</g>'
            for number, part in enumerate(parts[first : first + _ACROSS])
        ]
        svg = (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{_ACROSS * pixels}" height="{pixels}" '
            f'viewBox="{50 - _CELL / 2} {50 - _CELL / 2} {_ACROSS * _CELL} {_CELL}">'
            f'<g shape-rendering="crispEdges">{"".join(placed)}</g></svg>'
        )
        png = resvg_py.svg_to_bytes(svg_string=svg, skip_system_fonts=True)
        yield np.asarray(Image.open(io.BytesIO(png)).convert("RGBA"))
