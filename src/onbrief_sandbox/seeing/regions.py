"""Finds the connected parts of a mask from runs of pixels, with array operations instead of a loop over pixels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Mask = npt.NDArray[np.bool_]
Labels = npt.NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Region:
    """One connected part. Its box is in pixels, with right and bottom exclusive."""

    label: int
    area: int
    left: int
    top: int
    right: int
    bottom: int

    @property
    def width(self) -> int:
        """The width in pixels."""
        return self.right - self.left

    @property
    def height(self) -> int:
        """The height in pixels."""
        return self.bottom - self.top


def connected(mask: Mask) -> tuple[Labels, list[Region]]:
    """Return a label for each pixel (0 if not set) and the connected parts. Pixels are connected if they share a side."""
    height, width = mask.shape
    padded = np.zeros((height, width + 2), np.int8)
    padded[:, 1:-1] = mask
    steps = np.diff(padded, axis=1).ravel()
    starts = np.flatnonzero(steps == 1)
    ends = np.flatnonzero(steps == -1)
    labels = _joined(starts, ends, width + 1)
    count = int(labels.max(initial=-1)) + 1
    if not count:
        return np.zeros(mask.shape, np.int32), []
    change = np.zeros(height * (width + 1), np.int32)
    change[starts] = labels + 1
    change[ends] = -labels - 1
    painted = np.cumsum(change, dtype=np.int32).reshape(height, width + 1)[:, :-1]
    return painted, _measured(labels, starts, ends, width + 1, count)


def touching_border(mask: Mask) -> Mask:
    """Return the pixels of the parts that touch the border of the picture."""
    labels, regions = connected(mask)
    height, width = mask.shape
    reaches = np.zeros(len(regions) + 1, bool)
    for r in regions:
        reaches[r.label] = r.left == 0 or r.top == 0 or r.right == width or r.bottom == height
    return reaches[labels]


def _joined(starts: npt.NDArray[np.intp], ends: npt.NDArray[np.intp], stride: int) -> npt.NDArray[np.int32]:
    """Return a part number for each run, from 0 without gaps. Connected runs have the same number."""
    first = np.searchsorted(ends, starts + stride, side="right")  # the range of runs in the next row that overlap this one
    last = np.searchsorted(starts, ends + stride, side="left")
    many = np.maximum(last - first, 0)
    upper = np.repeat(np.arange(len(starts)), many)
    lower = np.arange(int(many.sum())) - np.repeat(np.cumsum(many) - many, many) + np.repeat(first, many)
    root = np.arange(len(starts))
    while True:
        a, b = root[upper], root[lower]
        apart = a != b
        if not apart.any():
            break
        upper, lower, a, b = upper[apart], lower[apart], a[apart], b[apart]
        np.minimum.at(root, np.maximum(a, b), np.minimum(a, b))
        while True:  # until each run points directly at its root
            higher = root[root]
            if np.array_equal(higher, root):
                break
            root = higher
    return np.unique(root, return_inverse=True)[1].astype(np.int32)


def _measured(
    labels: npt.NDArray[np.int32], starts: npt.NDArray[np.intp], ends: npt.NDArray[np.intp], stride: int, count: int
) -> list[Region]:
    rows, columns = np.divmod(starts, stride)
    area = np.bincount(labels, ends - starts, count).astype(int)
    left, top = np.full(count, stride), np.full(count, np.iinfo(int).max)
    right, bottom = np.zeros(count, int), np.zeros(count, int)
    np.minimum.at(left, labels, columns)
    np.minimum.at(top, labels, rows)
    np.maximum.at(right, labels, columns + (ends - starts))
    np.maximum.at(bottom, labels, rows + 1)
    box = np.stack([area, left, top, right, bottom], axis=1).tolist()
    return [Region(i + 1, *values) for i, values in enumerate(box)]
