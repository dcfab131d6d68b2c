"""Replicate: many makers' image models as predictions, FLUX.2 and others by catalogue, any other official one by its name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from onbrief.ports import ImageModel, ListedModel, ModelName, Provider, Role, Setting
from onbrief.ports.provider import Values


def _image_model(name: ModelName, values: Values) -> ImageModel:
    from onbrief.providers.replicate import images

    return images.named(name, values["base_url"])


def _models() -> Sequence[ListedModel]:
    from onbrief.providers import listing
    from onbrief.providers.replicate import catalogue

    return listing.image_rows("replicate", catalogue.image_models(), catalogue.as_of(), "listing")


def _options(role: Role, model: str) -> frozenset[str] | None:
    from onbrief.providers.replicate import catalogue

    facts = catalogue.image_models().get(model)
    return frozenset((*(facts.options if facts else catalogue.option_names()), "timeout"))


def _check_url(setting: str, value: str) -> None:
    from onbrief.providers.wire import base_url

    base_url(setting, value)


PROVIDER: Final = Provider(
    name="replicate",
    title="Replicate",
    keys=("REPLICATE_API_TOKEN",),
    keys_at="https://replicate.com/account/api-tokens",
    image_model=_image_model,
    settings=(Setting("base_url", "the address of the service", default="https://api.replicate.com", check=_check_url),),
    models=_models,
    options=_options,
    requires=("httpx2",),
    extra="onbrief[http]",
)
