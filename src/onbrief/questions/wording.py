"""The words of a text: tokens, stems, negations, and where words are cited from. For coverage.py."""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Literal

from onbrief.questions import vocabulary
from onbrief.questions.vocabulary import Language

_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
_QUOTES = r'"[^"\n]+"|“[^”\n]+”|„[^“”\n]+[“”]|«[^»\n]+»|「[^」\n]+」|『[^』\n]+』' r"|(?<![^\W_])'[^'\n]{1,64}'(?![^\W_])"
_TOKEN = re.compile(
    rf"""
      (?P<quoted>{_QUOTES})
    | (?P<sign>[{_UNSPACED}])
    | (?P<number>\d+(?:[.,]\d+)?(?![^\W_]))
    | (?P<word>(?:(?![{_UNSPACED}])[^\W_])+(?:['’](?:(?![{_UNSPACED}])[^\W_])+)*)
    | (?P<stop>[,.;:!?\n()（）|、。，；：！？–—]|--)
    """,
    re.VERBOSE,
)
_SYNTAX = re.compile(
    r"--(?!no\b)[a-z]+(?:[ =]+(?:[\d.:x,]+|raw|https?://\S+))?"  # --ar 16:9
    r"|<(?:lora|lyco|hypernet|embedding):[^>\n]*>"
    r"|(?<=[^\W_])\s*:\s*\d+(?:\.\d+)?(?=\s*\))"  # (cat:1.2)
    r"|::-?\d+(?:\.\d+)?"
    r"|\b(?:2|4|8|16)\s?k\b"
    r"|\bf\s?/?\s?\d+\.\d+\b|\bf/\d+\b"  # f/1.8
    r"|\b\d{2,5}\s*[x×]\s*\d{2,5}(?:\s*(?:px|pixels?))?\b"
    r"|\b(?:16:9|9:16|4:3|3:4|3:2|2:3|1:1|21:9|9:21|5:4|4:5|2:1|1:2)\b"
    r"|\b(?:in\s+)?(?:an?\s+)?(?:square|portrait|landscape|vertical|horizontal|widescreen|wide)\s+"
    r"(?:format|orientation|aspect|image|picture|crop|canvas|mode)\b",
    re.IGNORECASE,
)
_CAMERA = re.compile(r"\d{2,3}mm|f\d+|\d+k|iso\d+")  # a focal length, an aperture, a resolution
_ENDINGS = (("ies", "y"), ("ing", ""), ("ed", ""), ("ful", ""), ("ly", ""))
NEAR = 4  # words of a phrase within which a word belongs to the next ones
_LONGEST_SCOPE = 16  # words after a negation
_MOST_PLACES = 32  # of one citation; no brief says the same more often
_JOINING = frozenset({"a", "an", "the", "of"})

Kind = Literal["word", "number", "quoted", "sign"]


@dataclass(frozen=True, slots=True)
class Token:
    """A word, a number, a quoted text or a character of a script without spaces. `clause` counts what punctuation separates."""

    kind: Kind
    text: str
    start: int
    end: int
    clause: int

    def inside(self, text: str) -> str:
        """Return what stands between the quotation marks, as the text has it."""
        return text[self.start + 1 : self.end - 1]


