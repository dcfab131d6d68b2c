from __future__ import annotations

import io

import pytest
from PIL import Image

from onbrief.brief import Size
from onbrief.errors import UsageError
from onbrief.pictures import mask_for
from onbrief_sandbox.scene import Box
from tests.masks import mask

SIZE = (80, 60)
LEFT = Box(0, 0, 0.5, 1)


def pixels(data: bytes) -> tuple[str, Size, tuple[int, int, int, int] | None, set[int]]:
    """Format, size, where it is white, and which greys there are."""
    image = Image.open(io.BytesIO(data))
    assert image.mode == "L"
    return image.format or "", image.size, image.getbbox(), set(image.tobytes())


@pytest.mark.parametrize(
    ("kind", "mode"),
    [("PNG", "L"), ("PNG", "1"), ("PNG", "P"), ("PNG", "RGBA"), ("PNG", "I;16"), ("JPEG", "L"), ("WEBP", "RGB")],
)
def test_a_mask_of_any_kind_becomes_a_grey_png_of_black_and_white(kind: str, mode: str) -> None:
    if mode == "I;16":
        out = io.BytesIO()
        deep = Image.open(io.BytesIO(mask(SIZE, LEFT))).convert("I").point(lambda value: value * 257 + 0)
        deep.convert("I;16").save(out, "PNG")
        data = out.getvalue()
    else:
        data = mask(SIZE, LEFT, kind=kind, mode=mode)
    assert pixels(mask_for(SIZE, data)) == ("PNG", SIZE, (0, 0, 40, 60), {0, 255})


def test_a_larger_mask_of_the_same_shape_is_scaled_down() -> None:
    assert pixels(mask_for(SIZE, mask((240, 180), LEFT))) == ("PNG", SIZE, (0, 0, 40, 60), {0, 255})


def test_what_is_transparent_stays() -> None:
    out = io.BytesIO()
    image = Image.new("RGBA", SIZE, (255, 255, 255, 0))
    image.paste((255, 255, 255, 255), (0, 0, 40, 60))
    image.save(out, "PNG")
    assert pixels(mask_for(SIZE, out.getvalue())) == ("PNG", SIZE, (0, 0, 40, 60), {0, 255})


@pytest.mark.parametrize(
    ("data", "part"),
    [
        (b"", "expected a PNG picture, white where the image may change"),
        (b"<html>", "mask: b'<html>' is not allowed; expected a PNG picture, white where the image may change"),
        (mask(SIZE, LEFT)[:-30], "expected a PNG picture"),
        (mask((40, 30), LEFT), "mask: '40x30' is not allowed; expected a picture of the image's own size, 80x60"),
        (mask((160, 60), LEFT), "mask: '160x60' is not allowed; expected a picture of the image's own size, 80x60"),
        (mask(SIZE), "mask: 'black all over' is not allowed; expected white where the image may change"),
    ],
)
def test_an_invalid_mask_is_refused(data: bytes, part: str) -> None:
    with pytest.raises(UsageError) as caught:
        mask_for(SIZE, data)
    assert part in str(caught.value)
