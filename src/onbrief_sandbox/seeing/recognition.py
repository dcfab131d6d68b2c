"""Says which drawing a shape is and which colour it has: by its silhouette, and by what is within it."""

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

_PER_ASPECT = 0.5  # how much a difference of aspect counts beside one of silhouettes
_MARGIN = 0.06  # more than the nearest silhouette by which another may be the right one
_MOST = 24  # stencils whose inside is looked at
_TOO_FAR = 0.12
_TOO_UNLIKE = 0.08  # small cards, of which little is certain, come to 0.042; all else stays below 0.02
_FREE = frozenset({"skin", "hair"})  # of any colour
_PAINTED = frozenset({"main", "shade", "tint", "deep"})
_CERTAIN = 0.05  # the most of a cell that may show what is not known
_PURE = 0.8  # the least that a cell shows of paint to count as pure
_MORE_INK = 0.2  # the most that there may be of ink in them, beside what is expected
_PER_INK = 0.02  # how much that counts beside a difference of colours
_ENOUGH = 12  # cells that decide on a colour; the purest, where not so many are pure


@dataclass(frozen=True, slots=True)
class Match:
    """The drawing and the colour that a shape is most like. `distance` is that of the silhouettes, `residual` the mean square
    of what is left between the colours seen and expected (0 to 1).
    """

    name: str
    colour: Colour
    distance: float
    residual: float


@dataclass(frozen=True, slots=True, eq=False)
class _Inside:
    """What a stencil shows in some cells of the grid: `shares` of each colour, one row for a cell; `palettes`, the colours
    themselves, for each paint; and `squares`, the sum of the squares of what follows from the two.
    """

    cells: npt.NDArray[np.intp]
    shares: Numbers
    palettes: Numbers
    squares: Numbers

    def residuals(self, seen: Numbers) -> Numbers:
        """For each paint, the mean square of what is left between it and what is seen."""
        here = seen[self.cells]
        both = self.shares.T @ here
        left = np.einsum("ij,ij->", here, here) - 2 * np.einsum("prc,rc->p", self.palettes, both) + self.squares
        return np.maximum(left, 0.0) / (3 * len(here))


def recognise(crop: Pixels, silhouette: Mask) -> Match | None:
    """The drawing that has this silhouette and shows this within it (both cropped to its box), or None."""
    return next(iter(ranked(crop, silhouette)), None)


def ranked(crop: Pixels, silhouette: Mask) -> list[Match]:
    """The drawings that come near, each in its likeliest colour, the likeliest first."""
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
    """The paint that the purest cells show on the whole, when there may be a little more or less ink in them than expected:
    lines seem wider or narrower than they are, and that makes a colour darker or lighter.
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
    """Each cell (of the first two axes) with half of its neighbours', so that half a cell aside is not far off."""
    for axis in (0, 1):
        wide = np.concatenate([grid.take([0], axis), grid, grid.take([-1], axis)], axis)
        steps = np.arange(GRID)
        grid = (0.25 * (wide.take(steps, axis) + wide.take(steps + 2, axis)) + 0.5 * grid).astype(np.float32, copy=False)
    return grid


@cache
def _inside(known: Stencils, number: int, *, painted: bool = False) -> _Inside:
    """Of this stencil, the cells that are certain, or of those only the ones that show most of paint."""
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
    """For each paint, the colours of all roles, of what is outside, of the outline, of the halo in a hole."""
    table = [
        [*(tuple(int(code[i : i + 2], 16) for i in (1, 3, 5)) for code in roles(PAINT[paint]).values()), HALO, INK, HALO]
        for paint in COLOURS
    ]
    return (np.array(table) / 255).astype(np.float32)
