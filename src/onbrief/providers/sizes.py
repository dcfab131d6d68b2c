"""The nearest shape that an image model can make: an aspect ratio, a size of a list, or a size on a grid."""

from __future__ import annotations

import math
from collections.abc import Iterable

from onbrief.brief import Size
from onbrief.providers.catalogue import Grid


def ratio_of(shape: Size | str) -> float:
    """Width over height, of a size or of an aspect ratio such as "16:9"."""
    width, height = map(int, shape.split(":")) if isinstance(shape, str) else shape
    return width / height


def distance(one: Size | str, other: Size | str) -> float:
    """How far two shapes are apart: 0 for the same, and the same between 1:2 and 1:1 as between 1:1 and 2:1."""
    return abs(math.log(ratio_of(one) / ratio_of(other)))


def nearest_aspect(size: Size, aspects: Iterable[str]) -> str:
    """The aspect ratio that is nearest to that of the size."""
    return min(aspects, key=lambda aspect: distance(size, aspect))


def nearest_size(size: Size, sizes: Iterable[Size]) -> Size:
    """The size itself if it is there, else the nearest in shape, and of those the nearest in pixels."""
    pixels = math.prod(size)
    return min(sizes, key=lambda other: (other != size, round(distance(size, other), 3), abs(math.prod(other) - pixels)))


def on_grid(size: Size, grid: Grid) -> Size:
    """The size of about this shape that keeps the rules of the grid, as near in pixels as they allow."""
    wide = min(grid.ratio, max(1 / grid.ratio, ratio_of(size)))
    pixels = min(grid.pixels, math.prod(size))
    width, height = math.sqrt(pixels * wide), math.sqrt(pixels / wide)
    scale = max(1.0, grid.low / min(width, height))
    scale *= min(1.0, grid.high / (scale * max(width, height)))
    width, height = (_step(side * scale, grid) for side in (width, height))
    while width * height > grid.pixels or max(width, height) > grid.ratio * min(width, height):
        width, height = (width - grid.step, height) if width >= height else (width, height - grid.step)
    return width, height


def _step(side: float, grid: Grid) -> int:
    return min(grid.high, max(grid.low, grid.step * round(side / grid.step)))
