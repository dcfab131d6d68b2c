"""A machine without fonts of its own, and what letters look like."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PIL import Image, ImageDraw

from onbrief.report import fonts
from onbrief.report.text import Letters


def forget() -> None:
    """Forget which fonts there are."""
    for cached in (fonts.font, fonts.face_of, fonts.has, fonts.has_packages, fonts._faces):
        cached.cache_clear()


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A machine without fonts, but with onbrief[fonts]; the test is skipped where that is not installed."""
    forget()
    if not fonts.has_packages():
        pytest.skip("onbrief[fonts] is not installed")
    monkeypatch.setattr(fonts, "machine_fonts", list)
    yield
    forget()


def drawn(text: str, size: int = 40) -> Image.Image:
    """The text in black on white, cut to its ink."""
    spot = Image.new("L", (1600, 120))
    Letters(size).draw(ImageDraw.Draw(spot), (20, 80), text, "white")
    return spot.crop(spot.getbbox())
