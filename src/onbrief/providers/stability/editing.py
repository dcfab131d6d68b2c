"""The editing services of Stability AI's own service: `stability:image-services?timeout=120`.

The instruction, and whether there is a mask, decide which service is used; what each accepts is listed in catalogue.toml.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace

from onbrief.errors import UsageError
from onbrief.ports import Changes, ModelName, Picture
from onbrief.providers import drawing, editing
from onbrief.providers.catalogue import EditingFacts
from onbrief.providers.editing import Edit
from onbrief.providers.stability import calling, catalogue
from onbrief.providers.wire import Service


@dataclass(frozen=True, slots=True)
class StabilityEditor:
    """Stability AI's editing services; the price is that of the most expensive one."""

    name: str
    price: float | None
    service: Service = field(compare=False, repr=False)

    @property
    def changes(self) -> Changes:
        """See ports.Editor."""
        return editing.OF_SERVICES

    @classmethod
    def named(cls, name: ModelName, base_url: str) -> StabilityEditor:
        """Return the editor, with the option `timeout`.

        Raises:
            UsageError: the model or an option is unknown, or a value is not allowed. ConfigError: there is no key.
        """
        if name.model != catalogue.EDITOR:
            raise UsageError.of(name.setting, str(name), f"{name.provider}:{catalogue.EDITOR}")
        name.require_options(calling.OPTIONS)
        price = max(service.usd for service in catalogue.editing_services().values())
        return cls(str(name), price, calling.service(name, base_url))

    async def edit(self, image: bytes, instruction: str, seed: int, mask: bytes | None = None) -> Picture:
        """See ports.Editor. Without a mask, it can replace one thing or change its colour. With a mask, it removes what the
        mask covers, or draws there what the instruction asks for. It never moves things.
        """
        edit = await asyncio.to_thread(editing.read, image, instruction, mask, self.changes)
        facts = catalogue.editing_services()[editing.service_of(edit)]
        warnings = list[str]()
        sent = drawing.seed_in("Stability's service", facts.seeds, seed, warnings)
        files = {"image": image, **({} if edit.mask is None else {"mask": edit.mask})}
        fields = {**editing.texts_of(edit, facts), "seed": sent, **_masked(edit, facts), "output_format": "png"}
        made = await calling.called(self.name, self.service, f"edit/{facts.id}", fields, files, tuple(warnings))
        data, scaled = await asyncio.to_thread(editing.in_size, made.data, edit.facts, "Stability's service")
        return replace(made, data=data, warnings=made.warnings + scaled)


def _masked(edit: Edit, facts: EditingFacts) -> dict[str, object]:
    return {} if edit.mask is None else {"grow_mask": facts.grow_mask}
