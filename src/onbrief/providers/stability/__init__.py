"""Stability AI's own service: Stable Image, Stable Diffusion 3.5, and editing services."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from onbrief.ports import Check, Editor, ImageModel, ListedModel, ModelName, Provider, Role, Setting
from onbrief.ports.provider import Values
from onbrief.providers import wire

TITLE: Final = "Stability AI"
KEY: Final = "STABILITY_API_KEY"
KEYS_AT: Final = "https://platform.stability.ai/account/keys"
"""What the service is called, the environment variable with its key, and where to get one."""


def _image_model(name: ModelName, values: Values) -> ImageModel:
    from onbrief.providers.stability.images import StabilityImageModel

    return StabilityImageModel.named(name, values["base_url"])


def _editor(name: ModelName, values: Values) -> Editor:
    from onbrief.providers.stability.editing import StabilityEditor

    return StabilityEditor.named(name, values["base_url"])


def _models() -> Sequence[ListedModel]:
    from onbrief.providers.stability.catalogue import rows

    return rows()


def _check(models: Mapping[Role, ModelName], values: Values) -> Iterable[Check]:
    from onbrief.providers.stability.checks import check

    return check(models, values)


def _own_editor() -> str:
    from onbrief.providers.stability.catalogue import EDITOR

    return EDITOR


def _options(role: Role, model: str) -> frozenset[str]:
    from onbrief.providers.stability import calling, catalogue

    facts = catalogue.CATALOGUE.image_models.get(model)
    own = facts.options if facts else catalogue.CATALOGUE.option_names
    return frozenset((*(own if role == "image_model" else ()), *calling.OPTIONS))


def _rates() -> Mapping[str, str]:
    from onbrief.providers.stability.catalogue import CATALOGUE

    return CATALOGUE.rates


PROVIDER: Final = Provider(
    name="stability",
    image_model=_image_model,
    editor=_editor,
    settings=(Setting("base_url", "the address of the service", default="https://api.stability.ai", check=wire.base_url),),
    models=_models,
    check=_check,
    options=_options,
    own_editor=_own_editor,
    rates=_rates,
    requires=wire.REQUIRES,
    extra=wire.EXTRA,
    title=TITLE,
    keys=(KEY,),
    keys_at=KEYS_AT,
)
