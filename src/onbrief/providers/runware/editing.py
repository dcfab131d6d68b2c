"""The editor at Runware, which draws under a mask: `runware:runware:102@1?timeout=120`."""

from __future__ import annotations

import asyncio
import base64
from dataclasses import dataclass, field, replace

from onbrief.errors import UsageError
from onbrief.ports import Changes, ModelName, Picture, Sent
from onbrief.providers import drawing, editing, sizes, wire
from onbrief.providers.editing import Edit
from onbrief.providers.runware import calling, catalogue
from onbrief.providers.wire import Service

_NOTHING = "empty background"
"""What is drawn in the place of what is removed: the model must be given words."""


@dataclass(frozen=True, slots=True)
class RunwareEditor:
    """A model that draws under a mask."""

    name: str
    price: float | None
    service: Service = field(compare=False, repr=False)

    @property
    def changes(self) -> Changes:
        """See ports.Editor."""
        return editing.OF_MASKS

    @classmethod
    def named(cls, name: ModelName, base_url: str) -> RunwareEditor:
        """Return the editor, with the option `timeout`.

        Raises:
            UsageError: the model or an option is unknown, or a value is not allowed. ConfigError: there is no key.
        """
        facts = catalogue.editing_service()
        if name.model != facts.id:
            raise UsageError.of(name.setting, str(name), f"{name.provider}:{facts.id}")
        name.require_options(calling.OPTIONS)
        return cls(str(name), facts.usd, calling.service(name, base_url))

    async def edit(self, image: bytes, instruction: str, seed: int, mask: bytes | None = None) -> Picture:
        """See ports.Editor. It draws under the mask what the instruction asks for, or the background. It never moves things."""
        edit = await asyncio.to_thread(editing.read, image, instruction, mask, self.changes)
        task, warnings = await asyncio.to_thread(_task, image, edit, seed)
        with wire.naming(self.name):
            async with self.service.session() as session:
                made = await calling.drawn(session, task, warnings)
            data, scaled = await asyncio.to_thread(editing.in_size, made.data, edit.facts, catalogue.editing_service().title)
        return replace(made, data=data, warnings=made.warnings + scaled)


def _task(image: bytes, edit: Edit, seed: int) -> tuple[dict[str, object], tuple[str, ...]]:
    """Return the task for an edit, and a warning for each difference from what was asked for."""
    assert edit.mask is not None  # there is no change without one
    facts, warnings = catalogue.editing_service(), list[str]()
    width, height = sizes.on_grid((edit.facts.width, edit.facts.height), catalogue.EDIT_GRID)
    task: dict[str, object] = {
        "taskType": "imageInference",
        "taskUUID": Sent.once().id,
        "model": facts.id,
        "positivePrompt": edit.asked.prompt or _NOTHING,
        "seedImage": _data_url(edit.facts.media_type, image),
        "maskImage": _data_url("image/png", edit.mask),
        "width": width,
        "height": height,
        "seed": drawing.seed_in(facts.title, facts.seeds, seed, warnings),
        "numberResults": 1,
        "outputType": "URL",
        "outputFormat": "PNG",
        "includeCost": True,
        "deliveryMethod": "async",
    }
    return task, tuple(warnings)


def _data_url(media_type: str, data: bytes) -> str:
    return f"data:{media_type};base64,{base64.b64encode(data).decode()}"
