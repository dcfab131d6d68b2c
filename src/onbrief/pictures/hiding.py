"""A judge's copy of a picture with parts of it hidden."""

from __future__ import annotations

import io
from collections.abc import Sequence
from statistics import median_low
from typing import cast

from PIL import Image, ImageDraw

from onbrief.pictures.decoding import decoding, opened
from onbrief.pictures.flattening import flatten
from onbrief.pictures.picture_file import PictureFile
from onbrief.ports import PictureLimits
from onbrief.record import Box

_MARGIN = 0.25  # of a box's height, on each side: letters reach beyond their box
_LEAST = 3  # pixels of it, at least


def hidden(copy: bytes, boxes: Sequence[Box], limits: PictureLimits) -> bytes:
    """Return the copy with these parts filled with the colour around them, within the judge's limits.

    Raises:
        PictureError: limits that it cannot be brought within.
    """
    image = opened(copy, ["PNG", "JPEG", "WEBP"])
    with decoding(image.size):
        image.load()
        pixels, _ = flatten(image, "white", alpha=image.mode in ("RGBA", "LA", "P"))
        pixels = pixels.convert("RGB")
        painted, pen = pixels.copy(), None
        for box in boxes:
            pen = pen or ImageDraw.Draw(painted)
            place = _grown(box, pixels.size)
            pen.rectangle(place, fill=_around(pixels, place))
        file = io.BytesIO()
        painted.save(file, "PNG", compress_level=2)
    return PictureFile(file.getvalue()).judge_copy(limits)


def _grown(box: Box, size: tuple[int, int]) -> tuple[int, int, int, int]:
    left, top, right, bottom = (box[0] * size[0], box[1] * size[1], box[2] * size[0], box[3] * size[1])
    margin = max(_LEAST, _MARGIN * (bottom - top))
    return (
        max(0, int(left - margin)),
        max(0, int(top - margin)),
        min(size[0] - 1, int(right + margin) + 1),
        min(size[1] - 1, int(bottom + margin) + 1),
    )


def _around(pixels: Image.Image, place: tuple[int, int, int, int]) -> tuple[int, int, int]:
    """Return the middle colour along the edge of a part, channel by channel."""
    left, top, right, bottom = place
    edges = ((left, top, right + 1, top + 1), (left, bottom, right + 1, bottom + 1))
    sides = ((left, top, left + 1, bottom + 1), (right, top, right + 1, bottom + 1))
    found: list[tuple[int, int, int]] = []
    for edge in (*edges, *sides):
        part = pixels.crop(edge)
        found += [cast("tuple[int, int, int]", part.getpixel((x, y))) for x in range(part.width) for y in range(part.height)]
    red, green, blue = (median_low(pixel[channel] for pixel in found) for channel in range(3))
    return red, green, blue
