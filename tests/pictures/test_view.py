"""What judges that are language models are shown: the band, the sheet, and that both are taken apart again by the sandbox."""

from __future__ import annotations

import io
import random
from collections.abc import Callable
from functools import partial

import numpy as np
import pytest
from PIL import Image

from onbrief.errors import PictureError
from onbrief.pictures import SQUARES, PictureFile, inspect, view_of, view_size
from onbrief.ports import ANY_PICTURE, PictureLimits
from onbrief.questions import COLOURS
from onbrief.testing import picture
from onbrief_sandbox.server.mind.framing import unframed

SIZES = [(64, 64), (512, 512), (1024, 1024), (1568, 400), (300, 1568), (1568, 1568), (1, 1)]


def noise(size: tuple[int, int]) -> bytes:
    """A picture that no encoding makes small."""
    out, draw = io.BytesIO(), random.Random(1)  # noqa: S311 - it is a picture
    Image.frombytes("RGB", size, draw.randbytes(3 * size[0] * size[1])).save(out, "PNG")
    return out.getvalue()


@pytest.mark.parametrize("size", SIZES[:-1])
@pytest.mark.parametrize("make", [partial(picture, 5), noise], ids=["flat", "noise"])
def test_the_band_is_seen_and_what_is_above_it_is_the_picture(size: tuple[int, int], make: Callable[..., bytes]) -> None:
    copy = make(size)
    view = view_of(copy, ANY_PICTURE)
    facts = inspect(view.data)
    assert len(view.colours) == SQUARES
    most = view_size(size, ANY_PICTURE)
    assert (facts.width <= most[0], facts.height <= most[1], len(view.data) <= ANY_PICTURE.bytes) == (True, True, True)
    framed = unframed(view.data, beside=False)
    assert framed is not None
    assert framed.squares == view.colours
    whole = inspect(framed.image)
    assert whole.width / whole.height == pytest.approx(size[0] / size[1], rel=0.02)
    assert view_of(copy, ANY_PICTURE) == view


def test_the_colours_differ_from_picture_to_picture_and_all_occur() -> None:
    shown = [view_of(picture(seed), ANY_PICTURE).colours for seed in range(40)]
    assert len(set(shown)) == 40
    assert {colour for colours in shown for colour in colours} == set(COLOURS)


@pytest.mark.parametrize("size", SIZES)
def test_a_sheet_has_the_whole_picture_on_its_left_and_its_parts_beside_it(size: tuple[int, int]) -> None:
    boxes = {f"r{n}": (n / 10, n / 10, n / 10 + 0.12, n / 10 + 0.12) for n in range(9)} | {"same": (0.0, 0.01, 0.11, 0.12)}
    view = view_of(picture(5, size), ANY_PICTURE, boxes)
    facts = inspect(view.data)
    assert max(facts.width, facts.height) <= ANY_PICTURE.side
    assert view.parts["same"] == view.parts["r0"] == "A"
    assert set(view.parts.values()) <= set("ABCDEF")
    framed = unframed(view.data, beside=True)
    assert framed is not None
    assert framed.squares == view.colours
    whole = inspect(framed.image)
    if min(size) > 1:
        assert whole.width < facts.width
        with Image.open(io.BytesIO(framed.image)) as left, Image.open(io.BytesIO(picture(5, size))) as original:
            small = original.convert("RGB").resize(left.size, Image.Resampling.BOX)
            for x, y in ((0.25, 0.25), (0.75, 0.75), (0.25, 0.9)):
                at = int(x * left.width), int(y * left.height)
                assert left.convert("RGB").getpixel(at) == pytest.approx(small.getpixel(at), abs=12)


def test_a_part_is_shown_enlarged() -> None:
    out = io.BytesIO()
    image = Image.new("RGB", (1000, 1000), "white")
    image.paste((220, 0, 0), (400, 400, 440, 440))
    image.save(out, "PNG")
    view = view_of(PictureFile(out.getvalue()).judge_copy(ANY_PICTURE), ANY_PICTURE, {"r1": (0.4, 0.4, 0.44, 0.44)})
    with Image.open(io.BytesIO(view.data)) as sheet:
        right = sheet.convert("RGB").crop((sheet.width * 2 // 3, 0, sheet.width, sheet.height - 100))
    red = np.asarray(right).astype(int)
    assert ((red[..., 0] > 150) & (red[..., 1] < 80)).sum() > 3 * 40 * 40


@pytest.mark.parametrize("limits", [PictureLimits(side=10), PictureLimits(bytes=100)])
def test_limits_that_leave_no_room_are_an_error(limits: PictureLimits) -> None:
    with pytest.raises(PictureError, match="cannot be brought within"):
        view_of(picture(5, (64, 64)), limits)
