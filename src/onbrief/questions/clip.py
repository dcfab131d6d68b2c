"""Counts the tokens of a text as CLIP does, the text encoder of Stable Diffusion 1.x, 2.x and XL.

Byte pair encoding with the 48,894 merges of CLIP's vocabulary (clip_merges.LICENSE). What CLIP's own tokenizer repairs before
that (broken encodings) is not repaired here.
"""

from __future__ import annotations

import html
import lzma
import re
from functools import cache, lru_cache
from importlib.resources import files
from itertools import pairwise

_PIECE = re.compile(r"'(?:s|t|re|ve|m|ll|d)|[^\W\d_]+|\d|(?:[^\s\w]|_)+", re.IGNORECASE)

_LONGEST = (
    64  # characters of a word; a longer one is counted in parts, which are a little more, or its tokens would take minutes
)


def tokens(text: str) -> int:
    """Return how many tokens CLIP makes of a text, without the marks at its start and end."""
    plain = html.unescape(html.unescape(text)).lower()
    pieces = (piece[at : at + _LONGEST] for piece in _PIECE.findall(plain) for at in range(0, len(piece), _LONGEST))
    return sum(map(_pieces, pieces))


@cache
def _ranks() -> dict[tuple[str, str], int]:
    merges = lzma.decompress(files("onbrief.questions").joinpath("clip_merges.txt.xz").read_bytes()).decode()
    pairs = (line.partition(" ") for line in merges.split("\n"))
    return {(first, second): rank for rank, (first, _, second) in enumerate(pairs)}


@lru_cache(4096)
def _pieces(word: str) -> int:
    """Return the number of tokens of a word: its bytes, joined by the merges, the earliest ones first."""
    ranks, letters = _ranks(), _letters()
    parts = [letters[byte] for byte in word.encode("utf-8", "replace")]
    parts[-1] += "</w>"
    while len(parts) > 1:
        best = min(pairwise(parts), key=lambda pair: ranks.get(pair, len(ranks)))
        if best not in ranks:
            break
        joined: list[str] = []
        for part in parts:
            if joined and (joined[-1], part) == best:
                joined[-1] += part
            else:
                joined.append(part)
        parts = joined
    return len(parts)


@cache
def _letters() -> list[str]:
    """Return the character that stands for each byte: itself if it can be printed, or else one from 256 on."""
    printed = {*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)}
    others = iter(range(256, 512))
    return [chr(byte if byte in printed else next(others)) for byte in range(256)]
