"""Picture files as the sandbox's services take them: decoded once to their end, and masks in one form."""

from __future__ import annotations

import io

from PIL import Image

from onbrief.brief import Size
from onbrief.errors import PictureError, UsageError

FORMATS = ("PNG", "JPEG", "WEBP")
_MOST_BYTES = 64 * 2**20
_MOST_PIXELS = 40_000_000
_WHITE = 128  # of 255: nearer to white than to black, which makes up for the noise of JPEG


def size_of(data: bytes) -> Size:
    """The size of a picture, once it is decoded to its end.

    Raises:
        PictureError: no PNG, JPEG or WebP; cut, damaged or animated; above 64 MiB or 40 megapixels.
    """
    return _decoded(data).size


def mask_for(size: Size, mask: bytes) -> bytes:
    """A mask as a PNG of this size, white where a picture may change and black elsewhere. Grey becomes what it is nearer to,
    what is transparent stays, and a larger mask of the same shape is scaled down.

    Raises:
        UsageError: no picture, one of another shape or a smaller size, or nothing in it that may change.
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
        raise PictureError(f"these bytes are no picture that can be read: {error}") from error
