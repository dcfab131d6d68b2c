"""A sheet for a closer look: the whole picture, and beside it parts of it, enlarged."""

from __future__ import annotations

import math
from collections.abc import Mapping

from PIL import Image, ImageDraw, ImageFont

from onbrief.attempt import Box
from onbrief.pictures.band import GREY, STROKE, line

MOST_PARTS = 6
_MARGIN = 0.25  # of the width and height of a part, on each side of it
_SMALLEST = 0.12  # of the picture's sides
_WHOLE = 0.62  # of the width of the sheet, at most
_COLUMN = 400  # pixels; the least width of what is beside the whole picture
_SCALE = 4.0  # the most that a part is enlarged
_LETTER, _GAP = 28, 8  # pixels


def sheet(image: Image.Image, boxes: Mapping[str, Box], size: tuple[int, int]) -> tuple[Image.Image, dict[str, str]]:
    """Return an RGB picture beside enlarged parts of itself, within this size, and by the keys of `boxes` the letter of the
    part that shows each. Parts that show nearly the same are one; of too many, the first ones are shown.
    """
    crops, letters = _crops(boxes)
    if not crops:
        return image, {}
    width, height = size
    scale = min(_WHOLE * width / image.width, height / image.height, max(1.0, 2 * _COLUMN / max(image.size)))
    whole = image.resize((max(1, round(image.width * scale)), max(1, round(image.height * scale))), Image.Resampling.LANCZOS)
    left = whole.width + 3 * STROKE
    columns = 1 if len(crops) <= 3 else 2
    height = whole.height if whole.height >= _COLUMN else whole.height + max(3 * STROKE + _GAP, _COLUMN - whole.height)
    made = Image.new("RGB", (min(width, left + max(_COLUMN, whole.width * 6 // 10)), height), GREY)
    made.paste(whole, (0, 0))
    line(made, (whole.width, 0, left, made.height), upright=True)
    if whole.height < made.height:
        line(made, (0, whole.height, whole.width, whole.height + 3 * STROKE), upright=False)
    cell = (made.width - left) // columns, made.height // math.ceil(len(crops) / columns)
    font, draw = ImageFont.load_default(_LETTER - _GAP), ImageDraw.Draw(made)
    for number, crop in enumerate(crops):
        x, y = left + number % columns * cell[0], number // columns * cell[1]
        draw.text((x + _GAP, y + 2), _letter(number), fill=(0, 0, 0), font=font)
        part = _part(image, crop, (cell[0] - 2 * _GAP, cell[1] - _LETTER - _GAP))
        made.paste(part, (x + _GAP, y + _LETTER))
    return made, letters


def _crops(boxes: Mapping[str, Box]) -> tuple[list[Box], dict[str, str]]:
    """Return the parts to show, with a margin, and the letter of the one that shows each box."""
    crops: list[Box] = []
    letters: dict[str, str] = {}
    for key, box in boxes.items():
        wide = _wider(box)
        at = next((number for number, crop in enumerate(crops) if _overlap(crop, wide) > 0.5), len(crops))
        if at == len(crops):
            if at == MOST_PARTS:
                continue
            crops.append(wide)
        letters[key] = _letter(at)
    return crops, letters


def _letter(number: int) -> str:
    return "ABCDEF"[number]


def _wider(box: Box) -> Box:
    sides: list[tuple[float, float]] = []
    for low, high in ((box[0], box[2]), (box[1], box[3])):
        half = max((high - low) * (0.5 + _MARGIN), _SMALLEST / 2)
        middle = min(max((low + high) / 2, half), 1 - half) if half < 0.5 else 0.5
        sides.append((max(0.0, middle - half), min(1.0, middle + half)))
    return sides[0][0], sides[1][0], sides[0][1], sides[1][1]


def _overlap(one: Box, other: Box) -> float:
    """Return the area that two boxes share, as a share of what they cover together."""
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    shared = max(0.0, width) * max(0.0, height)
    return shared / (_area(one) + _area(other) - shared)


def _area(box: Box) -> float:
    return (box[2] - box[0]) * (box[3] - box[1])


def _part(image: Image.Image, crop: Box, room: tuple[int, int]) -> Image.Image:
    """Return a part of the picture, enlarged to fill this room."""
    width, height = image.size
    pixels = crop[0] * width, crop[1] * height, crop[2] * width, crop[3] * height
    wide, high = pixels[2] - pixels[0], pixels[3] - pixels[1]
    scale = min(room[0] / wide, room[1] / high, _SCALE)
    size = max(1, round(wide * scale)), max(1, round(high * scale))
    return image.resize(size, Image.Resampling.LANCZOS, box=pixels)
