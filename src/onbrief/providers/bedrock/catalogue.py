"""The models that onbrief knows, as catalogue.toml has them: what each of them takes, costs, and until when."""

from __future__ import annotations

import math
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from importlib.resources import files
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
_ARN = re.compile(r"arn:aws(?:-[a-z]+)*:bedrock:([a-z0-9-]+):(?:[0-9]{12})?:(?:foundation-model|inference-profile)/")
_PROFILE = re.compile(r"(?:global|us|eu|jp|au|apac)\.")


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
class Dearer:
    """The price in US dollars when an option has this value, or is above this number."""

    option: str
    usd: float
    value: str = ""
    above: float = math.inf

    def holds(self, options: Mapping[str, Value]) -> bool:
        """Whether these options make it dearer."""
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
    dearer: Dearer | None = None
    aspect_ratios: tuple[str, ...] = ()
    sizes: tuple[Size, ...] = ()
    grid: Grid | None = None
    options: Mapping[str, Option] = field(default_factory=dict[str, Option])

    def price(self, options: Mapping[str, Value]) -> float:
        """The most that a picture costs with these options."""
        return self.dearer.usd if self.dearer and self.dearer.holds(options) else self.usd


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
class Long:
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
    long: Long | None = None
    ended: date | None = None

    @property
    def profile(self) -> str:
        """The id to ask for it with."""
        return f"{self.prefixes[0]}.{self.id}".lstrip(".")


@cache
def image_models() -> Mapping[str, ImageModelFacts]:
    """All image models by id, those that are active first."""
    return {identifier: _image_model(identifier, table) for identifier, table in _document()["image_models"].items()}


@cache
def language_models() -> Mapping[str, LanguageModelFacts]:
    """All language models by id without a prefix, the newest first."""
    return {identifier: _language_model(identifier, table) for identifier, table in _document()["language_models"].items()}


def said_of(identifier: str) -> str:
    """The state of a model, by its id, inference profile or ARN, and as of when; nothing where it is not in the catalogue."""
    plain = take_apart(identifier)[0]
    facts = image_models().get(plain) or language_models().get(plain)
    return f"{facts.state} as of {as_of()}" if facts else ""


def as_of() -> str:
    """The month in which the catalogue was made."""
    return _document()["as_of"]


@cache
def editing_services() -> Mapping[Change, EditingFacts]:
    """The editing services by what they do."""
    return {change: EditingFacts(**_tuples(table)) for change, table in _document()["editing"].items()}


def option_names() -> frozenset[str]:
    """The options that any image model takes."""
    return frozenset(name for facts in image_models().values() for name in facts.options)


def take_apart(identifier: str) -> tuple[str, str]:
    """The plain id behind an id, an inference profile or the ARN of either, and the region that an ARN says, else ""."""
    arn = _ARN.match(identifier)
    plain = identifier[arn.end() :] if arn else identifier
    return _PROFILE.sub("", plain, count=1), arn[1] if arn else ""


@cache
def _document() -> dict[str, Any]:
    return tomllib.loads(files("onbrief.models").joinpath("catalogue.toml").read_text("utf-8"))


def _image_model(identifier: str, table: Mapping[str, Any]) -> ImageModelFacts:
    options = {name: Option(**_tuples(option)) for name, option in table.get("options", {}).items()}
    more: dict[str, Any] = {"id": identifier, "options": options}
    if "dearer" in table:
        more["dearer"] = Dearer(**table["dearer"])
    if "grid" in table:
        more["grid"] = Grid(**table["grid"])
    return ImageModelFacts(**_tuples(table) | more)


def _language_model(identifier: str, table: Mapping[str, Any]) -> LanguageModelFacts:
    more: dict[str, Any] = {"long": Long(**table["long"])} if "long" in table else {}
    return LanguageModelFacts(id=identifier, **_tuples(table) | more)


def _tuples(table: Mapping[str, Any]) -> dict[str, Any]:
    """The table with lists as tuples, which do not change."""
    return {name: _tuple(value) for name, value in table.items()}


def _tuple(value: Any) -> Any:
    return tuple(_tuple(one) for one in value) if isinstance(value, list) else value  # pyright: ignore[reportUnknownVariableType]
