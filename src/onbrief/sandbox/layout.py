"""Where the things of a picture go: each group gets a cell of a grid that meets relations and places, its things share it."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from onbrief.sandbox.scene import Group, Place, Relation

Cell = tuple[int, int]
"""A column and a row."""

_COLUMN: dict[Place, int] = {"left": 0, "right": 2, "middle": 1}
_ROW: dict[Place, int] = {"top": 0, "bottom": 2, "middle": 1}
_PATIENCE = 4000  # steps of a search
_LEAN = 0.13  # of a third; with four things in a row, the outermost centres still lie within it
_PLANS = 18  # that are compared


@dataclass(frozen=True, slots=True)
class Area:
    """A part of the picture, in pixels."""

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
    """Where one thing goes: its centre in pixels, and the length of 100 units of its drawing."""

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
    """Spots for each group's things, within the free area of the picture. Thirds are thirds of the whole picture.
    Between things there are at least `gap` pixels, in which their outlines and halos find room.

    `extents` are the width and height of each group's drawing, in units of a hundredth of its size. Relations and places
    that contradict each other are dropped, the last first.
    """
    if not groups:
        return []
    related = {i for r in relations for i in (r.subject, r.object)}
    best: tuple[float, list[Area]] | None = None
    for plan in _plans(groups, relations, picture.width / picture.height, rng):
        blocks = _blocks(groups, plan, related, picture, free, rng)
        least = min(_grid(g.count, b, e, gap)[2] for g, b, e in zip(groups, blocks, extents, strict=True))
        worth = min(least, largest) * rng.uniform(0.8, 1.0)
        if best is None or worth > best[0]:
            best = (worth, blocks)
    assert best is not None  # noqa: S101  (without relations and places there is always a plan)
    grids = [_grid(g.count, block, extent, gap) for g, block, extent in zip(groups, best[1], extents, strict=True)]
    sizes = [min(size, largest) for _, _, size in grids]
    placed: list[list[Spot]] = []
    for i, (group, block, extent) in enumerate(zip(groups, best[1], extents, strict=True)):
        size = min(sizes[i], max(1.9 * min(sizes), 0.3 * largest)) * rng.uniform(0.9, 1.0)
        jitter = 0.0 if i in related and group.count == 1 else 0.35 if i in related else 0.7
        placed.append(list(_fill(group.count, block, grids[i][0], grids[i][1], size, extent, jitter, gap, rng)))
    return placed


@dataclass(frozen=True, slots=True)
class _Plan:
    """A cell for each group in a grid of so many columns and rows, and which groups keep their place on which axis."""

    cells: list[Cell]
    columns: int
    rows: int
    places: frozenset[tuple[str, int]]


def _plans(groups: Sequence[Group], relations: Sequence[Relation], aspect: float, rng: random.Random) -> list[_Plan]:
    """Several plans that satisfy as much as can be satisfied."""
    count = len(groups)
    places = [("x", i) for i, g in enumerate(groups) if g.place in _COLUMN]
    places += [("y", i) for i, g in enumerate(groups) if g.place in _ROW]
    known = [r for r in relations if r.subject < count and r.object < count and r.subject != r.object]
    while True:
        for strict in (True, False):
            plans: list[_Plan] = []
            shapes = _shapes(count, places, aspect, rng)
            for columns, rows in shapes:
                for _ in range(max(3, _PLANS // len(shapes))):
                    cells = _search(groups, known, places, columns, rows, strict, rng)
                    if cells is None:
                        break
                    plans.append(_Plan(cells, columns, rows, frozenset(places)))
                if len(plans) >= _PLANS:
                    break
            if plans:
                return plans
        if known:
            known.pop()
        else:
            places.pop()


def _blocks(
    groups: Sequence[Group], plan: _Plan, related: set[int], picture: Area, free: Area, rng: random.Random
) -> list[Area]:
    """The area of each group: its cell, and the free cells beside it where nothing speaks against it."""
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
        for axis in ("x", "y"):  # only the centres of things must lie in their third, so that it may lean into the next
            if (axis, i) in plan.places:
                first, span = span, span.grown(axis, plan, taken) or span
                area = _leaning(area, first, span, picture)
                first, span = span, span.grown(axis, plan, taken) or span
                area = _leaning(area, first, span, picture)
        blocks[i] = area
    return [blocks[i] for i in range(len(groups))]


@dataclass(frozen=True, slots=True)
class _Span:
    """A rectangle of cells: its first column and row, its last column and row."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def cells(self) -> set[Cell]:
        return {(c, r) for c in range(self.left, self.right + 1) for r in range(self.top, self.bottom + 1)}

    def area(self, across: Sequence[float], down: Sequence[float]) -> Area:
        return Area(across[self.left], down[self.top], across[self.right + 1], down[self.bottom + 1])

    def grown(self, axis: str, plan: _Plan, taken: set[Cell]) -> _Span | None:
        """One cell wider on one side where all of it is free, and taken from then on; None where nothing is."""
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
    """The area, a little larger on the side on which its cells have grown."""
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
    """Where columns (or rows) begin and end: at the thirds of the picture if groups have places, else by what they need."""
    if thirds:
        return [low, whole / 3, 2 * whole / 3, high]
    need = [max((w for i, w in zip(indices, weights, strict=True) if i == k), default=0.0) for k in range(count)]
    edges = [low]
    for share in need:
        edges.append(edges[-1] + (high - low) * share / sum(need))
    return edges


