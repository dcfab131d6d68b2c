"""The band below a picture that shows whether its judge sees anything: squares whose colours depend on the picture."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Final

from PIL import Image

from onbrief.questions import COLOURS, SquareColour

SQUARES: Final = 5
STROKE: Final = 4  # pixels; a line of three strokes separates what is in the picture from what is not
GREY: Final = (128, 128, 128)

_RGB: Final[dict[SquareColour, tuple[int, int, int]]] = {
    "red": (220, 0, 0),
    "yellow": (255, 220, 0),
    "green": (0, 150, 0),
    "blue": (0, 40, 220),
    "black": (0, 0, 0),
    "white": (255, 255, 255),
}
_SHARE, _LEAST = 0.06, 40  # of the height of what is above the band, and in pixels


def colours_for(data: bytes) -> tuple[SquareColour, ...]:
    """Return the colours of the squares below the picture in this file."""
    return tuple(COLOURS[byte % len(COLOURS)] for byte in hashlib.sha256(data).digest()[:SQUARES])


def added_height(height: int) -> int:
    """Return by how many pixels the band makes a picture of this height higher, the line above the band included."""
    return 3 * STROKE + max(_LEAST, round(_SHARE * height))


def with_band(image: Image.Image, colours: Sequence[SquareColour]) -> Image.Image:
    """Return an RGB picture with a band of squares in these colours below it."""
    width, height = image.size
    whole = Image.new("RGB", (width, height + added_height(height)), GREY)
    whole.paste(image, (0, 0))
    line(whole, (0, height, width, height + 3 * STROKE), upright=False)
    top, band = height + 3 * STROKE, added_height(height) - 3 * STROKE
    side = min(round(0.6 * band), width // (2 * len(colours)))
    for number, colour in enumerate(colours):
        left = round((number + 0.5) * width / len(colours)) - side // 2
        above = top + (band - side) // 2
        whole.paste(_RGB[colour], (left, above, left + side, above + side))
    return whole


def line(image: Image.Image, at: tuple[int, int, int, int], *, upright: bool) -> None:
    """Draw the line of black, white and black that separates what is in the picture from what is not."""
    left, top, right, bottom = at
    image.paste((0, 0, 0), at)
    image.paste(
        (255, 255, 255),
        (left + STROKE, top, right - STROKE, bottom) if upright else (left, top + STROKE, right, bottom - STROKE),
    )
