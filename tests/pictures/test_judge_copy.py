"""The copy of a picture that a judge sees."""

from __future__ import annotations

import io
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import ExifTags, Image

from onbrief.errors import PictureError
from onbrief.pictures import Facts, inspect
from tests.pictures.samples import KINDS, coded, judge_copy, kinds, noise, pixels, saved, strip, with_exif


def shown(data: bytes) -> Image.Image:
    with Image.open(io.BytesIO(data)) as image:
        image.load()
        return image


@kinds
def test_a_judge_sees_an_upright_opaque_picture_without_metadata(data: bytes) -> None:
    copy = shown(judge_copy(data))
    assert {"exif", "icc_profile", "comment", "xmp", "transparency"} & copy.info.keys() == set()
    with Image.open(io.BytesIO(data)) as original:
        turned = original.getexif().get(ExifTags.Base.Orientation, 1) in (6, 8)
        assert copy.size == (original.size[::-1] if turned else original.size)
    assert copy.getbands()[-1] != "A"


@pytest.mark.parametrize("name", [name for name in KINDS if not re.search("A|alpha|rgba|transparen|turned", name)])
def test_a_picture_that_fits_keeps_its_pixels(name: str) -> None:
    assert pixels(judge_copy(KINDS[name]))[:3] == pixels(KINDS[name])[:3]
    assert coded(judge_copy(KINDS[name])) == coded(KINDS[name])


def test_an_opaque_picture_with_an_alpha_channel_keeps_its_bytes() -> None:
    image = noise("RGB")
    image.putalpha(255)
    assert judge_copy(saved(image)) == strip(saved(image))


def test_transparency_is_laid_on_white() -> None:
    image = Image.new("RGBA", (3, 1), (0, 0, 0, 0))
    image.putpixel((1, 0), (255, 0, 0, 255))
    image.putpixel((2, 0), (0, 0, 255, 51))
    assert list(np.asarray(shown(judge_copy(saved(image)))).reshape(-1, 3).tolist()) == [
        [255, 255, 255],
        [255, 0, 0],
        [204, 204, 255],
    ]


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("form", ["PNG", "WEBP"])
def test_orientation_is_applied(orientation: int, form: str) -> None:
    from PIL import ImageOps

    options = {"lossless": True} if form == "WEBP" else {}
    data = saved(noise(), form, exif=with_exif(orientation), **options)
    expected = ImageOps.exif_transpose(shown(data))
    assert np.array_equal(np.asarray(shown(judge_copy(data))), np.asarray(expected))


@given(
    st.sampled_from(["L", "RGB", "RGBA", "1", "I;16"]),
    st.tuples(st.integers(1, 90), st.integers(1, 90)),
    st.integers(1, 100),
    st.integers(1_200, 30_000),
)
@settings(max_examples=60, deadline=None)
def test_a_copy_is_always_within_both_limits(mode: str, size: tuple[int, int], max_side: int, max_bytes: int) -> None:
    data = saved(noise(mode, size))
    copy = judge_copy(data, max_side, max_bytes)
    facts = inspect(copy)
    assert len(copy) <= max_bytes
    assert max(facts.width, facts.height) <= max_side
    assert abs(facts.width * size[1] - facts.height * size[0]) <= max(size)  # in proportion, but for rounding


def test_16_bit_grey_keeps_its_tones_when_it_is_reduced() -> None:
    image = Image.new("I;16", (200, 200), 32_896)
    assert shown(judge_copy(saved(image), side=10)).getextrema() == (128, 128)


def test_a_copy_that_is_too_large_as_png_is_a_jpeg() -> None:
    data = saved(noise(size=(400, 400)))
    copy = judge_copy(data, at_most=200_000)
    assert inspect(copy) == Facts("image/jpeg", 400, 400, blank=False)


def test_limits_that_cannot_be_met_are_an_error() -> None:
    with pytest.raises(PictureError, match="within 1568 pixels and 10 bytes"):
        judge_copy(KINDS["png RGB"], at_most=10)
