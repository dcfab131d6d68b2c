"""What a requirement claims, in the form in which a judge is asked: a statement, an absence, a count, or words to read."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from onbrief.brief import Requirement


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement that is true or false."""

    text: str


@dataclass(frozen=True, slots=True)
class Absence:
    """The claim that none of these things is in the picture."""

    things: str


@dataclass(frozen=True, slots=True)
class Count:
    """The claim that there are exactly `number` of these things."""

    things: str
    number: int


@dataclass(frozen=True, slots=True)
class Lettering:
    """The claim that these words can be read; with `exact`, as they are written, with case and punctuation."""

    words: str
    exact: bool = False

    def stands_in(self, line: str) -> bool:
        """Whether a line of lettering contains them as whole words and in order.

        Letters and digits decide. Punctuation, spaces, hyphens, case and width do not: "SALE" stands in "sale!" and "S A L E",
        but neither in "SALES" nor in "WHOLESALE". Words without a letter or digit, such as "???", are compared as they are.
        """
        if self.exact:
            return bool(re.search(rf"(?<!\w){re.escape(_one_line(self.words))}(?!\w)", _one_line(line)))
        wanted = "".join(_words(self.words))
        if not wanted:
            return "".join(self.words.split()) in "".join(line.split())
        there = _words(line)
        return any(_begins(there, at, wanted) for at in range(len(there)))


Claim = Statement | Absence | Count | Lettering


@dataclass(frozen=True, slots=True)
class Amount:
    """The claim that there are at least `least` of these things, and at most `most`, unless that is None."""

    things: str
    least: int
    most: int | None


NUMBERS = {
    "zero": 0, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10,
    "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14, "fifteen": 15, "sixteen": 16, "seventeen": 17, "eighteen": 18,
    "nineteen": 19, "twenty": 20,
}  # fmt: skip
_COUNT = re.compile(rf"(?:there (?:is|are) )?exactly ({'|'.join(NUMBERS)}|\d{{1,3}}) (.+)", re.IGNORECASE)
_AMOUNT = re.compile(
    r"(?:there (?:is|are) )?(?:(?P<exact>exactly|only)|(?P<least>at least|no fewer than|no less than)|(?P<over>more than)"
    r"|(?P<most>at most|no more than|not more than)|(?P<under>fewer than|less than))? ?"
    rf"\b(?P<number>{'|'.join(NUMBERS)}|\d{{1,3}}) (?P<things>.+?)(?: visible)?"
    r"(?: in (?:the|this) (?:picture|image|photo|photograph))?",
    re.IGNORECASE,
)
_ABSENCE = re.compile(r"(?:there (?:is|are) )?no (.+)", re.IGNORECASE)
_LETTERING = re.compile(
    r'(?P<exact>exactly )?(?:the )?(?:words?|text|letters) ["“]([^"“”\n]+)["”] (?:is|are|can be read)', re.IGNORECASE
)
_DECIDING = ("L", "M", "N")  # general categories of Unicode: letters, the marks that belong to them, numbers
_IDLE = re.compile(
    "[\u0307\u200b-\u200f\ufe00-\ufe0f™℠]"
)  # the dot of a Turkish capital i, joiners, variants of emoji, trade marks
_WITHIN = re.compile(r"(?<=[^\W\d_])['’\-\u2010\u2011](?=[^\W\d_])")  # WHOLE-SALE is one word
_JOINED = re.compile(r"[,;:.]|\b(?:and|but|or|nor|is|are|has|have|that|which|who)\b", re.IGNORECASE)
_ANOTHER_NUMBER = re.compile(rf"\d|\b(?:{'|'.join(NUMBERS)})\b", re.IGNORECASE)


def claim(requirement: Requirement) -> Claim:
    """Return what to ask about a requirement. One that is not in a known form is asked as a plain statement.

    A count or an absence is recognised only if it is about one kind of thing and claims nothing else about it: with "no dog and
    a cat", the opposite of what is seen would decide nothing.
    """
    text = " ".join(requirement.text.split())
    plain = text.rstrip(".")
    if requirement.kind == "count" and (match := _COUNT.fullmatch(plain)) and not _is_joined(match[2]):
        number = NUMBERS.get(match[1].lower())
        return Count(match[2], int(match[1]) if number is None else number)
    if requirement.kind == "absence" and (match := _ABSENCE.fullmatch(plain)) and not _JOINED.search(match[1]):
        return Absence(match[1])
    if requirement.kind == "text" and (match := _LETTERING.fullmatch(plain)) and match[2].strip():
        return Lettering(match[2], exact=match["exact"] is not None)
    return Statement(text)


def amount(requirement: Requirement) -> Amount | None:
    """Return how many things of one kind a count requires; None if its words do not say so plainly. A bare number is exact."""
    plain = " ".join(requirement.text.split()).rstrip(".")
    match = _AMOUNT.fullmatch(plain) if requirement.kind == "count" else None
    if not match or _is_joined(match["things"]):
        return None
    number = NUMBERS.get(match["number"].lower())
    number = int(match["number"]) if number is None else number
    if match["least"] or match["over"]:
        return Amount(match["things"], number + bool(match["over"]), None)
    if match["most"] or match["under"]:
        return Amount(match["things"], 0, number - bool(match["under"]))
    return Amount(match["things"], number, number)


def _is_joined(things: str) -> bool:
    return bool(_JOINED.search(things) or _ANOTHER_NUMBER.search(things))


def _begins(words: list[str], at: int, wanted: str) -> bool:
    """Whether the words from this place on make what is wanted, with no part of a word left over."""
    for n in range(at, len(words)):
        if not wanted.startswith(words[n]):
            return False
        wanted = wanted.removeprefix(words[n])
        if not wanted:
            return True
    return False


def _words(text: str) -> list[str]:
    """Split a line into its words: runs of letters and digits, ignoring case and width."""
    plain = _IDLE.sub("", unicodedata.normalize("NFKC", _IDLE.sub("", text)).casefold())
    plain = _WITHIN.sub("", plain)
    return "".join(c if unicodedata.category(c)[0] in _DECIDING else " " for c in plain).split()


def _one_line(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text).split())
