"""Pseudorandom draws derived from strings, the same on every machine."""

from __future__ import annotations

import hashlib
from random import Random


def digest(*parts: str) -> int:
    """Return a 64-bit hash of these strings."""
    return int.from_bytes(hashlib.sha256("\x1f".join(parts).encode("utf-8", "surrogatepass")).digest()[:8])


def uniform(*parts: str) -> float:
    """Return a number between 0 and 1, both excluded."""
    return ((digest(*parts) >> 11) + 0.5) / 2**53


def chooser(*parts: str) -> Random:
    """Return a random generator seeded with these strings."""
    return Random(digest(*parts))  # noqa: S311 - not used for security
