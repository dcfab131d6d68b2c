"""The shape of the picture that a text states: a size, a ratio or an orientation. It is part of the order, and not checked."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from onbrief.brief import SIDE_RANGE, Size, size_for_ratio
from onbrief.errors import UsageError
from onbrief.questions.measures import ASPECT_TOLERANCE, Aspect, Measure, Pixels, Upright

_UPRIGHT, _WIDE = Fraction(2, 3), Fraction(3, 2)
_LEAST_SIDE = 256  # pixels; smaller numbers are more often those of a thing: "a 40x60 poster"

_END = r"(?=\s{0,9}(?:[,.;:!?)\n]|$))"
_START = r"(?:(?<=[,.;(\n])|^)[^\S\n]{0,9}"
_RATIO = r"(?P<w>\d{1,2}(?:\.\d+)?)\s?:\s?(?P<h>\d{1,2}(?:\.\d+)?)(?![\d:.]*\d)"
_COMMON = "16:9|9:16|4:3|3:4|3:2|2:3|1:1|21:9|9:21|5:4|4:5|2:1|1:2"
_NEVER_ELSE = "16:9|9:16|21:9|9:21"  # neither a score nor a time
_PIXELS = r"(?P<pw>\d{3,4})\s?(?:px)?\s?[x×]\s?(?P<ph>\d{3,4})"
_SIDE = "|".join(map(str, range(256, 2049, 64)))  # of pictures that generators make; screens have others
_NAMED = r"(?:\b(?:ar|size|resolution|dimensions|format|ratio)\s{0,9}[:=]?\s{0,9})?"
_MADE = r"(?:image|picture|photo|photograph|render|shot|banner|wallpaper|format|aspect(?: ratio)?|ratio)"

_ASKED = r"(?:\b(?:in|with|at|of|of size)\s+)?(?:\b(?:an?|the)\s+)?"
_PATTERNS = (
    r"(?<!\S)(?:--|—|–)(?:ar|aspect|(?:aspect[-_]?)?ratio)[ =]{1,3}"
    r"(?P<w>\d{1,4}(?:\.\d+)?)\s?[:x×/]\s?(?P<h>\d{1,4}(?:\.\d+)?)",
    r"(?<!\S)--w(?:idth)?[ =]{1,3}(?P<pw>\d{2,4})\s+--h(?:eight)?[ =]{1,3}(?P<ph>\d{2,4})\b",
    rf"{_ASKED}\baspect[ -]ratio(?:\s+(?:of|is|should be))?\s*[:=]?\s*{_RATIO}",
    rf"{_ASKED}(?<![\d:.]){_RATIO}\s+(?:aspect(?:[ -]ratio)?|format)\b",
    rf"{_START}(?:in\s+)?{_NAMED}(?P<common>{_COMMON})(?![\d:]){_END}",
    rf"\bin\s+(?P<common>{_NEVER_ELSE})(?![\d:]){_END}",
    rf"(?<![\d:.])(?P<common>{_NEVER_ELSE})(?![\d:])(?=\s+{_MADE}\b)",
    rf"(?:(?<=[^\d\s]\s)|(?<=[^\d\s]\s\s))(?<!\bof\s)(?<!\bis\s)(?<!\bat\s)(?<!ing\s)(?<!\bto\s){_NAMED}(?:(?P<common>{_NEVER_ELSE})|{_PIXELS})\s*\Z",
    rf"{_START}{_NAMED}(?:in\s+|at\s+)?{_PIXELS}(?:\s?(?:px|pixels?))?{_END}",
    rf"(?<=\s)(?<!\bof\s)(?<!\bis\s)(?<!\bat\s)(?<!ing\s)(?<!ws\s)(?<!ys\s)(?P<pw>{_SIDE})\s?[x×]\s?(?P<ph>{_SIDE})(?=\s?,)",
    rf"(?<![\d.]){_PIXELS}(?=\s+{_MADE}\b)",
    rf"{_ASKED}(?<![\d.]){_PIXELS}\s?(?:px|pixels?)\b(?!\s+(?:screen|display|monitor))",
    rf"{_ASKED}\b(?P<word>square|portrait|landscape|vertical|horizontal|widescreen)\s+"
    rf"(?:format|orientation|aspect(?: ratio)?){_END}",
)
PATTERNS = tuple(re.compile(pattern, re.IGNORECASE) for pattern in _PATTERNS)


@dataclass(frozen=True, slots=True)
class Shape:
    """A shape as it is stated. Without a size, only the ratio of width to height counts; a `loose` one is upright or wide."""

    words: str
    ratio: Fraction
    size: Size | None = None
    loose: bool = False

    @classmethod
    def of(cls, match: re.Match[str]) -> Shape | None:
        """Return the shape of a match of one of the patterns; None if it is not that of a picture."""
        found = match.groupdict()
        words = " ".join(match[0].split())
        if found.get("pw"):
            width, height = int(found["pw"]), int(found["ph"])
            plain = min(width, height) >= _LEAST_SIDE or "--" in words
            return (
                cls(words, Fraction(width, height), (width, height)) if plain and max(width, height) <= SIDE_RANGE[1] else None
            )
        if word := (found.get("word") or "").lower():
            if word == "square":
                return cls(words, Fraction(1))
            return cls(words, _UPRIGHT if word in {"portrait", "vertical"} else _WIDE, loose=True)
        sides = found["common"].split(":") if found.get("common") else (found["w"], found["h"])
        width, height = (Fraction(side) for side in sides)
        return cls(words, width / height) if width and height else None

    @classmethod
    def measured(cls, measure: Measure | None, words: str) -> Shape | None:
        """Return the shape that a requirement claims; None if it is about something else."""
        match measure:
            case Pixels(width, height):
                return cls(words, Fraction(width, height), (width, height))
            case Aspect(width, height):
                return cls(words, Fraction(width, height))
            case Upright(portrait):
                return cls(words, _UPRIGHT if portrait else _WIDE, loose=True)
            case _:
                return None

    def is_that_of(self, size: Size) -> bool:
        """Whether a picture of this size has the shape."""
        ratio = Fraction(*size)
        if self.loose:
            return ratio < 1 if self.ratio < 1 else ratio > 1
        return abs(ratio / self.ratio - 1) <= ASPECT_TOLERANCE


def settled(shapes: Sequence[Shape], given: Size | None, usual: Size, field: str) -> tuple[Size, list[str]]:
    """Return the size of a picture whose brief states these shapes, and what to tell the user: the size that is `given`, which
    has to have the shape; without one, that of the brief; else the `usual` one.

    Raises:
        UsageError: the brief states a shape that the given size does not have, or two that no size has.
    """
    if not shapes:
        return given or usual, []
    first = max(shapes, key=lambda shape: (shape.size is not None, not shape.loose))
    size = (
        given
        or first.size
        or (usual if all(shape.is_that_of(usual) for shape in shapes) else size_for_ratio(first.ratio, first.words))
    )
    for shape in shapes:
        if not shape.is_that_of(size):
            wrong = "x".join(map(str, size)) if given else first.words
            raise UsageError.of(
                "size" if given else field,
                wrong,
                f"the shape that the brief states: {shape.words}",
                hint="state one shape; put words that are to be read in the picture in quotation marks",
            )
    if given:
        return given, []
    return size, [f"the brief states “{first.words}”: the size of the picture is {size[0]}x{size[1]}"]
