"""Places the things of a picture: each group gets an area, which its things share."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from onbrief_sandbox.painting.plans import Cell, Plan, plans
from onbrief_sandbox.scene import Group, Relation

_LEAN = 0.13  # of a third: with four things in a row, the outermost centres are still within their third


@dataclass(frozen=True, slots=True)
class Area:
    """A rectangle in the picture, in pixels."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def width(self) -> float:
        """From left to right."""
        return self.right - self.left

    @property
    def height(self) -> float:
        """From top to bottom."""
        return self.bottom - self.top


@dataclass(frozen=True, slots=True)
class Spot:
    """The position of one thing: its centre in pixels, and its size: the length in pixels of 100 units of its drawing."""

    x: float
    y: float
    size: float


def arrange(
    groups: Sequence[Group],
    extents: Sequence[tuple[float, float]],
    relations: Sequence[Relation],
    picture: Area,
    free: Area,
    largest: float,
    gap: float,
    rng: random.Random,
) -> list[list[Spot]]:
    """Return spots for each group's things within the free area. Places refer to thirds of the whole picture. Things are at
    least `gap` pixels apart, which leaves room for outlines and halos.

    `extents` are the width and height of each group's drawing, relative to its size. Relations and places that contradict
    each other are dropped, the last first.
    """
    if not groups:
        return []
    related = {i for r in relations for i in (r.subject, r.object)}
    best: tuple[float, list[Area]] | None = None
    for plan in plans(groups, relations, picture.width / picture.height, rng):
        blocks = _blocks(groups, plan, related, picture, free, rng)
        least = min(_grid(g.count, b, e, gap)[2] for g, b, e in zip(groups, blocks, extents, strict=True))
        worth = min(least, largest) * rng.uniform(0.8, 1.0)
        if best is None or worth > best[0]:
            best = (worth, blocks)
    assert best is not None
    grids = [_grid(g.count, block, extent, gap) for g, block, extent in zip(groups, best[1], extents, strict=True)]
    sizes = [min(size, largest) for _, _, size in grids]
    placed: list[list[Spot]] = []
    for i, (group, block, extent) in enumerate(zip(groups, best[1], extents, strict=True)):
        size = min(sizes[i], max(1.9 * min(sizes), 0.3 * largest)) * rng.uniform(0.9, 1.0)
        jitter = 0.0 if i in related and group.count == 1 else 0.35 if i in related else 0.7
        placed.append(list(_fill(group.count, block, grids[i][0], grids[i][1], size, extent, jitter, gap, rng)))
    return placed


def _blocks(
    groups: Sequence[Group], plan: Plan, related: set[int], picture: Area, free: Area, rng: random.Random
) -> list[Area]:
    """Return the area of each group: its cell, and free cells next to it where its relations and places allow that."""
    weights = [math.sqrt(g.count) + 0.6 for g in groups]
    thirds = {axis for axis, _ in plan.places}
    across = _edges([c for c, _ in plan.cells], plan.columns, weights, "x" in thirds, free.left, free.right, picture.width)
    down = _edges([r for _, r in plan.cells], plan.rows, weights, "y" in thirds, free.top, free.bottom, picture.height)
    taken = set(plan.cells)
    blocks: dict[int, Area] = {}
    for i in rng.sample(range(len(groups)), len(groups)):
        span = _Span(*plan.cells[i], *plan.cells[i])
        if i in related:
            blocks[i] = span.area(across, down)
            continue
        for axis in ("x", "y"):
            if (axis, i) not in plan.places:
                while wider := span.grown(axis, plan, taken):
                    span = wider
        area = span.area(across, down)
        for axis in ("x", "y"):  # only the centres must be within their third, so the area may extend into the next one
            if (axis, i) in plan.places:
                first, span = span, span.grown(axis, plan, taken) or span
                area = _leaning(area, first, span, picture)
                first, span = span, span.grown(axis, plan, taken) or span
                area = _leaning(area, first, span, picture)
        blocks[i] = area
    return [blocks[i] for i in range(len(groups))]


