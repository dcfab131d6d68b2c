"""Assigns each group a cell of a grid such that relations and places are satisfied."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass

from onbrief_sandbox.scene import Group, Place, Relation

Cell = tuple[int, int]
"""A column and a row."""

_COLUMN: dict[Place, int] = {"left": 0, "right": 2, "middle": 1}
_ROW: dict[Place, int] = {"top": 0, "bottom": 2, "middle": 1}
_PATIENCE = 4000  # maximum steps of a search
_PLANS = 18  # number of plans to compare


@dataclass(frozen=True, slots=True)
class Plan:
    """A cell per group in a grid of columns and rows. `places` has each axis and group with a fixed third on that axis."""

    cells: list[Cell]
    columns: int
    rows: int
    places: frozenset[tuple[str, int]]


def plans(groups: Sequence[Group], relations: Sequence[Relation], aspect: float, rng: random.Random) -> list[Plan]:
    """Return several plans. Relations, then places, that cannot be satisfied are dropped, the last first."""
    count = len(groups)
    places = [("x", i) for i, g in enumerate(groups) if g.place in _COLUMN]
    places += [("y", i) for i, g in enumerate(groups) if g.place in _ROW]
    known = [r for r in relations if r.subject < count and r.object < count and r.subject != r.object]
    while True:
        for strict in (True, False):
            found: list[Plan] = []
            shapes = _shapes(count, places, aspect, rng)
            for columns, rows in shapes:
                for _ in range(max(3, _PLANS // len(shapes))):
                    cells = _search(groups, known, places, columns, rows, strict, rng)
                    if cells is None:
                        break
                    found.append(Plan(cells, columns, rows, frozenset(places)))
                if len(found) >= _PLANS:
                    break
            if found:
                return found
        if known:
            known.pop()
        else:
            places.pop()


def _shapes(count: int, places: Sequence[tuple[str, int]], aspect: float, rng: random.Random) -> list[tuple[int, int]]:
    """Return the grids to try, those with the least waste first."""
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
    """Return cells that satisfy everything, or None. With `strict`, left of also means the same row, and so on."""
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
