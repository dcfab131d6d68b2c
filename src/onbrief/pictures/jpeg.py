"""JPEG files as segments (ITU-T T.81, JFIF 1.02, Exif in APP1, ICC profiles in APP2, Adobe's transform in APP14)."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator

from onbrief.errors import PictureError
from onbrief.pictures import exif
from onbrief.pictures.container import Chunk, Metadata, Parts, cut_short

SIGNATURE = b"\xff\xd8\xff"
_SOI, _EOI = b"\xff\xd8", b"\xff\xd9"
_FRAMES = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}  # SOF0 … SOF15
_TABLES = {0xC4, 0xCC, 0xDB, 0xDC, 0xDD}  # DHT DAC DQT DNL DRI
_SCAN, _APP0, _APP1, _APP2, _APP14, _COMMENT = 0xDA, 0xE0, 0xE1, 0xE2, 0xEE, 0xFE
_DROPPED = {*range(0xE0, 0xFE), _COMMENT}  # applications' segments, JPEG extensions, comments
_AFTER_SCAN = re.compile(rb"\xff+[^\x00\xd0-\xd7\xff]", re.DOTALL)  # neither a stuffed byte nor a restart marker
_EXIF = b"Exif\0\0"
_DOCUMENT = b"onbrief:"  # the prefix of each comment that holds a piece of the document
_MAX_BODY = 0xFFFF - 2


def parse(data: bytes) -> Parts:
    """Take a JPEG file apart.

    Raises:
        PictureError: a damaged or cut file, one of several pictures (MPO), or one that is too large.
    """
    chunks: list[Chunk] = []
    sizes: list[tuple[int, int]] = []
    about: exif.Exif | None = None
    document: list[bytes] = []
    for marker, body, raw in _segments(data):
        if marker in _FRAMES:
            if len(body) < 6:
                raise PictureError("the frame header of the JPEG file is damaged")
            height, width = struct.unpack_from(">HH", body, 1)
            sizes.append((width, height))
        if marker in _FRAMES or marker in _TABLES or marker == _SCAN:
            chunks.append(Chunk(bytes([marker]), raw))
        elif marker == _APP0 and body.startswith(b"JFIF\0") and len(body) >= 14:
            chunks.append(_segment(_APP0, body[:12] + b"\0\0"))  # its thumbnail is left out
        elif marker == _APP14 and body.startswith(b"Adobe") and len(body) >= 12:
            chunks.append(_segment(_APP14, body[:12]))
        elif marker == _APP2 and body.startswith(b"ICC_PROFILE\0"):
            chunks.append(Chunk(b"\xe2", raw, colour=True))
        elif marker == _APP2 and body.startswith(b"MPF\0"):
            raise PictureError("a JPEG file of several pictures is not allowed; one picture is expected")
        elif marker == _APP1 and body.startswith(_EXIF):
            about = about or exif.read(body[6:])
        elif marker == _COMMENT and body.startswith(_DOCUMENT):
            document.append(body[len(_DOCUMENT) :])
        elif marker not in _DROPPED:
            raise PictureError(f"the JPEG file holds a marker {marker:02x} that is not allowed")
    if len(sizes) != 1:
        raise PictureError("the JPEG file does not hold one picture")
    about = about or exif.Exif()
    metadata = Metadata(about.comment, b"".join(document).decode("utf-8", "replace")) if document else None
    return Parts("image/jpeg", *sizes[0], False, tuple(chunks), about.orientation, metadata)


def build(parts: Parts) -> bytes:
    """Build the file from its parts; EXIF and comments follow the JFIF segment, which must come first.

    Raises:
        PictureError: more parameters than fit into the one EXIF segment of a JPEG file (about 32 000 characters).
    """
    chunks = list(parts.chunks)
    first = [chunks.pop(0)] if chunks[0].kind == b"\xe0" else []
    about: list[Chunk] = []
    if tiff := exif.build(exif.Exif(parts.orientation, comment=parts.metadata.parameters if parts.metadata else "")):
        about.append(_segment(_APP1, _EXIF + tiff))
    if parts.metadata:
        document, size = parts.metadata.document.encode(), _MAX_BODY - len(_DOCUMENT)
        pieces = [document[at : at + size] for at in range(0, len(document), size)] or [b""]
        about.extend(_segment(_COMMENT, _DOCUMENT + piece) for piece in pieces)
    return b"".join((_SOI, *(chunk.raw for chunk in (*first, *about, *chunks)), _EOI))


def _segments(data: bytes) -> Iterator[tuple[int, bytes, memoryview]]:
    """Yield marker, body and raw bytes of each segment before EOI; those of a scan include its coded data."""
    view = memoryview(data)
    at = len(_SOI)
    while at + 1 < len(data):
        if data[at] != 0xFF:
            raise PictureError(f"the JPEG file is damaged at byte {at}")
        if data[at + 1] == 0xFF:  # any number of fill bytes may precede a marker
            at += 1
            continue
        marker = data[at + 1]
        if marker == _EOI[1]:
            return
        if marker < 0xC0 or 0xD0 <= marker <= 0xD8:
            raise PictureError(f"the JPEG file is damaged at byte {at}")
        if at + 4 > len(data):
            break
        length = int.from_bytes(data[at + 2 : at + 4], "big")
        end = body_end = at + 2 + length
        if length < 2:
            raise PictureError(f"the JPEG file is damaged at byte {at}")
        if marker == _SCAN:
            after = _AFTER_SCAN.search(data, body_end)
            if after is None:
                break
            end = after.start()
        if end > len(data):
            break
        yield marker, data[at + 4 : body_end], view[at:end]
        at = end
    raise cut_short("JPEG")


def _segment(marker: int, body: bytes) -> Chunk:
    if len(body) > _MAX_BODY:
        raise PictureError(f"{len(body)} bytes do not fit into one segment of a JPEG file; at most {_MAX_BODY} do")
    return Chunk(bytes([marker]), struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body)
