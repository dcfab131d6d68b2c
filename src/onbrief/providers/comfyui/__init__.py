"""ComfyUI: a server of the user's own, which runs the user's own workflow: `comfyui:WORKFLOW.json?base_url=…&timeout=120`.

The workflow is a file in API format. Words between percent signs in it, such as %prompt%, say where a value goes; see
docs/comfyui.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from onbrief.ports import Check, Editor, ImageModel, ListedModel, ModelName, Provider, Role, Setting
from onbrief.ports.provider import Values
from onbrief.providers import wire

URL: Final = "http://127.0.0.1:8188"
OPTIONS: Final = ("base_url", "timeout")
"""The options of every name: the address of the server, and the timeout for a picture in seconds."""


def _image_model(name: ModelName, values: Values) -> ImageModel:
    from onbrief.providers.comfyui.images import ComfyImageModel

    return ComfyImageModel.named(name, values["base_url"])


def _editor(name: ModelName, values: Values) -> Editor:
    from onbrief.providers.comfyui.editing import ComfyEditor

    return ComfyEditor.named(name, values["base_url"])


def _digest(name: ModelName) -> str:
    from onbrief.providers.comfyui.workflow import Workflow

    return Workflow.read(name).digest


def _models() -> Sequence[ListedModel]:
    row = ListedModel(
        "comfyui:WORKFLOW.json",
        "image",
        "A workflow of your own on a ComfyUI server",
        "active",
        None,
        "what the workflow has a place for: prompt, negative text, seed, width, height",
        0.0,
        sizes="those of the workflow",
        edits=True,
        recovery="own id",
    )
    return [row]


def _check(models: Mapping[Role, ModelName], values: Values) -> Iterable[Check]:
    from onbrief.providers.comfyui.checks import check

    return check(models, values)


PROVIDER: Final = Provider(
    name="comfyui",
    title="ComfyUI",
    image_model=_image_model,
    editor=_editor,
    settings=(
        Setting(
            "base_url",
            "the address of the ComfyUI server, unless the name of a model gives another",
            default=URL,
            check=wire.base_url,
        ),
    ),
    models=_models,
    check=_check,
    options=lambda role, model: frozenset(OPTIONS),
    digest=_digest,
    requires=wire.REQUIRES,
    extra=wire.EXTRA,
)
