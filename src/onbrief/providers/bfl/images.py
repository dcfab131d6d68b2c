"""Image models of Black Forest Labs: `bfl:flux-2-pro?safety_tolerance=2&timeout=120`."""

from __future__ import annotations

from onbrief.ports import ModelName
from onbrief.providers import drawing, jobs
from onbrief.providers.bfl import CATALOGUE
from onbrief.providers.bfl.service import BflQueue, service
from onbrief.providers.drawing import Chosen


def named(name: ModelName, base_url: str) -> jobs.JobImageModel:
    """Return the image model of this name. Options: `timeout` in seconds for a picture, and those of its catalogue.

    Raises:
        UsageError: the model or an option is unknown, or a value is not allowed. ConfigError: there is no key.
    """
    facts = drawing.find(name, CATALOGUE.image_models)
    chosen = Chosen.of(name, facts, ("timeout",), CATALOGUE.option_names)
    at = service(name, base_url)
    return jobs.JobImageModel(str(name), chosen.price(), chosen, at, BflQueue(at, facts.id))
