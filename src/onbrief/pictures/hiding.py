"""A judge's copy of a picture with lettering hidden: each pixel gets the middle colour of more than a letter around it.

Strokes, which fill less than half of that, are gone. What is larger stays, such as the sign with the words, or a thing behind.
"""

from __future__ import annotations

import io
from collections.abc import Sequence

from PIL import Image, ImageFilter

from onbrief.attempt import Box
from onbrief.pictures.decoding import decoding, opened
from onbrief.pictures.flattening import flatten
from onbrief.pictures.picture_file import PictureFile
from onbrief.ports import PictureLimits

_MARGIN = 0.1  # of a box's shorter side, on each side: letters reach beyond their box
_LEAST = 2  # pixels of it, at least
_SIDE, _SURROUNDINGS = 24, 17  # pixels: the shorter side of a box in which the surroundings are this large


def hidden(copy: bytes, boxes: Sequence[Box], limits: PictureLimits) -> bytes:
    """Return the copy with the lettering in these parts hidden, within the judge's limits.

    Raises:
        PictureError: limits that it cannot be brought within.
    """
    image = opened(copy, ["PNG", "JPEG", "WEBP"])
    with decoding(image.size):
        image.load()
        pixels, _ = flatten(image, "white", alpha=image.mode in ("RGBA", "LA", "P"))
        pixels = pixels.convert("RGB")
        painted = pixels.copy()
        for box in boxes:
            place = _grown(box, pixels.size)
            painted.paste(_without_strokes(pixels, place), place)
        file = io.BytesIO()
        painted.save(file, "PNG", compress_level=2)
    return PictureFile(file.getvalue()).judge_copy(limits)


def _grown(box: Box, size: tuple[int, int]) -> tuple[int, int, int, int]:
    left, top, right, bottom = (box[0] * size[0], box[1] * size[1], box[2] * size[0], box[3] * size[1])
    margin = max(_LEAST, _MARGIN * min(right - left, bottom - top))
    return (
        max(0, int(left - margin)),
        max(0, int(top - margin)),
        min(size[0], int(right + margin) + 1),
        min(size[1], int(bottom + margin) + 1),
    )


def _without_strokes(pixels: Image.Image, place: tuple[int, int, int, int]) -> Image.Image:
    left, top, right, bottom = place
    scale = min(1.0, _SIDE / min(right - left, bottom - top))
    around = round(_SURROUNDINGS / 2 / scale)
    there = (
        max(0, left - around),
        max(0, top - around),
        min(pixels.width, right + around),
        min(pixels.height, bottom + around),
    )
    part = pixels.crop(there)
    small = part.resize((max(1, round(part.width * scale)), max(1, round(part.height * scale))), Image.Resampling.BOX)
    middle = small.filter(ImageFilter.MedianFilter(_SURROUNDINGS)).resize(part.size, Image.Resampling.BILINEAR)
    return middle.crop((left - there[0], top - there[1], right - there[0], bottom - there[1]))
