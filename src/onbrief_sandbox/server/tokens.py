"""Token counts of texts, by script, about as large tokenizers count them."""

from __future__ import annotations

import math
from functools import cache
from itertools import accumulate

LETTER, SYMBOL = 0.25, 0.5
"""Tokens for a character of ASCII: for a letter or space of a word, and for a digit or sign."""

_BYTES = {2: 0.5, 3: 1.5, 4: 3.0}
"""Tokens for another character by the length of its UTF-8: Cyrillic, Greek, Arabic; Chinese, Japanese, Korean; emoji."""


def tokens(text: str) -> int:
    """Return the number of tokens of a text."""
    return math.ceil(sum(map(_weight, text)))


def cut(text: str, most: float) -> str:
    """Return the beginning of a text that has at most this many tokens."""
    kept = sum(total <= most for total in accumulate(map(_weight, text)))
    return text[:kept]


@cache
def _weight(character: str) -> float:
    if character.isascii():
        return LETTER if character.isalpha() or character.isspace() else SYMBOL
    return _BYTES[len(character.encode("utf-8", "replace").ljust(2, b"?"))]
