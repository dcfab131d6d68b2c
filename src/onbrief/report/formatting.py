"""Texts and numbers formatted for display: nothing in the data can overprint its neighbours or grow without bound."""

from __future__ import annotations

import math
import re
import shlex
import unicodedata
from datetime import UTC, datetime

MAX_MARKS = 6
"""Maximum number of combining marks on one letter: more than any script needs, fewer than would reach the next line."""

_SCRIPTS = (
    ("ja", re.compile("[\u3041-\u30ff\uff66-\uff9d]")),
    ("ko", re.compile("[\u1100-\u11ff\uac00-\ud7a3]")),
    ("zh", re.compile("[\u3400-\u9fff\U00020000-\U0003ffff]")),
    ("th", re.compile("[\u0e01-\u0e5b]")),
    ("he", re.compile("[\u05d0-\u05ea]")),
    ("el", re.compile("[\u0391-\u03c9]")),
)
_BIDI_CONTROLS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_JOINERS = frozenset("\u200d\ufe0e\ufe0f")


def shown(text: str, at_most: int | None = None) -> str:
    """Return the text as one line that is safe to display, cut to `at_most` characters with "…" at the end.

    White space is folded. Control characters become their visible signs (U+2400 on), halves of surrogate pairs and
    noncharacters become U+FFFD, and the controls that reorder text are dropped (letters have their own direction).
    """
    kept: list[str] = []
    marks = 0
    for character in " ".join(text.split()):
        if at_most is not None and len(kept) > at_most:
            break
        category = unicodedata.category(character)
        marks = marks + 1 if category in ("Mn", "Me") else 0
        if marks > MAX_MARKS or character in _BIDI_CONTROLS:
            continue
        if category == "Cc":
            kept.append(chr(0x2400 + ord(character)) if ord(character) < 0x20 else "\u2421")
        elif category == "Cs" or ord(character) & 0xFFFE == 0xFFFE or "\ufdd0" <= character <= "\ufdef":
            kept.append("\ufffd")
        else:
            kept.append(character)
    whole = "".join(kept)
    if at_most is None or len(whole) <= at_most:
        return whole
    end = at_most - 1
    while end > 1 and (unicodedata.combining(whole[end]) or whole[end] in _JOINERS or whole[end - 1] in _JOINERS):
        end -= 1
    return whole[:end].rstrip() + "…"


def language(text: str) -> str:
    """Return the language tag that the script implies, or "" (unknown) where many languages share a script."""
    return next((tag for tag, script in _SCRIPTS if script.search(text)), "")


def money(usd: float | None) -> str:
    """Format US dollars; small amounts keep up to four decimals."""
    if usd is None or not math.isfinite(usd):
        return "price not known"
    if 0 < usd < 0.0001:
        return "under $0.0001"
    if 0 < usd < 0.1:
        whole, _, decimals = f"{usd:.4f}".rstrip("0").partition(".")
        return f"${whole}.{decimals:0<2}"
    return f"${usd:,.2f}"


def duration(seconds: float) -> str:
    """Format seconds: "5.1 s", "1 min 12 s", "2 h 3 min"."""
    if not math.isfinite(seconds) or seconds < 0:
        return "not known"
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600:,} h {whole % 3600 // 60} min"


def moment(text: str) -> datetime | None:
    """Parse an ISO 8601 time, in UTC; None if it is not valid."""
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError, OSError):
        return None


def clock(time: datetime) -> str:
    """Format a time in UTC: "28 November 2026, 11:04 UTC"."""
    return f"{time.day} {time:%B %Y, %H:%M} UTC"


def counted(number: int, noun: str) -> str:
    """Format a number with its noun: "1 picture", "2 pictures"."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def command(*words: str) -> str:
    """Format a command line, each word quoted where a shell needs it."""
    return shown(" ".join(shlex.quote(word) for word in words))