@dataclass(frozen=True, slots=True)
class _Span:
    """A rectangle of cells: its first column and row, and its last column and row."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def cells(self) -> set[Cell]:
        return {(c, r) for c in range(self.left, self.right + 1) for r in range(self.top, self.bottom + 1)}

    def area(self, across: Sequence[float], down: Sequence[float]) -> Area:
        return Area(across[self.left], down[self.top], across[self.right + 1], down[self.bottom + 1])

    def grown(self, axis: str, plan: Plan, taken: set[Cell]) -> _Span | None:
        """Return the span extended by one free row or column, and mark its cells as taken; None if neither side is free."""
        left, top, right, bottom = self.left, self.top, self.right, self.bottom
        if axis == "x":
            wider = [_Span(left - 1, top, right, bottom), _Span(left, top, right + 1, bottom)]
        else:
            wider = [_Span(left, top - 1, right, bottom), _Span(left, top, right, bottom + 1)]
        for span in wider:
            within = span.left >= 0 and span.top >= 0 and span.right < plan.columns and span.bottom < plan.rows
            if within and not (span.cells - self.cells) & taken:
                taken |= span.cells
                return span
        return None


def _leaning(area: Area, before: _Span, after: _Span, picture: Area) -> Area:
    """Return the area, slightly extended on the sides on which its span has grown."""
    x, y = _LEAN * picture.width / 3, _LEAN * picture.height / 3
    return Area(
        area.left - x * (before.left - after.left),
        area.top - y * (before.top - after.top),
        area.right + x * (after.right - before.right),
        area.bottom + y * (after.bottom - before.bottom),
    )


def _edges(
    indices: Sequence[int], count: int, weights: Sequence[float], thirds: bool, low: float, high: float, whole: float
) -> list[float]:
    """Return the edges of columns (or rows): the thirds of the picture if groups have places, else proportional to need."""
    if thirds:
        return [low, whole / 3, 2 * whole / 3, high]
    need = [max((w for i, w in zip(indices, weights, strict=True) if i == k), default=0.0) for k in range(count)]
    edges = [low]
    for share in need:
        edges.append(edges[-1] + (high - low) * share / sum(need))
    return edges


def _grid(count: int, block: Area, extent: tuple[float, float], gap: float) -> tuple[int, int, float]:
    """Return the columns, rows and size that make `count` things of this extent as large as possible in the block."""
    best = (1, count, 0.0)
    for columns in range(1, count + 1):
        rows = math.ceil(count / columns)
        wide, high = block.width / columns - gap, block.height / rows - gap
        size = 0.9 * max(2.0, min(wide / extent[0], high / extent[1]))
        if size > best[2]:
            best = (columns, rows, size)
    return best


def _fill(
    count: int,
    block: Area,
    columns: int,
    rows: int,
    size: float,
    extent: tuple[float, float],
    jitter: float,
    gap: float,
    rng: random.Random,
) -> Iterator[Spot]:
    """Yield spots in centred rows, with some random offset where there is room."""

    def pitch(room: float, thing: float) -> float:  # keeps a group together in a block that is larger than necessary
        close = 1.15 * thing + gap
        return close + 0.3 * (room - close) if room > close else room

    width = pitch(block.width / columns, size * extent[0])
    height = pitch(block.height / rows, size * extent[1])
    middle_x, middle_y = (block.left + block.right) / 2, (block.top + block.bottom) / 2
    if jitter:
        middle_x += jitter * rng.uniform(-0.5, 0.5) * (block.width - width * columns)
        middle_y += jitter * rng.uniform(-0.5, 0.5) * (block.height - height * rows)
    loose_x = jitter * max(0.0, width - gap - 1.04 * size * extent[0])
    loose_y = jitter * max(0.0, height - gap - 1.04 * size * extent[1])
    for k in range(count):
        row, column = divmod(k, columns)
        in_row = min(columns, count - row * columns)
        x = middle_x + (column - (in_row - 1) / 2) * width
        y = middle_y + (row - (rows - 1) / 2) * height
        yield Spot(x + rng.uniform(-0.5, 0.5) * loose_x, y + rng.uniform(-0.5, 0.5) * loose_y, size)
