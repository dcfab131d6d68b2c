"""Read catalogue.toml beside this file, and make the rows of `onbrief models` from it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from functools import cache

from onbrief.ports import ListedModel, ModelName
from onbrief.providers import drawing
from onbrief.providers.catalogue import Catalogue, EditingFacts, Grid, ImageModelFacts, tuples
from onbrief.providers.listing import image_rows

EDIT_GRID = Grid(step=64, low=128, high=2048, pixels=4_194_304, ratio=16)
"""The sizes that the editor makes."""

CATALOGUE = Catalogue("onbrief.providers.runware")
"""Its models, those of the community as one."""

_COMMUNITY = "community"
_AIR = re.compile(r"(?P<source>[\w.-]+):[\w.-]+@[\w.-]+")


@cache
def image_models() -> Mapping[str, ImageModelFacts]:
    """Return the image models that are listed one by one."""
    return {identifier: facts for identifier, facts in CATALOGUE.image_models.items() if identifier != _COMMUNITY}


def facts_of(name: ModelName) -> ImageModelFacts:
    """Return the model of a name; of one that is not listed, what most models of the community accept.

    Raises:
        UsageError: the name is not the id of a model, or looks like one that is listed.
    """
    found = _AIR.fullmatch(name.model)
    if found and found["source"] not in {identifier.partition(":")[0] for identifier in image_models()}:
        return replace(CATALOGUE.image_models[_COMMUNITY], id=name.model, title=name.model)
    return drawing.find(name, image_models())


@cache
def editing_service() -> EditingFacts:
    """Return the model of the editor."""
    return EditingFacts(**tuples(CATALOGUE.document["editing"]["inpaint"]))


def rows() -> list[ListedModel]:
    """Return a row for each image model, and one for the editor."""
    as_of, editor = CATALOGUE.as_of, editing_service()
    takes = "a picture, an instruction and a mask"
    row = ListedModel(f"runware:{editor.id}", "editing", editor.title, "active", None, takes, editor.usd, as_of=as_of)
    return [*image_rows("runware", image_models(), as_of, "own id"), row]
