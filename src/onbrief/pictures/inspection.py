"""The properties of a picture, found from its bytes alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from PIL import Image

from onbrief.pictures.container import MediaType, Parts
from onbrief.pictures.decoding import decoding
from onbrief.pictures.formats import decode, parse

_NOISE = 2  # steps of 255 between the darkest and the brightest pixel of a channel that still count as one colour
_SAMPLE = 32  # pixels; a picture that varies in a coarse sample of itself need not be searched whole


@dataclass(frozen=True, slots=True)
class Facts:
    """The properties of a picture. `blank`: one colour all over, apart from noise, or transparent all over."""

    media_type: MediaType
    width: int
    height: int
    blank: bool


def inspect(data: bytes) -> Facts:
    """Decode a picture to its end and return its properties. Sizes are those of the stored pixels, before EXIF orientation.

    Raises:
        PictureError: not a PNG, JPEG or WebP; cut, damaged or animated; above 64 MiB or 40 megapixels (known from the
            header, before anything is decoded).
    """
    parts = parse(data)
    with decoding((parts.width, parts.height)):
        return facts_of(parts, decode(parts))


def facts_of(parts: Parts, image: Image.Image) -> Facts:
    """Return the properties of a picture that has been decoded."""
    sample = image.resize((min(_SAMPLE, image.width), min(_SAMPLE, image.height)), Image.Resampling.NEAREST)
    return Facts(parts.media_type, parts.width, parts.height, _blank(sample) and _blank(image))


def media_type(data: bytes) -> MediaType:
    """Detect the format of a picture. Nothing is decoded.

    Raises:
        PictureError: as `inspect`, except for damage that only decoding shows.
    """
    return parse(data).media_type


def _blank(image: Image.Image) -> bool:
    noise = _NOISE * 257 if image.mode.startswith("I") else _NOISE  # 65535 / 255
    channels = _extrema(image)
    if image.getbands()[-1] == "A" and channels[-1][1] <= noise:
        return True
    return all(high - low <= noise for low, high in channels)


def _extrema(image: Image.Image) -> list[tuple[float, float]]:
    """Return the lowest and the highest value of each channel."""
    found = image.getextrema()
    return [cast("tuple[float, float]", channel) for channel in (found if len(image.getbands()) > 1 else (found,))]
