"""Words that coverage.py knows: function words, numbers and negations of seven languages, and for English what means the same.

The words are in vocabulary.toml.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, Final, cast

from onbrief.questions.claims import NUMBERS

_DATA: Final[dict[str, Any]] = tomllib.loads(files("onbrief.questions").joinpath("vocabulary.toml").read_text("utf-8"))
_ENGLISH = cast("dict[str, Any]", _DATA["english"])


@dataclass(frozen=True, slots=True)
class Language:
    """The words of a language that ask for nothing by themselves, that deny, and that give a number."""

    function: frozenset[str]
    negators: frozenset[str]
    numbers: Mapping[str, int]

    def counts(self, words: list[str]) -> int:
        """Return how many of these words are in the language."""
        return sum(word in self.function or word in self.negators or word in self.numbers for word in words)


def _language(row: Mapping[str, str]) -> Language:
    numbers = {word: number for number, word in enumerate(row["numbers"].split(), 2)}
    return Language(frozenset(row["function"].split()), frozenset(row["negators"].split()), numbers or NUMBERS)


LANGUAGES: Final = {code: _language(row) for code, row in cast("dict[str, dict[str, str]]", _DATA["languages"]).items()}
ENGLISH: Final = LANGUAGES["en"]


def _words(name: str) -> frozenset[str]:
    return frozenset(cast("str", _ENGLISH[name]).split())


WEAK: Final = _words("weak")
SHAPES: Final = _words("shapes")
PRAISE: Final = _words("praise")
MAKINGS: Final = _words("makings")
BESIDE_PRAISE: Final = _words("beside")
COLOURS: Final = _words("colours")
BARE: Final = _words("bare")
BARE_ELSEWHERE: Final = re.compile("^(?:vac[ií]|vuot|vazi|d[ée]sert|un)|(?:los|leer|frei)(?:e[rnms]?)?$|^vides?$|^leeg$")
"""The same in other languages."""

NOBODY: Final = frozenset({"nobody", "niemand", "nadie", "nessuno", "ninguém"})
"""Negations that name what is absent: a person."""

IRREGULAR: Final[Mapping[str, str]] = _ENGLISH["irregular"]
QUANTITIES: Final[Mapping[str, int]] = _ENGLISH["quantities"]
_LINES = [line.split() for line in cast("str", _ENGLISH["alike"]).splitlines()]
ALIKE: Final = {word: frozenset(other for line in _LINES if word in line for other in line) for line in _LINES for word in line}

# -- scripts without spaces --------------------------------------------------------------------------------------------

UNSPACED_NEGATION: Final = re.compile("没有|沒有|ない|なし|無|无|不")
UNSPACED_AFTER: Final = re.compile("(?:の|が|も|は)?い?(?:ない|なし|無し)")
UNSPACED_BEFORE: Final = re.compile("(?:没有|沒有|無|无|不)$")
"""A negation inside of what is cited, after it (in Japanese) or before it (in Chinese)."""

UNSPACED_DIGITS: Final = {
    c: n for n, those in enumerate(("二両两兩", "三", "四", "五", "六", "七", "八", "九", "十"), 2) for c in those
}
UNSPACED_PARTICLES: Final = frozenset("とがのはをにへもやで的了在和")
UNSPACED_GRAMMAR: Final = re.compile(
    "(?:で|と|が|の|は|を|に|へ|も|や|か|から|まで|より|です|ます|ました|ている|ています|いる|います|いた|ある|あり|あります|あって"
    "|して|した|する|される|された|れる|られる|な|だ|だった|った|て|る|い|く|り|ような|という|そして|また|その|この|つ"
    "|的|了|着|在|和|与|與|跟|有|是|一|个|個|上|下|里|裡|中|之|地|得|被|把|张|張|只|隻|位|旁|边|邊|並|并|其|這|这|那|们|們"
    "|อยู่|และ|ที่|มี|ใน|บน|ของ)+"
)
"""What only joins words."""
