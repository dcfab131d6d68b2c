"""fal: many makers' image models through one queue, FLUX.2 and others by catalogue, any other by its name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from onbrief.ports import ImageModel, ListedModel, ModelName, Provider, Role, Setting
from onbrief.ports.provider import Values
from onbrief.providers import wire
from onbrief.providers.catalogue import Catalogue

TITLE: Final = "fal"
KEY: Final = "FAL_KEY"
KEYS_AT: Final = "https://fal.ai/dashboard/keys"
"""What the service is called, the environment variable with its key, and where to get one."""

CATALOGUE: Final = Catalogue(__name__)
"""Its image models."""


def _image_model(name: ModelName, values: Values) -> ImageModel:
    from onbrief.providers.fal import images

    return images.named(name, values["base_url"], values["platform_url"])


def _models() -> Sequence[ListedModel]:
    from onbrief.providers import listing

    rows = listing.image_rows("fal", CATALOGUE.image_models, CATALOGUE.as_of, "listing")
    takes = "prompts of 32000 characters"
    other = ListedModel("fal:OWNER/MODEL", "image", "any other model of its gallery", "active", None, takes, recovery="listing")
    return [*rows, other]


def _options(role: Role, model: str) -> frozenset[str]:
    return CATALOGUE.options_of(model) | {"timeout"}


PROVIDER: Final = Provider(
    name="fal",
    image_model=_image_model,
    settings=(
        Setting("base_url", "the address of the queue", default="https://queue.fal.run", check=wire.base_url),
        Setting(
            "platform_url",
            "the address of the service's own data, where lost pictures are found",
            default="https://api.fal.ai",
            check=wire.base_url,
        ),
    ),
    models=_models,
    options=_options,
    requires=wire.REQUIRES,
    extra=wire.EXTRA,
    title=TITLE,
    keys=(KEY,),
    keys_at=KEYS_AT,
)
