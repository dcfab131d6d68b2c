"""Read catalogue.toml beside this file, and make the rows of `onbrief models` from it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from onbrief.ports import ListedModel
from onbrief.providers.catalogue import Change, EditingFacts, ImageModelFacts, document_of, image_models_of, tuples
from onbrief.providers.listing import image_rows

EDITOR = "image-services"
"""The name of the editor; it covers all editing services."""


@cache
def image_models() -> Mapping[str, ImageModelFacts]:
    """Return all image models by id."""
    return image_models_of(_document())


@cache
def editing_services() -> Mapping[Change, EditingFacts]:
    """Return the editing services by the kind of change."""
    return {change: EditingFacts(**tuples(table)) for change, table in _document()["editing"].items()}


def option_names() -> frozenset[str]:
    """Return the names of all options of all image models."""
    return frozenset(name for facts in image_models().values() for name in facts.options)


def rows() -> list[ListedModel]:
    """Return a row for each image model, and one for the editor."""
    services = editing_services().values()
    takes = "a picture, an instruction and, for most changes, a mask; " + ", ".join(facts.title for facts in services)
    price, name, title = max(facts.usd for facts in services), f"stability:{EDITOR}", "Stability editing services"
    editor = ListedModel(name, "editing", title, "active", None, takes, price, as_of=_document()["as_of"])
    return [*image_rows("stability", image_models(), _document()["as_of"]), editor]


@cache
def _document() -> dict[str, Any]:
    return document_of("onbrief.providers.stability")
