"""What changed from one text to the next, word by word; in scripts without spaces, character by character."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

_ALONE = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\u2fff\u3040-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_MARKS = "\u0e31\u0e34-\u0e3a\u0e47-\u0e4e\u0eb1\u0eb4-\u0ebc\u0ec8-\u0ecd\u102b-\u103e\u17b4-\u17d3"
_SIGNS = r"!-&(-,./:-@\[-^`{-~¡¿«»“”„…–—、。〈-】！-／：-＠؟،؛।॥"
_TOKEN = re.compile(rf"\s+|[{_ALONE}][{_MARKS}]*|[^\s{_ALONE}{_SIGNS}]+|.", re.DOTALL)

_MOST_PAIRS = 1_000_000  # equal tokens in both texts, which difflib compares: about a second of work
_LEAST_SAME = 0.3  # of the characters of the longer text: with less, every second word would be marked
_CONTEXT = 28  # characters around a change in an excerpt


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a text compared with the text before it."""

    kind: Literal["same", "added", "removed"]
    text: str


def changes(former: str, text: str) -> tuple[Piece, ...] | None:
    """Compare two texts; None when they have so little in common that marks would only be in the way."""
    old, new = _TOKEN.findall(former), _TOKEN.findall(text)
    head = _shared(old, new)
    tail = _shared(old[head:][::-1], new[head:][::-1])
    inner_old, inner_new = old[head : len(old) - tail], new[head : len(new) - tail]
    counts = Counter(inner_old)
    if sum(counts[token] for token in inner_new) > _MOST_PAIRS:
        return None
    spans: list[tuple[str, str]] = [("".join(old[:head]), "".join(new[:head]))]  # what was and what is: same, changed, same ...
    for tag, a, b, c, d in SequenceMatcher(None, inner_old, inner_new, autojunk=False).get_opcodes():
        was, now = "".join(inner_old[a:b]), "".join(inner_new[c:d])
        same = tag == "equal" and now.strip() != ""  # white space between two changes belongs to them
        if same == (len(spans) % 2 == 1):
            spans[-1] = (spans[-1][0] + was, spans[-1][1] + now)
        else:
            spans.append((was, now))
    if tail:
        spans += [("", "")] * (len(spans) % 2) + [("".join(old[len(old) - tail :]), "".join(new[len(new) - tail :]))]
    pieces: list[Piece] = []
    for number, (was, now) in enumerate(spans):
        pieces += [Piece("removed", was), Piece("added", now)] if number % 2 else [Piece("same", now)]
    same = sum(len(piece.text) for piece in pieces if piece.kind == "same")
    if same < _LEAST_SAME * max(len(former), len(text)):
        return None
    return tuple(piece for piece in pieces if piece.text)


def _shared(one: Sequence[str], other: Sequence[str]) -> int:
    return next((n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))


def excerpt(pieces: Sequence[Piece], at_most: int) -> tuple[Piece, ...]:
    """Return the changes with a few words around each, of about `at_most` characters; "…" stands for what is left out."""
    kept: list[Piece] = []
    room = at_most
    for number, piece in enumerate(pieces):
        text = piece.text
        if piece.kind == "same":
            before = "" if number == 0 else _first_words(text)
            after = "" if number == len(pieces) - 1 else _last_words(text)
            if len(before) + len(after) < len(text):
                text = f"{before}…{after}"
        if len(text) > room:
            text = text[: max(0, room - 1)].rstrip() + "…"
        room -= len(text)
        kept.append(Piece(piece.kind, text))
        if room <= 0:
            break
    return tuple(kept)


def _first_words(text: str) -> str:
    part = text[:_CONTEXT]
    return part.rpartition(" ")[0] + " " if len(text) > _CONTEXT and " " in part.strip() else part


def _last_words(text: str) -> str:
    part = text[-_CONTEXT:]
    return " " + part.partition(" ")[2] if len(text) > _CONTEXT and " " in part.strip() else part
