"""PNG files as chunks (W3C PNG, third edition)."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

from onbrief.errors import PictureError
from onbrief.pictures import exif
from onbrief.pictures.container import Chunk, Metadata, Parts, cut_short

SIGNATURE = b"\x89PNG\r\n\x1a\n"
_PIXELS = {b"IHDR", b"PLTE", b"tRNS", b"IDAT"}
_COLOUR = {b"gAMA", b"cHRM", b"sRGB", b"iCCP", b"cICP", b"sBIT", b"mDCV", b"cLLI"}
_TEXTS = {b"tEXt", b"iTXt"}
_ALPHA_TYPES = {4, 6}  # colour types with an alpha channel
_PARAMETERS, _DOCUMENT = b"parameters", b"onbrief"


def parse(data: bytes) -> Parts:
    """Take a PNG file apart.

    Raises:
        PictureError: a damaged, cut or animated file, or one that is too large.
    """
    chunks: list[Chunk] = []
    texts: dict[bytes, str] = {}
    orientation = 1
    for kind, body, raw in _chunks(data):
        if kind in _PIXELS or kind in _COLOUR:
            if kind != b"IDAT" and bytes(raw[-4:]) != _checksum(kind, body):  # that of IDAT is checked when it is decoded
                raise PictureError(f"the {kind.decode()} chunk of the PNG file is damaged")
            chunks.append(Chunk(kind, raw, colour=kind in _COLOUR))
        elif kind == b"acTL" and body[:4] != b"\0\0\0\1":
            raise PictureError("an animated PNG is not allowed; one still picture is expected")
        elif kind == b"eXIf":
            orientation = exif.read(body).orientation
        elif kind in _TEXTS:
            keyword, _, text = body.partition(b"\0")
            if keyword in (_PARAMETERS, _DOCUMENT):
                texts.setdefault(keyword, _text(kind, text))
    if not chunks or chunks[0].kind != b"IHDR" or len(chunks[0].raw) != 12 + 13:
        raise PictureError("the PNG file does not begin with a header")
    kinds = [chunk.kind for chunk in chunks]
    if kinds.count(b"IHDR") > 1 or b"IDAT" not in kinds:
        raise PictureError("the PNG file does not hold one picture")
    width, height, _, colour_type = struct.unpack_from(">IIBB", chunks[0].raw, 8)
    alpha = colour_type in _ALPHA_TYPES or b"tRNS" in kinds
    metadata = Metadata(texts.get(_PARAMETERS, ""), texts[_DOCUMENT]) if _DOCUMENT in texts else None
    return Parts("image/png", width, height, alpha, tuple(chunks), orientation, metadata)


def build(parts: Parts) -> bytes:
    """Build the file from its parts, with metadata and orientation right after the header."""
    header, *rest = (chunk.raw for chunk in parts.chunks)
    about: list[bytes] = []
    if parts.metadata:
        about = [_parameters(parts.metadata.parameters), _international(_DOCUMENT, parts.metadata.document)]
    if parts.orientation != 1:
        about.append(_chunk(b"eXIf", exif.build(exif.Exif(parts.orientation))))
    return b"".join((SIGNATURE, header, *about, *rest, _chunk(b"IEND", b"")))


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes, memoryview]]:
    """Yield kind, body and raw bytes of each chunk before IEND."""
    view = memoryview(data)
    at = len(SIGNATURE)
    while at + 12 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, at)
        end = at + 12 + length
        if kind == b"IEND":
            return
        if end > len(data):
            break
        yield kind, data[at + 8 : end - 4], view[at:end]
        at = end
    raise cut_short("PNG")


def _text(kind: bytes, text: bytes) -> str:
    if kind == b"tEXt":
        return text.decode("latin-1")
    compressed, rest = text[:1], text[2:]
    if compressed != b"\0":
        return ""  # onbrief never compresses its own
    return rest.split(b"\0", 2)[-1].decode("utf-8", "replace")


def _parameters(text: str) -> bytes:
    try:
        return _chunk(b"tEXt", _PARAMETERS + b"\0" + text.encode("latin-1"))
    except UnicodeEncodeError:
        return _international(_PARAMETERS, text)


def _international(keyword: bytes, text: str) -> bytes:
    return _chunk(b"iTXt", keyword + b"\0\0\0\0\0" + text.encode())


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I4s", len(body), kind) + body + _checksum(kind, body)


def _checksum(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", zlib.crc32(body, zlib.crc32(kind)))
