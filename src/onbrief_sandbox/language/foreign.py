"""Briefs in other languages: detects the language of a text and translates the words that foreign.toml contains.

Only the planner uses the translation. The painter ignores words of other languages, like an image model trained on English.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import cast

from onbrief.questions import vocabulary
from onbrief_sandbox.language import words

_MANY = 5  # words of a clause, of which English has at least one that is known here
_ENOUGH = 2  # least number of words that are in the language and not in English for a text to count as written in it
_LONGEST = 8  # maximum units of a piece
_SUN, _HORIZON = "the sun", "on the horizon"  # as written in foreign.toml
_ARTICLE = re.compile("^(?:the|an?) ")
_QUOTED = re.compile(r'"[^"\n]*"')
_CLAUSE = re.compile(r'("[^"\n]*"|[.,;:!?\n()])')
_WORD = re.compile("[a-z]+")
_UNIT = re.compile("[A-Za-z0-9'-]+|[^ -~]")  # in a language without spaces: one character, or a word in ASCII
_SILENT = re.compile("[\u3040-\u309f\u30fc\\W]")  # hiragana between words is grammar; punctuation
_SCRIPTS = (("ko", re.compile("[\uac00-\ud7af]")), ("ja", re.compile("[\u3040-\u30ff]")), ("zh", re.compile("[\u4e00-\u9fff]")))

Units = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Language:
    """A lexicon. `pieces` maps words or characters to English. `spaced`: words are separated by spaces. `after`: adjectives
    follow their noun.
    """

    name: str
    spaced: bool
    after: bool
    pieces: dict[Units, str]
    nothing: frozenset[Units]

    def units(self, text: str) -> Units:
        """Return the words of a clause, or its characters in a language without spaces."""
        return _units(text, spaced=self.spaced)

    def knows(self, word: str) -> bool:
        """Return whether this single word is in the lexicon."""
        return (word,) in self.pieces or (word,) in self.nothing


@dataclass(frozen=True, slots=True)
class Translation:
    """English for the grammar to parse, and whether it covers the whole text."""

    english: str
    complete: bool


def language(text: str) -> str | None:
    """Return the code of the language of a text if it is in foreign.toml; None for English and all others."""
    plain = _QUOTED.sub(" ", _plain(text))
    for code, script in _SCRIPTS:
        if script.search(plain):
            return code
    spoken = set(_WORD.findall(plain.lower()))
    english = {word for word in spoken if _english(word)}
    known = {code: {w for w in spoken if tongue.knows(w)} for code, tongue in LANGUAGES.items() if tongue.spaced}
    best = max(known, key=lambda code: len(known[code]))
    return best if len(known[best] - english) >= _ENOUGH and len(known[best]) > len(english) else None


def translate(text: str) -> Translation | None:
    """Return a text in English, or None if its language is English or not in foreign.toml."""
    code = language(text)
    if code is None:
        return None
    tongue = LANGUAGES[code]
    complete, clauses = True, list[str]()
    for part in _CLAUSE.split(_plain(text)):
        if part.startswith('"'):
            complete &= part.isascii()
            clauses.append(f"the word {part}" if part.isascii() else "")
            continue
        pieces, understood = _pieces(tongue, tongue.units(part))
        complete &= understood
        if pieces[:1] == [_HORIZON] and clauses and clauses[-1].endswith(_SUN):
            clauses[-1] += f" {pieces.pop(0)}"  # "the sun, which rises on the horizon"
        clauses += [_joined(tongue, pieces)] if pieces else []
    return Translation(", ".join(clause for clause in clauses if clause), complete)


def strange(text: str) -> bool:
    """Return whether a text, or a clause of it, is in none of the languages that are known here: its words that join others
    are not English, or it has many words and none is known.
    """
    plain = _plain(_QUOTED.sub(" ", words.fold(text)))
    return any(_strange(clause) for clause in [plain, *_CLAUSE.split(plain)])


def unknown(text: str) -> bool:
    """Return whether a text as a whole is in none of the languages that are known here."""
    return _strange(_plain(_QUOTED.sub(" ", words.fold(text))))


def _strange(clause: str) -> bool:
    spoken = re.findall("[A-Za-z]+", clause)
    english = sum(_english(word.lower()) for word in spoken)
    other = sum(word in _ELSEWHERE and not _english(word) for word in spoken)
    plain = [word for word in spoken if word.islower()]
    return other > english or (english == 0 and len(plain) == len(spoken) >= _MANY)


def legible(text: str) -> str:
    """Return the text as an English-only reader sees it: without clauses in another language that uses the Latin alphabet."""
    code = language(text)
    if code is None or not LANGUAGES[code].spaced:
        return text
    tongue = LANGUAGES[code]
    parts = _CLAUSE.split(_plain(text))
    return "".join(" " if _WORD.search(part) and not part.startswith('"') and _is_in(tongue, part) else part for part in parts)


def _plain(text: str) -> str:
    """Return the folded text, with Korean syllables recomposed."""
    return unicodedata.normalize("NFC", words.fold(text))


def _is_in(tongue: Language, clause: str) -> bool:
    spoken = _WORD.findall(clause.lower())
    return sum(map(tongue.knows, spoken)) >= sum(map(_english, spoken))


def _units(text: str, *, spaced: bool) -> Units:
    return tuple(_WORD.findall(text.lower()) if spaced else _UNIT.findall(text))


def _english(word: str) -> bool:
    return word in _ENGLISH or words.singular(word) in _ENGLISH


def _pieces(tongue: Language, units: Units) -> tuple[list[str], bool]:
    """Return the English pieces of a clause, by longest match first, and whether every unit was understood."""
    pieces: list[str] = []
    understood, index = True, 0
    while index < len(units):
        for size in range(min(_LONGEST, len(units) - index), 0, -1):
            here = units[index : index + size]
            if here in tongue.pieces:
                pieces.append(tongue.pieces[here])
            elif here not in tongue.nothing:
                continue
            index += size
            break
        else:
            unit = units[index]
            if unit.isascii() and not tongue.spaced:
                pieces.append(f"{unit}-")  # English among the characters
            elif not _SILENT.fullmatch(unit):
                understood = False
            index += 1
    return pieces, understood


def _joined(tongue: Language, pieces: Sequence[str]) -> str:
    """Join pieces to one English clause, with adjectives before their noun."""
    joined: list[str] = []
    waiting: list[str] = []
    for piece in pieces:
        if piece == "-no":
            joined[-1:] = [f"no {_bare(thing)}" for thing in joined[-1:]]
        elif piece.endswith("-") and tongue.after and joined and not waiting and piece[:-1] in words.COLOUR_WORDS:
            before, _, thing = joined[-1].rpartition(" ")
            joined[-1] = f"{before} {piece[:-1]} {thing}".strip()
        elif piece.endswith("-"):
            waiting.append(piece[:-1])
        else:
            joined.append(" ".join((*waiting, _bare(piece) if waiting else piece)))
            waiting = []
    joined += [" ".join(waiting)] if waiting else []
    return ", ".join(_in_order(joined))


def _bare(piece: str) -> str:
    """Return the piece without its article."""
    return _ARTICLE.sub("", piece)


def _in_order(pieces: Sequence[str]) -> Iterator[str]:
    """Yield the pieces with the sun of a clause attached to its horizon, whichever was named first."""
    horizon = _HORIZON in pieces
    for piece in pieces:
        if piece == _SUN and horizon:
            yield f"{_SUN} {_HORIZON}"
        elif piece != _HORIZON:
            yield piece


def _read(row: dict[str, object]) -> Language:
    spaced = bool(row["spaced"])

    def units(word: str) -> Units:
        return _units(_plain(word), spaced=spaced)

    pieces = cast("dict[str, str]", row["pieces"])
    return Language(
        name=str(row["name"]),
        spaced=spaced,
        after=bool(row.get("after")),
        pieces={units(word): piece for piece, them in pieces.items() for word in (them.split("|") if spaced else them.split())},
        nothing=frozenset(units(word) for word in str(row["nothing"]).split()),
    )


_DATA = tomllib.loads(files("onbrief_sandbox.language").joinpath("foreign.toml").read_text("utf-8"))
_OTHERS = cast("str", _DATA.pop("elsewhere")["words"])
LANGUAGES = {code: _read(cast("dict[str, object]", row)) for code, row in _DATA.items()}
_VOCABULARY = (words.THING_WORDS, words.ELEMENT_WORDS, words.STYLE_WORDS, words.COLOUR_WORDS)
_NAMES = frozenset(word for names in _VOCABULARY for name in names for word in name.split())
_ELSEWHERE = frozenset(_OTHERS.split()) | frozenset(
    word
    for code, language in vocabulary.LANGUAGES.items()
    if code != "en"
    for word in language.function | language.negators | frozenset(language.numbers)
    if len(word) > 1
)
_ENGLISH = (
    words.JOINING
    | _NAMES
    | words.FUNCTION_WORDS
    | words.PLAIN
    | words.SCENERY
    | words.SIGNS
    | words.COPULAS
    | words.BACKGROUNDS
)
