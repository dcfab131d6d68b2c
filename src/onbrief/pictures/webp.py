"""WebP files as RIFF chunks (RFC 9649)."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from onbrief.errors import PictureError
from onbrief.pictures import exif
from onbrief.pictures.container import Chunk, Metadata, Parts, cut_short

_FRAMES = {b"VP8 ", b"VP8L"}
_ICC_FLAG, _ALPHA_FLAG, _EXIF_FLAG = 0x20, 0x10, 0x08
_DOCUMENT = "onbrief:"  # the prefix of the document, which is the image description


def is_webp(data: bytes) -> bool:
    """Return whether the bytes begin like a WebP file."""
    return data[:4] == b"RIFF" and data[8:12] == b"WEBP"


def parse(data: bytes) -> Parts:
    """Take a WebP file apart.

    Raises:
        PictureError: a damaged, cut or animated file, or one that is too large.
    """
    profile: list[Chunk] = []
    alpha: list[Chunk] = []
    frames: list[Chunk] = []
    canvas: tuple[int, int] | None = None
    about: exif.Exif | None = None
    for kind, body, raw in _chunks(data):
        match kind:
            case b"VP8 " | b"VP8L":
                frames.append(Chunk(kind, raw))
            case b"ALPH":
                alpha.append(Chunk(kind, raw))
            case b"ICCP":
                profile.append(Chunk(kind, raw, colour=True))
            case b"VP8X" if len(body) >= 10:
                canvas = (1 + int.from_bytes(body[4:7], "little"), 1 + int.from_bytes(body[7:10], "little"))
            case b"ANIM" | b"ANMF":
                raise PictureError("an animated WebP is not allowed; one still picture is expected")
            case b"EXIF":
                about = about or exif.read(body.removeprefix(b"Exif\0\0"))
            case _:
                pass
    if len(frames) != 1:
        raise PictureError("the WebP file does not hold one picture")
    width, height, has_alpha = _frame(frames[0])
    if canvas not in (None, (width, height)):
        raise PictureError("the WebP file contradicts itself about its size")
    if frames[0].kind == b"VP8L":
        alpha = []  # a lossless frame has its own alpha
    about = about or exif.Exif()
    metadata = Metadata(about.comment, about.description[len(_DOCUMENT) :]) if about.description.startswith(_DOCUMENT) else None
    chunks = (*profile[:1], *alpha[:1], *frames)
    return Parts("image/webp", width, height, has_alpha or bool(alpha), chunks, about.orientation, metadata)


def build(parts: Parts) -> bytes:
    """Build the file from its parts: in the simple form if there is nothing but one frame, otherwise with a VP8X header."""
    chunks = [chunk.raw for chunk in parts.chunks]
    texts = exif.Exif(parts.orientation)
    if parts.metadata:
        texts = exif.Exif(parts.orientation, _DOCUMENT + parts.metadata.document, parts.metadata.parameters)
    if tiff := exif.build(texts):
        chunks.append(_chunk(b"EXIF", tiff))
    if len(chunks) > 1:
        profile = any(chunk.kind == b"ICCP" for chunk in parts.chunks)
        flags = profile * _ICC_FLAG | parts.alpha * _ALPHA_FLAG | bool(tiff) * _EXIF_FLAG
        size = (parts.width - 1).to_bytes(3, "little") + (parts.height - 1).to_bytes(3, "little")
        chunks.insert(0, _chunk(b"VP8X", struct.pack("<I", flags) + size))
    body = b"WEBP" + b"".join(chunks)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes, memoryview]]:
    """Yield kind, body and raw bytes of each chunk, up to the end that the file declares."""
    end = 8 + int.from_bytes(data[4:8], "little")
    if end > len(data):
        raise cut_short("WebP")
    view = memoryview(data)
    at = 12
    while at + 8 <= end:
        kind, length = struct.unpack_from("<4sI", data, at)
        after = at + 8 + length + length % 2
        if after > end:
            raise cut_short("WebP")
        yield kind, data[at + 8 : at + 8 + length], view[at:after]
        at = after


def _frame(chunk: Chunk) -> tuple[int, int, bool]:
    """Read width, height and whether there is alpha from the header of a frame (RFC 6386, 9.1; RFC 9649, 3.4)."""
    body = bytes(chunk.raw[8:18])
    if chunk.kind == b"VP8 " and len(body) >= 10 and body[3:6] == b"\x9d\x01\x2a" and not body[0] & 1:
        width, height = struct.unpack_from("<HH", body, 6)
        return width & 0x3FFF, height & 0x3FFF, False
    if chunk.kind == b"VP8L" and len(body) >= 5 and body[0] == 0x2F:
        bits = int.from_bytes(body[1:5], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1, bool(bits >> 28 & 1)
    raise PictureError("the frame of the WebP file is damaged")


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack("<4sI", kind, len(body)) + body + b"\0" * (len(body) % 2)
