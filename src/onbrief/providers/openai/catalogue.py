"""Read catalogue.toml beside this file: OpenAI's image models, and how their tokens are counted and paid for."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, cast

from onbrief.brief import Size
from onbrief.providers import sizes
from onbrief.providers.catalogue import Catalogue, ImageModelFacts, Surcharge, image_model_facts

CATALOGUE = Catalogue("onbrief.providers.openai")
"""The catalogue as it is written; see `image_models`."""

_DATE = re.compile(r"-\d{4}-\d\d-\d\d$")
_PER_AREA, _LEAST_AREA = 4_000_000, 2_000_000  # pixels; see `quality` in catalogue.toml


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenPrices:
    """How a model is paid for; see `tokens` in catalogue.toml."""

    usd_text: float
    usd_image: float
    usd_out: float
    original: int
    quality: Mapping[str, int | Mapping[str, int]]
    auto: str

    def drawn(self, quality: str, size: Size) -> int:
        """Return the most tokens of a picture in this quality and size, which the model makes."""
        counted = self.quality[self.auto if quality == "auto" else quality]
        if not isinstance(counted, int):
            return counted[f"{size[0]}x{size[1]}"]
        short, long = sorted(size)
        across = (2 * counted * short + long) // (2 * long)
        return math.ceil(counted * across * (_LEAST_AREA + math.prod(size)) / _PER_AREA)

    def usd(self, texts: int, originals: int, drawn: int) -> float:
        """Return the cost in US dollars of so many tokens of texts and of pictures sent, and of pictures made."""
        return (self.usd_text * texts + self.usd_image * originals + self.usd_out * drawn) / 1_000_000


@cache
def image_models() -> Mapping[str, ImageModelFacts]:
    """Return OpenAI's image models by id. Their prices are those of the dearest size, without the prompt."""
    return {
        name: _priced(image_model_facts(name, {**_without_tokens(table), "usd": None})) for name, table in _tables().items()
    }


@cache
def token_prices(model: str) -> TokenPrices:
    """Return how a model of the catalogue is paid for."""
    return TokenPrices(**_tables()[model]["tokens"])


def compatible(model: str) -> ImageModelFacts:
    """Return what is known about a model of another server that speaks as OpenAI does."""
    own = image_models().get(undated(model))
    known = own or image_model_facts(model, {**CATALOGUE.document["compatible"], "usd": None})
    return replace(known, id=model, title=known.title or model, usd=None, surcharges=(), state="active", ended=None)


def undated(model: str) -> str:
    """Return the id of a model without the date of a snapshot."""
    return _DATE.sub("", model)


def largest(facts: ImageModelFacts) -> tuple[Size, ...]:
    """Return the sizes among which is the dearest."""
    if facts.grid:
        side = math.isqrt(facts.grid.pixels)
        return (sizes.on_grid((side, side), facts.grid),)
    return facts.sizes


def option_names() -> frozenset[str]:
    """Return the names of all options of OpenAI's image models."""
    return frozenset(name for facts in image_models().values() for name in facts.options)


@cache
def _tables() -> dict[str, dict[str, Any]]:
    """Return the tables of the models, with what they share with others."""
    written: dict[str, dict[str, Any]] = CATALOGUE.document["image_models"]

    def whole(name: str) -> dict[str, Any]:
        table = dict(written[name])
        return _merged(whole(table.pop("like")), table) if "like" in table else table

    return {name: whole(name) for name in written}


def _merged(base: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """Return a table with the values of another one, whose options and tokens are added one by one."""
    inner = {name: {**base[name], **cast("Mapping[str, Any]", own[name])} for name in ("options", "tokens") if name in own}
    return {**base, **own, **inner}


def _without_tokens(table: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in table.items() if name != "tokens"}


def _priced(facts: ImageModelFacts) -> ImageModelFacts:
    prices = token_prices(facts.id)
    usd = {quality: _dearest(facts, prices, quality) for quality in prices.quality}
    surcharges = tuple(Surcharge(option="quality", value=quality, usd=price) for quality, price in usd.items())
    return replace(facts, usd=usd[prices.auto], surcharges=surcharges)


def _dearest(facts: ImageModelFacts, prices: TokenPrices, quality: str) -> float:
    return max(prices.usd(0, 0, prices.drawn(quality, size)) for size in largest(facts))
