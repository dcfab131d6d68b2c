from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace

import pytest
from PIL import Image

from onbrief.record import Attempt, Prompt
from onbrief.report import sheet
from onbrief.report.sheet import MAX_FRAMES
from onbrief.report.text import Letters, drawable
from tests.report import samples
from tests.report.samples import SAMPLES, Pictured


def opened(data: bytes) -> Image.Image:
    picture = Image.open(io.BytesIO(data), formats=["PNG"])
    picture.load()
    return picture


@pytest.mark.parametrize("make", SAMPLES.values(), ids=SAMPLES)
def test_every_run_has_a_sheet(make: Callable[[], Pictured]) -> None:
    picture = opened(sheet(*make()))
    columns = 6 if make is samples.given else 5 if make is samples.five else 3
    assert (picture.mode, picture.width) == ("RGB", 128 + columns * 336)


def test_the_sheet_grows_with_the_prompts_and_the_columns() -> None:
    row = (samples.FIRST, ["mmmmmum"] * 5)
    one = opened(sheet(*samples.shoot("r", samples.LAKE, (row,))))
    two = opened(sheet(*samples.shoot("r", samples.LAKE, (row, (samples.SECOND, ["mmmmmum"] * 5)))))
    assert two.width == one.width == 128 + 5 * 336
    assert two.height > one.height + 400


def test_a_long_row_is_continued_below() -> None:
    six = opened(sheet(*samples.shoot("r", samples.LAKE, ((samples.FIRST, ["mmmmmum"] * 6),))))
    seven = opened(sheet(*samples.shoot("r", samples.LAKE, ((samples.FIRST, ["mmmmmum"] * 7),))))
    assert seven.width == six.width
    assert seven.height > six.height + 400


def test_only_the_best_picture_is_circled() -> None:
    pencil = (255, 91, 58)
    run, pictures = samples.passed()
    circled = opened(sheet(run, pictures))
    plain = opened(sheet(replace(run, attempts=run.attempts[-1:], checklist=None), {}))
    assert pencil in {colour for _, colour in circled.getcolors(1 << 24) or []}
    assert pencil not in {colour for _, colour in plain.getcolors(1 << 24) or []}


def test_a_very_long_run_keeps_to_the_newest_rows() -> None:
    run, _ = samples.begun()
    attempts = tuple(Attempt(revision, 0, 1) for revision in range(MAX_FRAMES * 3))
    run = replace(
        run,
        brief=replace(run.brief, size=(1024, 256)),
        prompts=tuple(Prompt(a.revision, "a") for a in attempts),
        attempts=attempts,
    )
    long = opened(sheet(run, {})).height
    whole = opened(sheet(replace(run, prompts=run.prompts[:MAX_FRAMES], attempts=attempts[:MAX_FRAMES]), {})).height
    assert long == whole + 40


# -- lettering ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text", ["A red boat, two people.", "naïve “quotes” – 3 × 4 €", "W" * 300, "a b " * 200, "赤い舟と湖" * 50]
)
def test_no_line_is_wider_than_its_room(text: str) -> None:
    letters = Letters(20)
    lines = letters.wrap(drawable(text, 900), 400, 4)
    assert len(lines) <= 4
    assert max(letters.width(line) for line in lines) <= 400


def test_text_that_does_not_fit_ends_with_an_ellipsis() -> None:
    assert Letters(20).wrap("one two three four five six seven eight", 120, 2)[-1].endswith("…")


def test_text_that_fits_is_kept_whole() -> None:
    assert " ".join(Letters(20).wrap("one two three four five six", 120, 9)) == "one two three four five six"


def test_a_script_without_any_font_is_named_instead() -> None:
    """Cuneiform, which the fonts of hardly any machine have."""
    assert drawable("\U00012000\U00012001 \U00012002", 80) == "[text in another script]"


def test_latin_text_is_drawn_as_it_is() -> None:
    assert drawable("A red boat, two people: 100%", 80) == "A red boat, two people: 100%"


def test_signs_without_a_form_are_left_out() -> None:
    assert drawable("a\u200bb \ue000c", 80) == "ab c"
