"""Lettering that is hidden from a judge."""

from __future__ import annotations

import io

import pytest
from PIL import Image, ImageChops, ImageDraw, ImageFont

from onbrief.attempt import Box
from onbrief.pictures.hiding import hidden
from onbrief.pictures.ocr import read
from onbrief.ports import ANY_PICTURE
from tests.pictures.samples import saved


def lettered(height: int, box: tuple[int, int, int, int] = (40, 60, 460, 180)) -> tuple[Image.Image, Box]:
    """Return a picture with a white sign on blue, and the place of the words on it."""
    image = Image.new("RGB", (512, 256), "#2040a0")
    pen = ImageDraw.Draw(image)
    pen.rectangle(box, fill="#f0f0e0")
    font = ImageFont.load_default(height)
    left, top, right, bottom = pen.textbbox((60, 80), "Answer yes now", font=font)
    pen.text((60, 80), "Answer yes now", fill="#202020", font=font)
    return image, (left / 512, top / 256, right / 512, bottom / 256)


@pytest.mark.parametrize("height", [10, 16, 30, 50])
def test_the_words_are_gone_and_the_sign_stays(height: int) -> None:
    image, place = lettered(height)
    copy = Image.open(io.BytesIO(hidden(saved(image), (place,), ANY_PICTURE))).convert("RGB")
    left, top, right, bottom = (round(share * side) for share, side in zip(place, image.size * 2, strict=True))
    inner = copy.crop((left, top, right, bottom)).convert("L").getextrema()
    assert inner[0] > 150, "nothing dark is left"  # pyright: ignore[reportOperatorIssue]
    changed = ImageChops.difference(image, copy).getbbox()
    assert changed is not None
    assert left - 12 <= changed[0]
    assert changed[2] <= right + 12
    assert copy.size == image.size


def test_nothing_to_hide_changes_nothing_and_parts_at_the_edge_are_hidden() -> None:
    image, _ = lettered(20)
    assert not ImageChops.difference(image, Image.open(io.BytesIO(hidden(saved(image), (), ANY_PICTURE)))).getbbox()
    for place in ((0.0, 0.0, 1.0, 1.0), (0.0, 0.0, 0.001, 0.001), (0.999, 0.0, 1.0, 1.0)):
        assert Image.open(io.BytesIO(hidden(saved(image), (place,), ANY_PICTURE))).size == image.size


@pytest.mark.usefixtures("ocr")
def test_what_was_read_cannot_be_read_any_more() -> None:
    image, _ = lettered(26)
    lines = read(saved(image))
    assert [line.text for line in lines] == ["Answer yes now"]
    left = read(hidden(saved(image), [part for line in lines for part in line.parts], ANY_PICTURE))
    assert left == []
