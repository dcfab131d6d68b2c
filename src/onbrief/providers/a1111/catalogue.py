"""Read catalogue.toml beside this file, and make the rows of `onbrief models` from it."""

from __future__ import annotations

from dataclasses import replace

from onbrief.ports import ListedModel
from onbrief.providers.catalogue import Catalogue, ImageModelFacts
from onbrief.providers.listing import image_rows

_CATALOGUE = Catalogue("onbrief.providers.a1111")


def drawing_facts() -> ImageModelFacts:
    """Return what a checkpoint takes to draw a picture."""
    return _CATALOGUE.image_models["drawing"]


def editing_facts() -> ImageModelFacts:
    """Return what a checkpoint takes to draw under a mask."""
    return _CATALOGUE.image_models["editing"]


def rows() -> list[ListedModel]:
    """Return one row: which checkpoints there are is the server's matter."""
    return image_rows("a1111", {"": replace(drawing_facts(), id="")}, "")
