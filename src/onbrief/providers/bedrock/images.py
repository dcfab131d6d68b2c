"""Image models on Amazon Bedrock: `bedrock:stability.stable-image-core-v1:1?region=us-west-2&timeout=120`.

What each model accepts is listed in catalogue.toml. What it does not accept is left out or changed to the nearest allowed
value, with a warning. Each picture is requested once; see outcomes.py for what an error means.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from onbrief.brief import Size
from onbrief.errors import Failed
from onbrief.ports import CannotTell, Dialect, Found, ModelName, Note, NotThere, Pending, Picture, Recovery, Sent
from onbrief.ports.recovery import Answer, unnoted
from onbrief.providers import drawing
from onbrief.providers.bedrock import catalogue, invoking, runtime
from onbrief.providers.bedrock.invocation_log import TIMEOUT, InvocationLog, now, tag_of
from onbrief.providers.bedrock.runtime import Runtime
from onbrief.providers.drawing import Chosen
from onbrief.record import Prompt

LATE = 900.0  # seconds after which the log is complete; it is usually written within five minutes
REFUSED = frozenset(
    (
        "AccessDeniedException",
        "ModelNotReadyException",
        "ResourceNotFoundException",
        "ServiceQuotaExceededException",
        "ServiceUnavailableException",
        "ThrottlingException",
        "ValidationException",
    )
)
"""Errors in the log that say that nothing was made and nothing is charged."""


@dataclass(frozen=True, slots=True)
class BedrockImageModel:
    """An image model on Bedrock. `id` is its id in requests."""

    name: str
    price: float | None
    id: str
    chosen: Chosen
    runtime: Runtime = field(compare=False, repr=False)
    log: InvocationLog = field(compare=False, repr=False)

    @classmethod
    def named(cls, name: ModelName, region: str) -> BedrockImageModel:
        """Return the model of an id, an inference profile or the ARN of either. Options: `region` (default: that of the ARN,
        else this one), `timeout` in seconds for a picture, and those of image models in the catalogue.

        Raises:
            UsageError: the model or an option is unknown, or a value is not allowed.
        """
        plain, of_arn = catalogue.parse_model_id(name.model)
        facts = drawing.find(name, catalogue.image_models(), plain)
        chosen = Chosen.of(name, facts, invoking.OPTIONS, catalogue.option_names())
        there = invoking.runtime(name, of_arn or region)
        return cls(str(name), chosen.price(), name.model, chosen, there, InvocationLog(there.region))

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

    @property
    def recovery(self) -> Recovery:
        """See ports.Recovers."""
        return "own tag"

    async def generate_as(self, sent: Sent, note: Note, prompt: Prompt, size: Size, seed: int) -> Picture:
        """See ports.Recovers. The handle is the time at which the call is sent: the log is searched from there."""
        body, warnings = self.request(prompt, size, seed)
        await note(now().isoformat(timespec="seconds"))
        answer = await invoking.invoke(self.name, self.runtime, self.id, body, tag_of(sent))
        return invoking.picture(self.name, self.chosen.facts.body, answer, warnings)

    async def find(self, sent: Sent, prompt: Prompt, size: Size, seed: int) -> Answer:
        """See ports.Recovers. Looks in Bedrock's log of invocations, if the account keeps it in S3."""
        from onbrief.providers.bedrock.connections import in_thread, within

        if not sent.handle:
            return CannotTell("the call was sent without a tag, by an older version")
        began = datetime.fromisoformat(sent.handle)
        async with within(TIMEOUT):
            looked = await in_thread(lambda: self._looked(sent, began))
        if not isinstance(looked, runtime.Answer):
            return looked
        _, warnings = self.request(prompt, size, seed)
        return Found(invoking.picture(self.name, self.chosen.facts.body, looked, warnings))

    def _looked(self, sent: Sent, began: datetime) -> runtime.Answer | Answer:
        """Return the answer in the log, or what is known without it. Blocks."""
        place = self.log.place()
        if place is None:
            return CannotTell("Bedrock's log of invocations to S3 is off")
        age = (now() - began).total_seconds()
        record = self.log.record(place, sent, began, min(now(), began + timedelta(seconds=self.runtime.timeout + LATE)))
        if record is None:
            if age > self.runtime.timeout + LATE:
                return CannotTell(f"Bedrock's log has no trace of the call after {age / 60:.0f} minutes")
            return Pending(min(30.0, max(1.0, age / 4)))
        if code := record.get("errorCode"):
            if code in REFUSED:
                return NotThere(f"Bedrock's log says {code}", final=True)
            raise Failed(f"{self.name}: Bedrock's log says {code}")
        body = self.log.answer(place, record)
        if body is None:
            return CannotTell("Bedrock's log has the call without its picture; turn on the logging of images")
        return runtime.Answer(body, str(record.get("requestId", "")))

    def request(self, prompt: Prompt, size: Size, seed: int) -> tuple[dict[str, object], tuple[str, ...]]:
        """Return the request body for this picture, and a warning for each difference from what was asked for."""
        drawn = self.chosen.drawn(prompt, size, seed)
        text, negative, shape, sent_seed, options = drawn.text, drawn.negative, drawn.shape, drawn.seed, dict(drawn.options)
        body: dict[str, object]
        match self.chosen.facts.body:
            case "sdxl":
                texts: list[dict[str, object]] = [{"text": text}]
                if negative:
                    texts.append({"text": negative, "weight": -1.0})
                first = {key: options.pop(key) for key in ("cfg_scale", "steps")}
                body = {"text_prompts": texts, **first, "width": shape[0], "height": shape[1], "seed": sent_seed, **options}
            case "amazon":
                words = {"text": text, **({"negativeText": negative} if negative else {})}
                config = {"numberOfImages": 1, "width": shape[0], "height": shape[1], "seed": sent_seed, **options}
                body = {"taskType": "TEXT_IMAGE", "textToImageParams": words, "imageGenerationConfig": config}
            case _:  # Stability's
                body = {"prompt": text, **({"negative_prompt": negative} if negative else {})}
                body |= {"aspect_ratio": shape, "seed": sent_seed, **options}
        return body, drawn.warnings
