"""Types for the entries of a provider's catalogue.toml: what each model accepts, what it costs and when it ends."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from importlib.resources import files
from typing import Any, Literal

from onbrief.brief import Size
from onbrief.ports import CLIP_TOKENS, Dialect

Change = Literal["replace", "recolour", "erase", "inpaint"]
"""What an editing service does to one thing in a picture."""

State = Literal["active", "legacy", "ended"]
"""The stage of a model's life cycle."""

Sampling = Literal["none", "one", "all"]
"""Which of temperature, top_p and top_k a language model accepts. `one`: top_k, and either temperature or top_p."""

Value = int | float | str

_WORD = 6  # characters of an English word with its space


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """An option of a model. `key` is its name in the request body. Its value is one of the texts `one_of`, or a number from
    `low` to `high`. It is sent only if the user sets it or it has a `default`.
    """

    key: str
    one_of: tuple[str, ...] = ()
    low: float = 0.0
    high: float = 0.0
    whole: bool = False
    default: Value | None = None

    @property
    def allowed(self) -> str:
        """The allowed values, as text for an error message."""
        if self.one_of:
            return "one of " + " ".join(self.one_of)
        return f"a {'whole ' if self.whole else ''}number from {self.low:g} to {self.high:g}"

    def read(self, text: str) -> Value | None:
        """Return the value of a text, or None if it is not allowed."""
        if self.one_of:
            return text if text in self.one_of else None
        try:
            value = int(text) if self.whole or text.isdigit() else float(text)
        except ValueError:
            return None
        return value if self.low <= value <= self.high else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Surcharge:
    """The price of a picture in US dollars if an option has this `value`, or a number greater than `above`."""

    option: str
    usd: float
    value: str = ""
    above: float = math.inf

    def holds(self, options: Mapping[str, Value]) -> bool:
        """Return whether the surcharge applies with these options."""
        given = options.get(self.option)
        return given == self.value if isinstance(given, str) else given is not None and given > self.above


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """Sizes by rule: sides from `low` to `high` in multiples of `step`, from `least` to `pixels` in total, and at most
    `ratio`:1.
    """

    step: int
    low: int
    high: int
    pixels: int
    ratio: float
    least: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageModelFacts:
    """An image model. Prices are in US dollars, text limits in characters. At most one of `aspect_ratios`, `sizes`, `grid` is
    set; with none, it makes any size. `usd` is None if the price is unknown, and each further million pixels, or part of it,
    costs `usd_more`. `body` tells the formats of a provider's requests apart. A model with `weights` reads `(word:1.2)`. One
    without `seeds` takes none, and one whose `negative` is 0 takes no negative text. `edits`: the provider's editor uses it.
    `clip`: it reads prompts with CLIP alone. Others read about as many `words`, 190 if their encoder takes 256 tokens.
    """

    id: str
    title: str
    state: State
    prompt: int
    usd: float | None = None
    body: str = ""
    negative: int = 0
    seeds: tuple[int, int] | None = None
    random_seed: int | None = None
    usd_more: float = 0.0
    weights: bool = False
    edits: bool = False
    clip: bool = False
    words: int = 300
    ended: date | None = None
    surcharges: tuple[Surcharge, ...] = ()
    aspect_ratios: tuple[str, ...] = ()
    sizes: tuple[Size, ...] = ()
    grid: Grid | None = None
    options: Mapping[str, Option] = field(default_factory=dict[str, Option])

    def price(self, options: Mapping[str, Value], size: Size | None = None) -> float | None:
        """Return the price in US dollars of a picture with these options, and this size if it matters; by default, the
        largest size that the model makes. The last surcharge that holds replaces the basic price. None if it is unknown.
        """
        usd = next((more.usd for more in reversed(self.surcharges) if more.holds(options)), self.usd)
        if usd is None or not self.usd_more:
            return usd
        pixels = math.prod(size) if size else self.most_pixels
        return usd + self.usd_more * max(0, math.ceil(pixels / 1_000_000) - 1)

    @property
    def dialect(self) -> Dialect:
        """How prompts for it are best written."""
        takes = Dialect(most=self.words, negative=self.negative > 0, weights=self.weights)
        if self.clip:
            return replace(takes, unit="CLIP tokens", most=CLIP_TOKENS, hardest_first=True)
        short = self.prompt < self.words * _WORD
        return replace(takes, unit="characters", most=self.prompt) if short else takes

    @property
    def most_pixels(self) -> int:
        """The pixels of the largest picture that it makes, as far as the catalogue says."""
        return self.grid.pixels if self.grid else max(map(math.prod, self.sizes), default=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class EditingFacts:
    """An editing service: its name, its inference profile, its price in US dollars, and its lowest and highest seed. What is
    changed is described by a text in the field named `target`, or by a mask, which is grown by `grow_mask` pixels on each side.
    """

    title: str
    id: str
    usd: float
    seeds: tuple[int, int]
    target: str = ""
    grow_mask: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class LongContext:
    """The prices in US dollars of a million tokens of prompt and of answer, if the prompt is longer than `tokens`."""

    tokens: int
    usd_in: float
    usd_out: float


@dataclass(frozen=True, slots=True, kw_only=True)
class LanguageModelFacts:
    """A language model. `prefixes` are those of its inference profiles, the cheapest first. `usd_in` and `usd_out` are the
    prices of that profile in US dollars, for a million tokens of prompt and of answer; the others cost `regional` times that.
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
        """The id of its cheapest inference profile, or its plain id."""
        return f"{self.prefixes[0]}.{self.id}".lstrip(".")


class Catalogue:
    """The file catalogue.toml of a package; it is read when something in it is needed for the first time."""

    def __init__(self, package: str) -> None:
        self._package = package

    @cached_property
    def document(self) -> Mapping[str, Any]:
        """The whole document."""
        return tomllib.loads(files(self._package).joinpath("catalogue.toml").read_text("utf-8"))

    @cached_property
    def image_models(self) -> Mapping[str, ImageModelFacts]:
        """The image models by id, in the order of the file."""
        return {identifier: image_model_facts(identifier, table) for identifier, table in self.document["image_models"].items()}

    @property
    def as_of(self) -> str:
        """The month of its data."""
        return self.document["as_of"]

    @property
    def rates(self) -> Mapping[str, str]:
        """The documented limits of calls; see Provider.rates."""
        return self.document.get("rates", {})

    @property
    def option_names(self) -> frozenset[str]:
        """The names of all options of all image models."""
        return frozenset(name for facts in self.image_models.values() for name in facts.options)

    def options_of(self, model: str) -> frozenset[str]:
        """Return the names of the options of an image model; of one that is not in the catalogue, those of any model."""
        facts = self.image_models.get(model)
        return frozenset(facts.options) if facts else self.option_names


def image_model_facts(identifier: str, table: Mapping[str, Any]) -> ImageModelFacts:
    """Return an image model from its table in a catalogue."""
    options = {name: Option(**tuples(option)) for name, option in table.get("options", {}).items()}
    more: dict[str, Any] = {"id": identifier, "options": options}
    if "surcharges" in table:
        more["surcharges"] = tuple(Surcharge(**surcharge) for surcharge in table["surcharges"])
    if "grid" in table:
        more["grid"] = Grid(**table["grid"])
    return ImageModelFacts(**tuples(table) | more)


def language_model_facts(identifier: str, table: Mapping[str, Any]) -> LanguageModelFacts:
    """Return a language model from its table in a catalogue."""
    more: dict[str, Any] = {"long": LongContext(**table["long"])} if "long" in table else {}
    return LanguageModelFacts(id=identifier, **tuples(table) | more)


def tuples(table: Mapping[str, Any]) -> dict[str, Any]:
    """Return the table with its lists as tuples, which are immutable."""
    return {name: _tuple(value) for name, value in table.items()}


def _tuple(value: Any) -> Any:
    return tuple(_tuple(one) for one in value) if isinstance(value, list) else value  # pyright: ignore[reportUnknownVariableType]
