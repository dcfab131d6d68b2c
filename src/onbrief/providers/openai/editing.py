"""Editors: the image models of OpenAI, and of servers that speak as it does: `openai:gpt-image-2?quality=high`.

They change anything that an English sentence asks for, and with a mask, only what lies under it.
"""

from __future__ import annotations

import asyncio
import io
from dataclasses import dataclass, field
from typing import get_args

from PIL import Image, ImageChops

from onbrief.pictures import Facts
from onbrief.ports import Change, Changes, ModelName, Picture, Values, Way
from onbrief.providers import editing
from onbrief.providers.drawing import Chosen
from onbrief.providers.openai.catalogue import TokenPrices
from onbrief.providers.openai.images import choice, most
from onbrief.providers.openai.server import Server

_ANY: frozenset[Way] = frozenset(("words", "mask"))
_REST = "Keep everything else in the picture exactly as it is."
_NOT_FOR_EDITS = frozenset({"moderation"})  # options that only new pictures have


@dataclass(frozen=True, slots=True)
class OpenAIEditor:
    """An editor. `id` is its id in requests. `prices` are None if it is not known how it is paid for."""

    name: str
    price: float | None
    id: str
    chosen: Chosen
    prices: TokenPrices | None
    server: Server = field(compare=False, repr=False)

    @classmethod
    def named(cls, name: ModelName, values: Values) -> OpenAIEditor:
        """Return the editor of a model's id, with the options of the image model; see there.

        Raises:
            UsageError: the model or an option is unknown, or a value is not allowed.
            ConfigError: there is no key.
        """
        server, chosen, prices = choice(name, values)
        originals = 2 * prices.original if prices else 0  # the picture and its mask
        return cls(str(name), most(chosen, prices, originals), name.model, chosen, prices, server)

    @property
    def changes(self) -> Changes:
        """See ports.Editor."""
        return dict.fromkeys(get_args(Change), _ANY)

    async def edit(self, image: bytes, instruction: str, seed: int, mask: bytes | None = None) -> Picture:
        """See ports.Editor. The seed is not sent: these models take none."""
        fields, facts, warnings = await asyncio.to_thread(self._request, image, instruction, mask)
        answer = await self.server.answer(self.name, lambda images: images.edit(**fields))
        made = answer.picture(self.name, self.prices, warnings)
        data, scaled = await asyncio.to_thread(editing.in_size, made.data, facts, self.name)
        return Picture(data, made.facts, (*made.warnings, *scaled), made.usd)

    def _request(self, image: bytes, instruction: str, mask: bytes | None) -> tuple[dict[str, object], Facts, tuple[str, ...]]:
        """Return the arguments of the official client, the facts of the picture, and warnings for the record."""
        edit = editing.read(image, instruction, mask, self.changes)
        facts, chosen = edit.facts, self.chosen
        shape = chosen.shape((facts.width, facts.height))
        kind = facts.media_type.partition("/")[2]
        fields: dict[str, object] = {
            "model": self.id,
            "image": (f"image.{kind}", image, facts.media_type),
            "prompt": f"{instruction.strip().rstrip('.')}. {_REST}",
            "size": f"{shape[0]}x{shape[1]}",
        }
        if edit.mask is not None:
            fields["mask"] = ("mask.png", _transparent_where_white(edit.mask), "image/png")
        options = {chosen.facts.options[name].key: value for name, value in chosen.options.items()}
        left_out = [f"{name}={value}" for name, value in options.items() if name in _NOT_FOR_EDITS]
        fields |= {name: value for name, value in options.items() if name not in _NOT_FOR_EDITS}
        return fields, facts, tuple(f"{chosen.facts.title} does not take {one} for edits: it is left out" for one in left_out)


def _transparent_where_white(mask: bytes) -> bytes:
    """Return a mask as OpenAI takes it: a PNG that is transparent where the picture may change."""
    with Image.open(io.BytesIO(mask), formats=["PNG"]) as opened:
        grey = opened.convert("L")
    made = Image.new("RGBA", grey.size, "black")
    made.putalpha(ImageChops.invert(grey))
    out = io.BytesIO()
    made.save(out, "PNG")
    return out.getvalue()
