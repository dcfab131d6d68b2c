"""Image models on Amazon Bedrock: `bedrock:stability.stable-image-core-v1:1?region=us-west-2&timeout=120`.

What each model accepts is listed in catalogue.toml. What it does not accept is left out or changed to the nearest allowed
value, with a warning. Each picture is requested once; see outcomes.py for what an error means.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from onbrief.brief import Size
from onbrief.ports import ModelName, Picture
from onbrief.providers import drawing
from onbrief.providers.bedrock import catalogue, invoking
from onbrief.providers.bedrock.runtime import Runtime
from onbrief.providers.drawing import Chosen
from onbrief.record import Prompt


@dataclass(frozen=True, slots=True)
class BedrockImageModel:
    """An image model on Bedrock. `id` is its id in requests."""

    name: str
    price: float | None
    id: str
    chosen: Chosen
    runtime: Runtime = field(compare=False, repr=False)

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
        return cls(str(name), chosen.price(), name.model, chosen, invoking.runtime(name, of_arn or region))

    def check(self, size: Size) -> tuple[str, ...]:
        """See ports.ImageModel."""
        return self.chosen.check(size)

    async def generate(self, prompt: Prompt, size: Size, seed: int) -> Picture:
        """See ports.ImageModel. Raises ConfigError if something must be changed before any call can succeed."""
        body, warnings = self.request(prompt, size, seed)
        answer = await invoking.invoke(self.name, self.runtime, self.id, body)
        return invoking.picture(self.name, self.chosen.facts.body, answer, warnings)

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
