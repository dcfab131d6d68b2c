"""Image models on Amazon Bedrock: `bedrock:stability.stable-image-core-v1:1?region=us-west-2&timeout=120`.

What each model takes stands in catalogue.toml. What it cannot take is left out or changed to the nearest thing that it can,
and told as a warning. Each picture is asked for once; see aws.py for what an error means.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from onbrief import pictures
from onbrief.brief import Size
from onbrief.errors import Blocked, CallError, ConfigError, Failed, UsageError
from onbrief.models import aws, catalogue, shapes
from onbrief.models.catalogue import Change, ImageModelFacts, Value
from onbrief.ports import Picture
from onbrief.record import Prompt

REGION = "us-west-2"  # the only one that has Stability's models
EDITOR = "stability.image-services"
"""The name of the editor: Stability's services, of which the instruction decides which one is asked."""

_COMMON = ("region", "timeout")
_TIMEOUTS = (0.1, 3600.0)  # seconds
_REGION = re.compile(r"[a-z]{2}(-[a-z]+)+-[0-9]{1,2}")
_SAME = 0.04  # distance of two shapes that pass for one; the models' own sizes are as far from their ratios
_FILTERED = "filter reason"
_INSTRUCTIONS: tuple[tuple[Change, re.Pattern[str]], ...] = (
    ("replace", re.compile(r"(?:replace|swap) (?:the |an? )?(?P<target>.+?) (?:with|by|for) (?P<prompt>.+)", re.IGNORECASE)),
    (
        "recolour",
        re.compile(r"(?:make|paint|colou?r|recolou?r|turn) (?:the )?(?P<target>.+?)(?: in)? (?P<prompt>\w+)", re.IGNORECASE),
    ),
)
_EXAMPLES = 'say one change in English: "replace the dog with a cat", "make the bench blue"'


@dataclass(frozen=True, slots=True)
class BedrockImageModel:
    """One image model on Bedrock. `id` is what it is asked under; `options` are by the names that users give them."""

    name: str
    price: float | None
    id: str
    facts: ImageModelFacts
    options: Mapping[str, Value]
    left_out: tuple[str, ...]
    runtime: aws.Runtime = field(compare=False, repr=False)

    @classmethod
    def named(cls, model: str, options: Mapping[str, str], region: str | None = None) -> BedrockImageModel:
        """The model of an id, an inference profile or the ARN of either. Options: `region` (else the ARN's, else this one,
        else us-west-2), `timeout` in seconds for a picture, and what the catalogue has for image models.

        Raises:
            UsageError: another model or option, or a value that is not allowed.
            ConfigError: boto3 is not installed.
        """
        name = _name(model, options)
        plain, of_arn = catalogue.take_apart(model)
        facts = catalogue.image_models().get(plain)
        if facts is None:
            known = " ".join(f"bedrock:{identifier}" for identifier in catalogue.image_models())
            raise UsageError.of("image_model", name, f"one of {known}")
        if unknown := sorted(set(options) - {*_COMMON, *catalogue.option_names()}):
            allowed = ", ".join([*sorted(catalogue.option_names()), *_COMMON])
            raise UsageError.of("image_model", name, f"the options {allowed}, not {' '.join(unknown)}")
        runtime = _runtime(name, options, of_arn or region or REGION)
        taken: dict[str, Value] = {}
        for option, rule in facts.options.items():
            value = rule.default if option not in options else rule.read(options[option])
            if option in options and value is None:
                raise UsageError.of(f"{option} in image_model", options[option], rule.allowed)
            if value is not None:
                taken[option] = value
        left_out = tuple(f"{o}={v}" for o, v in options.items() if o not in _COMMON and o not in facts.options)
        return cls(name, facts.price(taken), model, facts, taken, left_out, runtime)

    def check(self, size: Size) -> tuple[str, ...]:
        """See ports.ImageModel."""
        facts, width_height = self.facts, f"{size[0]}x{size[1]}"
        warnings = [f"{facts.title} does not take {option}: it is left out" for option in self.left_out]
        shape = self._shape(size)
        if isinstance(shape, str):
            if shapes.distance(shape, size) > _SAME:
                warnings.append(f"{facts.title} makes pictures of {shape}, the nearest that it has to {width_height}")
        elif shape != size:
            warnings.append(f"{facts.title} makes pictures of {shape[0]}x{shape[1]}, the nearest that it has to {width_height}")
        if facts.ended:
            warnings.append(f"{facts.title} has ended on {facts.ended}: Bedrock may refuse it")
        return tuple(warnings)

    async def generate(self, prompt: Prompt, size: Size, seed: int) -> Picture:
        """See ports.ImageModel. A ConfigError, where something must be changed first."""
        body, warnings = self.request(prompt, size, seed)
        answer = await _invoke(self.name, self.runtime, self.id, body)
        return _picture(self.name, self.facts.body, answer, warnings)

    def request(self, prompt: Prompt, size: Size, seed: int) -> tuple[dict[str, object], tuple[str, ...]]:
        """The body that asks for this picture, and what is not as it was asked for, as warnings."""
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
        """The nearest that the model has: an aspect ratio, or a size."""
        facts = self.facts
        if facts.aspect_ratios:
            return shapes.nearest_aspect(size, facts.aspect_ratios)
        return shapes.on_grid(size, facts.grid) if facts.grid else shapes.nearest_size(size, facts.sizes)


