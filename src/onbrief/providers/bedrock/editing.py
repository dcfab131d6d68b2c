"""Stability's editing services on Bedrock: `bedrock:stability.image-services?region=us-west-2&timeout=120`.

The instruction, and whether there is a mask, decide which service is used; what each accepts is listed in catalogue.toml.
"""

from __future__ import annotations

import asyncio
import base64
from dataclasses import dataclass, field

from onbrief.errors import UsageError
from onbrief.ports import Changes, ModelName, Picture
from onbrief.providers import drawing, editing
from onbrief.providers.bedrock import catalogue, invoking
from onbrief.providers.bedrock.runtime import Runtime
from onbrief.providers.catalogue import Change

EDITOR = "stability.image-services"
"""The name of the editor; it covers all services."""


@dataclass(frozen=True, slots=True)
class BedrockEditor:
    """Stability's editing services; the price is that of the most expensive one."""

    name: str
    price: float | None
    runtime: Runtime = field(compare=False, repr=False)

    @property
    def changes(self) -> Changes:
        """See ports.Editor."""
        return editing.OF_SERVICES

    @classmethod
    def named(cls, name: ModelName, region: str) -> BedrockEditor:
        """Return the editor, with the options `region` (default: this one) and `timeout`.

        Raises:
            UsageError: the model or an option is unknown, or a value is not allowed.
        """
        if name.model != EDITOR:
            raise UsageError.of(name.setting, str(name), f"{name.provider}:{EDITOR}")
        name.require_options(invoking.OPTIONS)
        price = max(service.usd for service in catalogue.editing_services().values())
        return cls(str(name), price, invoking.runtime(name, region))

    async def edit(self, image: bytes, instruction: str, seed: int, mask: bytes | None = None) -> Picture:
        """See ports.Editor. Without a mask, it can replace one thing or change its colour. With a mask, it removes what the
        mask covers, or draws there what the instruction asks for. It never moves things.
        """
        change, body, warnings = await asyncio.to_thread(self._request, image, instruction, seed, mask)
        service = catalogue.editing_services()[change].id
        return invoking.picture(self.name, "stability", await invoking.invoke(self.name, self.runtime, service, body), warnings)

    def _request(
        self, image: bytes, instruction: str, seed: int, mask: bytes | None
    ) -> tuple[Change, dict[str, object], tuple[str, ...]]:
        """Return which service to call, its request body, and a warning for each difference from what was asked for."""
        edit = editing.read(image, instruction, mask, self.changes)
        change = editing.service_of(edit)
        service, warnings = catalogue.editing_services()[change], list[str]()
        sent = drawing.seed_in("Stability's service", service.seeds, seed, warnings)
        body: dict[str, object] = {"image": _base64(image), "seed": sent}
        if edit.mask is not None:
            body |= {"mask": _base64(edit.mask), "grow_mask": service.grow_mask}
        return change, body | editing.texts_of(edit, service), tuple(warnings)


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()
