"""Decoding within limited memory: large pictures are decoded one at a time in a process, and copied in strips.

A picture of 40 megapixels takes 160 MB decoded, in Pillow's four bytes per pixel, and Pillow needs three times that while it
decodes a WebP.
"""

from __future__ import annotations

import ctypes
import io
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any, cast

from PIL import Image

from onbrief.pictures.flattening import flatten

LARGE = 5_000_000  # pixels; four smaller ones at a time take no more than one of the largest
_STRIP = 1_000_000  # pixels

_turn = threading.Lock()


@contextmanager
def decoding(size: tuple[int, int]) -> Generator[None]:
    """Hold the decoded pixels of a picture of this size in this block only. A large one waits for its turn."""
    if not is_large(size):
        yield
        return
    with _turn:
        try:
            yield
        finally:
            _trim()


def is_large(size: tuple[int, int]) -> bool:
    """Return whether pictures of this size take turns, so that their pixels must not be kept."""
    return size[0] * size[1] > LARGE


def opened(data: bytes, formats: list[str]) -> Image.Image:
    """Open a picture; its pixels are decoded by `load`. Raises whatever Pillow raises."""
    image: Any = Image.open(io.BytesIO(data), formats=formats)
    if image.format == "WEBP":  # its decoder has two canvases of its own, which are not needed once the frame is there
        next_frame: Callable[[], object] = image._get_next  # noqa: SLF001 - Pillow has no public way to release it

        def only_frame() -> object:
            frame = next_frame()
            image._decoder = None  # noqa: SLF001 - as above
            del image._get_next  # noqa: SLF001 - it refers to the image: it would keep its pixels until the next collection
            return frame

        image._get_next = only_frame  # noqa: SLF001 - as above
    return cast("Image.Image", image)


def flatten_reduced(image: Image.Image, ground: str, side: int, *, alpha: bool) -> Image.Image:
    """Return decoded pixels as `flatten` does, reduced by a whole factor as long as their longest side stays at least twice
    `side` pixels. They are handled in strips, so the picture is never there twice.
    """
    factor = max(image.size) // (2 * side)
    if factor < 2:
        return flatten(image, ground, alpha=alpha)[0]
    width, height = image.size
    rows = max(1, _STRIP // width // factor) * factor
    reduced: Image.Image | None = None
    for top in range(0, height, rows):
        strip = image.crop((0, top, width, min(height, top + rows)))
        part = flatten(strip, ground, alpha=alpha)[0].reduce(factor)
        reduced = reduced or Image.new(part.mode, (-(-width // factor), -(-height // factor)))
        reduced.paste(part, (0, top // factor))
    assert reduced is not None
    return reduced


def _trim() -> None:
    """Return freed memory to the system, where the C library can; it would keep the blocks of a large picture for the next."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim:
        trim(0)
