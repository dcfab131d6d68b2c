"""What a requirement claims, as a judge is asked about it: a statement, a number of things, or words to be read."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from onbrief.brief import Requirement


@dataclass(frozen=True, slots=True)
class Statement:
    """True or not."""

    text: str


@dataclass(frozen=True, slots=True)
class Absence:
    """None of this is there."""

    things: str


@dataclass(frozen=True, slots=True)
class Count:
    """There are exactly so many of these things."""

    things: str
    number: int


@dataclass(frozen=True, slots=True)
class Lettering:
    """These words can be read."""

    words: str

    def stands_in(self, line: str) -> bool:
        """Whether a line of lettering has them, as whole words and in their order. Case and width make no difference."""
        wanted, there = _words(self.words), _words(line)
        return any(there[at : at + len(wanted)] == wanted for at in range(len(there) - len(wanted) + 1))


Claim = Statement | Absence | Count | Lettering

_NUMBERS = {
    "zero": 0, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10,
    "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14, "fifteen": 15, "sixteen": 16, "seventeen": 17, "eighteen": 18,
    "nineteen": 19, "twenty": 20,
}  # fmt: skip
_COUNT = re.compile(rf"(?:there (?:is|are) )?exactly ({'|'.join(_NUMBERS)}|\d{{1,3}}) (.+)", re.IGNORECASE)
_ABSENCE = re.compile(r"(?:there (?:is|are) )?no (.+)", re.IGNORECASE)
_LETTERING = re.compile(r'(?:the )?(?:words?|text|letters) ["“]([^"“”\n]+)["”] (?:is|are|can be read)', re.IGNORECASE)
_JOINED = re.compile(r"[,;:.]|\b(?:and|but|or|nor|is|are|has|have|that|which|who)\b", re.IGNORECASE)
_ANOTHER_NUMBER = re.compile(rf"\d|\b(?:{'|'.join(_NUMBERS)})\b", re.IGNORECASE)


def claim(requirement: Requirement) -> Claim:
    """What to ask about it. What is not in one of the plain forms is asked as the statement that it is.

    A count or an absence is turned around only where it speaks of one kind of thing and says nothing else of it: with "no dog
    and a cat", the opposite of what is seen would decide nothing.
    """
    text = " ".join(requirement.text.split())
    plain = text.rstrip(".")
    if requirement.kind == "count" and (match := _COUNT.fullmatch(plain)) and not _is_joined(match[2]):
        number = _NUMBERS.get(match[1].lower())
        return Count(match[2], int(match[1]) if number is None else number)
    if requirement.kind == "absence" and (match := _ABSENCE.fullmatch(plain)) and not _JOINED.search(match[1]):
        return Absence(match[1])
    if requirement.kind == "text" and (match := _LETTERING.fullmatch(plain)) and _words(match[1]):
        return Lettering(match[1])
    return Statement(text)


def _is_joined(things: str) -> bool:
    return bool(_JOINED.search(things) or _ANOTHER_NUMBER.search(things))


def _words(text: str) -> list[str]:
    """The words of a line without the marks around them."""
    plain = unicodedata.normalize("NFKC", text).casefold().replace("’", "'")
    return [bare for word in plain.split() if (bare := word.strip("\"'“”„«»「」『』.,;:…"))]
