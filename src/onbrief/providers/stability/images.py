"""Image models of Stability AI's own service: `stability:core?timeout=120`, `stability:sd3.5-large?cfg_scale=5`.

What each model accepts is listed in catalogue.toml. Each picture is requested once, and a lost answer cannot be found again.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from onbrief.brief import Size
from onbrief.ports import Dialect, ModelName, Picture
from onbrief.providers import drawing
from onbrief.providers.drawing import Chosen
from onbrief.providers.stability import calling, catalogue
from onbrief.providers.wire import Service
from onbrief.record import Prompt


@dataclass(frozen=True, slots=True)
class StabilityImageModel:
    """An image model of Stability AI."""

    name: str
    price: float | None
    chosen: Chosen
    service: Service = field(compare=False, repr=False)

    @classmethod
    def named(cls, name: ModelName, base_url: str) -> StabilityImageModel:
        """Return the model of a name. Options: `timeout` in seconds for a picture, and those in the catalogue.

        Raises:
            UsageError: the model or an option is unknown, or a value is not allowed. ConfigError: there is no key.
        """
        facts = drawing.find(name, catalogue.CATALOGUE.image_models)
        chosen = Chosen.of(name, facts, calling.OPTIONS, catalogue.CATALOGUE.option_names)
        return cls(str(name), chosen.price(), chosen, calling.service(name, base_url))

    @property
    def dialect(self) -> Dialect:
        """See ports.HasDialect."""
        return self.chosen.facts.dialect

    def check(self, size: Size) -> tuple[str, ...]:
        """See ports.ImageModel."""
        return self.chosen.check(size)

    async def generate(self, prompt: Prompt, size: Size, seed: int) -> Picture:
        """See ports.ImageModel. Raises ConfigError if something must be changed before any call can succeed."""
        drawn, facts = self.chosen.drawn(prompt, size, seed), self.chosen.facts
        fields: dict[str, object] = {"prompt": drawn.text, "aspect_ratio": drawn.shape, "seed": drawn.seed, **drawn.options}
        if drawn.negative:
            fields["negative_prompt"] = drawn.negative
        if facts.body != facts.id:  # one path for several models
            fields["model"] = facts.id
        return await calling.called(self.name, self.service, f"generate/{facts.body}", fields, {}, drawn.warnings)
