from __future__ import annotations

import hypothesis.strategies as st
import numpy as np
from hypothesis import given, settings

from onbrief_sandbox.seeing.regions import Mask, connected, touching_border


@given(st.integers(1, 14), st.integers(1, 14), st.floats(0, 1), st.integers(0, 10_000))
@settings(max_examples=150, deadline=None)
def test_parts_are_those_that_a_flood_finds(height: int, width: int, share: float, seed: int):
    mask = np.random.default_rng(seed).random((height, width)) < share
    labels, regions = connected(mask)
    flooded = _flooded(mask)
    assert len(regions) == len(flooded)
    for region in regions:
        pixels = {(int(y), int(x)) for y, x in np.argwhere(labels == region.label)}
        assert pixels in flooded
        rows, columns = [y for y, _ in pixels], [x for _, x in pixels]
        measured = (region.area, region.left, region.top, region.right, region.bottom)
        assert measured == (len(pixels), min(columns), min(rows), max(columns) + 1, max(rows) + 1)


def test_only_parts_at_the_border_touch_it():
    mask = np.zeros((5, 5), bool)
    mask[2, 2] = mask[0, 1] = mask[1, 1] = True
    assert np.argwhere(touching_border(mask)).tolist() == [[0, 1], [1, 1]]


def _flooded(mask: Mask) -> list[set[tuple[int, int]]]:
    left = {(int(y), int(x)) for y, x in np.argwhere(mask)}
    parts: list[set[tuple[int, int]]] = []
    while left:
        edge = [left.pop()]
        part = set(edge)
        while edge:
            y, x = edge.pop()
            near = {(y + 1, x), (y - 1, x), (y, x + 1), (y, x - 1)} & left
            left -= near
            part |= near
            edge += near
        parts.append(part)
    return parts
