"""Reads picture files for the sandbox's services: decodes them completely once, and normalises masks."""

from __future__ import annotations

import io

from PIL import Image

from onbrief.brief import Size
from onbrief.errors import PictureError, UsageError

FORMATS = ("PNG", "JPEG", "WEBP")
_MOST_BYTES = 64 * 2**20
_MOST_PIXELS = 40_000_000
_WHITE = 128  # least level, of 255, that counts as white; tolerates the noise of JPEG


def size_of(data: bytes) -> Size:
    """Decode a picture completely and return its size.

    Raises:
        PictureError: the bytes are not a PNG, JPEG or WebP; truncated, damaged or animated; above 64 MiB or 40 megapixels.
    """
    return _decoded(data).size


def mask_for(size: Size, mask: bytes) -> bytes:
    """Return a mask as a PNG of this size, white where the picture may change and black elsewhere. Grey becomes black or white,
    whichever is nearer; transparent parts become black; a larger mask of the same shape is scaled down.

    Raises:
        UsageError: the mask is not a picture, has another shape or a smaller size, or is entirely black.
    """
    try:
        drawn = _decoded(mask).convert("RGBA")
    except PictureError as error:
        raise UsageError.of("mask", mask[:40], "a PNG picture, white where the image may change") from error
    (width, height), (own_width, own_height) = size, drawn.size
    if own_width < width or own_height < height or abs(own_width * height - own_height * width) > max(size):
        raise UsageError.of("mask", f"{own_width}x{own_height}", f"a picture of the image's own size, {width}x{height}")
    grey = Image.alpha_composite(Image.new("RGBA", drawn.size, "black"), drawn).convert("L").resize(size, Image.Resampling.BOX)
    white = grey.point([255 * (level >= _WHITE) for level in range(256)])
    if not white.getbbox():
        raise UsageError.of("mask", "black all over", "white where the image may change")
    file = io.BytesIO()
    white.save(file, "PNG")
    return file.getvalue()


def _decoded(data: bytes) -> Image.Image:
    if len(data) > _MOST_BYTES:
        raise PictureError(f"the file has {len(data)} bytes, more than {_MOST_BYTES}")
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as opened:
            if opened.width * opened.height > _MOST_PIXELS:
                raise PictureError(f"the picture has {opened.width}x{opened.height} pixels, more than {_MOST_PIXELS}")
            if getattr(opened, "n_frames", 1) > 1:
                raise PictureError("the picture is animated")
            opened.load()
            return opened.copy()
    except (OSError, SyntaxError, ValueError, EOFError, MemoryError, Image.DecompressionBombError, Warning) as error:
        raise PictureError(f"the picture cannot be read: {error}") from error
