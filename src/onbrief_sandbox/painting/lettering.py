"""The sandbox's alphabet: capitals, digits and some marks as pen strokes, in a fixed-width font.

The fixed width makes spaces unambiguous to read. Each glyph is in a box 4 units wide and 6 high.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

GLYPHS = {
    "A": "M0 6L2 0L4 6M.7 4H3.3",
    "B": "M0 0V6H2.2C3.4 6 4 5.3 4 4.4C4 3.5 3.4 2.8 2.2 2.8H0M0 0H2C3 0 3.6 .6 3.6 1.4C3.6 2.2 3 2.8 2 2.8",
    "C": "M4 1.3C3.5 .4 2.9 0 2.2 0C.9 0 0 1.3 0 3C0 4.7 .9 6 2.2 6C2.9 6 3.5 5.6 4 4.7",
    "D": "M0 0H1.5C3.1 0 4 1.2 4 3C4 4.8 3.1 6 1.5 6H0Z",
    "E": "M3.7 0H0V6H3.7M0 3H2.8",
    "F": "M3.7 0H0V6M0 3H2.8",
    "G": "M3.8 1.2C3.3 .4 2.8 0 2.1 0C.8 0 0 1.3 0 3C0 4.7 .8 6 2.1 6C3.3 6 4 5.2 4 4.1V3.3H2.3",
    "H": "M0 0V6M4 0V6M0 3H4",
    "I": "M.5 0H3.5M2 0V6M.5 6H3.5",
    "J": "M1.2 0H3.7V4.2C3.7 5.4 3 6 1.9 6C.9 6 .2 5.4 0 4.4",
    "K": "M0 0V6M3.8 0L0 3.7M1.4 2.4L4 6",
    "L": "M0 0V6H3.7",
    "M": "M0 6V0L2 3.3L4 0V6",
    "N": "M0 6V0L4 6V0",
    "O": "M2 0C.8 0 0 1.2 0 3C0 4.8 .8 6 2 6C3.2 6 4 4.8 4 3C4 1.2 3.2 0 2 0Z",
    "P": "M0 6V0H2.3C3.4 0 4 .7 4 1.7C4 2.7 3.4 3.4 2.3 3.4H0",
    "Q": "M2 0C.8 0 0 1.2 0 3C0 4.8 .8 6 2 6C3.2 6 4 4.8 4 3C4 1.2 3.2 0 2 0ZM2.5 4.2L4.1 6.2",
    "R": "M0 6V0H2.3C3.4 0 4 .7 4 1.7C4 2.7 3.4 3.4 2.3 3.4H0M2 3.4L4 6",
    "S": "M3.8 1.1C3.4 .4 2.8 0 2 0C.9 0 .2 .6 .2 1.5C.2 2.5 1 2.8 2 3C3.2 3.2 4 3.6 4 4.5C4 5.4 3.2 6 2 6C1.1 6 .4 5.6 0 4.8",
    "T": "M0 0H4M2 0V6",
    "U": "M0 0V4C0 5.3 .8 6 2 6C3.2 6 4 5.3 4 4V0",
    "V": "M0 0L2 6L4 0",
    "W": "M0 0L.9 6L2 2.2L3.1 6L4 0",
    "X": "M0 0L4 6M4 0L0 6",
    "Y": "M0 0L2 3L4 0M2 3V6",
    "Z": "M0 0H4L0 6H4",
    "0": "M2 0C.9 0 .3 1.2 .3 3C.3 4.8 .9 6 2 6C3.1 6 3.7 4.8 3.7 3C3.7 1.2 3.1 0 2 0ZM.8 4.9L3.2 1.1",
    "1": "M.7 1.4L2.2 0V6M.7 6H3.7",
    "2": "M.1 1.5C.3 .5 1 0 2 0C3.2 0 3.9 .7 3.9 1.7C3.9 2.6 3.4 3.2 2.6 3.9L0 6H4",
    "3": "M.1 .9C.6 .3 1.2 0 2 0C3.1 0 3.8 .6 3.8 1.5C3.8 2.4 3 2.9 1.6 2.9"
    "C3.2 2.9 4 3.5 4 4.4C4 5.4 3.2 6 2 6C1.1 6 .4 5.6 0 4.9",
    "4": "M3 6V0L0 4.2H4",
    "5": "M3.7 0H.6L.4 2.8C.9 2.4 1.4 2.3 2 2.3C3.2 2.3 4 3 4 4.1C4 5.3 3.2 6 1.9 6C1.1 6 .4 5.6 0 4.9",
    "6": "M3.5 .3C1.4 -.3 0 1.6 0 4.1C0 5.3 .8 6 2 6C3.2 6 4 5.3 4 4.2C4 3.1 3.2 2.5 2 2.5C.9 2.5 .1 3.1 0 4.1",
    "7": "M0 0H4L1.4 6",
    "8": "M2 2.8C.9 2.8 .3 2.2 .3 1.4C.3 .5 1 0 2 0C3 0 3.7 .5 3.7 1.4C3.7 2.2 3.1 2.8 2 2.8C.8 2.8 0 3.5 0 4.4C0 5.4 .8 6 2 6"
    "C3.2 6 4 5.4 4 4.4C4 3.5 3.2 2.8 2 2.8Z",
    "9": "M.5 5.7C2.6 6.3 4 4.4 4 1.9C4 .7 3.2 0 2 0C.8 0 0 .7 0 1.8C0 2.9 .8 3.5 2 3.5C3.1 3.5 3.9 2.9 4 1.9",
    "-": "M.8 3H3.2",
    "'": "M2 0V1.4",
    '"': "M1.2 0V1.4M2.8 0V1.4",
    ".": "M2 5.9V6",
    ",": "M2.2 5.8L1.6 7",
    ":": "M2 1.6V1.7M2 4.9V5",
    "!": "M2 0V3.9M2 5.9V6",
    "?": "M.3 1.2C.6 .4 1.2 0 2 0C3.1 0 3.7 .7 3.7 1.5C3.7 2.7 2 2.8 2 4M2 5.9V6",
    "&": "M4 6L1.1 2.2C.3 1.1 1 0 2 0C3 0 3.5 1.2 2.6 2L1 3.3C-.5 4.6 .4 6 1.8 6C3 6 3.8 5.2 4 3.8",
    "+": "M2 1.2V4.8M.2 3H3.8",
    "/": "M.4 6L3.6 0",
    "%": "M.2 6L3.8 0M.7 .7V1M3.3 5V5.3",
    "#": "M1.4 .3L.8 5.7M3.2 .3L2.6 5.7M0 2H4M0 4H4",
    "$": "M3.8 1.6C3.4 1 2.8 .8 2 .8C.9 .8 .2 1.3 .2 2C.2 2.8 1 2.9 2 3.1"
    "C3.2 3.3 4 3.6 4 4.2C4 5 3.2 5.3 2 5.3C1.1 5.3 .4 5 0 4.3M2 0V6",
}  # fmt: skip

HEIGHT = 6.0
ADVANCE = 5.7
"""The distance from the middle of one letter to the middle of the next."""
LEADING = 9.0
"""The distance from one line to the next."""
PEN = 0.95

_LONGEST = 48
_SPELLED = str.maketrans({"ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i"})
_LIKE = str.maketrans({**dict.fromkeys("‐‑‒–—−_", "-"), **dict.fromkeys("‘’`´", "'"), **dict.fromkeys("“”„", '"')})


def transliterate(text: str) -> str:
    """Return the text in the alphabet: capitals A–Z, digits, common marks and single spaces. Other characters are dropped."""
    spelled = unicodedata.normalize("NFKD", text.lower().translate(_SPELLED).translate(_LIKE)).upper()
    kept = "".join(c if c in GLYPHS else "" if unicodedata.combining(c) else " " for c in spelled)
    return joined(kept.split())[:_LONGEST].rstrip()


def break_lines(text: str, width: float, height: float) -> tuple[list[str], float]:
    """Break the text at spaces and after hyphens so that it fills a box best. Return the lines and the scale of the letters.
    `joined` is the inverse.
    """
    pieces = text.replace("-", "- ").split(" ")
    best: tuple[list[str], float] = ([text], 0.0)
    for limit in range(max(map(len, pieces)), len(text) + 1):
        lines: list[str] = []
        for piece in pieces:
            longer = joined([lines[-1], piece]) if lines else piece
            if lines and len(longer) <= limit:
                lines[-1] = longer
            else:
                lines.append(piece)
        scale = fit(lines, width, height)
        if scale > best[1]:
            best = (lines, scale)
    return best


def joined(lines: Sequence[str]) -> str:
    """Return the text that `break_lines` broke into these lines."""
    return " ".join(lines).replace("- ", "-")


def fit(lines: Sequence[str], width: float, height: float) -> float:
    """Return the largest scale at which these lines fit into a box: the size of one glyph unit in units of the box."""
    longest = max(map(len, lines))
    return min(width / (longest * ADVANCE), height / (LEADING * (len(lines) - 1) + HEIGHT + 2 * PEN))


def lettered(lines: Sequence[str], scale: float, x: float, y: float, colour: str) -> str:
    """Return SVG of the lines, centred around (x, y)."""
    strokes: list[str] = []
    for row, line in enumerate(lines):
        top = y + scale * ((row - (len(lines) - 1) / 2) * LEADING - HEIGHT / 2)
        for column, letter in enumerate(line):
            if letter != " ":
                left = x + scale * ((column - (len(line) - 1) / 2) * ADVANCE - 2)
                move = f"translate({left:.2f} {top:.2f}) scale({scale:.3f})"
                strokes.append(f'<path d="{GLYPHS[letter]}" transform="{move}"/>')
    pen = f'fill="none" stroke="{colour}" stroke-width="{PEN}" stroke-linecap="round" stroke-linejoin="round"'
    return f"<g {pen}>{''.join(strokes)}</g>"
