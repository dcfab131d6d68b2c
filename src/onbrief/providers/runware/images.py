"""Image models at Runware: `runware:runware:400@4`, `runware:civitai:133005@782002?steps=30&timeout=120`.

What each model accepts is listed in catalogue.toml. Each picture is requested once, under the id of its try, so that it can be
found again if the answer is lost.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from onbrief.brief import Size
from onbrief.ports import Dialect, Found, ModelName, Note, NotThere, Pending, Picture, Recovery, Sent, unnoted
from onbrief.ports.recovery import Answer
from onbrief.providers import wire
from onbrief.providers.drawing import Chosen
from onbrief.providers.runware import calling, catalogue
from onbrief.providers.wire import Service
from onbrief.record import Prompt

_LOOK_TIMEOUT = 60.0  # seconds for looking once for a lost picture


@dataclass(frozen=True, slots=True)
class RunwareImageModel:
    """An image model at Runware."""

    name: str
    price: float | None
    chosen: Chosen
    service: Service = field(compare=False, repr=False)

    @classmethod
    def named(cls, name: ModelName, base_url: str) -> RunwareImageModel:
        """Return the model of a name. Options: `timeout` in seconds for a picture, and those in the catalogue.

        Raises:
            UsageError: the model or an option is unknown, or a value is not allowed. ConfigError: there is no key.
        """
        chosen = Chosen.of(name, catalogue.facts_of(name), calling.OPTIONS, catalogue.CATALOGUE.option_names)
        return cls(str(name), chosen.price(), chosen, calling.service(name, base_url))

    @property
    def recovery(self) -> Recovery:
        """See ports.Recovers."""
        return "own id"

    @property
    def dialect(self) -> Dialect:
        """See ports.HasDialect."""
        return self.chosen.facts.dialect

    def check(self, size: Size) -> tuple[str, ...]:
        """See ports.ImageModel."""
        return self.chosen.check(size)

    async def generate(self, prompt: Prompt, size: Size, seed: int) -> Picture:
        """See ports.ImageModel. Raises ConfigError if something must be changed before any call can succeed."""
        return await self.generate_as(Sent.once(), unnoted, prompt, size, seed)

    async def generate_as(self, sent: Sent, note: Note, prompt: Prompt, size: Size, seed: int) -> Picture:
        """See ports.Recovers. Nothing is noted: the id of the try is all that is needed to find it."""
        task, warnings = self.task(sent, prompt, size, seed)
        with wire.naming(self.name):
            async with self.service.session() as session:
                return await calling.drawn(session, task, warnings)

    async def find(self, sent: Sent, prompt: Prompt, size: Size, seed: int) -> Answer:
        """See ports.Recovers. The service says nothing of a task that it does not know, and may say nothing of one that has
        just begun: that it is not there is never final.
        """
        _, warnings = self.task(sent, prompt, size, seed)
        with wire.naming(self.name):
            async with self.service.session(min(_LOOK_TIMEOUT, self.service.timeout)) as session:
                found = await calling.response(session, sent.id)
                if found and calling.working(found):
                    return Pending()
                found = found or await calling.details(session, sent.id)
                if found is None:
                    return NotThere(f"{self.name}: no task has the id {sent.id}")
                return Found(await calling.picture(session, found, warnings))

    def task(self, sent: Sent, prompt: Prompt, size: Size, seed: int) -> tuple[dict[str, object], tuple[str, ...]]:
        """Return the task for this picture, and a warning for each difference from what was asked for."""
        drawn = self.chosen.drawn(prompt, size, seed)
        task: dict[str, object] = {
            "taskType": "imageInference",
            "taskUUID": sent.id,
            "model": self.chosen.facts.id,
            "positivePrompt": drawn.text,
            "width": drawn.shape[0],
            "height": drawn.shape[1],
            "seed": drawn.seed,
            "numberResults": 1,
            "outputType": "URL",
            "includeCost": True,
            "deliveryMethod": "async",
            **drawn.options,
        }
        if drawn.negative:
            task["negativePrompt"] = drawn.negative
        if "safety" in task:
            task["safety"] = {"mode": task["safety"]}
        return task, drawn.warnings
