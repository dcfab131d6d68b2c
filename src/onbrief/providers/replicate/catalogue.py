"""What the models at Replicate accept and cost, from catalogue.toml."""

from __future__ import annotations

from functools import cache

from onbrief.providers.catalogue import ImageModelFacts, document_of, image_models_of


@cache
def image_models() -> dict[str, ImageModelFacts]:
    """Return the image models by id."""
    return image_models_of(document_of(__package__ or ""))


def option_names() -> frozenset[str]:
    """Return the options of any of the models."""
    return frozenset(option for facts in image_models().values() for option in facts.options)


def as_of() -> str:
    """Return the month of these facts."""
    return document_of(__package__ or "")["as_of"]
