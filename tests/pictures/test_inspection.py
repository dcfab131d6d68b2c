"""Pictures as bytes: inspected, copied for a judge, labelled and stripped."""

from __future__ import annotations

import io
import json
import re
import struct
import tracemalloc
import zlib
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from PIL import ExifTags, Image, PngImagePlugin

from onbrief.errors import PictureError
from onbrief.pictures import Facts, embed, inspect, judge_copy, parameters_text, read_embedded, strip

SECRET = b"planted-7f3a9c"
PROFILE = b"not a real profile, and nobody looks"


# -- pictures of every kind --------------------------------------------------------------------------------------------


def noise(mode: str = "RGB", size: tuple[int, int] = (37, 23)) -> Image.Image:
    channels = len(Image.new(mode, (1, 1)).getbands()) if mode != "I;16" else 2
    data = np.random.default_rng(7).bytes(size[0] * size[1] * channels)
    return Image.frombytes(mode, size, data) if mode != "1" else Image.frombytes("L", size, data).convert("1")


def saved(image: Image.Image, form: str = "PNG", **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, form, **options)  # pyright: ignore[reportArgumentType]
    return file.getvalue()


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I4s", len(body), kind) + body + struct.pack(">I", zlib.crc32(kind + body))


def png(width: int, height: int, depth: int, colour: int, rows: bytes, *between: bytes, interlace: int = 0) -> bytes:
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlace))
    return b"\x89PNG\r\n\x1a\n" + header + b"".join(between) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def adam7_grey() -> bytes:
    """An 8x8 interlaced grey picture; its seven passes are written by hand, since Pillow writes none."""
    passes = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]
    rows = b"".join(
        b"\0" + bytes((y * 31 + x * 7) % 256 for x in range(x0, 8, dx)) for x0, y0, dx, dy in passes for y in range(y0, 8, dy)
    )
    return png(8, 8, 8, 0, rows, interlace=1)


def with_exif(orientation: int) -> bytes:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    return exif.tobytes()


KINDS: dict[str, bytes] = {
    **{f"png {mode}": saved(noise(mode)) for mode in ("1", "L", "LA", "RGB", "RGBA", "I;16")},
    "png 16 bit rgb": png(2, 1, 16, 2, b"\0" + bytes(range(12))),
    "png 16 bit rgba": png(2, 1, 16, 6, b"\0" + bytes(range(16))),
    "png palette": saved(noise("L").convert("P")),
    "png palette with transparency": saved(noise("L").convert("P"), transparency=bytes(range(0, 256, 2))),
    "png grey with one transparent colour": saved(noise("L"), transparency=7),
    "png interlaced": adam7_grey(),
    "png profile": saved(noise(), icc_profile=PROFILE),
    "png gamma": png(1, 1, 8, 2, b"\0abc", chunk(b"gAMA", struct.pack(">I", 45455)), chunk(b"sBIT", b"\x08\x08\x08")),
    "png many idat": saved(noise(size=(300, 300))),
    "png turned": saved(noise(), exif=with_exif(6)),
    "jpeg rgb": saved(noise(), "JPEG"),
    "jpeg 4:4:4": saved(noise(), "JPEG", subsampling=0, quality=97),
    "jpeg grey": saved(noise("L"), "JPEG"),
    "jpeg cmyk": saved(noise("CMYK"), "JPEG"),
    "jpeg progressive": saved(noise(size=(70, 50)), "JPEG", progressive=True),
    "jpeg restart": saved(noise(size=(70, 50)), "JPEG", restart_marker_blocks=1),
    "jpeg profile": saved(noise(), "JPEG", icc_profile=PROFILE),
    "jpeg turned": saved(noise(), "JPEG", exif=with_exif(8)),
    "webp lossy": saved(noise(), "WEBP"),
    "webp lossless": saved(noise(), "WEBP", lossless=True),
    "webp lossy alpha": saved(noise("RGBA"), "WEBP"),
    "webp lossless alpha": saved(noise("RGBA"), "WEBP", lossless=True, exact=True),
    "webp profile": saved(noise(), "WEBP", icc_profile=PROFILE),
    "webp turned": saved(noise("RGBA"), "WEBP", exif=with_exif(3)),
}
kinds = pytest.mark.parametrize("data", KINDS.values(), ids=KINDS.keys())
texts = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=200)