def _shapes(count: int, places: Sequence[tuple[str, int]], aspect: float, rng: random.Random) -> list[tuple[int, int]]:
    """Grids to try, those that waste the least first."""
    wide = [3] if any(axis == "x" for axis, _ in places) else list(range(1, count + 1))
    high = [3] if any(axis == "y" for axis, _ in places) else list(range(1, count + 1))
    shapes = [(c, r) for c in wide for r in high if c * r >= count]

    def waste(shape: tuple[int, int]) -> float:
        columns, rows = shape
        return columns * rows / count + abs(math.log(aspect * rows / columns)) + rng.random() * 0.5

    return sorted(shapes, key=waste)


def _search(
    groups: Sequence[Group],
    relations: Sequence[Relation],
    places: Sequence[tuple[str, int]],
    columns: int,
    rows: int,
    strict: bool,
    rng: random.Random,
) -> list[Cell] | None:
    """Cells that satisfy all of it, or None. If `strict`, two groups side by side also stand in one row, and so on."""
    choices: list[list[Cell]] = []
    for i, group in enumerate(groups):
        fixed_column = _COLUMN[group.place] if group.place and ("x", i) in places else None
        fixed_row = _ROW[group.place] if group.place and ("y", i) in places else None
        options = [(c, r) for c in range(columns) for r in range(rows) if fixed_column in (None, c) and fixed_row in (None, r)]
        rng.shuffle(options)
        choices.append(options)
    order = sorted(range(len(groups)), key=lambda i: (len(choices[i]), -sum(i in (r.subject, r.object) for r in relations)))
    cells: dict[int, Cell] = {}
    steps = 0

    def fits(i: int, cell: Cell) -> bool:
        if cell in cells.values():
            return False
        for relation in relations:
            if i == relation.subject and relation.object in cells:
                if not _holds(relation, cell, cells[relation.object], strict):
                    return False
            elif (
                i == relation.object
                and relation.subject in cells
                and not _holds(relation, cells[relation.subject], cell, strict)
            ):
                return False
        return True

    def extend(depth: int) -> bool:
        nonlocal steps
        if depth == len(order):
            return True
        i = order[depth]
        for cell in choices[i]:
            steps += 1
            if steps > _PATIENCE:
                return False
            if fits(i, cell):
                cells[i] = cell
                if extend(depth + 1):
                    return True
                del cells[i]
        return False

    return [cells[i] for i in range(len(groups))] if extend(0) else None


def _holds(relation: Relation, subject: Cell, other: Cell, strict: bool) -> bool:
    across, down = subject[0] - other[0], subject[1] - other[1]
    if relation.direction in {"left of", "right of"}:
        ahead = across < 0 if relation.direction == "left of" else across > 0
        return ahead and (down == 0 or not strict)
    ahead = down < 0 if relation.direction == "above" else down > 0
    return ahead and (across == 0 or not strict)


def _grid(count: int, block: Area, extent: tuple[float, float], gap: float) -> tuple[int, int, float]:
    """Columns, rows and size with which so many things of this extent are largest in the block."""
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
    """Spots in rows, each row in the middle, with a little disorder where there is room for it."""

    def pitch(room: float, thing: float) -> float:  # things of one group stay together in a block larger than they need
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
