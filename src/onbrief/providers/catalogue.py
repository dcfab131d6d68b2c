"""The models that onbrief knows, as catalogue.toml has them: what each of them takes, costs, and until when."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal

from onbrief.brief import Size

Body = Literal["stability", "sdxl", "amazon"]
"""Whose body a model takes."""

Change = Literal["replace", "recolour", "erase", "inpaint"]
"""What an editing service does to one thing in a picture."""

State = Literal["active", "legacy", "ended"]
"""Where a model stands."""

Sampling = Literal["none", "one", "all"]
"""What a language model takes of temperature, top_p and top_k: `one` is temperature or top_p."""

Value = int | float | str


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One thing that a model can be told: `key` is its name in the body. Either `one_of` texts, or a number from `low` to
    `high`. It is only sent when the user gives it, or when it has a `default`.
    """

    key: str
    one_of: tuple[str, ...] = ()
    low: float = 0.0
    high: float = 0.0
    whole: bool = False
    default: Value | None = None

    @property
    def allowed(self) -> str:
        """What is allowed, in words."""
        if self.one_of:
            return "one of " + " ".join(self.one_of)
        return f"a {'whole ' if self.whole else ''}number from {self.low:g} to {self.high:g}"

    def read(self, text: str) -> Value | None:
        """The value that a text means, or None where it is not allowed."""
        if self.one_of:
            return text if text in self.one_of else None
        try:
            value = int(text) if self.whole or text.isdigit() else float(text)
        except ValueError:
            return None
        return value if self.low <= value <= self.high else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Surcharge:
    """The price in US dollars when an option has this value, or is above this number."""

    option: str
    usd: float
    value: str = ""
    above: float = math.inf

    def holds(self, options: Mapping[str, Value]) -> bool:
        """Whether these options make it surcharge."""
        given = options.get(self.option)
        return given == self.value if isinstance(given, str) else given is not None and given > self.above


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """Sizes by rule: sides in steps from `low` to `high`, so many `pixels` and no longer than `ratio` to 1."""

    step: int
    low: int
    high: int
    pixels: int
    ratio: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageModelFacts:
    """One image model. Prices are in US dollars, texts in characters; of `aspect_ratios`, `sizes` and `grid` one is there."""

    id: str
    title: str
    body: Body
    usd: float
    state: State
    prompt: int
    negative: int
    seeds: tuple[int, int]
    random_seed: int | None = None
    ended: date | None = None
    surcharge: Surcharge | None = None
    aspect_ratios: tuple[str, ...] = ()
    sizes: tuple[Size, ...] = ()
    grid: Grid | None = None
    options: Mapping[str, Option] = field(default_factory=dict[str, Option])

    def price(self, options: Mapping[str, Value]) -> float:
        """The most that a picture costs with these options."""
        return self.surcharge.usd if self.surcharge and self.surcharge.holds(options) else self.usd


@dataclass(frozen=True, slots=True, kw_only=True)
class EditingFacts:
    """One editing service: its name, its inference profile, its price in US dollars, and the least and the greatest seed.
    Either a text in the field `target` says what is changed, or a mask, which is grown by `grow_mask` pixels on every side.
    """

    title: str
    id: str
    usd: float
    seeds: tuple[int, int]
    target: str = ""
    grow_mask: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class LongContext:
    """What a million tokens cost, in US dollars, of a prompt with more than so many `tokens`, and of its answer."""

    tokens: int
    usd_in: float
    usd_out: float


@dataclass(frozen=True, slots=True, kw_only=True)
class LanguageModelFacts:
    """One language model. `prefixes` are those of its inference profiles, the first one being that of the cheapest; prices
    are those of it, in US dollars for a million tokens of prompts and of answers, and `regional` times that with the others.
    """

    id: str
    title: str
    usd_in: float
    usd_out: float
    sampling: Sampling
    state: State
    prefixes: tuple[str, ...] = ("global", "us", "eu", "jp", "au")
    regional: float = 1.1
    long: LongContext | None = None
    ended: date | None = None

    @property
    def profile(self) -> str:
        """The id to ask for it with."""
        return f"{self.prefixes[0]}.{self.id}".lstrip(".")


def image_model_facts(identifier: str, table: Mapping[str, Any]) -> ImageModelFacts:
    """One image model from its table in a catalogue."""
    options = {name: Option(**tuples(option)) for name, option in table.get("options", {}).items()}
    more: dict[str, Any] = {"id": identifier, "options": options}
    if "surcharge" in table:
        more["surcharge"] = Surcharge(**table["surcharge"])
    if "grid" in table:
        more["grid"] = Grid(**table["grid"])
    return ImageModelFacts(**tuples(table) | more)


def language_model_facts(identifier: str, table: Mapping[str, Any]) -> LanguageModelFacts:
    """One language model from its table in a catalogue."""
    more: dict[str, Any] = {"long": LongContext(**table["long"])} if "long" in table else {}
    return LanguageModelFacts(id=identifier, **tuples(table) | more)


def tuples(table: Mapping[str, Any]) -> dict[str, Any]:
    """The table with lists as tuples, which do not change."""
    return {name: _tuple(value) for name, value in table.items()}


def _tuple(value: Any) -> Any:
    return tuple(_tuple(one) for one in value) if isinstance(value, list) else value  # pyright: ignore[reportUnknownVariableType]
