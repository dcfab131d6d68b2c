"""Black Forest Labs: the FLUX.2 models, for pictures and for edits in words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from onbrief.ports import Editor, ImageModel, ListedModel, ModelName, Provider, Role, Setting
from onbrief.ports.provider import Values


def _image_model(name: ModelName, values: Values) -> ImageModel:
    from onbrief.providers.bfl import images

    return images.named(name, values["base_url"])


def _editor(name: ModelName, values: Values) -> Editor:
    from onbrief.providers.bfl.editing import BflEditor

    return BflEditor.named(name, values["base_url"])


def _models() -> Sequence[ListedModel]:
    from onbrief.providers import listing
    from onbrief.providers.bfl import catalogue

    return listing.image_rows("bfl", catalogue.image_models(), catalogue.as_of(), "first reply")


def _options(role: Role, model: str) -> frozenset[str] | None:
    from onbrief.providers.bfl import catalogue

    facts = catalogue.image_models().get(model)
    return frozenset((*(facts.options if facts else catalogue.option_names()), "timeout"))


def _check_url(setting: str, value: str) -> None:
    from onbrief.providers.wire import base_url

    base_url(setting, value)


PROVIDER: Final = Provider(
    name="bfl",
    title="Black Forest Labs",
    keys=("BFL_API_KEY",),
    keys_at="https://dashboard.bfl.ai",
    image_model=_image_model,
    editor=_editor,
    settings=(
        Setting(
            "base_url",
            "the address of the service; https://api.eu.bfl.ai and https://api.us.bfl.ai keep data in a region",
            default="https://api.bfl.ai",
            check=_check_url,
        ),
    ),
    models=_models,
    options=_options,
    requires=("httpx2",),
    extra="onbrief[http]",
)
