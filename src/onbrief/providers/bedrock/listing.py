"""Make the rows of `onbrief models` for Bedrock from its catalogue."""

from __future__ import annotations

from dataclasses import replace

from onbrief.ports import ListedModel
from onbrief.providers.bedrock.catalogue import as_of, editing_services, image_models, language_models
from onbrief.providers.catalogue import LanguageModelFacts
from onbrief.providers.listing import image_rows


def rows() -> list[ListedModel]:
    """Return a row for each image model, editing service and Claude model."""
    found: list[ListedModel] = []
    found += image_rows("bedrock", image_models(), as_of(), "own tag")
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
