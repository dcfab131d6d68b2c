"""Pictures of every kind, pictures full of metadata, and what can be read from both without the code under test."""

from __future__ import annotations

import io
import re
import struct
import zlib

import numpy as np
import pytest
from PIL import ExifTags, Image

from onbrief.pictures import PictureFile
from onbrief.ports import ANY_PICTURE, PictureLimits

SECRET = b"planted-7f3a9c"
PROFILE = b"not a real profile, and nobody looks"


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


# -- what is done with a picture, each on its own ----------------------------------------------------------------------


def embed(data: bytes, parameters: str, document: str) -> bytes:
    return PictureFile(data).embedded(parameters, document)


def strip(data: bytes) -> bytes:
    return PictureFile(data).stripped()


def read_embedded(data: bytes) -> tuple[str, str] | None:
    found = PictureFile(data).metadata
    return (found.parameters, found.document) if found else None


def judge_copy(data: bytes, side: int = ANY_PICTURE.side, at_most: int = ANY_PICTURE.bytes) -> bytes:
    return PictureFile(data).judge_copy(PictureLimits(side, at_most))
