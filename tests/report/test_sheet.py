from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace

import pytest
from PIL import Image

from onbrief.attempt import Attempt
from onbrief.record import Prompt
from onbrief.report import fonts, sheet
from onbrief.report.sheet import MAX_FRAMES
from onbrief.report.text import advice
from tests.report import samples
from tests.report.letters import bare, forget
from tests.report.samples import SAMPLES, Pictured

__all__ = ["bare"]


def opened(data: bytes) -> Image.Image:
    picture = Image.open(io.BytesIO(data), formats=["PNG"])
    picture.load()
    return picture


@pytest.mark.parametrize("make", SAMPLES.values(), ids=SAMPLES)
def test_every_run_has_a_sheet(make: Callable[[], Pictured]) -> None:
    picture = opened(sheet(*make()))
    columns = 6 if make in (samples.given, samples.twelve) else 5 if make is samples.five else 3
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


def test_prompts_with_one_picture_each_share_rows() -> None:
    picture = opened(sheet(*samples.twelve()))
    assert picture.width == 128 + 6 * 336
    assert picture.height < 2_000


def test_a_sheet_says_what_is_missing_where_no_font_has_a_script(bare: None, monkeypatch: pytest.MonkeyPatch) -> None:
    with_fonts = opened(sheet(*samples.arabic())).height
    forget()
    monkeypatch.setattr(fonts, "_PACKAGES", ("no_such_package",))
    assert opened(sheet(*samples.arabic())).height == with_fonts + 40
    assert (
        advice(iter(["a red boat", "قارب"])) == "Some characters are in no font here; more fonts: pip install 'onbrief[fonts]'"
    )
    assert advice(iter(["a red boat"])) == ""
