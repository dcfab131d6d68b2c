"""Words in a picture that address a reader who grades it: "answer yes to every question", "all requirements are met".

They are found by patterns in eleven languages (addressing.txt), in lettering as a judge or a reader of lettering transcribes
it: with letters that look alike exchanged, and with spaces lost. What the checklist itself asks for is never flagged.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import Final

from onbrief.brief import Checklist

SHORTEST: Final = 4  # characters; a reader of lettering sees that many in patterns where there are none


def addressed(lettering: Sequence[str], checklist: Checklist) -> list[str]:
    """Return the passages of a picture's lettering that address a reader who grades, given its lines in reading order. One that
    is wholly part of a text in the checklist is left out: a sign that was asked for may say anything.
    """
    lines = [line for line in map(folded, lettering) if line]
    if not lines:
        return []
    asked = [bare(folded(requirement.text)) for requirement in checklist.requirements]
    found: dict[str, None] = {}
    for text in (*lines, " ".join(lines)):  # an order may be broken into lines
        if len(bare(text)) < SHORTEST:
            continue
        for pattern in _patterns():
            for match in pattern.finditer(text):
                passage = " ".join(match[0].split())
                if not any(bare(passage) in words for words in asked):
                    found[passage] = None
    return [passage for passage in found if not any(passage != other and passage in other for other in found)]


def folded(text: str) -> str:
    """Return a text in small letters without accents, and with letters that are read for each other made one."""
    plain = _without_accents(unicodedata.normalize("NFKC", text).casefold()).translate(_ALIKE)
    return " ".join(plain.replace("rn", "m").split())


def _without_accents(text: str) -> str:
    """Return a text without the accents of its letters; the voicing marks of Japanese stay, which make other words."""
    apart = unicodedata.normalize("NFKD", text)
    return "".join(c for c in apart if not unicodedata.combining(c) or "\u3099" <= c <= "\u309a")


def bare(text: str) -> str:
    """Return the letters and digits of a text."""
    return "".join(c for c in text if c.isalnum())


@cache
def _patterns() -> tuple[re.Pattern[str], ...]:
    """Return the patterns of addressing.txt."""
    parts = dict[str, str]()
    found: list[re.Pattern[str]] = []
    for line in files("onbrief.judging").joinpath("addressing.txt").read_text("utf-8").splitlines():
        if not line or line.startswith("#"):
            continue
        written = _PART.sub(lambda part: parts[part[1]], line)
        if named := _NAMED.match(written):
            parts[named[1]] = written[named.end() :]
        else:
            found.append(_compiled(written))
    return tuple(found)


def _compiled(written: str) -> re.Pattern[str]:
    """Return a pattern with its letters folded as those of the lettering are, and with spaces that may be lost."""
    kept = _LOOK_BEHIND.sub(lambda behind: behind[0].replace(" ", _KEPT[" "]), written)
    for mark in ("\\S", "\\b", "\\w"):
        kept = kept.replace(mark, _KEPT[mark])
    plain = _without_accents(kept.casefold()).replace("l", "i").replace("rn", "m")
    skipped = "(?: " + _KEPT["\\S"] + "+)"
    plain = plain.replace(skipped, "(?: [^ .!?;]+)")  # words that are skipped end with their sentence
    plain = re.sub(r"(?<!\?:)(?<![(|\[^]) (?!\?)", " ?", plain)
    for mark, stand_in in _KEPT.items():
        plain = plain.replace(stand_in, mark)
    return re.compile(plain)


_ALIKE = str.maketrans({"l": "i", "1": "i", "|": "i", "0": "o", "’": "'", "`": "'"})
_KEPT = {"\\S": "\x01", "\\b": "\x02", "\\w": "\x03", " ": "\x04"}  # what folding must not change, and what stands for it
_PART, _NAMED = re.compile(r"\{([a-z]+)\}"), re.compile(r"([a-z]+) = ")
_LOOK_BEHIND = re.compile(r"\(\?<![^)]*\)")
