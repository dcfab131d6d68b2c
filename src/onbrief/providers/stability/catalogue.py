"""Read catalogue.toml beside this file, and make the rows of `onbrief models` from it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from onbrief.ports import ListedModel
from onbrief.providers.catalogue import Catalogue, Change, EditingFacts, tuples
from onbrief.providers.listing import image_rows

EDITOR = "image-services"
"""The name of the editor; it covers all editing services."""

CATALOGUE = Catalogue("onbrief.providers.stability")
"""Its models and services."""


@cache
def editing_services() -> Mapping[Change, EditingFacts]:
    """Return the editing services by the kind of change."""
    return {change: EditingFacts(**tuples(table)) for change, table in CATALOGUE.document["editing"].items()}


def rows() -> list[ListedModel]:
    """Return a row for each image model, and one for the editor."""
    services = editing_services().values()
    takes = "a picture, an instruction and, for most changes, a mask; " + ", ".join(facts.title for facts in services)
    price, name, title = max(facts.usd for facts in services), f"stability:{EDITOR}", "Stability editing services"
    editor = ListedModel(name, "editing", title, "active", None, takes, price, as_of=CATALOGUE.as_of)
    return [*image_rows("stability", CATALOGUE.image_models, CATALOGUE.as_of), editor]
