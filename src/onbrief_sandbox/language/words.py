"""The sandbox's vocabulary: synonyms, singulars and plurals. The words are in words.toml."""

from __future__ import annotations

import tomllib
import unicodedata
from functools import lru_cache
from importlib.resources import files
from typing import cast

from onbrief_sandbox.scene import COLOURS, ELEMENTS, THINGS, Colour

_DATA = tomllib.loads(files("onbrief_sandbox.language").joinpath("words.toml").read_text("utf-8"))


def _meanings(table: str) -> dict[str, str]:
    rows = cast("dict[str, list[str]]", _DATA[table])
    return {word: name for name, words in rows.items() for word in words}


def _list(table: str, name: str) -> frozenset[str]:
    return frozenset(cast("str", _DATA[table][name]).split())


COLOUR_WORDS = cast("dict[str, Colour]", _meanings("colours"))
NUMBERS = cast("dict[str, int]", _DATA["numbers"])
AMOUNTS = cast("dict[str, int]", _DATA["amounts"])
THING_WORDS = _meanings("things")
ELEMENT_WORDS = _meanings("elements")
STYLE_WORDS = _meanings("styles")
STYLES = tuple(cast("dict[str, list[str]]", _DATA["styles"]))

GATHERINGS = _list("grammar", "gatherings")
AMOUNT_WORDS = frozenset(AMOUNTS) - GATHERINGS
SCENERY = _list("ignored", "scenery")
BACKGROUNDS = _list("ignored", "backgrounds")
SIGNS = _list("ignored", "signs")
MEASURES = _list("ignored", "measures")
DEGREES = _list("ignored", "degrees")
DEBATABLE = _list("ignored", "debatable") | DEGREES
PLAIN = _list("ignored", "plain") | MEASURES
UNREAD_RELATIONS = frozenset(cast("list[str]", _DATA["unread"]["relations"]))
UNREAD_VERBS = frozenset(cast("list[str]", _DATA["unread"]["verbs"]))
UNREAD_ACTIONS = frozenset(cast("list[str]", _DATA["unread"]["actions"])) | UNREAD_VERBS

DETERMINERS = _list("grammar", "determiners")
DEFINITE = _list("grammar", "definite")
NEGATORS = _list("grammar", "negators")
NOBODY = _list("grammar", "nobody")
LETTERING = _list("grammar", "lettering")
MEANINGLESS = (PLAIN - MEASURES) | SCENERY | LETTERING | _list("ignored", "there")
COPULAS = _list("grammar", "copulas")
JOINING = _list("grammar", "joining")
DRAWN = frozenset({"drawing", "illustration", "painting"})
"""What all pictures of the sandbox are: nice to have, as the other styles."""
ARTICLES = frozenset({"a", "an", "the"})
HELPING = frozenset({"can", "will", "might"})
REFERRING = frozenset({"it", "them", "him", "her"})
ENDS_ABSENCE = frozenset({"and", "but", "or", "nor"}) | COPULAS
NARROWING = _list("grammar", "narrowing")
CARRIERS = _list("grammar", "carriers")
FRAMES = _list("grammar", "frames")
REQUESTS = _list("grammar", "requests")
DESERTED = NOBODY - {"nobody", "noone"}
NUMBER_NOUNS = frozenset({"pair", "couple", "dozen"})
NARROWER = frozenset(cast("list[str]", _DATA["narrower"]["words"]))
BREAKS = _list("grammar", "breaks")
PARTICIPLES = _list("grammar", "participles")
PARTICIPLE_NOUNS = _list("grammar", "participle_nouns")
ADVERB_NOUNS = _list("grammar", "adverb_nouns")
IN_PAIRS = _list("grammar", "in_pairs")
PICTURES = _list("grammar", "pictures")

OPENINGS = DETERMINERS | NUMBERS.keys()
"""Words other than names that can begin a noun phrase."""

FUNCTION_WORDS = BREAKS | OPENINGS | AMOUNT_WORDS | NEGATORS | NOBODY | LETTERING
"""Words that are never part of a name."""

