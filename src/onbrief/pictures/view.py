"""What a language model that judges is shown: the picture with a band below it, or a sheet with enlarged parts too."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass, field

from PIL import Image

from onbrief.attempt import Box
from onbrief.errors import PictureError
from onbrief.pictures import band
from onbrief.pictures.enlarging import sheet
from onbrief.pictures.flattening import flatten
from onbrief.pictures.formats import decode, parse
from onbrief.ports import PictureLimits
from onbrief.questions import SquareColour

_QUALITIES = (95, 85, 75, 60, 40)
_FLAT = 0.5  # bytes for each pixel of a PNG, at most: a drawing, which PNG keeps exactly and small


@dataclass(frozen=True, slots=True)
class View:
    """A picture as a judge is shown it: a file, the colours of the squares below the picture, and by the keys of the boxes the
    letters of the enlarged parts that show them.
    """

    data: bytes
    colours: tuple[SquareColour, ...]
    parts: Mapping[str, str] = field(default_factory=dict[str, str])


def view_of(copy: bytes, limits: PictureLimits, boxes: Mapping[str, Box] | None = None) -> View:
    """Return what to show of a picture, within these limits: the copy that judge_copy made, a band below it, and with `boxes`
    enlarged parts beside it. The same copy and boxes always give the same view.

    Raises:
        PictureError: the copy is not a picture, or the limits are too small for one.
    """
    parts = parse(copy)
    image = flatten(decode(parts), "white", alpha=parts.alpha)[0].convert("RGB")
    height = limits.side - band.added_height(limits.side)
    if min(limits.side, height) < 1:
        raise PictureError(f"a picture with a band below it cannot be brought within {limits.side} pixels")
    letters: dict[str, str] = {}
    if boxes:
        image, letters = sheet(image, boxes, (limits.side, height))
    image.thumbnail((limits.side, height), Image.Resampling.LANCZOS)
    colours = band.colours_for(copy)
    flat = parts.media_type == "image/png" and len(copy) <= _FLAT * parts.width * parts.height
    return View(_encoded(band.with_band(image, colours), limits.bytes, flat=flat), colours, letters)


def view_size(size: tuple[int, int], limits: PictureLimits) -> tuple[int, int]:
    """Return a size that the view of a picture of this size, without enlarged parts, does not exceed."""
    width, height = size
    return min(width, limits.side), min(height + band.added_height(height), limits.side)


def _encoded(image: Image.Image, most: int, *, flat: bool) -> bytes:
    """Encode a picture in at most this number of bytes, without loss of colours."""
    if flat and len(data := _saved(image, "PNG", compress_level=1)) <= most:
        return data
    for quality in _QUALITIES:
        if len(data := _saved(image, "JPEG", quality=quality, subsampling=0)) <= most:
            return data
    raise PictureError(f"the picture cannot be brought within {most} bytes")


def _saved(image: Image.Image, form: str, **options: int) -> bytes:
    file = io.BytesIO()
    image.save(file, form, **options)
    return file.getvalue()
