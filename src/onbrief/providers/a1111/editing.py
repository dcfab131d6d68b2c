"""The editor on a server with the API of AUTOMATIC1111's web UI, which draws under a mask: `a1111:?denoising_strength=0.75`, or
with a checkpoint for inpainting, `a1111:sd-v1-5-inpainting`.
"""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from onbrief.ports import Changes, ModelName, Picture
from onbrief.providers import drawing, editing, sizes, wire
from onbrief.providers.a1111 import calling, catalogue
from onbrief.providers.drawing import Chosen
from onbrief.providers.editing import Edit
from onbrief.providers.wire import Service

_SURROUNDINGS, _ORIGINAL = 0, 1  # what lies under the mask before it is drawn over


@dataclass(frozen=True, slots=True)
class A1111Editor:
    """A checkpoint on a server that draws under a mask; the one that is loaded if `checkpoint` is empty."""

    name: str
    price: float | None
    checkpoint: str
    chosen: Chosen
    texts: Mapping[str, object]
    service: Service = field(compare=False, repr=False)

    @property
    def changes(self) -> Changes:
        """See ports.Editor."""
        return editing.OF_MASKS

    @classmethod
    def named(cls, name: ModelName, base_url: str) -> A1111Editor:
        """Return the editor of a name, with the options of image models, and those of inpainting in the catalogue.

        Raises:
            UsageError: an option is unknown, or a value is not allowed. ConfigError: A1111_AUTH is not `user:password`.
        """
        facts = replace(catalogue.editing_facts(), id=name.model, title=name.key)
        chosen = Chosen.of(name, facts, calling.OPTIONS)
        return cls(str(name), chosen.price(), name.model, chosen, calling.texts(name), calling.service(name, base_url))

    async def edit(self, image: bytes, instruction: str, seed: int, mask: bytes | None = None) -> Picture:
        """See ports.Editor. It draws under the mask what the instruction asks for, or nothing. It never moves things."""
        edit = await asyncio.to_thread(editing.read, image, instruction, mask, self.changes)
        body, warnings = await asyncio.to_thread(self._body, image, edit, seed)
        with wire.naming(self.name):
            made = await calling.called(self.service, "img2img", self.checkpoint, body, warnings)
            data, scaled = await asyncio.to_thread(editing.in_size, made.data, edit.facts, "the server")
        return replace(made, data=data, warnings=made.warnings + scaled)

    def _body(self, image: bytes, edit: Edit, seed: int) -> tuple[dict[str, object], tuple[str, ...]]:
        """Return the request for an edit, and a warning for each difference from what was asked for."""
        facts, asked, warnings = self.chosen.facts, edit.asked, list[str]()
        assert edit.mask is not None  # there is no change without a mask
        assert facts.grid
        assert facts.seeds
        width, height = sizes.on_grid((edit.facts.width, edit.facts.height), facts.grid)
        removes = asked.doing == "remove"
        body: dict[str, object] = {
            "init_images": [_base64(image)],
            "mask": _base64(edit.mask),
            "prompt": asked.prompt,
            "negative_prompt": asked.target if removes else "",
            "seed": drawing.seed_in(self.chosen.facts.title, facts.seeds, seed, warnings),
            "width": width,
            "height": height,
            "inpainting_fill": _SURROUNDINGS if removes else _ORIGINAL,
            **{facts.options[name].key: value for name, value in self.chosen.options.items()},
            **self.texts,
        }
        return body | {"inpaint_full_res": bool(body["inpaint_full_res"])}, tuple(warnings)


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()
