"""Pictures are inspected from their bytes, and what is no usable picture is refused."""

from __future__ import annotations

import io
import struct
import tracemalloc
import zlib

import pytest
from PIL import Image

from onbrief.errors import PictureError
from onbrief.pictures import Facts, inspect
from tests.pictures.samples import KINDS, chunk, judge_copy, kinds, noise, png, read_embedded, saved, strip


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
        (b"", "an empty file instead of a picture"),
        (b"<!DOCTYPE html>\n<html><body>502</body>", "'<!DOCTYPE html> <html><body>502</body>'"),
        (b'{"error": "quota"}', '{"error": "quota"}'),
        (b"\x1b[31mred\x00\x07", "'[31mred'"),
        ("só um texto ".encode() * 50, "the 650 bytes begin with 'só um texto só um texto"),
        (b"GIF89a" + bytes(30), "not a PNG, JPEG or WebP picture; the 36 bytes begin with 'GIF89a'"),
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
