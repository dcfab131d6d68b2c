"""The part of EXIF that is needed: orientation, image description and user comment, in a TIFF structure.

Tags and types are those of CIPA DC-008 (Exif 2.32).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

_DESCRIPTION, _ORIENTATION, _EXIF_DIRECTORY, _VERSION, _COMMENT = 0x010E, 0x0112, 0x8769, 0x9000, 0x9286
_ASCII, _SHORT, _LONG, _UNDEFINED = 2, 3, 4, 7
_SIZES = {_ASCII: 1, _SHORT: 2, _LONG: 4, _UNDEFINED: 1}  # bytes of one value; other types are ignored
_UNICODE = b"UNICODE\0"  # the prefix of a comment in UTF-16, in the byte order of the file

_Tags = dict[int, tuple[int, bytes]]  # tag: type and value


@dataclass(frozen=True, slots=True)
class Exif:
    """Values that were read or are to be written. Empty texts, and an orientation of 1, are left out."""

    orientation: int = 1
    description: str = ""
    comment: str = ""


def build(exif: Exif) -> bytes:
    """Build the TIFF structure with these values, big-endian; empty if there is no value to write."""
    tags: _Tags = {}
    if exif.description:
        tags[_DESCRIPTION] = (_ASCII, exif.description.encode() + b"\0")
    if exif.orientation != 1:
        tags[_ORIENTATION] = (_SHORT, struct.pack(">H", exif.orientation))
    inner = b""
    if exif.comment:
        # The size of the outer directory does not depend on the offset in it, so it is measured with a zero there.
        start = 8 + len(_directory(8, tags | {_EXIF_DIRECTORY: (_LONG, bytes(4))}))
        tags[_EXIF_DIRECTORY] = (_LONG, struct.pack(">I", start))
        comment = _UNICODE + exif.comment.encode("utf-16-be")
        inner = _directory(start, {_VERSION: (_UNDEFINED, b"0232"), _COMMENT: (_UNDEFINED, comment)})
    return struct.pack(">2sHI", b"MM", 42, 8) + _directory(8, tags) + inner if tags else b""


def read(tiff: bytes) -> Exif:
    """Read the values of a TIFF structure. Malformed values count as absent, as EXIF in the wild is often broken."""
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(tiff[:4])
    if order is None:
        return Exif()
    outer = _tags(tiff, order, _number(tiff[4:8], order))
    inner = _tags(tiff, order, _number(outer[_EXIF_DIRECTORY][1], order)) if _EXIF_DIRECTORY in outer else {}
    orientation = _number(outer.get(_ORIENTATION, (_SHORT, b""))[1], order)
    description = outer.get(_DESCRIPTION, (_ASCII, b""))[1]
    comment = inner.get(_COMMENT, (_UNDEFINED, b""))[1]
    utf16 = "utf-16-le" if order == "<" else "utf-16-be"
    return Exif(
        orientation if 1 <= orientation <= 8 else 1,
        description.rstrip(b"\0").decode("utf-8", "replace"),
        comment[len(_UNICODE) :].decode(utf16, "replace") if comment.startswith(_UNICODE) else "",
    )


def _directory(offset: int, tags: _Tags) -> bytes:
    """Build a directory for this offset, followed by the values that do not fit into four bytes."""
    entries, values = b"", b""
    behind = offset + 2 + 12 * len(tags) + 4
    for tag, (kind, value) in sorted(tags.items()):
        entries += struct.pack(">HHI", tag, kind, len(value) // _SIZES[kind])
        if len(value) <= 4:
            entries += value.ljust(4, b"\0")
        else:
            entries += struct.pack(">I", behind + len(values))
            values += value + b"\0" * (len(value) % 2)
    return struct.pack(">H", len(tags)) + entries + bytes(4) + values


def _tags(tiff: bytes, order: str, offset: int) -> _Tags:
    """Read the entries of the directory at this offset, as far as they are within the structure."""
    tags: _Tags = {}
    for at in range(offset + 2, offset + 2 + 12 * _number(tiff[offset : offset + 2], order), 12):
        if at + 12 > len(tiff):
            break
        tag, kind, count = struct.unpack_from(f"{order}HHI", tiff, at)
        size = count * _SIZES.get(kind, 0)
        start = at + 8 if size <= 4 else _number(tiff[at + 8 : at + 12], order)
        tags.setdefault(tag, (kind, tiff[start : start + size]))
    return tags


def _number(value: bytes, order: str) -> int:
    return int.from_bytes(value, "little" if order == "<" else "big")
