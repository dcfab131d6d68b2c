"""The FLUX.2 models as editors: `bfl:flux-2-pro?timeout=120`. They read any instruction, and change the whole picture."""

from __future__ import annotations

import asyncio
import base64
import math
from dataclasses import dataclass, field, replace
from typing import Any

from onbrief.ports import Changes, ModelName, Picture, Sent, Way, unnoted
from onbrief.providers import drawing, editing, jobs, sizes
from onbrief.providers.bfl import CATALOGUE
from onbrief.providers.bfl.service import BflQueue, service
from onbrief.providers.drawing import Chosen
from onbrief.providers.editing import Edit
from onbrief.providers.wire import naming

_WORDS: frozenset[Way] = frozenset(("words",))


@dataclass(frozen=True, slots=True)
class BflEditor:
    """A FLUX.2 model that edits; the price is that of the largest picture."""

    name: str
    price: float | None
    chosen: Chosen
    queue: BflQueue = field(compare=False, repr=False)

    @property
    def changes(self) -> Changes:
        """See ports.Editor."""
        return dict.fromkeys(("replace", "recolour", "alter", "remove", "add", "move", "letter"), _WORDS)

    @classmethod
    def named(cls, name: ModelName, base_url: str) -> BflEditor:
        """Return the editor of this name, with the options of the image model.

        Raises:
            UsageError: the model or an option is unknown, or a value is not allowed. ConfigError: there is no key.
        """
        models = {identifier: facts for identifier, facts in CATALOGUE.image_models.items() if facts.edits}
        facts = drawing.find(name, models)
        chosen = Chosen.of(name, facts, ("timeout",), CATALOGUE.option_names)
        usd, largest = chosen.price(), math.ceil(facts.most_pixels / 1_000_000)
        price = None if usd is None else usd + facts.usd_more * largest
        return cls(str(name), price, chosen, BflQueue(service(name, base_url), facts.id))

    async def edit(self, image: bytes, instruction: str, seed: int, mask: bytes | None = None) -> Picture:
        """See ports.Editor."""
        edit = await asyncio.to_thread(editing.read, image, instruction, mask, self.changes)
        body, warnings = await asyncio.to_thread(self._request, edit, image, instruction, seed)
        queue = self.queue
        with naming(self.name):
            picture = await jobs.made(queue.service, queue, queue.path, body, tuple(warnings), Sent.once(), unnoted)
        data, scaled = await asyncio.to_thread(editing.in_size, picture.data, edit.facts, self.chosen.facts.title)
        return replace(picture, data=data, warnings=(*picture.warnings, *scaled))

    def _request(self, edit: Edit, image: bytes, instruction: str, seed: int) -> tuple[dict[str, Any], list[str]]:
        facts, warnings = self.chosen.facts, list[str]()
        assert facts.grid is not None
        assert facts.seeds is not None
        width, height = sizes.on_grid((edit.facts.width, edit.facts.height), facts.grid)
        if edit.facts.width * edit.facts.height > facts.most_pixels:  # every megapixel of it is charged, and none comes back
            image, _ = editing.in_size(image, replace(edit.facts, width=width, height=height), facts.title)
        options = {facts.options[name].key: value for name, value in self.chosen.options.items()}
        body: dict[str, Any] = {
            "prompt": instruction,
            "input_image": base64.b64encode(image).decode(),
            "width": width,
            "height": height,
            "seed": drawing.seed_in(facts.title, facts.seeds, seed, warnings),
            **options,
        }
        return body, warnings
