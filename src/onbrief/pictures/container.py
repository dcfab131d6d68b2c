"""A picture file taken apart: the pieces that make its pixels, and what it says about itself."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from onbrief.errors import PictureError

MAX_BYTES = 64 * 1024 * 1024
MAX_PIXELS = 40_000_000  # 4096x4096 is the largest that is asked for; each pixel takes four bytes or more once decoded

MediaType = Literal["image/png", "image/jpeg", "image/webp"]


@dataclass(frozen=True, slots=True)
class Metadata:
    """The two texts that are written into a picture: `parameters` for other tools, `document` (JSON) for this one."""

    parameters: str
    document: str


@dataclass(frozen=True, slots=True)
class Chunk:
    """One piece of the file as it stands there, its header included. `colour` marks what only says how colours are meant."""

    kind: bytes
    raw: bytes | memoryview
    colour: bool = False


@dataclass(frozen=True, slots=True)
class Parts:
    """What is kept of a picture file, in the order of the file. `orientation` is that of EXIF, 1 to 8 (1: as stored).

    `alpha` says that the file can hold transparency, not that any pixel is transparent. `metadata` is None when the file
    carries none of ours.

    Raises:
        PictureError: more pixels than are allowed, or none.
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
        """The pixels alone, as they are stored: no metadata, no colour profile, no orientation."""
        return replace(self, chunks=tuple(chunk for chunk in self.chunks if not chunk.colour), orientation=1, metadata=None)


def cut_short(what: str) -> PictureError:
    """The one form of the message about a file that ends too early."""
    return PictureError(f"the {what} file is cut short", hint="the download may have been interrupted; ask for it again")
