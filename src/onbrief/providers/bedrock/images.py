"""Image models on Amazon Bedrock: `bedrock:stability.stable-image-core-v1:1?region=us-west-2&timeout=120`.

What each model accepts is listed in catalogue.toml. What it does not accept is left out or changed to the nearest allowed
value, with a warning. Each picture is requested once; see outcomes.py for what an error means.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from onbrief.brief import Size
from onbrief.errors import UsageError
from onbrief.ports import ModelName, Picture
from onbrief.providers import sizes
from onbrief.providers.bedrock import catalogue, invoking
from onbrief.providers.bedrock.runtime import Runtime
from onbrief.providers.catalogue import ImageModelFacts, Value
from onbrief.record import Prompt

_SAME = 0.04  # shapes this near count as equal; the models' actual sizes differ this much from their nominal ratios


@dataclass(frozen=True, slots=True)
class BedrockImageModel:
    """An image model on Bedrock. `id` is its id in requests; the keys of `options` are the names that users give."""

    name: str
    price: float | None
    id: str
    facts: ImageModelFacts
    options: Mapping[str, Value]
    left_out: tuple[str, ...]
    runtime: Runtime = field(compare=False, repr=False)

    @classmethod
    def named(cls, name: ModelName, region: str) -> BedrockImageModel:
        """Return the model of an id, an inference profile or the ARN of either. Options: `region` (default: that of the ARN,
        else this one), `timeout` in seconds for a picture, and those of image models in the catalogue.

        Raises:
            UsageError: the model or an option is unknown, or a value is not allowed.
        """
        plain, of_arn = catalogue.parse_model_id(name.model)
        facts = catalogue.image_models().get(plain)
        if facts is None:
            known = " ".join(f"{name.provider}:{identifier}" for identifier in catalogue.image_models())
            raise UsageError.of(name.setting, str(name), f"one of {known}")
        name.require_options([*sorted(catalogue.option_names()), *invoking.OPTIONS])
        runtime = invoking.runtime(name, of_arn or region)
        taken: dict[str, Value] = {}
        for option, rule in facts.options.items():
            given = name.options.get(option)
            value = rule.default if given is None else rule.read(given)
            if given is not None and value is None:
                raise UsageError.of(f"{option} in {name.setting}", given, rule.allowed)
            if value is not None:
                taken[option] = value
        left_out = tuple(f"{o}={v}" for o, v in name.options.items() if o not in invoking.OPTIONS and o not in facts.options)
        return cls(str(name), facts.price(taken), name.model, facts, taken, left_out, runtime)

    def check(self, size: Size) -> tuple[str, ...]:
        """See ports.ImageModel."""
        facts, width_height = self.facts, f"{size[0]}x{size[1]}"
        warnings = [f"{facts.title} does not take {option}: it is left out" for option in self.left_out]
        shape = self._shape(size)
        if isinstance(shape, str):
            if sizes.distance(shape, size) > _SAME:
                warnings.append(f"{facts.title} makes pictures of {shape}, the nearest that it supports to {width_height}")
        elif shape != size:
            made = f"{shape[0]}x{shape[1]}"
            warnings.append(f"{facts.title} makes pictures of {made}, the nearest that it supports to {width_height}")
        if facts.ended:
            warnings.append(f"{facts.title} ended on {facts.ended}: Bedrock may refuse it")
        return tuple(warnings)

    async def generate(self, prompt: Prompt, size: Size, seed: int) -> Picture:
        """See ports.ImageModel. Raises ConfigError if something must be changed before any call can succeed."""
        body, warnings = self.request(prompt, size, seed)
        answer = await invoking.invoke(self.name, self.runtime, self.id, body)
        return invoking.picture(self.name, self.facts.body, answer, warnings)

    def request(self, prompt: Prompt, size: Size, seed: int) -> tuple[dict[str, object], tuple[str, ...]]:
        """Return the request body for this picture, and a warning for each difference from what was asked for."""
        facts, warnings = self.facts, list[str]()
        text = _cut(facts, "prompt", prompt.text, facts.prompt, warnings)
        negative = _cut(facts, "negative text", prompt.negative, facts.negative, warnings)
        least, most = facts.seeds
        if not least <= seed <= most:
            seed, wanted = least + (seed - least) % (most - least + 1), seed
            warnings.append(f"{facts.title} takes seeds from {least} to {most}: it is sent {seed} instead of {wanted}")
        options: dict[str, object] = {facts.options[name].key: value for name, value in self.options.items()}
        shape = self._shape(size)
        body: dict[str, object]
        match facts.body:
            case "stability":
                body = {"prompt": text, **({"negative_prompt": negative} if negative else {})}
                body |= {"aspect_ratio": shape, "seed": seed, **options}
            case "sdxl":
                texts: list[dict[str, object]] = [{"text": text}]
                if negative:
                    texts.append({"text": negative, "weight": -1.0})
                first = {key: options.pop(key) for key in ("cfg_scale", "steps")}
                body = {"text_prompts": texts, **first, "width": shape[0], "height": shape[1], "seed": seed, **options}
            case "amazon":
                words = {"text": text, **({"negativeText": negative} if negative else {})}
                config = {"numberOfImages": 1, "width": shape[0], "height": shape[1], "seed": seed, **options}
                body = {"taskType": "TEXT_IMAGE", "textToImageParams": words, "imageGenerationConfig": config}
        return body, tuple(warnings)

    def _shape(self, size: Size) -> Size | str:
        """Return the nearest aspect ratio or size that the model supports."""
        facts = self.facts
        if facts.aspect_ratios:
            return sizes.nearest_aspect(size, facts.aspect_ratios)
        return sizes.on_grid(size, facts.grid) if facts.grid else sizes.nearest_size(size, facts.sizes)


def _cut(facts: ImageModelFacts, what: str, text: str, most: int, warnings: list[str]) -> str:
    """Return the text, cut between words if it is too long for the model."""
    if len(text) <= most:
        return text
    warnings.append(f"{facts.title} takes a {what} of {most} characters: the rest of {len(text)} is left out")
    start = text[: most + 1].rpartition(" ")[0].rstrip()
    return start or text[:most]
