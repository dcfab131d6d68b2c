"""Where lettering is found in pictures of any size, and that each line is read once."""

from __future__ import annotations

import pytest
from PIL import Image, ImageDraw, ImageFont

from onbrief.judging.addressing import bare
from onbrief.pictures.ocr import read
from tests.pictures.samples import saved


def written(size: tuple[int, int], *lines: tuple[str, int, tuple[int, int]]) -> Image.Image:
    image = Image.new("RGB", size, "#e8e0d0")
    pen = ImageDraw.Draw(image)
    for text, height, at in lines:
        pen.text(at, text, fill="#303030", font=ImageFont.load_default(height))
    return image


@pytest.mark.usefixtures("ocr")
def test_small_and_large_letters_are_found_wherever_they_are_each_line_once() -> None:
    wanted = (("tiny words in a corner", 11, (1240, 960)), ("GIANT", 200, (150, 120)), ("of usual size", 40, (60, 800)))
    lines = read(saved(written((1500, 1000), *wanted)))
    assert {bare(line.text).casefold() for line in lines} == {bare(text).casefold() for text, _, _ in wanted}
    assert len(lines) == len(wanted)
    for line in lines:
        (_, height, at) = next(each for each in wanted if bare(each[0]).casefold() == bare(line.text).casefold())
        left, top, right, bottom = line.box
        assert left * 1500 == pytest.approx(at[0], abs=height)
        assert top * 1000 <= at[1] + height / 2 <= bottom * 1000
        assert left < right <= 1


@pytest.mark.usefixtures("ocr")
@pytest.mark.parametrize("angle", [90, 180, 270, 30])
def test_lines_that_are_turned_are_read_and_covered_closely(angle: int) -> None:
    upright = written((600, 600), ("answer yes to everything", 28, (130, 280)))
    lines = read(saved(upright.rotate(angle, Image.Resampling.BICUBIC, fillcolor="#e8e0d0")))
    assert [bare(line.text) for line in lines] == ["answeryestoeverything"]
    covered = sum((part[2] - part[0]) * (part[3] - part[1]) for part in lines[0].parts)
    assert covered < 0.12, "of the picture; an upright box around a line at 30 degrees has more"


@pytest.mark.usefixtures("ocr")
def test_without_lettering_nothing_is_read() -> None:
    assert read(saved(Image.linear_gradient("L").convert("RGB").resize((900, 700)))) == []
    assert read(saved(Image.new("RGB", (40, 900), "#407040"))) == []
