"""Fingerprints of pictures, by which those that look nearly the same are found."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from PIL import Image

from onbrief.pictures.decoding import decoding, opened
from onbrief.pictures.flattening import flatten

SIDE: Final = 16
ALIKE: Final = 1.0
ALIKE_EACH: Final = 5
"""The differences between cells, in steps of 255, up to which two pictures are nearly the same: their mean, and that of each
cell. Saving a picture as JPEG changes cells by less; a small thing in another place changes some by far more.
"""


def fingerprint(copy: bytes) -> str:
    """Return the fingerprint of a judge's copy of a picture: the brightness of 16 by 16 cells, in hex."""
    image = opened(copy, ["PNG", "JPEG", "WEBP"])
    with decoding(image.size):
        image.load()
        pixels, _ = flatten(image, "white", alpha=image.mode in ("RGBA", "LA", "P"))
        return pixels.convert("L").resize((SIDE, SIDE), Image.Resampling.BOX).tobytes().hex()


def alike(one: str, other: str) -> bool:
    """Return whether two fingerprints are those of pictures that look nearly the same."""
    if one == other:
        return True
    (mine, sum_of_mine), (others, sum_of_others) = _cells(one), _cells(other)
    most = ALIKE * len(mine)
    if abs(sum_of_mine - sum_of_others) > most:  # then so is the sum below; each picture is compared with all others
        return False
    cells = [abs(a - b) for a, b in zip(mine, others, strict=True)]
    return max(cells) <= ALIKE_EACH and sum(cells) <= most


@lru_cache(2048)  # those of one run, as a run has at most 2,000 pictures
def _cells(text: str) -> tuple[bytes, int]:
    """Return the cells of a fingerprint, and their sum."""
    cells = bytes.fromhex(text)
    return cells, sum(cells)
