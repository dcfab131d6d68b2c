"""Read catalogue.toml beside this file, and make the rows of `onbrief models` from it."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

from onbrief.ports import ListedModel
from onbrief.providers.catalogue import ImageModelFacts, document_of, image_models_of
from onbrief.providers.listing import image_rows


def drawing_facts() -> ImageModelFacts:
    """Return what a checkpoint takes to draw a picture."""
    return _models()["drawing"]


def editing_facts() -> ImageModelFacts:
    """Return what a checkpoint takes to draw under a mask."""
    return _models()["editing"]


def rows() -> list[ListedModel]:
    """Return one row: which checkpoints there are is the server's matter."""
    return image_rows("a1111", {"": replace(drawing_facts(), id="")}, "")


@cache
def _models() -> dict[str, ImageModelFacts]:
    return image_models_of(document_of("onbrief.providers.a1111"))
