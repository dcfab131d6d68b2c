"""Metadata is embedded in pictures, read back and stripped; pixels stay as they are."""

from __future__ import annotations

import io
import json
import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from PIL import ExifTags, Image, PngImagePlugin

from onbrief.errors import PictureError
from onbrief.pictures import parameters_text
from tests.pictures.samples import (
    KINDS,
    SECRET,
    SECRETIVE,
    coded,
    embed,
    judge_copy,
    kinds,
    noise,
    pixels,
    read_embedded,
    saved,
    strip,
)

texts = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=200)


@pytest.mark.parametrize("data", SECRETIVE.values(), ids=SECRETIVE.keys())
def test_what_the_provider_wrote_is_gone(data: bytes) -> None:
    for copy in (strip(data), embed(data, "a", "{}"), judge_copy(data)):
        assert [at for at in range(0, len(SECRET), 7) if SECRET[at : at + 7] in copy] == []
    assert pixels(strip(data)) == pixels(data)
    assert pixels(strip(data))[4] == 6


@kinds
def test_strip_and_label_keep_every_pixel(data: bytes) -> None:
    for copy in (strip(data), embed(data, "größer, 大", '{"a": 1}')):
        assert pixels(copy) == pixels(data)
        assert coded(copy) == coded(data)


@kinds
def test_labels_are_read_back(data: bytes) -> None:
    labelled = embed(data, "größer, 大\n🙂", '{"a": "é\\n"}')
    assert read_embedded(labelled) == ("größer, 大\n🙂", '{"a": "é\\n"}')
    assert read_embedded(data) is None
    assert read_embedded(strip(labelled)) is None


@kinds
def test_labelling_twice_is_labelling_once(data: bytes) -> None:
    once = embed(data, "first", "{}")
    assert embed(embed(data, "second, 二", '{"x": 2}'), "first", "{}") == once
    assert embed(once, "first", "{}") == once
    assert strip(once) == strip(data)
    assert strip(strip(data)) == strip(data)


@pytest.mark.parametrize("name", ["png RGB", "jpeg turned", "webp lossy", "webp turned"])
@given(parameters=texts, document=texts)
@example(parameters="", document="")
@example(parameters="a\r\n b \n", document=json.dumps({"p": "x" * 200_000}))
@settings(max_examples=40, deadline=None)
def test_any_text_is_kept(name: str, parameters: str, document: str) -> None:
    labelled = embed(KINDS[name], parameters, document)
    assert read_embedded(labelled) == (parameters, document)
    assert pixels(labelled) == pixels(KINDS[name])


def test_what_no_file_can_hold_is_replaced() -> None:
    for name in ("png RGB", "jpeg rgb", "webp lossy"):
        assert read_embedded(embed(KINDS[name], "a\0b\ud800c", "\0")) == ("a\ufffdb?c", "\ufffd")


def test_parameters_that_do_not_fit_into_a_jpeg_are_refused() -> None:
    with pytest.raises(PictureError, match="do not fit into one segment"):
        embed(KINDS["jpeg rgb"], "x" * 33_000, "{}")


@pytest.mark.parametrize(("text", "kind"), [("Größe 3", b"tEXt"), ("大", b"iTXt")])
def test_png_parameters_are_found_by_other_tools(text: str, kind: bytes) -> None:
    labelled = embed(KINDS["png RGB"], text, '{"a": 1}')
    with Image.open(io.BytesIO(labelled)) as image:
        assert isinstance(image, PngImagePlugin.PngImageFile)
        assert image.info == {"parameters": text, "onbrief": '{"a": 1}'}
    assert labelled[33 + 4 : 33 + 8] == kind


@pytest.mark.parametrize("name", ["jpeg rgb", "jpeg cmyk", "webp lossy", "webp lossless alpha"])
def test_user_comments_are_found_by_other_tools(name: str) -> None:
    labelled = embed(KINDS[name], "Größe, 大", '{"a": 1}')
    with Image.open(io.BytesIO(labelled)) as image:
        exif = image.getexif()
        comment = exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.UserComment]
        document = image.info.get("comment", str(exif.get(ExifTags.Base.ImageDescription)).encode())
    assert comment == b"UNICODE\0" + "Größe, 大".encode("utf-16-be")
    assert document == b'onbrief:{"a": 1}'


@pytest.mark.parametrize("document", ["1", "10"])
def test_exif_values_stand_at_even_offsets(document: str) -> None:
    labelled = embed(KINDS["webp lossy"], "a", document)
    assert (labelled.index(b"UNICODE\0") - labelled.index(b"MM\0*")) % 2 == 0


def test_foreign_texts_are_no_label() -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.ImageDescription] = "a camera"
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.UserComment] = b"UNICODE\0\0a"
    assert read_embedded(saved(noise(), "JPEG", exif=exif, comment=b"made by someone")) is None
    assert read_embedded(saved(noise(), "WEBP", exif=exif)) is None


# -- parameters --------------------------------------------------------------------------------------------------------


def test_parameters_have_the_layout_that_tools_read() -> None:
    assert parameters_text("a fox\nin snow ", " blur ", 1, (1024, 768), "sandbox", "0.1.0") == (
        "a fox\nin snow\nNegative prompt: blur\nSeed: 1, Size: 1024x768, Model: sandbox, Version: onbrief 0.1.0"
    )


def test_no_negative_prompt_means_no_line_for_it() -> None:
    assert parameters_text("a fox", "", 1, (8, 8), "m", "1").splitlines()[1:] == [
        "Seed: 1, Size: 8x8, Model: m, Version: onbrief 1"
    ]


@given(st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]) | st.just("\n"), min_size=1))
@example('"a"')
def test_values_are_quoted_so_that_they_can_be_read(model: str) -> None:
    text = parameters_text("p", "", 5, (8, 8), model, "1")
    value = text.removeprefix("p\nSeed: 5, Size: 8x8, Model: ").removesuffix(", Version: onbrief 1")
    assert (json.loads(value) if value.startswith('"') else value) == model
    assert value.startswith('"') or not re.search("[,:\n]", value)
