"""Read catalogue.toml beside this file: Gemini's image models, and what their tokens cost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from onbrief.providers.catalogue import Catalogue, ImageModelFacts, image_model_facts
from onbrief.tokens import Tokens

OUTPUT_TOKENS: Final = 8192
"""The most tokens of an answer, thoughts and picture together. Without a limit, a call would have no highest price."""

_BYTES = 4  # of a character at most; no text has more tokens than bytes
_FRAME = 3000  # tokens of a request beside its text: a picture to edit, and what the service adds
_DEFAULT_SIZE = "1K"
_CATALOGUE = Catalogue("onbrief.providers.google")


@dataclass(frozen=True, slots=True)
class Usage:
    """The tokens that an answer counts: of the request, of text and thoughts, and of pictures."""

    prompt: int
    written: int
    drawn: int

    @property
    def tokens(self) -> Tokens:
        """The same for records."""
        return Tokens(self.prompt, self.written + self.drawn)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """What a model costs in US dollars for a million tokens, and the tokens of one picture by its size; see catalogue.toml."""

    usd_in: float
    usd_out: float
    usd_image: float
    tokens: Mapping[str, int]

    def usd(self, usage: Usage) -> float:
        """Return what these tokens cost in US dollars."""
        return (self.usd_in * usage.prompt + self.usd_out * usage.written + self.usd_image * usage.drawn) / 1e6

    def most(self, size: str, characters: int) -> float:
        """Return the most that a call with a text of so many characters can cost: with one picture of this size, and as many
        thoughts as the answer may have beside it.
        """
        drawn = self.tokens[size]
        return self.usd(Usage(_FRAME + _BYTES * characters, OUTPUT_TOKENS - drawn, drawn))


@cache
def image_models() -> Mapping[str, ImageModelFacts]:
    """Return all image models by id, the active ones first. Their prices are the highest of a call."""
    return {identifier: _priced(identifier, table) for identifier, table in _CATALOGUE.document["image_models"].items()}


@cache
def rates() -> Mapping[str, Rates]:
    """Return what the tokens of each image model cost, by id."""
    return {identifier: Rates(**table) for identifier, table in _CATALOGUE.document["rates"].items()}


def option_names() -> frozenset[str]:
    """Return the names of all options of all image models."""
    return frozenset(name for facts in image_models().values() for name in facts.options)


def as_of() -> str:
    """Return the month of the catalogue's data."""
    return _CATALOGUE.as_of


def _priced(identifier: str, table: Mapping[str, Any]) -> ImageModelFacts:
    most = {size: rates()[identifier].most(size, table["prompt"]) for size in rates()[identifier].tokens}
    larger = [{"option": "image_size", "value": size, "usd": usd} for size, usd in most.items()]
    return image_model_facts(identifier, {**table, "usd": most[_DEFAULT_SIZE], "surcharges": larger})
