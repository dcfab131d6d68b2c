"""Make the rows of `onbrief models` for Bedrock from its catalogue."""

from __future__ import annotations

from dataclasses import replace

from onbrief.ports import ListedModel
from onbrief.providers.bedrock.catalogue import as_of, editing_services, image_models, language_models
from onbrief.providers.catalogue import ImageModelFacts, LanguageModelFacts


def rows() -> list[ListedModel]:
    """Return a row for each image model, editing service and Claude model."""
    found: list[ListedModel] = []
    for facts in image_models().values():
        ended = facts.ended.isoformat() if facts.ended else None
        found.append(ListedModel(f"bedrock:{facts.id}", "image", facts.title, facts.state, ended, _takes(facts), facts.usd))
    for service in editing_services().values():
        takes = "a picture and an instruction" if service.target else "a picture, an instruction and a mask"
        found.append(ListedModel(f"bedrock:{service.id}", "editing", service.title, "active", None, takes, service.usd))
    for model in language_models().values():
        ended, name = model.ended.isoformat() if model.ended else None, f"bedrock:{model.profile}"
        row = ListedModel(name, "language", model.title, model.state, ended, _asked(model))
        found.append(replace(row, usd_in=model.usd_in, usd_out=model.usd_out))
    return [replace(row, as_of=as_of()) for row in found]


def _asked(facts: LanguageModelFacts) -> str:
    """Describe the sampling parameters, profiles and higher prices of a language model."""
    sampling = {
        "none": "no sampling parameters",
        "one": "top_k, and temperature or top_p",
        "all": "temperature, top_p and top_k",
    }[facts.sampling]
    others = " ".join(f"{prefix}." for prefix in facts.prefixes[1:])
    surcharge = f", at {facts.regional:g} times the price" if facts.regional != 1 else ""
    long = facts.long
    above = f"; prompts above {long.tokens} tokens ${long.usd_in:.3g} in, ${long.usd_out:.3g} out" if long else ""
    return f"{sampling}; profiles {others} too{surcharge}{above}"


def _takes(facts: ImageModelFacts) -> str:
    """Describe the text limits, shapes and options of an image model."""
    if facts.grid:
        grid = facts.grid
        shapes = f"sides of {grid.low} to {grid.high} pixels in steps of {grid.step}, up to {grid.ratio:g}:1"
    elif facts.aspect_ratios:
        shapes = "aspect ratios " + " ".join(facts.aspect_ratios)
    else:
        shapes = "sizes " + " ".join(f"{width}x{height}" for width, height in facts.sizes)
    options = f"; options {' '.join(facts.options)}" if facts.options else ""
    return f"prompts of {facts.prompt} characters; {shapes}{options}"
