"""Identifies the drawing and the colour of a shape by its silhouette and its inside."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt
from PIL import Image

from onbrief_sandbox.painting.drawings.drawing import roles
from onbrief_sandbox.painting.palette import HALO, INK, PAINT
from onbrief_sandbox.scene import COLOURS, Colour
from onbrief_sandbox.seeing.regions import Mask
from onbrief_sandbox.seeing.stencils import BEYOND, GRID, ROLES, Stencils, stencils

Pixels = npt.NDArray[np.uint8]
Numbers = npt.NDArray[np.float32]

_PER_ASPECT = 0.5  # weight of a difference in aspect relative to a difference in silhouettes
_MARGIN = 0.06  # a silhouette this much farther than the nearest one is still a candidate
_MOST = 24  # maximum number of stencils whose inside is compared
_TOO_FAR = 0.12  # largest distance of silhouettes for a match
_TOO_UNLIKE = 0.08  # largest residual for a match; small cards, of which little is certain, reach 0.042, all else 0.02
_FREE = frozenset({"skin", "hair"})  # roles that can have any colour
_PAINTED = frozenset({"main", "shade", "tint", "deep"})  # roles whose colour depends on the paint
_CERTAIN = 0.05  # largest share of a cell whose colour may be unknown
_PURE = 0.8  # least share of paint in a cell for it to count as pure
_MORE_INK = 0.2  # largest difference between the seen and the expected share of ink
_PER_INK = 0.02  # weight of that difference relative to a difference in colour
_ENOUGH = 12  # least number of cells that decide the colour; if fewer are pure, the purest ones are used


@dataclass(frozen=True, slots=True)
class Match:
    """The drawing and colour that fit a shape best. `distance` is between the silhouettes; `residual` is the mean squared
    difference between the seen and the expected colours (0 to 1).
    """

    name: str
    colour: Colour
    distance: float
    residual: float


@dataclass(frozen=True, slots=True, eq=False)
class _Inside:
    """The expected content of some cells of a stencil. `shares` has the share of each colour, one row per cell; `palettes` the
    colours themselves, for each paint; `squares` the sum of the squared colours that follow from the two, for each paint.
    """

    cells: npt.NDArray[np.intp]
    shares: Numbers
    palettes: Numbers
    squares: Numbers

    def residuals(self, seen: Numbers) -> Numbers:
        """Return, for each paint, the mean squared difference between the expected and the seen colours."""
        here = seen[self.cells]
        both = self.shares.T @ here
        left = np.einsum("ij,ij->", here, here) - 2 * np.einsum("prc,rc->p", self.palettes, both) + self.squares
        return np.maximum(left, 0.0) / (3 * len(here))


def recognise(crop: Pixels, silhouette: Mask) -> Match | None:
    """Return the drawing with this silhouette and content (both cropped to the shape's box), or None."""
    return next(iter(ranked(crop, silhouette)), None)


def ranked(crop: Pixels, silhouette: Mask) -> list[Match]:
    """Return the drawings that fit, each with its most likely colour, the best match first."""
    height, width = silhouette.shape
    known = stencils(max(height, width))
    shape = _on_grid(Image.fromarray(silhouette.astype(np.uint8) * 255)).ravel()
    aspect = np.log(width / height)
    distances = np.abs(known.shapes - shape).mean(axis=1) + _PER_ASPECT * np.abs(known.aspects(max(height, width)) - aspect)
    order = np.argsort(distances)[:_MOST]
    limit = min(_TOO_FAR, float(distances[order[0]]) + _MARGIN)
    seen = _on_grid(Image.fromarray(np.where(silhouette[:, :, None], crop, np.uint8(255))))
    seen = _blurred(seen).reshape(-1, 3)
    found: dict[str, tuple[float, int]] = {}
    for number in map(int, order):
        if distances[number] > limit:
            break
        residual, name = float(_inside(known, number).residuals(seen).min()), known.each[number].name
        if residual <= _TOO_UNLIKE and (name not in found or residual < found[name][0]):
            found[name] = residual, number
    return [
        Match(name, _colour(known, number, seen), float(distances[number]), residual)
        for name, (residual, number) in sorted(found.items(), key=lambda each: each[1])
    ]


def _colour(known: Stencils, number: int, seen: Numbers) -> Colour:
    """Return the paint that fits the purest cells best. The fit allows for a little more or less ink than expected, because
    scaling makes lines look wider or narrower, and so colours darker or lighter.
    """
    inside = _inside(known, number, painted=True)
    expected = np.einsum("r,prc->pc", inside.shares.mean(axis=0), inside.palettes)
    ink = np.array(INK) / 255 - expected
    off = seen[inside.cells].mean(axis=0) - expected
    more = np.clip((off * ink).sum(axis=1) / (ink**2).sum(axis=1), -_MORE_INK, _MORE_INK)
    left = ((off - more[:, None] * ink) ** 2).sum(axis=1) + _PER_INK * more**2
    return COLOURS[int(left.argmin())]


def _on_grid(picture: Image.Image) -> Numbers:
    soft = Image.Resampling.BOX if min(picture.size) >= GRID else Image.Resampling.BILINEAR
    return (np.asarray(picture.resize((GRID, GRID), soft)) / 255).astype(np.float32)


def _blurred(grid: Numbers) -> Numbers:
    """Blur the first two axes, so that a shift by half a cell makes little difference."""
    for axis in (0, 1):
        wide = np.concatenate([grid.take([0], axis), grid, grid.take([-1], axis)], axis)
        steps = np.arange(GRID)
        grid = (0.25 * (wide.take(steps, axis) + wide.take(steps + 2, axis)) + 0.5 * grid).astype(np.float32, copy=False)
    return grid


@cache
def _inside(known: Stencils, number: int, *, painted: bool = False) -> _Inside:
    """Return the cells of a stencil whose colours are certain; with `painted`, only those that show the most paint."""
    kinds = known.kinds(known.each[number])
    side = kinds.shape[0] // GRID
    along = np.arange(GRID, dtype=np.intp).repeat(side)
    colours = _colours()
    count = colours.shape[1] + 1
    codes = (along[:, None] * GRID + along[None, :]) * count + kinds
    points = np.bincount(codes.ravel(), minlength=GRID * GRID * count).reshape(GRID, GRID, count)
    shares = _blurred((points / side**2).astype(np.float32)).reshape(-1, count)
    cells = np.flatnonzero(shares[:, _numbers(_FREE)].sum(axis=1) + shares[:, BEYOND] < _CERTAIN)
    if painted:
        paint = shares[cells][:, _numbers(_PAINTED)].sum(axis=1)
        cells = cells[paint >= min(_PURE, float(np.sort(paint)[-_ENOUGH:][0]))]
    shown = np.flatnonzero(shares[cells, :BEYOND].any(axis=0))
    part, palettes = shares[np.ix_(cells, shown)], colours[:, shown]
    squares = np.einsum("prc,rs,psc->p", palettes, part.T @ part, palettes, optimize=True)
    return _Inside(cells, part, palettes, squares.astype(np.float32))


def _numbers(some: frozenset[str]) -> list[int]:
    return [number for number, role in enumerate(ROLES) if role in some]


@cache
def _colours() -> Numbers:
    """Return, for each paint, the colours of all roles, of the outside, of the outline, and of the halo in a hole."""
    table = [
        [*(tuple(int(code[i : i + 2], 16) for i in (1, 3, 5)) for code in roles(PAINT[paint]).values()), HALO, INK, HALO]
        for paint in COLOURS
    ]
    return (np.array(table) / 255).astype(np.float32)
