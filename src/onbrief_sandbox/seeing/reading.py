"""Reads the lettering on cards and banners: dark strokes on a pale face, in lines of fixed-width letters."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import resvg_py
from PIL import Image

from onbrief_sandbox.painting.lettering import ADVANCE, GLYPHS, HEIGHT, PEN
from onbrief_sandbox.seeing.regions import Labels, Region, connected

_COLUMNS, _ROWS = 14, 20
_WIDEST = 4.0 + PEN  # width of the widest letter, in glyph units
_MARGIN = 0.75  # margin around the box of a letter, in glyph units
_DARK = 140  # halfway between ink and cream
_LONGEST_READ = 160  # maximum connected parts of letters; the painter's own lettering always has fewer


@dataclass(frozen=True, slots=True)
class _Letter:
    left: float
    right: float
    labels: tuple[int, ...]
    top: int
    bottom: int

    @property
    def x(self) -> float:
        return (self.left + self.right) / 2


def read(face: Image.Image) -> list[str]:
    """Return the lines on a face from top to bottom, in capitals. The image must be greyscale and show only the face."""
    grey = np.asarray(face)
    dark = grey < _DARK
    labels, regions = connected(dark)
    height, width = dark.shape
    inside = [r for r in regions if r.left > 0 and r.top > 0 and r.right < width and r.bottom < height and r.area > 2]
    if not inside or len(inside) > _LONGEST_READ:
        return []
    tallest = max(r.height for r in inside)
    lines = _lines(inside, tallest)
    return [line for line in (_line(labels, parts, grey) for parts in lines) if line]


def _lines(regions: list[Region], tallest: int) -> list[list[Region]]:
    """Group the parts of letters into lines. Small marks go to the nearest line."""
    lines: list[tuple[float, list[Region]]] = []
    for region in sorted((r for r in regions if r.height > 0.6 * tallest), key=lambda r: r.top):
        middle = (region.top + region.bottom) / 2
        for centre, parts in lines:
            if abs(centre - middle) < 0.5 * tallest:
                parts.append(region)
                break
        else:
            lines.append((middle, [region]))
    for region in regions:
        if region.height <= 0.6 * tallest and max(region.width, region.height) > 0.08 * tallest:
            middle = (region.top + region.bottom) / 2
            centre, parts = min(lines, key=lambda line: abs(line[0] - middle))
            if abs(centre - middle) < 0.75 * tallest:
                parts.append(region)
    return [parts for _, parts in sorted(lines, key=lambda line: line[0])]


def _line(labels: Labels, parts: list[Region], grey: npt.NDArray[np.uint8]) -> str:
    tall = sorted(parts, key=lambda r: -r.height)
    letters_tall = [r for r in tall if r.height > 0.85 * tall[0].height]
    bottom = float(np.median([r.bottom for r in letters_tall]))
    top = float(np.median([r.top for r in letters_tall]))
    unit = (bottom - top) / (HEIGHT + PEN)
    letters: list[_Letter] = []
    for part in sorted(_split(labels, parts, unit), key=lambda r: (r.left + r.right) / 2):
        x = (part.left + part.right) / 2
        if letters and x - letters[-1].x < 0.5 * ADVANCE * unit:
            last = letters[-1]
            letters[-1] = _Letter(min(last.left, part.left), max(last.right, part.right), (*last.labels, part.label), 0, 0)
        else:
            letters.append(_Letter(part.left, part.right, (part.label,), part.top, part.bottom))
    windows = np.stack([_window(labels, letter, top, unit, grey) for letter in letters])
    names, stencils = _alphabet()
    distances = np.abs(windows[:, None] - stencils[None]).mean(axis=2)
    text = ""
    for i, letter in enumerate(letters):
        if i:
            text += " " * max(0, round((letter.x - letters[i - 1].x) / (ADVANCE * unit)) - 1)
        text += names[int(np.argmin(distances[i]))]
    return " ".join(text.split())


def _split(labels: Labels, parts: list[Region], unit: float) -> Iterator[Region]:
    """Yield the parts, with letters that run together, as small ones do, cut into pieces with separate labels."""
    for part in parts:
        count = min(max(1, round((part.width / unit - _WIDEST) / ADVANCE) + 1), part.width)
        here = labels[part.top : part.bottom, part.left : part.right]
        ink = (here == part.label).sum(axis=0)
        cuts = [0]
        for k in range(1, count):
            near = np.arange(part.width)
            cost = ink + np.abs(near - k * part.width / count) / unit * 0.2 * part.height
            cuts.append(min(max(cuts[-1] + 1, int(np.argmin(cost))), part.width - count + k))
        for left, right in pairwise([*cuts, part.width]):
            label = part.label if not left else int(labels.max()) + 1
            piece = here[:, left:right]
            if left:
                piece[piece == part.label] = label
            yield replace(part, label=label, left=part.left + left, right=part.left + right)


def _window(labels: Labels, letter: _Letter, top: float, unit: float, grey: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    """Return the darkness of the letter's strokes on a small grid, centred on the letter and as high as the line."""
    half = 2 + _MARGIN + PEN / 2
    left, upper = letter.x - half * unit, top - _MARGIN * unit
    right, lower = letter.x + half * unit, top + (HEIGHT + PEN + 2 * _MARGIN) * unit
    x0, x1 = max(0, int(left) - 1), min(grey.shape[1], int(right) + 2)
    y0, y1 = max(0, int(upper) - 1), min(grey.shape[0], int(lower) + 2)
    part = labels[y0:y1, x0:x1]
    others = (part > 0) & ~np.isin(part, letter.labels)
    inked = np.where(others, 0, 255 - grey[y0:y1, x0:x1]).astype(np.uint8)
    box = (left - x0, upper - y0, right - x0, lower - y0)
    small = Image.fromarray(inked).transform(
        (_COLUMNS * 3, _ROWS * 3), Image.Transform.EXTENT, box, Image.Resampling.BILINEAR
    ).reduce(3)  # fmt: skip
    return _contrasted(np.asarray(small, np.float32).ravel())


def _contrasted(window: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    low, high = np.percentile(window, 5), window.max()
    return np.clip((window - low) / max(1.0, float(high - low)), 0, 1).astype(np.float32)


@cache
def _alphabet() -> tuple[str, npt.NDArray[np.float32]]:
    """Return each glyph in the form that `_window` returns."""
    unit = 8.0
    rows: list[npt.NDArray[np.float32]] = []
    for path in GLYPHS.values():
        svg = (
            '<svg xmlns="http://www.w3.org/2000/svg" width="112" height="112" viewBox="-5 -4 14 14">'
            f'<rect x="-5" y="-4" width="14" height="14" fill="#fff5dc"/><path d="{path}" fill="none" stroke="#282438" '
            f'stroke-width="{PEN}" stroke-linecap="round" stroke-linejoin="round"/></svg>'
        )
        picture = Image.open(io.BytesIO(resvg_py.svg_to_bytes(svg_string=svg, skip_system_fonts=True))).convert("L")
        grey = np.asarray(picture)
        labels, regions = connected(grey < _DARK)
        letter = _Letter(min(r.left for r in regions), max(r.right for r in regions), tuple(r.label for r in regions), 0, 0)
        rows.append(_window(labels, letter, (4 - PEN / 2) * unit, unit, grey))
    return "".join(GLYPHS), np.stack(rows)
