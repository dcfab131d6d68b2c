"""Splits text into sentences and tokens."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from onbrief_sandbox.language import words

MAX_CHARACTERS = 20_000  # the rest of a text is ignored; twice the longest brief
MAX_QUOTE = 300
_LETTERS = ("word", "words", "text", "letters")  # capitals after one of these count as quoted: the word OPEN

_TOKEN = re.compile(
    rf"""
      "(?P<quote>[^"\n]{{1,{MAX_QUOTE}}})"
    | (?<![a-z0-9])'(?P<single>[^'\n]{{1,{MAX_QUOTE}}})'(?![a-z])
    | (?P<weight>:\d(?:\.\d+)?\ ?\))
    | (?P<measure>\d+(?:[.,:/x\u00d7-]\d+)+[a-z]*)
    | (?P<number>\d+[a-z]*)
    | (?P<word>[a-z]+(?:['-][a-z0-9]+)*)
    | (?P<stop>[.;!?\n]|\u2026)
    | (?P<comma>[,:]|--+)
    | (?P<sign>\#(?=\d)|[^\w\s.;!?,:"'()\[\]{{}}<>/|\\*_\#~^`\u2010-\u2015-]+)
    """,
    re.IGNORECASE | re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class Token:
    """A word in lower case, a number as digits, quoted text verbatim, a comma, or a sign: a symbol, or digits that are no
    number of things ("3:47"). `place` counts the tokens of a text.
    """

    kind: Literal["word", "number", "quote", "comma", "sign"]
    text: str
    place: int = -1


END = Token("comma", "")


def sentences(text: str, first: int = 0) -> list[list[Token]]:
    """Return the sentences of a text as tokens, counted from `first` on. Letters of other scripts are ignored."""
    text = words.fold(text[:MAX_CHARACTERS]).strip()
    if text.startswith('"') and text.endswith('"') and text.count('"') == 2:
        text = text.strip('"')  # quotation marks around the whole prompt do not request lettering
    found: list[list[Token]] = [[]]
    for place, match in enumerate(_TOKEN.finditer(text), first):
        kind, value = match.lastgroup, match[match.lastgroup or 0]
        if kind == "stop":
            found.append([])
        elif kind == "comma":
            found[-1].append(Token("comma", value, place))
        elif kind in ("quote", "single"):
            found[-1].append(Token("quote", value, place))
        elif kind in ("sign", "measure"):
            found[-1].append(Token("sign", value, place))
        elif kind == "word":
            spelled = value.isupper() and len(value) > 1 and found[-1] and found[-1][-1].text in _LETTERS
            found[-1].append(Token("quote", value, place) if spelled else Token("word", value.lower(), place))
        elif kind == "number":
            found[-1].append(Token("number" if value.isdecimal() else "word", value.lower(), place))
    return [sentence for sentence in found if sentence]