def pixels(data: bytes) -> tuple[str, tuple[int, int], bytes, object, object]:
    with Image.open(io.BytesIO(data)) as image:
        exif = image.getexif().get(ExifTags.Base.Orientation, 1)
        return image.mode, image.size, image.tobytes(), image.info.get("icc_profile"), exif


def coded(data: bytes) -> list[bytes]:
    """The bytes that code the pixels, found independently of the code under test."""
    if data.startswith(b"\x89PNG"):
        return re.findall(rb"IDAT.*?(?=.{4}IDAT|.{4}IEND)", data, re.DOTALL)
    if data.startswith(b"RIFF"):
        return re.findall(rb"(?:ALPH|VP8 |VP8L).*?(?=EXIF|$)", data, re.DOTALL)
    return re.findall(rb"\xff\xda.*?(?=\xff[^\x00\xd0-\xd7])", data, re.DOTALL)


# -- inspect -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("form", "media_type"), [("PNG", "image/png"), ("JPEG", "image/jpeg"), ("WEBP", "image/webp")])
def test_facts_come_from_the_bytes(form: str, media_type: str) -> None:
    assert inspect(saved(noise(), form)) == Facts(media_type, 37, 23, blank=False)  # pyright: ignore[reportArgumentType]


@kinds
def test_every_kind_of_picture_is_accepted(data: bytes) -> None:
    with Image.open(io.BytesIO(data)) as image:
        size = image.size
    facts = inspect(data)
    assert (facts.width, facts.height) == size


@pytest.mark.parametrize(
    ("blank", "image"),
    [
        (True, Image.new("RGB", (300, 200), "teal")),
        (True, Image.new("L", (1, 1))),
        (True, Image.new("1", (9, 9))),
        (True, Image.new("RGBA", (40, 40), (1, 2, 3, 200))),
        (True, Image.new("I;16", (40, 40), 40_000)),
        (True, Image.new("P", (40, 40), 3)),
        (False, noise("1")),
        (False, noise("I;16")),
        (False, noise("RGBA")),
    ],
)
def test_one_colour_is_blank(blank: bool, image: Image.Image) -> None:
    assert inspect(saved(image)).blank == blank


def test_a_single_pixel_of_another_colour_is_not_blank() -> None:
    image = Image.new("RGB", (1000, 700), "white")
    image.putpixel((501, 333), (252, 255, 255))
    assert not inspect(saved(image)).blank


def test_noise_of_two_steps_is_blank() -> None:
    image = Image.new("RGB", (1000, 700), (250, 250, 250))
    image.putpixel((501, 333), (252, 250, 251))
    assert inspect(saved(image)).blank


def test_noise_is_measured_in_steps_of_the_picture_s_depth() -> None:
    image = Image.new("I;16", (90, 90), 40_000)
    image.putpixel((5, 5), 40_514)
    assert inspect(saved(image)).blank
    image.putpixel((5, 5), 40_515)
    assert not inspect(saved(image)).blank


def test_a_transparent_picture_is_blank_whatever_its_colours() -> None:
    image = noise("RGB")
    image.putalpha(0)
    assert inspect(saved(image)).blank
    assert inspect(saved(noise("L").convert("P"), transparency=bytes(256))).blank


def test_two_palette_entries_of_one_colour_are_blank() -> None:
    image = noise("1").convert("P")
    image.putpalette([90, 90, 90] * 256)
    assert inspect(saved(image)).blank


def test_a_bomb_is_refused_from_its_header_with_flat_memory() -> None:
    packer = zlib.compressobj(9)
    rows = b"".join(packer.compress(bytes(12_001)) for _ in range(12_000)) + packer.flush()
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 12_000, 12_000, 8, 0, 0, 0, 0))
    bomb = b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
    assert len(bomb) < 200_000
    for act in (inspect, judge_copy, strip, read_embedded):
        tracemalloc.start()
        with pytest.raises(PictureError, match="12000x12000 is 144 megapixels; at most 40 megapixels are allowed"):
            act(bomb)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert peak < 2_000_000


