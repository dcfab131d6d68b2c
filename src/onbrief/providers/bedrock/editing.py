"""Stability's editing services on Bedrock: `bedrock:stability.image-services?region=us-west-2&timeout=120`.

The instruction, and whether there is a mask, decide which service is used; what each accepts is listed in catalogue.toml.
"""

from __future__ import annotations

import asyncio
import base64
from dataclasses import dataclass, field

from onbrief import pictures
from onbrief.errors import UsageError
from onbrief.ports import ModelName, Picture
from onbrief.providers.bedrock import catalogue, instructions, invoking
from onbrief.providers.bedrock.instructions import Instruction
from onbrief.providers.bedrock.runtime import Runtime
from onbrief.providers.catalogue import Change

EDITOR = "stability.image-services"
"""The name of the editor; it covers all services."""

_WITHOUT_MASK = '"replace the dog with a cat", "make the bench blue", or a mask of what may change'
_WITH_MASK = '"replace the dog with a cat", "make the bench blue", "add two cups", "remove the car"'


@dataclass(frozen=True, slots=True)
class BedrockEditor:
    """Stability's editing services; the price is that of the most expensive one."""

    name: str
    price: float | None
    runtime: Runtime = field(compare=False, repr=False)

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
        change, body, warnings = await asyncio.to_thread(_request, image, instruction, seed, mask)
        service = catalogue.editing_services()[change].id
        return invoking.picture(self.name, "stability", await invoking.invoke(self.name, self.runtime, service, body), warnings)


def _request(
    image: bytes, instruction: str, seed: int, mask: bytes | None
) -> tuple[Change, dict[str, object], tuple[str, ...]]:
    """Return which service to call, its request body, and a warning for each difference from what was asked for."""
    facts = pictures.inspect(image)
    if len(instruction) > instructions.LONGEST:
        raise UsageError.of("instruction", instruction, f"at most {instructions.LONGEST} characters")
    asked = instructions.read(instruction)
    change = _change(asked, masked=mask is not None)
    if asked is None or change is None:
        raise UsageError.of("instruction", instruction, _WITHOUT_MASK if mask is None else _WITH_MASK)
    service = catalogue.editing_services()[change]
    least, most = service.seeds
    sent = seed if least <= seed <= most else least + (seed - least) % (most - least + 1)
    body: dict[str, object] = {"image": _base64(image), "seed": sent}
    if mask is not None:
        body |= {"mask": _base64(pictures.mask_for((facts.width, facts.height), mask)), "grow_mask": service.grow_mask}
    if service.target:
        body |= {service.target: asked.target, "prompt": asked.wanted}
    elif change == "inpaint":
        named_by_target = asked.doing in ("recolour", "alter")
        body["prompt"] = f"{asked.wanted} {asked.target}" if named_by_target else asked.wanted
    warning = f"Stability's services take seeds from {least} to {most}: {sent} is sent instead of {seed}"
    return change, body, () if sent == seed else (warning,)


def _change(asked: Instruction | None, *, masked: bool) -> Change | None:
    """Return the kind of change, or None if no service can make it."""
    if asked is None:
        return None
    if masked:
        return "erase" if asked.doing == "remove" else "inpaint"
    return asked.doing if asked.doing == "replace" or asked.doing == "recolour" else None


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()