@dataclass(frozen=True)
class Text:
    """The words of a brief, or of another text. Places are numbers of tokens."""

    text: str
    tokens: tuple[Token, ...]
    language: Language | None

    @classmethod
    def of(cls, text: str) -> Text:
        """Return the words of a brief. What belongs to the order, and the syntax of image generators, is no part of them."""
        plain = unicodedata.normalize("NFKC", text)
        if len(plain) > 1 and plain.strip()[:1] == plain.strip()[-1:] == '"' and plain.count('"') == 2:
            plain = plain.replace('"', " ")  # quotation marks around the whole brief
        blank = _SYNTAX.sub(lambda match: " " * len(match[0]), plain)
        tokens = tuple(tokens_of(blank))
        return cls(plain, tokens, language_of(tokens))

    @cached_property
    def content(self) -> frozenset[int]:
        """The numbers of the tokens that ask for something."""
        found = {n for n, token in enumerate(self.tokens) if self._asks(token)} - set(self.negated)
        for clause in {token.clause for token in self.tokens} - {0}:
            here = {n for n in found if self.tokens[n].clause == clause}
            if here and (all(self.tokens[n].text in vocabulary.SHAPES for n in here) or self._praises(here)):
                found -= here  # "…, square", "…, octane render"
        return frozenset(found)

    @cached_property
    def keys(self) -> list[str]:
        """What is compared with citations."""
        return [_key(token) for token in self.tokens]

    @cached_property
    def starts(self) -> dict[str, list[int]]:
        """The places of each key."""
        found: dict[str, list[int]] = {}
        for n, key in enumerate(self.keys):
            found.setdefault(key, []).append(n)
        return found

    @cached_property
    def stems(self) -> frozenset[str]:
        """The stems of all words."""
        return frozenset(stem for token in self.tokens if token.kind == "word" for stem in alike(token.text))

    def _praises(self, here: Iterable[int]) -> bool:
        """Whether a clause says only how good a picture is to be, or with what it could have been made."""
        said = [self.tokens[n] for n in here]
        sure = [token for token in said if token.text in vocabulary.PRAISE or _CAMERA.fullmatch(token.text)]
        return bool(sure) and all(t in sure or t.kind == "number" or t.text in vocabulary.BESIDE_PRAISE for t in said)

    @cached_property
    def credited(self) -> dict[int, int]:
        """The words of each name after a "by" that credits a picture, and the place of that "by": "art by greg rutkowski"."""
        found: dict[int, int] = {}
        for at, token in enumerate(self.tokens):
            opens = at == 0 or self.tokens[at - 1].clause != token.clause or self.tokens[at - 1].text in vocabulary.MAKINGS
            if token.text == "by" and opens:
                names = list[int]()
                for n in range(at + 1, len(self.tokens)):
                    asks = n in self.content and self.number(self.tokens[n]) is None
                    if self.tokens[n].clause != token.clause or not (asks or self.tokens[n].text == "and"):
                        break
                    names += [n] if asks else []
                if len(names) > 1 and names[0] == at + 1:
                    found |= dict.fromkeys(names, at)
        return found

    def _asks(self, token: Token) -> bool:
        match token.kind:
            case "quoted" | "sign" | "number":
                return True
            case "word":
                weak = self.language == vocabulary.ENGLISH and token.text in vocabulary.WEAK
                return self.number(token) is not None or not (weak or _is_function_word(token.text, self.language))

    def number(self, token: Token) -> float | None:
        """Return the number from 2 on that a token gives; None if it gives none."""
        if token.kind == "number":
            value = float(token.text.replace(",", "."))
        elif token.kind == "word":
            value = (self.language or vocabulary.ENGLISH).numbers.get(token.text, 0)
        else:
            return None
        return value if value >= 2 else None

    @cached_property
    def numbers(self) -> frozenset[float]:
        """All numbers of the brief."""
        return self.numbers_in(range(len(self.tokens)))

    def numbers_in(self, places: Iterable[int]) -> frozenset[float]:
        """Return the numbers that these tokens give, in whatever form."""
        found = set[float]()
        for at in places:
            token = self.tokens[at]
            if (value := self.number(token)) is not None:
                found.add(value)
            elif token.text in vocabulary.QUANTITIES:
                found.add(vocabulary.QUANTITIES[token.text])
            elif token.kind == "word" and (match := re.match(r"\d+", token.text)):
                found.add(float(match[0]))
            elif token.kind == "sign" and token.text in vocabulary.UNSPACED_DIGITS:
                found.add(vocabulary.UNSPACED_DIGITS[token.text])
        return frozenset(found)

    @cached_property
    def negated(self) -> dict[int, frozenset[int]]:
        """The words that each negation denies: "people" of "no people"."""
        found: dict[int, frozenset[int]] = {}
        for at, token in enumerate(self.tokens):
            if token.kind == "word" and is_negator(token.text, self.language):
                after = self.tokens[at + 1].text if at + 1 < len(self.tokens) else ""
                if after not in {"more", "less", "fewer", "only", "longer", "just"}:
                    found[at] = frozenset(self._denied(at + 1))
        return found

    @cached_property
    def denied(self) -> frozenset[int]:
        """The words that negations deny."""
        return frozenset(n for scope in self.negated.values() for n in scope)

    def _denied(self, at: int) -> Iterator[int]:
        """Yield the words of a phrase after a negation: up to a verb or preposition, and on after "or"."""
        begun, end = False, min(len(self.tokens), at + _LONGEST_SCOPE)
        while at < end:
            token, before = self.tokens[at], self.tokens[at - 1]
            if token.clause != before.clause and not (begun and self._list_goes_on(at)):
                return
            if token.text in {"or", "nor", "oder", "ou", "o", "of", "any", "a", "an", "the", "other"}:
                at += 1
                continue
            if token.kind == "word" and _is_function_word(token.text, self.language):
                if begun:
                    return
            elif token.kind != "quoted":
                begun = True
                yield at
            at += 1

    def _list_goes_on(self, at: int) -> bool:
        """Whether "no cats, dogs or birds" still lists what is denied: few words, then "or"."""
        clause = [token.text for token in self.tokens[at : at + 6] if token.clause == self.tokens[at].clause]
        return "or" in clause[1:4] or "nor" in clause[1:4]

    def modifies(self, at: int) -> list[int]:
        """Return the words right after this one in the same phrase, which it belongs to; none for the last word of a phrase."""
        following: list[int] = []
        for n in range(at + 1, min(at + 1 + NEAR, len(self.tokens))):
            if n not in self.content or self.tokens[n].clause != self.tokens[at].clause or self.tokens[n].kind != "word":
                break
            following.append(n)
        return [] if self.tokens[at].text.endswith("'s") else following

    def cited(self, words: str) -> frozenset[int]:
        """Return all places where these words are in the brief."""
        return frozenset(n for place in self.places(words) for n in place)

    def places(self, words: str) -> list[frozenset[int]]:
        """Return the places where words are cited from: where they stand in this order; or else, with others between them."""
        plain = unicodedata.normalize("NFKC", words)
        wanted = [_key(token) for token in tokens_of(_SYNTAX.sub(" ", plain))]
        keys = self.keys
        if not wanted:
            return []
        size = len(wanted)
        starts = (n for n in self.starts.get(wanted[0], ()) if keys[n : n + size] == wanted)
        if found := [frozenset(range(n, n + size)) for n in itertools.islice(starts, _MOST_PLACES)]:
            return found
        letters = letters_of(words)
        if inside := [
            frozenset([n])
            for n, t in enumerate(self.tokens)
            if t.kind == "quoted" and letters and letters in letters_of(t.text)
        ]:
            return inside
        places, at = list[int](), 0
        for key in wanted:
            while at < len(keys) and keys[at] != key:
                at += 1
            if at == len(keys):
                return []
            places.append(at)
            at += 1
        return [frozenset(places)]

    def phrases(self, places: Iterable[int]) -> Iterator[str]:
        """Yield the parts of the brief around these tokens, joining those of one phrase."""
        groups: list[list[int]] = []
        for at in sorted(places):
            between = self.tokens[groups[-1][-1] + 1 : at] if groups else ()
            joined = groups and self.tokens[groups[-1][-1]].clause == self.tokens[at].clause
            credit = self.credited.get(at)
            joined = joined and credit == self.credited.get(groups[-1][-1])
            if joined and (credit is not None or all(token.text in _JOINING for token in between)):
                groups[-1].append(at)
            else:
                groups.append([at])
        shown = -1
        for group in groups:
            signs = "".join(self.tokens[n].text for n in group if self.tokens[n].kind == "sign")
            if group[-1] <= shown or (len(signs) == len(group) and vocabulary.UNSPACED_GRAMMAR.fullmatch(signs)):
                continue
            while len(group) > 1 and self.tokens[group[-1]].text in vocabulary.UNSPACED_PARTICLES:
                group.pop()
            first, shown = group[0], (self.modifies(group[-1]) or group)[-1]
            while first and self.tokens[first - 1].clause == self.tokens[first].clause and self._leads(first - 1):
                first -= 1
            first = self.credited.get(group[0], first)
            while first and self._hyphenated(first - 1):
                first -= 1
            while self._hyphenated(shown):
                shown += 1
            denies = next((at for at, scope in self.negated.items() if group[0] in scope and at < first), None)
            before = "" if denies is None else f"{self._cut(denies, denies)} "
            yield before + self._cut(first, shown)

    def _hyphenated(self, at: int) -> bool:
        """Whether a token is joined to the next one: "close-up"."""
        return at + 1 < len(self.tokens) and self.text[self.tokens[at].end : self.tokens[at + 1].start] == "-"

    def _cut(self, first: int, last: int) -> str:
        return " ".join(self.text[self.tokens[first].start : self.tokens[last].end].split())

    def _leads(self, at: int) -> bool:
        """Whether a token before a phrase is shown with it: a number, a negation, an article."""
        token = self.tokens[at]
        return at in self.negated or self.number(token) is not None or token.text in {"a", "an", "the", "any"}


