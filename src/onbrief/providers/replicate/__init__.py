"""Replicate: many makers' image models as predictions, FLUX.2 and others by catalogue, any other official one by its name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from onbrief.ports import ImageModel, ListedModel, ModelName, Provider, Role, Setting
from onbrief.ports.provider import Values
from onbrief.providers import wire
from onbrief.providers.catalogue import Catalogue

TITLE: Final = "Replicate"
KEY: Final = "REPLICATE_API_TOKEN"
KEYS_AT: Final = "https://replicate.com/account/api-tokens"
"""What the service is called, the environment variable with its key, and where to get one."""

CATALOGUE: Final = Catalogue(__name__)
"""Its image models."""


def _image_model(name: ModelName, values: Values) -> ImageModel:
    from onbrief.providers.replicate import images

    return images.named(name, values["base_url"])


def _models() -> Sequence[ListedModel]:
    from onbrief.providers import listing

    rows = listing.image_rows("replicate", CATALOGUE.image_models, CATALOGUE.as_of, "listing")
    takes = "prompts of 32000 characters"
    other = ListedModel("replicate:OWNER/NAME", "image", "any other official model", "active", None, takes, recovery="listing")
    return [*rows, other]


def _options(role: Role, model: str) -> frozenset[str]:
    return CATALOGUE.options_of(model) | {"timeout"}


PROVIDER: Final = Provider(
    name="replicate",
    image_model=_image_model,
    settings=(Setting("base_url", "the address of the service", default="https://api.replicate.com", check=wire.base_url),),
    models=_models,
    options=_options,
    rates=lambda: CATALOGUE.rates,
    requires=wire.REQUIRES,
    extra=wire.EXTRA,
    title=TITLE,
    keys=(KEY,),
    keys_at=KEYS_AT,
)
