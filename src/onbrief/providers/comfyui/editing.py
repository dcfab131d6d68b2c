"""Editors on a ComfyUI server: workflows with places for a picture, and for an instruction, or for a mask and a prompt."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import get_args

from onbrief.errors import CallError, ConfigError, UsageError
from onbrief.ports import Change, Changes, ModelName, Picture, Sent, Way
from onbrief.providers import editing
from onbrief.providers.comfyui import OPTIONS
from onbrief.providers.comfyui.server import Job, Server
from onbrief.providers.comfyui.workflow import Workflow

_INPAINTED: tuple[Change, ...] = ("replace", "recolour", "alter", "remove", "add", "letter")


@dataclass(frozen=True, slots=True)
class ComfyEditor:
    """A workflow that edits. `%image%` is the picture. `%instruction%` is the sentence that says what to change, for models
    that follow instructions; `%mask%` is where to draw, and `%prompt%` what, for models that fill a part of a picture.
    """

    name: str
    workflow: Workflow
    server: Server = field(compare=False, repr=False)
    price: float | None = 0.0

    @classmethod
    def named(cls, name: ModelName, url: str) -> ComfyEditor:
        """Return the editor of a workflow's file; options as ComfyImageModel.

        Raises:
            UsageError: the file is not a workflow with these places, or an option is unknown or not allowed.
        """
        name.require_options(OPTIONS)
        workflow = Workflow.read(name)
        workflow.require(name, ("image", "seed"))
        if "instruction" not in workflow.holes:
            workflow.require(name, ("mask", "prompt"))
        return cls(str(name), workflow, Server.of(name, url, workflow))

    @property
    def changes(self) -> Changes:
        """See ports.Editor."""
        ways: frozenset[Way] = frozenset(("mask" if "mask" in self.workflow.holes else "words",))
        return dict.fromkeys(get_args(Change) if "instruction" in self.workflow.holes else _INPAINTED, ways)

    async def edit(self, image: bytes, instruction: str, seed: int, mask: bytes | None = None) -> Picture:
        """See ports.Editor. Under a mask, "remove the car" draws what an empty prompt gives."""
        edit = await asyncio.to_thread(editing.read, image, instruction, mask, self.changes)
        if mask is not None and "mask" not in self.workflow.holes:
            raise UsageError.of("mask", mask[:40], "no mask, as the workflow has no %mask%")
        pictures = {"image": image} | ({"mask": edit.mask} if edit.mask else {})
        values = {"instruction": instruction, "prompt": edit.asked.prompt, "negative_prompt": "", "seed": seed}
        job = Job(Sent.once().id, {**values, "width": edit.facts.width, "height": edit.facts.height})
        try:
            made = await self.server.draw(job, pictures)
        except (CallError, ConfigError) as error:
            error.args = (f"{self.name}: {error}",)
            raise
        data, warnings = await asyncio.to_thread(editing.in_size, made.data, edit.facts, "the workflow")
        return Picture(data, made.facts, (*made.warnings, *warnings))
