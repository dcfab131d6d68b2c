"""A picture file that is parsed once and decoded once, for all that an attempt does with it."""

from __future__ import annotations

from PIL import Image

from onbrief.pictures import metadata
from onbrief.pictures.container import Metadata, Parts
from onbrief.pictures.decoding import decoding, is_large
from onbrief.pictures.formats import build, decode, parse
from onbrief.pictures.inspection import Facts, facts_of
from onbrief.pictures.judge_copy import judge_copy, needs_pixels
from onbrief.ports import PictureLimits


class PictureFile:
    """The bytes of a picture, taken apart. Its methods may block, for as long as decoding and encoding takes; they are for one
    thread at a time.
    """

    __slots__ = ("_bare", "_parts", "_pixels")

    def __init__(self, data: bytes) -> None:
        """Take a picture file apart; nothing is decoded.

        Raises:
            PictureError: not a PNG, JPEG or WebP; cut, damaged or animated; above 64 MiB or 40 megapixels.
        """
        self._parts: Parts = parse(data)
        self._bare: bytes | None = None
        self._pixels: Image.Image | None = None

    @property
    def metadata(self) -> Metadata | None:
        """What `embedded` has written into this file, or None."""
        return self._parts.metadata

    def embedded(self, parameters: str, document: str) -> bytes:
        """Return the file with these two texts as its only metadata; see metadata.embed.

        Raises:
            PictureError: texts that do not fit into a file of this format.
        """
        return metadata.embed(self._parts, parameters, document)

    def stripped(self) -> bytes:
        """Return the file without metadata; see metadata.strip."""
        return metadata.strip(self._parts)

    def inspected(self, judge_limits: PictureLimits | None = None) -> Facts:
        """Decode the picture to its end and return its properties. The pixels are kept until `judge_copy` only where a copy
        within `judge_limits` is made from them: for most pictures it is not, and those of a large picture would take too much
        memory.

        Raises:
            PictureError: data that cannot be decoded to the end.
        """
        with decoding(self._size):
            bare = self._without_metadata()
            pixels = decode(self._parts, bare)
            if judge_limits and needs_pixels(self._parts, bare, judge_limits) and not is_large(self._size):
                self._pixels = pixels
            facts = facts_of(self._parts, pixels)
            del pixels, bare  # before the turn of the next one
            return facts

    def judge_copy(self, limits: PictureLimits) -> bytes:
        """Return what a judge with these limits sees of the picture; see judge_copy.judge_copy. Kept pixels are released.

        Raises:
            PictureError: data that cannot be decoded, or limits that this picture cannot be brought within.
        """
        with decoding(self._size):
            bare = self._without_metadata()
            if not needs_pixels(self._parts, bare, limits):
                return bare
            pixels, self._pixels = self._pixels or decode(self._parts, bare), None
            copy = judge_copy(self._parts, bare, pixels, limits)
            del pixels, bare
            return copy

    @property
    def _size(self) -> tuple[int, int]:
        return self._parts.width, self._parts.height

    def _without_metadata(self) -> bytes:
        if self._bare is not None:
            return self._bare
        bare = build(self._parts.bare())
        if not is_large(self._size):
            self._bare = bare
        return bare
