"""Image models of OpenAI, and of servers that speak as it does: `openai:gpt-image-2?quality=medium&timeout=120`,
`openai:MODEL?base_url=http://127.0.0.1:8000/v1`.

What each model accepts is listed in catalogue.toml. What it does not accept is left out or changed to the nearest allowed
value, with a warning. Each picture is requested once; see outcomes.py for what an error means.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from onbrief.brief import Size
from onbrief.errors import UsageError
from onbrief.ports import Dialect, ModelName, Picture, Values
from onbrief.providers import drawing
from onbrief.providers.catalogue import ImageModelFacts, Value
from onbrief.providers.drawing import Chosen
from onbrief.providers.openai import catalogue
from onbrief.providers.openai.catalogue import TokenPrices
from onbrief.providers.openai.server import OPENAI, OPTIONS, Server, address
from onbrief.record import Prompt

FIELDS = "fields"
"""The option of other servers' models with the fields that the server takes beside those of OpenAI, with commas between."""

_SEED, _NEGATIVE = "seed", "negative_prompt"
_SEEDS = (0, 2**31 - 1)  # what every server that takes a seed takes
_OWN_ARGUMENTS = frozenset({"quality", "background", "output_format", "output_compression", "moderation", "response_format"})


@dataclass(frozen=True, slots=True)
class OpenAIImageModel:
    """An image model. `id` is its id in requests. `prices` are None if it is not known how it is paid for."""

    name: str
    price: float | None
    id: str
    chosen: Chosen
    prices: TokenPrices | None
    server: Server = field(compare=False, repr=False)

    @classmethod
    def named(cls, name: ModelName, values: Values) -> OpenAIImageModel:
        """Return the model of an id. Options: `base_url`, `api_key_env`, `timeout` in seconds for a picture, and those of the
        model in the catalogue.

        Raises:
            UsageError: the model or an option is unknown, or a value is not allowed.
            ConfigError: there is no key.
        """
        server, chosen, prices = choice(name, values)
        return cls(str(name), most(chosen, prices), name.model, chosen, prices, server)

    @property
    def dialect(self) -> Dialect:
        """See ports.HasDialect."""
        return self.chosen.facts.dialect

    def check(self, size: Size) -> tuple[str, ...]:
        """See ports.ImageModel."""
        return self.chosen.check(size)

    def price_of(self, prompt: Prompt, size: Size, seed: int) -> float | None:
        """See ports.PricedByRequest."""
        return None if self.prices is None else usd_of(self.chosen, self.prices, prompt.text, size)

    async def generate(self, prompt: Prompt, size: Size, seed: int) -> Picture:
        """See ports.ImageModel. Raises ConfigError if something must be changed before any call can succeed."""
        fields, warnings = self.request(prompt, size, seed)
        answer = await self.server.answer(self.name, lambda images: images.generate(**fields))
        return answer.picture(self.name, self.prices, warnings)

    def request(self, prompt: Prompt, size: Size, seed: int) -> tuple[dict[str, object], tuple[str, ...]]:
        """Return the arguments of the official client for this picture, and a warning for each difference from what was asked
        for.
        """
        drawn = self.chosen.drawn(prompt, size, seed)
        fields: dict[str, object] = {"model": self.id, "prompt": drawn.text, "size": f"{drawn.shape[0]}x{drawn.shape[1]}"}
        more: dict[str, object] = {} if drawn.seed is None else {_SEED: drawn.seed}
        if drawn.negative:
            more[_NEGATIVE] = drawn.negative
        for option, value in drawn.options.items():
            (fields if option in _OWN_ARGUMENTS else more)[option] = value
        return fields | ({"extra_body": more} if more else {}), drawn.warnings


def choice(name: ModelName, values: Values) -> tuple[Server, Chosen, TokenPrices | None]:
    """Return what a model's name means: its server, the model with its options, and how it is paid for, if that is known.

    Raises:
        UsageError: the model or an option is unknown, or a value is not allowed.
        ConfigError: there is no key.
    """
    (url, own), plain = address(name, values), catalogue.undated(name.model)
    prices = None
    if url == OPENAI or (own and plain in catalogue.image_models()):
        facts = drawing.find(name, catalogue.image_models(), plain)
        chosen, prices = Chosen.of(name, facts, OPTIONS, catalogue.option_names()), catalogue.token_prices(facts.id)
    elif name.model:
        chosen = Chosen.of(name, _with_fields(name, catalogue.compatible(name.model)), (*OPTIONS, FIELDS))
    else:
        raise UsageError.of(name.setting, str(name), f"{name.provider}:MODEL, with the name that the model has at {url}")
    _require_formats(name, chosen.options)
    return Server.of(name, values), chosen, prices


def usd_of(chosen: Chosen, prices: TokenPrices, text: str, size: Size, originals: int = 0) -> float:
    """Return the most that a picture costs in US dollars: a token of a text has at least one byte."""
    shape = chosen.shape(size)
    assert not isinstance(shape, str)
    texts = len(text[: chosen.facts.prompt].encode("utf-8", "replace"))
    return prices.usd(texts, originals, prices.drawn(str(chosen.options.get("quality", "auto")), shape))


def most(chosen: Chosen, prices: TokenPrices | None, originals: int = 0) -> float | None:
    """Return the most that any picture costs in US dollars, with the longest prompt that is usual."""
    if prices is None:
        return None
    return max(usd_of(chosen, prices, " " * chosen.facts.prompt, size, originals) for size in catalogue.largest(chosen.facts))


def _require_formats(name: ModelName, options: Mapping[str, Value]) -> None:
    """Check what each format cannot have."""
    kind = options.get("output_format", "png")
    if kind == "jpeg" and options.get("background") == "transparent":
        raise UsageError.of(f"output_format in {name.setting}", kind, "png or webp, for a transparent background")
    if kind == "png" and "output_compression" in options:
        raise UsageError.of(f"output_format in {name.setting}", kind, "jpeg or webp, for an output_compression")


def _with_fields(name: ModelName, facts: ImageModelFacts) -> ImageModelFacts:
    """Return what is known about a model of another server, with the fields that its name says the server takes."""
    given = [one for one in name.options.get(FIELDS, "").split(",") if one]
    if unknown := [one for one in given if one not in (_SEED, _NEGATIVE)]:
        raise UsageError.of(f"{FIELDS} in {name.setting}", unknown[0], f"one or both of {_SEED},{_NEGATIVE}")
    seeds, negative = _SEEDS if _SEED in given else None, facts.prompt if _NEGATIVE in given else 0
    return replace(facts, seeds=seeds, negative=negative)