def tokens_of(text: str) -> Iterator[Token]:
    """Yield the tokens of a text in NFKC."""
    clause = 0
    for match in _TOKEN.finditer(text):
        kind = match.lastgroup
        if kind == "stop":
            clause += 1
        elif kind in ("word", "number", "quoted", "sign"):
            yield Token(kind, match[0].casefold().replace("’", "'"), match.start(), match.end(), clause)


def language_of(tokens: Sequence[Token]) -> Language | None:
    """Return the language with the most words in the text: English, one of those that are known, or None."""
    said = [token.text for token in tokens if token.kind == "word"]
    best = max(vocabulary.LANGUAGES.values(), key=lambda language: language.counts(said))  # of equals, English
    return best if best.counts(said) or all(word.isascii() for word in said) else None


def _is_function_word(word: str, language: Language | None) -> bool:
    return len(word) <= 3 if language is None else word in language.function  # most short words are


def is_negator(word: str, language: Language | None) -> bool:
    """Return whether a word denies what follows."""
    return word in (language or vocabulary.ENGLISH).negators or word.endswith("n't")


def _key(token: Token) -> str:
    return letters_of(token.text)


def letters_of(text: str) -> str:
    """Return the letters and digits of a text, ignoring case and width."""
    return "".join(c for c in unicodedata.normalize("NFKC", text).casefold() if c.isalnum())