def test_40_megapixels_are_the_most() -> None:
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 8_000, 5_001, 8, 0, 0, 0, 0))
    with pytest.raises(PictureError, match="megapixels"):
        inspect(b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", b"") + chunk(b"IEND", b""))
    assert inspect(saved(Image.new("1", (8_000, 5_000)))) == Facts("image/png", 8_000, 5_000, blank=True)


def test_a_file_above_64_mib_is_refused() -> None:
    with pytest.raises(PictureError, match="64 MiB"):
        inspect(KINDS["png RGB"] + bytes(64 * 2**20))


@pytest.mark.parametrize("form", ["PNG", "WEBP"])
def test_an_animation_is_refused(form: str) -> None:
    data = saved(noise(), form, save_all=True, append_images=[noise("L").convert("RGB")], duration=100)
    for act in (inspect, judge_copy, strip):
        with pytest.raises(PictureError, match="animated"):
            act(data)


def test_a_jpeg_of_several_pictures_is_refused() -> None:
    data = saved(noise(), "MPO", save_all=True, append_images=[noise("L").convert("RGB")])
    with pytest.raises(PictureError, match="several pictures"):
        inspect(data)


@kinds
def test_a_picture_cut_anywhere_is_refused(data: bytes) -> None:
    for end in {*range(0, len(data), max(1, len(data) // 60)), len(data) - 1}:
        with pytest.raises(PictureError):
            inspect(data[:end])


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "no bytes at all came instead of a picture"),
        (b"<!DOCTYPE html>\n<html><body>502</body>", "'<!DOCTYPE html> <html><body>502</body>'"),
        (b'{"error": "quota"}', '{"error": "quota"}'),
        (b"\x1b[31mred\x00\x07", "'[31mred'"),
        ("só um texto ".encode() * 50, "the 650 bytes begin with 'só um texto só um texto"),
        (b"GIF89a" + bytes(30), "no PNG, JPEG or WebP picture; the 36 bytes begin with 'GIF89a'"),
    ],
)
def test_what_came_instead_of_a_picture_is_shown(data: bytes, message: str) -> None:
    with pytest.raises(PictureError) as caught:
        inspect(data)
    assert message in str(caught.value)


def test_a_damaged_chunk_is_refused() -> None:
    data = bytearray(KINDS["png gamma"])
    data[data.index(b"gAMA") + 5] ^= 1
    for act in (inspect, strip):
        with pytest.raises(PictureError, match="the gAMA chunk of the PNG file is damaged"):
            act(bytes(data))


def test_a_webp_of_two_sizes_is_refused() -> None:
    data = bytearray(KINDS["webp profile"])
    data[data.index(b"VP8X") + 12] ^= 1
    with pytest.raises(PictureError, match="contradicts itself about its size"):
        inspect(bytes(data))


def test_more_transparencies_than_colours_are_refused() -> None:
    data = png(8, 1, 1, 3, b"\0\1", chunk(b"PLTE", bytes(6)), chunk(b"tRNS", bytes(300)))
    for act in (inspect, judge_copy):
        with pytest.raises(PictureError, match="cannot be decoded"):
            act(data)


ACTS: list[Callable[[bytes], object]] = [inspect, judge_copy, strip, read_embedded, lambda data: embed(data, "a\nb", "{}")]


@given(st.data())
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_damaged_files_raise_nothing_but_picture_errors(draw: st.DataObject) -> None:
    data = bytearray(draw.draw(st.sampled_from([*KINDS.values(), *SECRETIVE.values()])))
    for _ in range(draw.draw(st.integers(1, 6))):
        at = draw.draw(st.integers(0, len(data) - 1) | st.integers(0, min(60, len(data) - 1)))
        match draw.draw(st.sampled_from(["set", "delete", "insert", "zero", "ones"])):
            case "set":
                data[at] = draw.draw(st.integers(0, 255))
            case "delete":
                del data[at : at + draw.draw(st.integers(1, 50))]
            case "insert":
                data[at:at] = draw.draw(st.binary(min_size=1, max_size=20))
            case "zero":
                data[at : at + 4] = bytes(4)
            case _:
                data[at : at + 4] = b"\xff" * 4
        if not data:
            break
    for act in ACTS:
        try:
            act(bytes(data))
        except PictureError:
            continue


@given(
    st.sampled_from([b"", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"RIFF\x40\0\0\0WEBP", b"RIFF\x40\0\0\0WEBPVP8X"]),
    st.binary(max_size=100),
)
@settings(deadline=None)
def test_arbitrary_bytes_are_refused(head: bytes, tail: bytes) -> None:
    for act in ACTS:
        with pytest.raises(PictureError):
            act(head + tail)


# -- strip and label ---------------------------------------------------------------------------------------------------


def text_chunks() -> list[bytes]:
    packed = zlib.compress(SECRET * 3)
    return [
        chunk(b"tEXt", b"Comment\0" + SECRET),
        chunk(b"tEXt", b"parameters\0" + SECRET),
        chunk(b"zTXt", b"Author\0\0" + packed),
        chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0<x>" + SECRET + b"</x>"),
        chunk(b"caBX", SECRET),
        chunk(b"tIME", SECRET[:7]),
        chunk(b"prVt", SECRET),
        chunk(b"pHYs", SECRET[:9]),
    ]


def secretive_png() -> bytes:
    data = saved(noise(), exif=secret_exif())
    end = data.index(b"IDAT") - 4
    return data[:end] + b"".join(text_chunks()) + data[end:-12] + b"".join(text_chunks()) + data[-12:] + SECRET


def secret_exif() -> bytes:
    exif = Image.Exif()
    exif[ExifTags.Base.ImageDescription] = SECRET.decode()
    exif[ExifTags.Base.Orientation] = 6
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.UserComment] = b"ASCII\0\0\0" + SECRET
    exif.get_ifd(ExifTags.IFD.GPSInfo)[29] = SECRET.decode()
    return exif.tobytes()


