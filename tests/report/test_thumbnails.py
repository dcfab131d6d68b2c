from __future__ import annotations

import io
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms

from onbrief.report.thumbnails import enlarged, index_thumbnail, reduced, thumbnail
from tests.pictures.samples import with_exif
from tests.report.samples import paint


def encoded(picture: Image.Image, form: str) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, form)
    return buffer.getvalue()


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP"])
def test_a_thumbnail_keeps_the_shape_within_the_longest_side(form: str) -> None:
    made = thumbnail(encoded(Image.new("RGB", (1600, 900), "teal"), form), 400, 40_000)
    assert made
    assert (made.width, made.height) == (400, 225)
    with Image.open(io.BytesIO(made.data)) as picture:
        assert (picture.format, picture.size) == ("WEBP", (400, 225))


def test_a_small_picture_is_not_enlarged() -> None:
    made = thumbnail(encoded(Image.new("RGB", (64, 48)), "PNG"), 400, 40_000)
    assert made
    assert (made.width, made.height) == (64, 48)


def test_a_thumbnail_stays_near_its_size_in_bytes() -> None:
    made = thumbnail(paint(1, (1024, 1024), 9.0), 560, 44_000)
    assert made
    assert 2_000 < len(made.data) <= 44_000


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "CMYK", "I;16"])
def test_every_mode_becomes_opaque_rgb(mode: str) -> None:
    form = "JPEG" if mode == "CMYK" else "PNG"
    small = reduced(encoded(Image.new(mode, (200, 100)), form), 50)
    assert small
    assert (small.mode, small.size) == ("RGB", (50, 25))


def test_sixteen_bits_keep_their_brightness() -> None:
    small = reduced(encoded(Image.new("I;16", (90, 90), 0x8000), "PNG"), 30)
    assert small
    assert small.getpixel((15, 15)) == (128, 128, 128)


def test_what_shows_through_is_white() -> None:
    small = reduced(encoded(Image.new("RGBA", (90, 90), (255, 0, 0, 0)), "PNG"), 30)
    assert small
    assert small.getpixel((15, 15)) == (255, 255, 255)


@pytest.mark.parametrize("data", [b"", b"<svg onload=alert(1)>", b"GIF89a" + bytes(40), b"\x89PNG\r\n\x1a\n" + bytes(60)])
def test_bytes_that_are_not_a_picture_have_no_thumbnail(data: bytes) -> None:
    assert thumbnail(data, 100, 10_000) is None


def test_a_picture_cut_short_anywhere_has_no_thumbnail() -> None:
    whole = paint(2, (64, 64))
    assert {thumbnail(whole[:length], 32, 10_000) for length in range(0, len(whole) - 16, len(whole) // 40)} == {None}


def test_a_picture_of_huge_dimensions_is_not_decoded() -> None:
    assert reduced(encoded(Image.new("1", (8000, 8000)), "PNG"), 100) is None


def marked(*, orientation: int = 1) -> bytes:
    """A white picture, 800 by 400, with a red mark whose box is (.7, .2, .8, .3), stored as this EXIF orientation says."""
    picture = Image.new("RGB", (800, 400), "white")
    picture.paste("red", (560, 80, 640, 120))
    buffer = io.BytesIO()
    turned = picture.transpose(Image.Transpose.ROTATE_90) if orientation == 6 else picture
    turned.save(buffer, "JPEG", quality=95, exif=with_exif(orientation))
    return buffer.getvalue()


@pytest.mark.parametrize("orientation", [1, 6])
def test_a_part_is_cut_from_the_upright_picture_with_its_surroundings(orientation: int) -> None:
    part = enlarged(marked(orientation=orientation), (0.7, 0.2, 0.8, 0.3), 320, 40_000)
    assert part
    with Image.open(io.BytesIO(part.data)) as picture:
        pixels = picture.convert("RGB")
    width, height = pixels.size
    middle, corner = pixels.getpixel((width // 2, height // 2)), pixels.getpixel((2, 2))
    assert isinstance(middle, tuple)
    assert isinstance(corner, tuple)
    assert (middle[0] > 200, middle[1] < 80, corner[1] > 200) == (True, True, True)
    assert (width, height) == (128, 64)


@settings(max_examples=60, deadline=None)
@given(st.tuples(*[st.floats(allow_nan=True, allow_infinity=True) | st.floats(-0.2, 1.2)] * 4))
def test_any_box_gives_a_part_of_the_picture(box: tuple[float, float, float, float]) -> None:
    part = enlarged(marked(), box, 160, 20_000)
    assert part
    assert 1 <= min(part.width, part.height) <= max(part.width, part.height) <= 160


def test_colours_of_a_profile_are_those_that_the_picture_is_seen_with() -> None:
    standard: bytes = ImageCms.ImageCmsProfile(cast("Any", ImageCms).createProfile("sRGB")).tobytes()
    at = {name: standard.index(name, 128) for name in (b"rXYZ", b"gXYZ")}
    swapped = bytearray(standard)
    for name, other in zip(at, reversed(at), strict=True):
        swapped[at[name] + 4 : at[name] + 12] = standard[at[other] + 4 : at[other] + 12]
    seen: list[object] = []
    for profile in (standard, bytes(swapped), b"no profile at all"):
        buffer = io.BytesIO()
        Image.new("RGB", (90, 90), (255, 0, 0)).save(buffer, "PNG", icc_profile=profile)
        small = reduced(buffer.getvalue(), 30)
        assert small
        seen.append(small.getpixel((15, 15)))
    assert seen == [(255, 0, 0), (0, 255, 0), (255, 0, 0)]


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP"])
def test_the_thumbnail_of_a_page_with_thousands_is_small(form: str) -> None:
    data = index_thumbnail(encoded(Image.open(io.BytesIO(paint(1, (1024, 640), 9.0))).convert("RGB"), form))
    assert data
    with Image.open(io.BytesIO(data)) as picture:
        assert (picture.format, picture.size, len(data) <= 10_000) == ("WEBP", (256, 160), True)
    assert index_thumbnail(b"no picture") is None