@dataclass(frozen=True, slots=True)
class BedrockEditor:
    """Stability's editing services on Bedrock; the price is that of the dearest."""

    name: str
    price: float | None
    runtime: aws.Runtime = field(compare=False, repr=False)

    @classmethod
    def named(cls, model: str, options: Mapping[str, str], region: str | None = None) -> BedrockEditor:
        """`bedrock:stability.image-services`, with the options `region` and `timeout`.

        Raises:
            UsageError: another name or option, or a value that is not allowed.
            ConfigError: boto3 is not installed.
        """
        name = _name(model, options)
        if model != EDITOR:
            raise UsageError.of("editor", name, f"bedrock:{EDITOR}")
        if unknown := sorted(set(options) - set(_COMMON)):
            raise UsageError.of("editor", name, f"the options {', '.join(_COMMON)}, not {' '.join(unknown)}")
        price = max(service.usd for service in catalogue.editing_services().values())
        return cls(name, price, _runtime(name, options, region or REGION))

    async def edit(self, image: bytes, instruction: str, seed: int) -> Picture:
        """See ports.Editor. It can replace a thing and give it another colour. What would need a mask is not understood, and
        nothing is sent for it.
        """
        await asyncio.to_thread(pictures.inspect, image)
        for change, pattern in _INSTRUCTIONS:
            if said := pattern.fullmatch(instruction.strip().rstrip(".")):
                service = catalogue.editing_services()[change]
                source = base64.b64encode(image).decode()
                body: dict[str, object] = {
                    "image": source,
                    "prompt": said["prompt"],
                    service.target: said["target"],
                    "seed": seed,
                }
                return _picture(self.name, "stability", await _invoke(self.name, self.runtime, service.id, body), ())
        raise Failed(f"{self.name}: the instruction {instruction[:80]!r} is not understood", hint=_EXAMPLES)


def _name(model: str, options: Mapping[str, str]) -> str:
    query = "&".join(f"{key}={value}" for key, value in options.items())
    return f"bedrock:{model}" + (f"?{query}" if query else "")


def _runtime(name: str, options: Mapping[str, str], region: str) -> aws.Runtime:
    """Where the models of this name are asked."""
    aws.require()
    region = options.get("region", region)
    if not _REGION.fullmatch(region):
        raise UsageError.of(f"region of {name}", region, "a region of AWS, such as us-west-2")
    try:
        timeout = float(options.get("timeout", aws.TIMEOUT))
    except ValueError:
        timeout = 0.0
    low, high = _TIMEOUTS
    if not low <= timeout <= high:
        raise UsageError.of(f"timeout of {name}", options["timeout"], f"seconds from {low:g} to {high:g}")
    return aws.Runtime(region, timeout)


def _cut(facts: ImageModelFacts, what: str, text: str, most: int, warnings: list[str]) -> str:
    """The text, cut between words where it is too long for the model."""
    if len(text) <= most:
        return text
    warnings.append(f"{facts.title} takes a {what} of {most} characters: the rest of {len(text)} is left out")
    start = text[: most + 1].rpartition(" ")[0].rstrip()
    return start or text[:most]


async def _invoke(name: str, runtime: aws.Runtime, model: str, body: dict[str, object]) -> aws.Answer:
    """What Bedrock answers; errors say which model they are about."""
    try:
        return await runtime.invoke(model, body)
    except (CallError, ConfigError) as error:
        error.args = (f"{name} in {runtime.region}: {error}",)
        raise


def _picture(name: str, body: catalogue.Body, answer: aws.Answer, warnings: tuple[str, ...]) -> Picture:
    """The picture in an answer. Why there is none is looked at first.

    Raises:
        Blocked: a filter objects to the prompt or the picture.
        Failed: there is no picture for another reason.
    """
    match body:
        case "stability":
            reason, seed, text = (_first(answer.document, key) for key in ("finish_reasons", "seeds", "images"))
        case "sdxl":
            artifact = _first(answer.document, "artifacts")
            about = cast("dict[str, Any]", artifact) if isinstance(artifact, dict) else {}
            reason, seed, text = about.get("finishReason"), about.get("seed"), about.get("base64")
            reason = None if reason == "SUCCESS" else reason
        case "amazon":
            reason, seed, text = answer.document.get("error"), None, _first(answer.document, "images")
    if reason is not None:
        told = str(reason)[:500]
        refused = told.lower().startswith(_FILTERED) or told == "CONTENT_FILTERED" or aws.speaks_of_content(told)
        raise (Blocked if refused else Failed)(f"{name}: {told}")
    if not isinstance(text, str) or not text:
        raise Failed(f"{name} answered without a picture")
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise Failed(f"{name} answered with a picture that is no base64: {error}") from error
    facts = {"request_id": answer.request_id} | ({"seed": str(seed)} if isinstance(seed, int) else {})
    return Picture(data, facts, warnings)


def _first(document: Mapping[str, Any], key: str) -> object:
    """The first of a list in an answer, or None."""
    value = document.get(key)
    return cast("list[object]", value)[0] if isinstance(value, list) and value else None
