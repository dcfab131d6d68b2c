"""The parts of a picture file: the pieces that code its pixels, and its metadata."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from onbrief.errors import PictureError

MAX_BYTES = 64 * 1024 * 1024
MAX_PIXELS = 40_000_000  # 4096x4096 is the largest size of a brief; a decoded pixel takes up to four bytes or more

MediaType = Literal["image/png", "image/jpeg", "image/webp"]


@dataclass(frozen=True, slots=True)
class Metadata:
    """The two texts that are embedded in a picture: `parameters` for other tools, `document` (JSON) for this one."""

    parameters: str
    document: str


@dataclass(frozen=True, slots=True)
class Chunk:
    """One piece of the file, unchanged and with its header. `colour` marks pieces that only describe the meaning of colours."""

    kind: bytes
    raw: bytes | memoryview
    colour: bool = False


@dataclass(frozen=True, slots=True)
class Parts:
    """What is kept of a picture file, in the order of the file. `orientation` is that of EXIF, 1 to 8 (1: as stored).

    `alpha` means that the file can hold transparency, not that any pixel is transparent. `metadata` is None unless the file
    carries metadata that onbrief embedded.

    Raises:
        PictureError: more pixels than are allowed, or no pixels.
    """

    media_type: MediaType
    width: int
    height: int
    alpha: bool
    chunks: tuple[Chunk, ...]
    orientation: int = 1
    metadata: Metadata | None = None

    def __post_init__(self) -> None:
        if self.width < 1 or self.height < 1:
            raise PictureError(f"a picture of {self.width}x{self.height} has no pixels")
        if self.width * self.height > MAX_PIXELS:
            allowed = f"at most {MAX_PIXELS // 1_000_000} megapixels are"
            raise PictureError(
                f"{self.width}x{self.height} is {self.width * self.height / 1e6:.0f} megapixels; {allowed} allowed"
            )

    def bare(self) -> Parts:
        """Return the coded pixels alone: no metadata, no colour profile, no orientation."""
        return replace(self, chunks=tuple(chunk for chunk in self.chunks if not chunk.colour), orientation=1, metadata=None)


def cut_short(what: str) -> PictureError:
    """Return the error for a file that ends too early."""
    return PictureError(f"the {what} file is cut short", hint="the download may have been interrupted; request it again")
