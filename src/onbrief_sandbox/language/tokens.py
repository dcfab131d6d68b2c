"""Splits text into sentences and tokens."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from onbrief_sandbox.language import words

MAX_CHARACTERS = 20_000  # the rest of a text is ignored; twice the longest brief
MAX_QUOTE = 64
_LETTERS = ("word", "words", "text", "letters")  # capitals after one of these count as quoted: the word OPEN

_TOKEN = re.compile(
    rf"""
      "(?P<quote>[^"\n]{{1,{MAX_QUOTE}}})"
    | (?<![a-z0-9])'(?P<single>[^'\n]{{1,{MAX_QUOTE}}})'(?![a-z])
    | (?P<weight>:\ ?\d(?:\.\d+)?\ ?\))
    | (?P<number>\d[\d.]*[a-z]*)
    | (?P<word>[a-z]+(?:['-][a-z0-9]+)*)
    | (?P<stop>[.;!?\n])
    | (?P<comma>[,:])
    """,
    re.IGNORECASE | re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class Token:
    """A word in lower case, a number as digits, quoted text verbatim, or a comma."""

    kind: Literal["word", "number", "quote", "comma"]
    text: str


END = Token("comma", "")


def sentences(text: str) -> list[list[Token]]:
    """Return the sentences of a text as tokens. Characters other than Latin letters, digits and punctuation are ignored."""
    text = words.fold(text[:MAX_CHARACTERS]).strip()
    if text.startswith('"') and text.endswith('"') and text.count('"') == 2:
        text = text.strip('"')  # quotation marks around the whole prompt do not request lettering
    found: list[list[Token]] = [[]]
    for match in _TOKEN.finditer(text):
        kind, value = match.lastgroup, match[match.lastgroup or 0]
        if kind == "stop":
            found.append([])
        elif kind == "comma":
            found[-1].append(Token("comma", value))
        elif kind in ("quote", "single"):
            found[-1].append(Token("quote", value))
        elif kind == "word":
            spelled = value.isupper() and len(value) > 1 and found[-1] and found[-1][-1].text in _LETTERS
            found[-1].append(Token("quote", value) if spelled else Token("word", value.lower()))
        elif kind == "number":
            whole = value.rstrip(".")
            if whole.isdecimal() and len(whole) <= 2:
                found[-1].append(Token("number", whole))
            elif whole[-1:].isalpha():
                found[-1].append(Token("word", whole.lower()))
            if value.endswith("."):
                found.append([])
    return [sentence for sentence in found if sentence]
