"""Read pictures that a provider sends as text: one function for all providers and operations."""

from __future__ import annotations

import base64
import re
from urllib.parse import unquote

_DATA_URL = re.compile(r"data:[^,]*;base64,", re.IGNORECASE)
_URL_SAFE = str.maketrans("-_", "+/")
_ALPHABET = re.compile(r"[A-Za-z0-9+/]+")


def decoded(text: str) -> bytes:
    """Return the bytes that a provider wrote as base64.

    The picture is paid for, so every spelling with one meaning is read: a `data:` URL, line breaks and spaces anywhere, the
    letters that are safe in URLs, missing padding. Whether the bytes are a picture is decided where they are opened.

    Raises:
        ValueError: it is not base64 in any of these forms, or has no bytes.
    """
    start = _DATA_URL.match(text.lstrip())
    if start:
        text = unquote(text.lstrip()[start.end() :])
    letters = "".join(text.split()).translate(_URL_SAFE).rstrip("=")
    if not _ALPHABET.fullmatch(letters):
        raise ValueError("it has characters other than those of base64" if letters else "it is empty")
    if len(letters) % 4 == 1:
        raise ValueError("its length is not one that base64 can have")
    return base64.b64decode(letters + "=" * (-len(letters) % 4))
