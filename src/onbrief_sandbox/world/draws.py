"""Draws that depend on texts alone, so that every machine draws the same."""

from __future__ import annotations

import hashlib
from random import Random


def digest(*parts: str) -> int:
    """64 bits."""
    return int.from_bytes(hashlib.sha256("\x1f".join(parts).encode("utf-8", "surrogatepass")).digest()[:8])


def uniform(*parts: str) -> float:
    """A number between 0 and 1, neither of them."""
    return ((digest(*parts) >> 11) + 0.5) / 2**53


def chooser(*parts: str) -> Random:
    """Choices that follow from these texts."""
    return Random(digest(*parts))  # noqa: S311 - no secret hangs on it
