"""Image models on a server with the API of AUTOMATIC1111's web UI: `a1111:` is the checkpoint that it has loaded, and
`a1111:dreamshaper_8?steps=30&base_url=http://gpu:7860` another one. They cost nothing, and a lost answer cannot be found again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from onbrief.brief import Size
from onbrief.ports import Dialect, ModelName, Picture
from onbrief.providers import wire
from onbrief.providers.a1111 import calling, catalogue
from onbrief.providers.drawing import Chosen
from onbrief.providers.wire import Service
from onbrief.record import Prompt


@dataclass(frozen=True, slots=True)
class A1111ImageModel:
    """A checkpoint on a server; the one that is loaded if `checkpoint` is empty."""

    name: str
    price: float | None
    checkpoint: str
    chosen: Chosen
    texts: Mapping[str, object]
    service: Service = field(compare=False, repr=False)

    @classmethod
    def named(cls, name: ModelName, base_url: str) -> A1111ImageModel:
        """Return the model of a name. Options: `base_url`, `timeout` in seconds for a picture, `sampler_name`, `scheduler`, and
        those in the catalogue.

        Raises:
            UsageError: an option is unknown, or a value is not allowed. ConfigError: A1111_AUTH is not `user:password`.
        """
        facts = replace(catalogue.drawing_facts(), id=name.model, title=name.key)
        chosen = Chosen.of(name, facts, calling.OPTIONS)
        return cls(str(name), chosen.price(), name.model, chosen, calling.texts(name), calling.service(name, base_url))

    @property
    def dialect(self) -> Dialect:
        """See ports.HasDialect."""
        return self.chosen.facts.dialect

    def check(self, size: Size) -> tuple[str, ...]:
        """See ports.ImageModel."""
        return self.chosen.check(size)

    async def generate(self, prompt: Prompt, size: Size, seed: int) -> Picture:
        """See ports.ImageModel. Raises ConfigError if something must be changed before any call can succeed."""
        drawn = self.chosen.drawn(prompt, size, seed)
        body = {
            "prompt": drawn.text,
            "negative_prompt": drawn.negative,
            "seed": drawn.seed,
            "width": drawn.shape[0],
            "height": drawn.shape[1],
            **drawn.options,
            **self.texts,
        }
        with wire.naming(self.name):
            return await calling.called(self.service, "txt2img", self.checkpoint, body, drawn.warnings)
