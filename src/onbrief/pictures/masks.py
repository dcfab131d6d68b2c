"""Masks: which part of a picture an edit may change."""

from __future__ import annotations

import io

from PIL import Image

from onbrief.attempt import Box
from onbrief.brief import Size
from onbrief.errors import PictureError, UsageError
from onbrief.pictures.flattening import flatten
from onbrief.pictures.formats import decode, parse

_MARGIN = 0.04  # of each side of the picture: what is to change reaches beyond a box, and so does its shadow
_WHITE = 128  # of 255: halfway, so that the noise of JPEG does not matter


def mask_for(size: tuple[int, int], mask: bytes) -> bytes:
    """Convert a mask to the one form that every editor accepts: a PNG of this size, white where the picture may change and
    black elsewhere. Grey becomes the nearer of the two, transparent areas become black, and a larger mask of the same shape is
    scaled down.

    Raises:
        UsageError: not a picture, a picture of another shape or a smaller size, or an entirely black mask.
    """
    width, height = size
    try:
        parts = parse(mask)
        image, _ = flatten(decode(parts), "black", alpha=parts.alpha)
    except PictureError as error:
        raise UsageError.of("mask", mask[:40], "a PNG picture, white where the image may change") from error
    smaller = image.width < width or image.height < height
    if smaller or abs(image.width * height - image.height * width) > max(size):
        own = f"a picture of the image's own size, {width}x{height}"
        raise UsageError.of("mask", f"{image.width}x{image.height}", own)
    grey = image.convert("L")
    if grey.size != size:
        grey = grey.resize(size, Image.Resampling.BOX)
    white = grey.point([0] * _WHITE + [255] * (256 - _WHITE))
    if not white.getbbox():
        raise UsageError.of("mask", "black all over", "white where the image may change")
    file = io.BytesIO()
    white.save(file, "PNG")
    return file.getvalue()


def mask_of(size: Size, box: Box) -> bytes:
    """Return a mask of this size, a PNG, that is white where a part of a picture is, with a margin."""
    width, height = size
    mask = Image.new("L", size, 0)
    left, top = max(0.0, box[0] - _MARGIN), max(0.0, box[1] - _MARGIN)
    right, bottom = min(1.0, box[2] + _MARGIN), min(1.0, box[3] + _MARGIN)
    mask.paste(255, (int(left * width), int(top * height), round(right * width), round(bottom * height)))
    file = io.BytesIO()
    mask.save(file, "PNG")
    return file.getvalue()