NAMELESS = (FUNCTION_WORDS | PLAIN | SCENERY | COLOUR_WORDS.keys() | STYLE_WORDS.keys()) - {"orange"}
"""Words that alone do not name a thing; "an orange" does."""

MEDIA = SCENERY | STYLE_WORDS.keys()
"""Words for the picture itself: adjectives before them describe the whole."""

NO_PARTICIPLES = PARTICIPLE_NOUNS | SCENERY
NO_ADJECTIVES = PARTICIPLE_NOUNS | ADVERB_NOUNS

_PLURALS = cast("dict[str, str]", _DATA["plurals"])
_SINGULARS = {plural: word for word, plural in _PLURALS.items()}
_NUMERALS = {number: word for word, number in reversed(NUMBERS.items()) if word not in ("single", "pair", "couple", "dozen")}

_missing = (set(COLOURS) - set(COLOUR_WORDS.values())) | (set(THINGS) ^ set(THING_WORDS.values()))
_missing |= set(ELEMENTS) ^ set(ELEMENT_WORDS.values())
if _missing:  # words.toml and scene.py must name the same things
    raise RuntimeError(f"words.toml and scene.py differ in {sorted(_missing)}")


@lru_cache(4096)
def plural(noun: str) -> str:
    """Return a name in the plural: "wine glass" → "wine glasses", "bowl of soup" → "bowls of soup", "fish" → "fish"."""
    name, of, contents = noun.partition(" of ")
    stem, space, word = name.rpartition(" ")
    many = _plural(word)
    return noun if many in FUNCTION_WORDS else stem + space + many + of + contents


@lru_cache(4096)
def singular(noun: str) -> str:
    """Return a name in the singular: "wine glasses" → "wine glass". A word that is not a plural is returned unchanged."""
    name, of, contents = noun.partition(" of ")
    stem, space, word = name.rpartition(" ")
    return stem + space + _singular(word) + of + contents


def numeral(number: int) -> str:
    """Return the word for a number: 3 → "three"; without a word, its digits: 37 → "37"."""
    return _NUMERALS.get(number, str(number))


def article(phrase: str) -> str:
    """Return the phrase with its indefinite article: "circle" → "a circle", "orange" → "an orange"."""
    return f"an {phrase}" if phrase[:1] in "aeiou" else f"a {phrase}"


def thing(phrase: str) -> str | None:
    """Return the name of the thing that this word means, in the singular or plural, or None."""
    return THING_WORDS.get(phrase) or THING_WORDS.get(singular(phrase))


def element(phrase: str) -> str | None:
    """Return the name of the landscape element that these words mean, or None."""
    return ELEMENT_WORDS.get(phrase) or ELEMENT_WORDS.get(singular(phrase))


def beyond_latin(text: str) -> bool:
    """Return whether a text has letters of a script other than Latin, which the grammar ignores."""
    return any(c.isalpha() and not c.isascii() for c in fold(text))


def fold(text: str) -> str:
    """Return the text without accents, with full-width letters as plain ones, and with ASCII quotation marks and dashes."""
    plain = unicodedata.normalize("NFKD", text).translate(_TYPEWRITER)
    return "".join(c for c in plain if not unicodedata.combining(c))


_TYPEWRITER = str.maketrans(
    dict.fromkeys("“”„«»「」『』", '"') | {"‘": "'", "’": "'", "–": ",", "—": ",", "、": ",", "。": "."}
)


def _plural(word: str) -> str:
    if word in _PLURALS:
        return _PLURALS[word]
    if word in _SINGULARS:
        return word
    if word.endswith("y") and word[-2:-1] not in tuple("aeiou"):
        return word[:-1] + "ies"
    return word + ("es" if word.endswith(("ss", "x", "ch", "sh")) else "s")


def _singular(word: str) -> str:
    if word in _SINGULARS:
        return _SINGULARS[word]
    if word in _PLURALS or word.endswith(("ss", "us", "is", "'s")) or len(word) < 3 or not word.endswith("s"):
        return word
    if word.endswith("ies"):
        return word[:-3] + "y"
    return word[:-2] if word.endswith(("sses", "xes", "ches", "shes")) else word[:-1]
