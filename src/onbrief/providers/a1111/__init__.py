"""The web UI of AUTOMATIC1111, and Forge: a server on this or another machine, started with `--api`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from onbrief.ports import Check, Editor, ImageModel, ListedModel, ModelName, Provider, Role, Setting
from onbrief.ports.provider import Values
from onbrief.providers import wire


def _image_model(name: ModelName, values: Values) -> ImageModel:
    from onbrief.providers.a1111.images import A1111ImageModel

    return A1111ImageModel.named(name, values["base_url"])


def _editor(name: ModelName, values: Values) -> Editor:
    from onbrief.providers.a1111.editing import A1111Editor

    return A1111Editor.named(name, values["base_url"])


def _models() -> Sequence[ListedModel]:
    from onbrief.providers.a1111.catalogue import rows

    return rows()


def _check(models: Mapping[Role, ModelName], values: Values) -> Iterable[Check]:
    from onbrief.providers.a1111.checks import check

    return check(models, values)


def _options(role: Role, model: str) -> frozenset[str]:
    from onbrief.providers.a1111 import calling, catalogue

    facts = catalogue.drawing_facts() if role == "image_model" else catalogue.editing_facts()
    return frozenset((*facts.options, *calling.OPTIONS))


PROVIDER: Final = Provider(
    name="a1111",
    image_model=_image_model,
    editor=_editor,
    settings=(
        Setting(
            "base_url",
            "the address of the server, unless the name of a model gives another",
            default="http://127.0.0.1:7860",
            check=wire.base_url,
        ),
    ),
    models=_models,
    check=_check,
    options=_options,
    requires=wire.REQUIRES,
    extra=wire.EXTRA,
    title="AUTOMATIC1111's web UI, and Forge",
)
