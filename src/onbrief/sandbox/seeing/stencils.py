"""What the eye knows things by: the silhouettes of the drawings and where their main colour is, on a small grid."""

from __future__ import annotations

import io
from dataclasses import dataclass
from functools import cache
from itertools import product

import numpy as np
import numpy.typing as npt
import resvg_py
from PIL import Image

from onbrief.sandbox.painting.drawings import CARD, DRAWINGS, symbol
from onbrief.sandbox.seeing.regions import Mask

GRID = 40
_CANVAS = 120
_PENS = (1.5, 4.5)  # of large things and of small ones: the pen is as wide for both
_ENOUGH = 12  # cells that show the main colour surely
_TOO_FAR = 0.105
"""Mean difference from a silhouette above which a shape is none of the drawings. Sightings of drawings stay below 0.06."""

Grid = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Match:
    """The drawing that a shape is most like, and the cells of the grid that show its main colour."""

    name: str
    distance: float
    main: Mask


def recognise(silhouette: Mask) -> Match | None:
    """The drawing with this silhouette (cropped to its box), or None."""
    names, shapes, mains = _stencils()
    distances = np.abs(shapes - on_grid(silhouette).ravel()).mean(axis=1)
    best = int(np.argmin(distances))
    if distances[best] > _TOO_FAR:
        return None
    return Match(names[best], float(distances[best]), mains[best])


def on_grid(mask: Mask) -> Grid:
    """The mask scaled to the grid, its longer side to the whole of it, in the middle."""
    height, width = mask.shape
    scale = GRID / max(height, width)
    inner = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = Image.fromarray(mask.astype(np.uint8) * 255).resize(
        inner, Image.Resampling.BOX if scale < 1 else Image.Resampling.BILINEAR
    )
    grid = np.zeros((GRID, GRID), np.float32)
    top, left = (GRID - inner[1]) // 2, (GRID - inner[0]) // 2
    grid[top : top + inner[1], left : left + inner[0]] = np.asarray(small, np.float32) / 255
    return grid


def grid_points(width: int, height: int) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Which column and which row of a crop of this size each column and row of the grid falls on (-1: beside it)."""
    scale = GRID / max(height, width)

    def along(length: int) -> npt.NDArray[np.intp]:
        inner = max(1, round(length * scale))
        points = np.full(GRID, -1)
        start = (GRID - inner) // 2
        points[start : start + inner] = np.minimum(((np.arange(inner) + 0.5) * length / inner).astype(int), length - 1)
        return points

    return along(width), along(height)


@cache
def _stencils() -> tuple[list[str], npt.NDArray[np.float32], list[Mask]]:
    names: list[str] = []
    shapes: list[npt.NDArray[np.float32]] = []
    mains: list[Mask] = []
    for name, drawing in DRAWINGS.items():
        leans = (0.0,) if name in {CARD, "circle"} else (-0.8 * drawing.tilt, 0.0, 0.8 * drawing.tilt)
        for mirrored in (False, True) if drawing.faces else (False,):
            for lean, pen in product(leans, _PENS):
                shape, main = _stencil(name, lean, mirrored, pen)
                names.append(name)
                shapes.append(shape.ravel())
                mains.append(main)
    return names, np.stack(shapes), mains


def _stencil(name: str, lean: float, mirrored: bool, pen: float) -> tuple[Grid, Mask]:
    """Paints the drawing in magenta, which none of its other parts has."""
    drawn = symbol(
        DRAWINGS[name], (255, 0, 255), pen, 0.0, {"line": "#281e38", "shade": "#000", "tint": "#000", "deep": "#000"}
    )
    flip = "scale(-1 1)" if mirrored else ""
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_CANVAS}" height="{_CANVAS}" viewBox="-66 -66 132 132">'
        f'<g transform="rotate({lean}) {flip} translate(-50 -50)">{drawn}</g></svg>'
    )
    picture = np.asarray(Image.open(io.BytesIO(resvg_py.svg_to_bytes(svg_string=svg, skip_system_fonts=True))).convert("RGBA"))
    solid = picture[:, :, 3] > 127
    rows, columns = np.flatnonzero(solid.any(axis=1)), np.flatnonzero(solid.any(axis=0))
    crop = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    magenta = (picture[:, :, 0] > 200) & (picture[:, :, 1] < 60) & (picture[:, :, 2] > 200)
    main = on_grid(magenta[crop]) > 0.97
    inner = np.zeros_like(main)
    inner[1:-1, 1:-1] = main[1:-1, 1:-1] & main[:-2, 1:-1] & main[2:, 1:-1] & main[1:-1, :-2] & main[1:-1, 2:]
    return on_grid(solid[crop]), inner if inner.sum() >= _ENOUGH else main