@lru_cache(4096)
def alike(word: str) -> frozenset[str]:
    """Return the stems of a word and of those that mean the same."""
    base = word.removesuffix("'s").removesuffix("'")
    base = vocabulary.IRREGULAR.get(base, base)
    same = vocabulary.ALIKE.get(base) or vocabulary.ALIKE.get(base.removesuffix("s")) or frozenset[str]()
    return frozenset({_stem(base), *map(_stem, same)})


def same_thing(one: str, other: str) -> bool:
    """Return whether two names are those of one kind of thing, whatever their number: "people" and "person"."""
    first, second = ([alike(word) for word in re.findall(r"[^\W_]+", name.casefold())] for name in (one, other))
    return bool(first) and len(first) == len(second) and all(a & b for a, b in zip(first, second, strict=True))


def base_of(word: str) -> str:
    """Return the stem of the word itself: not "hold" for "held"."""
    return _stem(word.removesuffix("'s").removesuffix("'"))


def _stem(word: str) -> str:
    """Return what is left of an English word without its ending: "cups" and "cup", "running" and "run" have the same stem."""
    if word in vocabulary.IRREGULAR.values():
        return word
    if word.endswith("s") and not word.endswith(("ss", "us", "is")) and len(word) > 3:
        word = word[:-3] + "y" if word.endswith("ies") else word[:-2] if re.search(r"(?:s|x|z|ch|sh)es$", word) else word[:-1]
    for ending, instead in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            word = word[: -len(ending)] + instead
            break
    if word.endswith("en") and len(word) >= 6:
        word = word[:-2]
    if word.endswith("y") and len(word) >= 4 and word[-2] not in "aeiou":
        word = word[:-1]
    if word.endswith("e") and len(word) >= 4:
        word = word[:-1]
    return word[:-1] if len(word) >= 4 and word[-1] == word[-2] and word[-1] not in "aeioushl" else word
