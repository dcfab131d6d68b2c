"""The vocabulary for requests in free text, from words.toml."""

from __future__ import annotations

import tomllib
from importlib.resources import files
from typing import Literal, cast

Sense = Literal["verdict", "reason", "prompt", "negative", "score", "list", "echo", "other"]

_DATA = tomllib.loads(files("onbrief_sandbox.server.mind").joinpath("words.toml").read_text("utf-8"))
_SENSES = cast("dict[Sense, str]", _DATA["senses"])

SENSES: dict[str, Sense] = {word: sense for sense, words in _SENSES.items() for word in words.split()}
"""The purpose of a field, by a word of its name."""

LANGUAGES = tuple(
    (frozenset(words.split()), yes, no) for words, yes, no in cast("dict[str, list[str]]", _DATA["languages"]).values()
)
"""Words of questions in a language, and its words for yes and no; the last one is English, for all other texts."""

SENSE_ORDER: tuple[Sense, ...] = tuple(_SENSES)

VERDICTS = tuple((yes, no) for yes, others in cast("dict[str, list[str]]", _DATA["verdicts"]).items() for no in others)
"""Pairs of words for a match and for a mismatch."""
