"""Find the nearest shape that an image model can make: an aspect ratio, a size from a list, or a size on a grid."""

from __future__ import annotations

import math
from collections.abc import Iterable

from onbrief.brief import Size
from onbrief.providers.catalogue import Grid


def ratio_of(shape: Size | str) -> float:
    """Return width divided by height, for a size or an aspect ratio such as "16:9"."""
    width, height = map(int, shape.split(":")) if isinstance(shape, str) else shape
    return width / height


def distance(one: Size | str, other: Size | str) -> float:
    """Return the distance of two shapes: 0 if they are equal; 1:2 is as far from 1:1 as 2:1 is."""
    return abs(math.log(ratio_of(one) / ratio_of(other)))


def nearest_aspect(size: Size, aspects: Iterable[str]) -> str:
    """Return the aspect ratio nearest to that of the size."""
    return min(aspects, key=lambda aspect: distance(size, aspect))


def nearest_size(size: Size, sizes: Iterable[Size]) -> Size:
    """Return the size itself if it is listed, else the nearest in shape, and among equals the nearest in pixels."""
    pixels = math.prod(size)
    return min(sizes, key=lambda other: (other != size, round(distance(size, other), 3), abs(math.prod(other) - pixels)))


def on_grid(size: Size, grid: Grid) -> Size:
    """Return the size on the grid with about this shape, as near in pixels as the grid allows."""
    wide = min(grid.ratio, max(1 / grid.ratio, ratio_of(size)))
    pixels = min(grid.pixels, max(grid.least, math.prod(size)))
    width, height = math.sqrt(pixels * wide), math.sqrt(pixels / wide)
    scale = max(1.0, grid.low / min(width, height))
    scale *= min(1.0, grid.high / (scale * max(width, height)))
    width, height = (_step(side * scale, grid) for side in (width, height))
    while width * height > grid.pixels or max(width, height) > grid.ratio * min(width, height):
        width, height = (width - grid.step, height) if width >= height else (width, height - grid.step)
    while width * height < grid.least:
        width, height = (width + grid.step, height) if width <= height else (width, height + grid.step)
    return width, height


def _step(side: float, grid: Grid) -> int:
    return min(grid.high, max(grid.low, grid.step * round(side / grid.step)))