def secretive_jpeg(**options: object) -> bytes:
    data = saved(noise(), "JPEG", exif=secret_exif(), comment=SECRET, **options)
    thumbnail = b"JFIF\0\1\1\0\0\1\0\1\1\1" + SECRET[:3] + SECRET
    planted = [
        (0xE0, thumbnail),
        (0xE0, b"JFXX\0" + SECRET),
        (0xE1, b"http://ns.adobe.com/xap/1.0/\0" + SECRET),
        (0xEB, SECRET),
    ]
    planted += [(0xED, b"Photoshop 3.0\0" + SECRET), (0xEE, b"Adobe\0\x64\0\0\0\0\1" + SECRET), (0xFE, SECRET)]
    segments = b"".join(struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body for marker, body in planted)
    return data[:2] + segments + data[20:-2] + segments + data[-2:] + SECRET


def secretive_webp(**options: object) -> bytes:
    data = saved(noise("RGBA"), "WEBP", exif=secret_exif(), xmp=SECRET, **options)
    extra = b"C2PA" + struct.pack("<I", len(SECRET)) + SECRET
    return b"RIFF" + struct.pack("<I", len(data) - 8 + len(extra)) + data[8:] + extra + SECRET


SECRETIVE = {
    "png": secretive_png(),
    "jpeg": secretive_jpeg(),
    "progressive jpeg": secretive_jpeg(progressive=True),
    "webp": secretive_webp(),
    "lossless webp": secretive_webp(lossless=True),
}


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


# -- what a judge is shown ---------------------------------------------------------------------------------------------


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
    assert shown(judge_copy(saved(image), max_side=10)).getextrema() == (128, 128)


def test_a_copy_that_is_too_large_as_png_is_a_jpeg() -> None:
    data = saved(noise(size=(400, 400)))
    copy = judge_copy(data, max_bytes=200_000)
    assert inspect(copy) == Facts("image/jpeg", 400, 400, blank=False)


def test_limits_that_cannot_be_met_are_an_error() -> None:
    with pytest.raises(PictureError, match="within 1568 pixels and 10 bytes"):
        judge_copy(KINDS["png RGB"], max_bytes=10)
