"""Image models at fal: `fal:fal-ai/flux-2-pro?output_format=png&timeout=120`, and any other `fal:OWNER/MODEL`, whose price is
unknown here.
"""

from __future__ import annotations

import re

from onbrief.ports import ModelName
from onbrief.providers import drawing, jobs
from onbrief.providers.catalogue import ImageModelFacts
from onbrief.providers.drawing import Chosen
from onbrief.providers.fal import CATALOGUE
from onbrief.providers.fal.service import FalQueue, service

_PATH = re.compile(r"[a-zA-Z0-9][\w.-]*(/[a-zA-Z0-9][\w.-]*)+")


def named(name: ModelName, base_url: str, platform_url: str) -> jobs.JobImageModel:
    """Return the image model of this name. Options: `timeout` in seconds for a picture, and those of its catalogue.

    Raises:
        UsageError: the model or an option is unknown, or a value is not allowed. ConfigError: there is no key.
    """
    known = CATALOGUE.image_models
    other = name.model not in known and _PATH.fullmatch(name.model) and not drawing.mistyped(name.model, known)
    facts = _other(name.model) if other else drawing.find(name, known)
    chosen = Chosen.of(name, facts, ("timeout",), CATALOGUE.option_names)
    at = service(name, base_url)
    return jobs.JobImageModel(str(name), chosen.price(), chosen, at, FalQueue(at, platform_url.rstrip("/"), facts))


def _other(model: str) -> ImageModelFacts:
    """Return what is assumed of a model that the catalogue does not have: what most of them accept."""
    return ImageModelFacts(id=model, title=model, usd=None, state="active", prompt=32_000, seeds=(0, 2_147_483_647))
