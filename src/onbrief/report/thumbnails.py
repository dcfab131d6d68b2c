"""Thumbnails of stored pictures, small enough to be embedded in a page."""

from __future__ import annotations

import base64
import io
import math
import struct
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, cast

from PIL import Image, features

from onbrief.attempt import Box
from onbrief.errors import PictureError
from onbrief.pictures.decoding import decoding, flatten_reduced, is_large, opened
from onbrief.pictures.formats import parse
from onbrief.pictures.judge_copy import upright
from onbrief.record import Run

MAX_PIXELS = 40_000_000
"""Larger pictures are not decoded: this is more than twice the largest size that a brief can ask for."""

CARD_RESERVED = 6
"""The number of pictures whose reservations a card shows."""

_MARGIN = 0.3  # of the width and height of a part, on each side, so that its surroundings are seen
_LEAST = 0.15  # of the picture: the smallest share of a side that is shown
_SHARPEST = 4096  # pixels on the longest side of the picture that a part is cut from
_QUALITY = 72
_FORMATS = ["PNG", "JPEG", "WEBP"]


@dataclass(frozen=True, slots=True)
class Thumbnail:
    """A reduced picture, encoded as WebP; width and height in pixels."""

    data: bytes
    width: int
    height: int

    @property
    def uri(self) -> str:
        """The thumbnail as a data URI."""
        return f"data:image/webp;base64,{base64.b64encode(self.data).decode()}"


def reduced(data: bytes, longest: int) -> Image.Image | None:
    """Decode a picture: upright, opaque and its longest side at most `longest` pixels; None if the bytes are not a usable
    picture.
    """
    try:
        with Image.open(io.BytesIO(data), formats=_FORMATS) as header:
            size = header.size
        if size[0] * size[1] > MAX_PIXELS:
            return None
        with decoding(size):  # all pixels are released at its end
            return upright(_reduced(opened(data, _FORMATS), longest), parse(data))
    except (
        PictureError,
        OSError,
        SyntaxError,
        ValueError,
        struct.error,
        Image.DecompressionBombError,
        Image.DecompressionBombWarning,
    ):
        return None


def _reduced(picture: Image.Image, longest: int) -> Image.Image:
    if picture.mode in ("RGB", "L", "CMYK"):
        small = picture
    elif is_large(picture.size):
        small = flatten_reduced(picture, "white", longest, alpha=picture.has_transparency_data)
    else:
        small = _opaque(picture)
    small.thumbnail((longest, longest), Image.Resampling.BICUBIC, reducing_gap=2.0)
    return _in_srgb(small, picture.info.get("icc_profile"))


def _in_srgb(picture: Image.Image, profile: bytes | None) -> Image.Image:
    """Convert pixels to sRGB, which a file without a profile is taken for: those of a wide gamut would look dull otherwise. A
    profile that is broken, or of another kind of picture, is ignored, as browsers ignore it.
    """
    if profile and features.check("littlecms2"):
        from PIL import ImageCms  # here, because few pictures have a profile

        with suppress(ImageCms.PyCMSError, OSError):
            standard = cast("Any", ImageCms).createProfile("sRGB")  # a type of the C library
            converted = ImageCms.profileToProfile(picture, io.BytesIO(profile), standard, outputMode="RGB")
            assert converted is not None
            return converted
    return picture.convert("RGB")


def thumbnail(data: bytes, longest: int, at_most: int) -> Thumbnail | None:
    """Return a thumbnail of about `at_most` bytes or fewer; None if the bytes are not a usable picture."""
    picture = reduced(data, longest)
    return _thumbnail(picture, at_most) if picture else None


def index_thumbnail(data: bytes) -> bytes | None:
    """Return a thumbnail for the page of a batch, which has thousands: WebP, at most 256 pixels on its longest side and about
    10 KB or fewer. None if the bytes are not a usable picture.
    """
    made = thumbnail(data, 256, 10_000)
    return made.data if made else None


def enlarged(data: bytes, box: Box | None, longest: int, at_most: int) -> Thumbnail | None:
    """Return a part of a picture with some of its surroundings, enlarged; without a box, all of the picture. Otherwise as
    `thumbnail`.
    """
    if box is None:
        return thumbnail(data, longest, at_most)
    left, right = _widened(box[0], box[2])
    top, bottom = _widened(box[1], box[3])
    picture = reduced(data, min(_SHARPEST, round(longest / max(right - left, bottom - top))))
    if picture is None:
        return None
    width, height = picture.size
    edges = (round(left * width), round(top * height), round(right * width), round(bottom * height))
    part = picture.crop((edges[0], edges[1], max(edges[2], edges[0] + 1), max(edges[3], edges[1] + 1)))
    part.thumbnail((longest, longest))
    return _thumbnail(part, at_most)


def _widened(low: float, high: float) -> tuple[float, float]:
    """Return a span with a margin on both sides, inside 0 to 1. A box can be anything: a model has named it."""
    low, high = sorted(min(1.0, max(0.0, edge)) if math.isfinite(edge) else 0.0 for edge in (low, high))
    middle, half = (low + high) / 2, max(_LEAST, (high - low) * (1 + 2 * _MARGIN)) / 2
    middle = min(max(middle, half), max(1 - half, half))
    return max(0.0, middle - half), min(1.0, middle + half)


def _thumbnail(picture: Image.Image, at_most: int) -> Thumbnail:
    data = _encoded(picture, _QUALITY)
    if len(data) > at_most:
        data = _encoded(picture, max(20, round(0.9 * _QUALITY * at_most / len(data))))
    return Thumbnail(data, *picture.size)


def local_pictures(run: Run) -> dict[str, bytes]:
    """Return the pictures that a card shows, by their keys, as far as they are stored in local folders: the best one, and of
    those that existed already, some that passed with reservations.
    """
    given = [attempt for attempt in run.attempts if run.kind == "judge" and attempt.verdict and attempt.verdict.reservations]
    found: dict[str, bytes] = {}
    for image in (attempt.image for attempt in (run.best, *given[:CARD_RESERVED]) if attempt):
        if image and (file := image.file) and file.is_file():
            found[image.key] = file.read_bytes()
    return found


def _encoded(picture: Image.Image, quality: int) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "WEBP", quality=quality, method=2)
    return buffer.getvalue()


def _opaque(picture: Image.Image) -> Image.Image:
    if picture.mode.startswith("I"):
        return picture.convert("I").point(lambda sample: sample * (1 / 256)).convert("L")  # 16 bits, which convert() would clip
    if not picture.has_transparency_data:
        return picture.convert("RGB")
    pixels = picture.convert("RGBA")
    ground = Image.new("RGBA", pixels.size, "white")
    ground.alpha_composite(pixels)
    return ground.convert("RGB")
