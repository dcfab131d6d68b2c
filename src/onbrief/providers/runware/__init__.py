"""Runware: one API for the models of many makers. Each call has an id of ours, so that a lost picture can be found again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from onbrief.ports import Check, Editor, ImageModel, ListedModel, ModelName, Provider, Role, Setting
from onbrief.ports.provider import Values
from onbrief.providers import wire

TITLE: Final = "Runware"
KEY: Final = "RUNWARE_API_KEY"
KEYS_AT: Final = "https://my.runware.ai/keys"
"""What the service is called, the environment variable with its key, and where to get one."""


def _image_model(name: ModelName, values: Values) -> ImageModel:
    from onbrief.providers.runware.images import RunwareImageModel

    return RunwareImageModel.named(name, values["base_url"])


def _editor(name: ModelName, values: Values) -> Editor:
    from onbrief.providers.runware.editing import RunwareEditor

    return RunwareEditor.named(name, values["base_url"])


def _models() -> Sequence[ListedModel]:
    from onbrief.providers.runware.catalogue import rows

    return rows()


def _check(models: Mapping[Role, ModelName], values: Values) -> Iterable[Check]:
    from onbrief.providers.runware.checks import check

    return check(models, values)


def _own_editor() -> str:
    from onbrief.providers.runware import catalogue

    return catalogue.editing_service().id


def _options(role: Role, model: str) -> frozenset[str]:
    from onbrief.providers.runware import calling, catalogue

    facts = catalogue.image_models().get(model)
    own = facts.options if facts else catalogue.CATALOGUE.option_names
    return frozenset((*(own if role == "image_model" else ()), *calling.OPTIONS))


PROVIDER: Final = Provider(
    name="runware",
    image_model=_image_model,
    editor=_editor,
    settings=(Setting("base_url", "the address of the service", default="https://api.runware.ai", check=wire.base_url),),
    models=_models,
    check=_check,
    options=_options,
    own_editor=_own_editor,
    requires=wire.REQUIRES,
    extra=wire.EXTRA,
    title=TITLE,
    keys=(KEY,),
    keys_at=KEYS_AT,
)
