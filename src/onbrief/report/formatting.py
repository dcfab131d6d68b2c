"""Texts and numbers formatted for display: nothing in the data can overprint its neighbours or grow without bound."""

from __future__ import annotations

import math
import re
import shlex
import unicodedata
from datetime import UTC, datetime
from functools import cache

MAX_MARKS = 6
"""Maximum number of combining marks on one letter: more than any script needs, fewer than would reach the next line."""

_SCRIPTS = (
    ("ja", "\u3041-\u30ff\uff66-\uff9d"),
    ("ko", "\u1100-\u11ff\u3131-\u318e\uac00-\ud7a3"),
    ("zh", "\u3005-\u3007\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"),
    ("he", "\u05d0-\u05ea"),
    ("ar", "\u0620-\u064a\u066e-\u06d3\u06fa-\u06fc"),
    ("ru", "\u0400-\u052f"),
    ("el", "\u0370-\u03ff\u1f00-\u1fff"),
    ("hi", "\u0904-\u0939\u0958-\u0961"),
    ("bn", "\u0985-\u09b9"),
    ("pa", "\u0a05-\u0a39"),
    ("gu", "\u0a85-\u0ab9"),
    ("ta", "\u0b83-\u0bb9"),
    ("te", "\u0c05-\u0c39"),
    ("kn", "\u0c85-\u0cb9"),
    ("ml", "\u0d05-\u0d39"),
    ("si", "\u0d85-\u0dc6"),
    ("th", "\u0e01-\u0e30\u0e40-\u0e46"),
    ("lo", "\u0e81-\u0eb0\u0ec0-\u0ec6"),
    ("my", "\u1000-\u102a"),
    ("ka", "\u10d0-\u10ff"),
    ("km", "\u1780-\u17b3"),
    ("hy", "\u0531-\u0587"),
)
"""Letters of scripts, and the language that a text in them is in, if nothing says otherwise."""

_OTHERWISE = {
    "ar": (("ur", "[ٹڈڑںےھ]"), ("", "[ەێۆڕڵښګۍڼټڊڙۀ]"), ("fa", "[پچژگکی]")),
    "ru": (
        ("be", "[ўЎ]"),
        ("uk", "[їєґЇЄҐ]"),
        ("mk", "[ѓќѕЃЌЅ]"),
        ("sr", "[ђћљњџјЂЋЉЊЏЈ]"),
        ("", "[^\u0410-\u044fёЁ]|^[^ыэё]*ъ"),
    ),
    "hi": (("mr", "[ळ]"),),
    "bn": (("as", "[ৰৱ]"),),
}
"""Letters that tell another language of the same script; "" where several have them, as Bulgarian has ъ and no ы."""

_BIDI_CONTROLS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_JOINERS = frozenset("\u200d\ufe0e\ufe0f")


def shown(text: str, at_most: int | None = None) -> str:
    """Return the text as one line that is safe to display, cut to `at_most` characters with "…" at the end.

    White space is folded. Control characters become their visible signs (U+2400 on), halves of surrogate pairs and
    noncharacters become U+FFFD, and the controls that reorder text are dropped (letters have their own direction).
    """
    folded = " ".join(text.split())
    if folded.isascii() and folded.isprintable():  # most texts: nothing in them is replaced
        return folded if at_most is None or len(folded) <= at_most else folded[: at_most - 1].rstrip() + "…"
    kept: list[str] = []
    marks = 0
    for character in folded:
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
    """Return the language tag that the script of most letters implies, or "" (unknown) where many languages share it.

    A few foreign words do not change the language of a text: a sign in Japanese, described in English, is English.
    """
    if text.isascii():
        return ""
    counts = {tag: len(script.findall(text)) for tag, script in _letters().items()}
    if counts["ja"] and counts["ja"] + counts["zh"] >= counts["ko"]:
        counts["ja"] += counts.pop("zh")  # Japanese is written in both
    tag, most = max(counts.items(), key=lambda item: item[1])
    if 2 * most <= sum(character.isalpha() for character in text):
        return ""
    own = "".join(_letters()[tag].findall(text))
    return next((other for other, letters in _OTHERWISE.get(tag, ()) if re.search(letters, own)), tag)


@cache
def _letters() -> dict[str, re.Pattern[str]]:
    return {tag: re.compile(f"[{letters}]") for tag, letters in _SCRIPTS}


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
