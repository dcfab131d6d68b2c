"""Image models at Replicate: `replicate:black-forest-labs/flux-2-pro?timeout=120`, and any other official
`replicate:OWNER/NAME`, whose price is unknown here.
"""

from __future__ import annotations

import re

from onbrief.ports import ModelName
from onbrief.providers import drawing, jobs
from onbrief.providers.catalogue import ImageModelFacts
from onbrief.providers.drawing import Chosen
from onbrief.providers.replicate import CATALOGUE
from onbrief.providers.replicate.service import ReplicateQueue, service

_PATH = re.compile(r"[a-zA-Z0-9][\w.-]*/[a-zA-Z0-9][\w.-]*")
_RATIOS = ("1:1", "16:9", "9:16", "4:3", "3:4", "3:2", "2:3")


def named(name: ModelName, base_url: str) -> jobs.JobImageModel:
    """Return the image model of this name. Options: `timeout` in seconds for a picture, and those of its catalogue.

    Raises:
        UsageError: the model or an option is unknown, or a value is not allowed. ConfigError: there is no key.
    """
    known = CATALOGUE.image_models
    other = name.model not in known and _PATH.fullmatch(name.model) and not drawing.mistyped(name.model, known)
    facts = _other(name.model) if other else drawing.find(name, known)
    chosen = Chosen.of(name, facts, ("timeout",), CATALOGUE.option_names)
    at = service(name, base_url)
    return jobs.JobImageModel(str(name), chosen.price(), chosen, at, ReplicateQueue(at, facts.id))


def _other(model: str) -> ImageModelFacts:
    """Return what is assumed of a model that the catalogue does not have: what most of them accept."""
    seeds = (0, 2_147_483_647)
    return ImageModelFacts(id=model, title=model, usd=None, state="active", prompt=32_000, seeds=seeds, aspect_ratios=_RATIOS)
