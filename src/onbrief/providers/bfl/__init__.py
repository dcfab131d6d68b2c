"""Black Forest Labs: the FLUX.2 models, for pictures and for edits in words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from onbrief.ports import Editor, ImageModel, ListedModel, ModelName, Provider, Role, Setting
from onbrief.ports.provider import Values
from onbrief.providers import wire
from onbrief.providers.catalogue import Catalogue

TITLE: Final = "Black Forest Labs"
KEY: Final = "BFL_API_KEY"
KEYS_AT: Final = "https://dashboard.bfl.ai"
"""What the service is called, the environment variable with its key, and where to get one."""

CATALOGUE: Final = Catalogue(__name__)
"""Its image models."""


def _image_model(name: ModelName, values: Values) -> ImageModel:
    from onbrief.providers.bfl import images

    return images.named(name, values["base_url"])


def _editor(name: ModelName, values: Values) -> Editor:
    from onbrief.providers.bfl.editing import BflEditor

    return BflEditor.named(name, values["base_url"])


def _models() -> Sequence[ListedModel]:
    from onbrief.providers import listing

    return listing.image_rows("bfl", CATALOGUE.image_models, CATALOGUE.as_of, "first reply")


def _options(role: Role, model: str) -> frozenset[str]:
    return CATALOGUE.options_of(model) | {"timeout"}


PROVIDER: Final = Provider(
    name="bfl",
    image_model=_image_model,
    editor=_editor,
    settings=(
        Setting(
            "base_url",
            "the address of the service; https://api.eu.bfl.ai and https://api.us.bfl.ai keep data in a region",
            default="https://api.bfl.ai",
            check=wire.base_url,
        ),
    ),
    models=_models,
    options=_options,
    rates=lambda: CATALOGUE.rates,
    requires=wire.REQUIRES,
    extra=wire.EXTRA,
    title=TITLE,
    keys=(KEY,),
    keys_at=KEYS_AT,
)
