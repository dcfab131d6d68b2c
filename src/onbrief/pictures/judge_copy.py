"""What a judge is shown of a picture: its pixels and nothing else, in a size that vision models take."""

from __future__ import annotations

import io
from collections.abc import Iterator

from PIL import Image

from onbrief.errors import PictureError
from onbrief.pictures.formats import build, flattened, parse

MAX_SIDE = 1568  # pixels; as ports.ANY_PICTURE has both
MAX_BYTES = 3_750_000
_QUALITIES = (95, 90, 85, 75, 60, 40)
_SHRINK = 0.75  # of each side, when no quality makes the file small enough
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def judge_copy(data: bytes, max_side: int = MAX_SIDE, max_bytes: int = MAX_BYTES) -> bytes:
    """The picture as a judge is shown it: no metadata (colour profiles included), upright, opaque, within both limits.

    Transparency is laid on white. Pixels stay exactly the same when the picture is already within the limits; its file
    is then not even decoded, unless it can be transparent or has to be turned.

    Raises:
        PictureError: no usable picture, or limits that this picture cannot be brought within.
    """
    parts = parse(data)
    fits = max(parts.width, parts.height) <= max_side and parts.orientation == 1
    if fits and not parts.alpha and len(copy := build(parts.bare())) <= max_bytes:
        return copy
    image, opaque = flattened(parts, "white")
    if fits and opaque and parts.alpha and len(copy := build(parts.bare())) <= max_bytes:
        return copy
    if parts.orientation != 1:
        image = image.transpose(_UPRIGHT[parts.orientation])
    for copy in _smaller_and_smaller(image, max_side):
        if len(copy) <= max_bytes:
            return copy
    raise PictureError(f"the picture cannot be brought within {max_side} pixels and {max_bytes} bytes")


def _smaller_and_smaller(image: Image.Image, max_side: int) -> Iterator[bytes]:
    """Files of the picture: PNG, then JPEG at falling quality, then both again at a smaller size."""
    scale = min(1.0, max_side / max(image.size))
    while True:
        size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
        drawn = image if size == image.size else image.resize(size, Image.Resampling.LANCZOS)
        yield _written(drawn, "PNG", compress_level=2)  # eight times as fast as 6, and a tenth larger
        for quality in _QUALITIES:
            yield _written(drawn, "JPEG", quality=quality)
        if max(size) == 1:
            return
        scale *= _SHRINK


def _written(image: Image.Image, form: str, **options: int) -> bytes:
    file = io.BytesIO()
    image.save(file, form, **options)
    return file.getvalue()
