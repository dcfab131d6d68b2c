"""Image models on a ComfyUI server: `comfyui:WORKFLOW.json?base_url=http://127.0.0.1:8188&timeout=600`."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal

from onbrief.brief import Size
from onbrief.errors import CallError, ConfigError
from onbrief.ports import Dialect, Found, ModelName, Note, NotThere, Pending, Picture, Sent
from onbrief.ports.recovery import unnoted
from onbrief.providers.comfyui import OPTIONS
from onbrief.providers.comfyui.server import Job, Server
from onbrief.providers.comfyui.workflow import Workflow
from onbrief.record import Prompt


@dataclass(frozen=True, slots=True)
class ComfyImageModel:
    """A workflow that draws. A picture costs nothing but the time of the server."""

    name: str
    workflow: Workflow
    server: Server = field(compare=False, repr=False)
    price: float | None = 0.0

    @classmethod
    def named(cls, name: ModelName, url: str) -> ComfyImageModel:
        """Return the model of a workflow's file. Options: `base_url` of the server (default: this one), `timeout` in seconds
        for a picture.

        Raises:
            UsageError: the file is not a workflow with %prompt% and %seed%, or an option is unknown or not allowed.
        """
        name.require_options(OPTIONS)
        workflow = Workflow.read(name)
        workflow.require(name, ("prompt", "seed"))
        workflow.refuse(name, ("image", "mask", "instruction"))
        return cls(str(name), workflow, Server.of(name, url, workflow))

    @property
    def recovery(self) -> Literal["own id"]:
        """See ports.Recovers."""
        return "own id"

    @property
    def dialect(self) -> Dialect:
        """See ports.HasDialect. A workflow does not say how its model reads, so it gets long natural text."""
        return Dialect(negative="negative_prompt" in self.workflow.holes)

    def check(self, size: Size) -> tuple[str, ...]:
        """See ports.ImageModel."""
        missing = [f"%{side}%" for side in ("width", "height") if side not in self.workflow.holes]
        return (f"the workflow has no {' and no '.join(missing)}: it makes pictures of its own size",) if missing else ()

    async def generate(self, prompt: Prompt, size: Size, seed: int) -> Picture:
        """See ports.ImageModel."""
        return await self.generate_as(Sent.once(), unnoted, prompt, size, seed)

    async def generate_as(self, sent: Sent, note: Note, prompt: Prompt, size: Size, seed: int) -> Picture:
        """See ports.Recovers. The id of the try is that of the job, and in the name of its file."""
        try:
            picture = await self.server.draw(_job(sent, prompt, size, seed))
        except (CallError, ConfigError) as error:
            error.args = (f"{self.name}: {error}",)
            raise
        return self._told(picture, prompt)

    async def find(self, sent: Sent, prompt: Prompt, size: Size, seed: int) -> Found | Pending | NotThere:
        """See ports.Recovers. A job that is neither in the queue, nor in the history, nor among the files is never run."""
        answer = await self.server.find(_job(sent, prompt, size, seed))
        return Found(self._told(answer.picture, prompt)) if isinstance(answer, Found) else answer

    def _told(self, picture: Picture, prompt: Prompt) -> Picture:
        """Return the picture with a warning about what of the prompt the workflow has no place for."""
        if not prompt.negative or "negative_prompt" in self.workflow.holes:
            return picture
        left_out = "the workflow has no %negative_prompt%: the negative text is left out"
        return replace(picture, warnings=(*picture.warnings, left_out))


def _job(sent: Sent, prompt: Prompt, size: Size, seed: int) -> Job:
    width, height = size
    texts = {"prompt": prompt.text, "negative_prompt": prompt.negative}
    return Job(sent.id, {**texts, "seed": seed, "width": width, "height": height})
