"""What onbrief puts around a picture before it asks about it, taken apart from the pixels alone: a band with coloured squares
below it, and enlarged parts to its right. Both are separated from the picture by a line of black, white and black.
"""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image

from onbrief_sandbox.files import FORMATS

_STROKE = 4  # pixels of each colour of a line
_DARK, _LIGHT = 70, 185  # of 255: above and below them, no stroke of a line
_NAMES = {
    "red": (220, 0, 0), "yellow": (255, 220, 0), "green": (0, 150, 0), "blue": (0, 40, 220),
    "black": (0, 0, 0), "white": (255, 255, 255),
}  # fmt: skip
_FAR = 60  # in RGB from the grey of the band: part of a square

Pixels = npt.NDArray[np.int16]


@dataclass(frozen=True, slots=True)
class Framed:
    """A picture without what was put around it, as a PNG, and the names of the colours of the squares below it."""

    image: bytes
    squares: tuple[str, ...]


def unframed(image: bytes, *, beside: bool) -> Framed | None:
    """Return the picture, without what is `beside` it if there is anything; None if there is no band below it."""
    try:
        with Image.open(io.BytesIO(image), formats=FORMATS) as opened:
            whole = opened.convert("RGB")
    except (OSError, SyntaxError, ValueError, EOFError, Image.DecompressionBombError, Warning):
        return None
    pixels = np.asarray(whole).astype(np.int16)
    bottom = _line(pixels)
    if bottom is None:
        return None
    squares = _squares(pixels[bottom + 3 * _STROKE :])
    right = _line(pixels[:bottom].transpose(1, 0, 2)) if beside else None
    out = io.BytesIO()
    whole.crop((0, 0, whole.width if right is None else right, bottom)).save(out, "PNG", compress_level=1)
    return Framed(out.getvalue(), squares)


def _line(pixels: Pixels) -> int | None:
    """Return the row at which the last line across the whole width begins, or None."""
    brightest, darkest = pixels.max(axis=(1, 2)), pixels.min(axis=(1, 2))
    black, white = brightest < _DARK, darkest > _LIGHT
    for top in range(len(pixels) - 3 * _STROKE, -1, -1):
        strokes = (black[top + _STROKE * n : top + _STROKE * (n + 1)] for n in (0, 2))
        if all(stroke.all() for stroke in strokes) and white[top + _STROKE : top + 2 * _STROKE].all():
            return top
    return None


def _squares(band: Pixels) -> tuple[str, ...]:
    """Return the colours of what lies side by side in the middle row of the band, from left to right."""
    if not len(band):
        return ()
    row = band[len(band) // 2]
    grey = row[0]
    inside = np.abs(row - grey).max(axis=1) > _FAR
    edges = np.flatnonzero(np.diff(np.concatenate([[False], inside, [False]]).astype(np.int8)))
    return tuple(_name(row[(left + right) // 2]) for left, right in zip(edges[::2], edges[1::2], strict=True))


def _name(colour: Pixels) -> str:
    return min(_NAMES, key=lambda name: sum((a - float(b)) ** 2 for a, b in zip(_NAMES[name], colour, strict=True)))
