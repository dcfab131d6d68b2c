"""Gemini's image models: `google:gemini-3.1-flash-image?image_size=2K&timeout=120`.

What each model accepts is listed in catalogue.toml. What it does not accept is left out or changed to the nearest allowed
value, with a warning. Each picture is requested once. A picture whose answer is lost cannot be found again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from onbrief.brief import Size
from onbrief.errors import CallError, ConfigError
from onbrief.ports import Dialect, ModelName, Picture
from onbrief.ports.provider import Values
from onbrief.providers import drawing
from onbrief.providers.catalogue import Value
from onbrief.providers.drawing import Chosen
from onbrief.providers.google import answers, catalogue
from onbrief.providers.google.gemini import Gemini, Part
from onbrief.record import Prompt

OPTIONS = ("timeout",)
"""The options of every name: the timeout for a picture, in seconds."""


@dataclass(frozen=True, slots=True)
class GeminiImageModel:
    """An image model of Gemini."""

    name: str
    price: float | None
    chosen: Chosen
    api: Gemini = field(compare=False, repr=False)

    @classmethod
    def named(cls, name: ModelName, values: Values) -> GeminiImageModel:
        """Return the model. Options: `timeout` in seconds for a picture, and those of image models in the catalogue.

        Raises:
            UsageError: the model or an option is unknown, or a value is not allowed.
            ConfigError: there is no key.
        """
        chosen = chosen_of(name)
        return cls(str(name), chosen.price(), chosen, Gemini.of(name, values))

    @property
    def dialect(self) -> Dialect:
        """See ports.HasDialect."""
        return self.chosen.facts.dialect

    def check(self, size: Size) -> tuple[str, ...]:
        """See ports.ImageModel."""
        return self.chosen.check(size)

    async def generate(self, prompt: Prompt, size: Size, seed: int) -> Picture:
        """See ports.ImageModel."""
        drawn = self.chosen.drawn(prompt, size, seed)
        shape = {"aspect_ratio": drawn.shape}
        return await asked(self.name, self.api, self.chosen, [drawn.text], shape, drawn.options, drawn.seed, drawn.warnings)


def chosen_of(name: ModelName) -> Chosen:
    """Return the model of a name with its options.

    Raises:
        UsageError: the model or an option is unknown, or a value is not allowed.
    """
    return Chosen.of(name, drawing.find(name, catalogue.image_models()), OPTIONS, catalogue.option_names())


async def asked(
    name: str,
    api: Gemini,
    chosen: Chosen,
    parts: list[Part],
    shape: Mapping[str, object],
    options: Mapping[str, Value],
    seed: int | None,
    warnings: tuple[str, ...],
) -> Picture:
    """Return the picture that a model makes of these parts.

    Raises:
        CallError: one of its four classes, if there is no picture. Its message names the model.
        ConfigError: something must be changed before any call can succeed. Its message names the model.
    """
    config: dict[str, Any] = {"response_modalities": ["IMAGE"], "seed": seed}
    image = {**shape, **{key: value for key, value in options.items() if key == "image_size"}}
    if image:
        config["image_config"] = image
    if "thinking_level" in options:
        config["thinking_config"] = {"thinking_level": str(options["thinking_level"]).upper()}
    try:
        document = await api.generate(chosen.facts.id, parts, config)
    except (CallError, ConfigError) as error:
        error.args = (f"{name}: {error}",)
        raise
    return await asyncio.to_thread(answers.picture, name, catalogue.rates()[chosen.facts.id], document, warnings)
