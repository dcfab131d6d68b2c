"""The sandbox as a provider of models. Its functions import what they need when they are called."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from onbrief.ports import Editor, ImageModel, Judge, ListedModel, ModelName, Planner, Provider, Reviser, Role
from onbrief.ports.provider import Values

COSTS: Final = ("usd", "seconds")
"""The options of all models: the price of a call in US dollars and its duration in seconds, both 0 by default."""

ERRORS: Final = ("false_accept", "false_reject", "correlated")
"""The options for a judge's error rates; see erring.Errors."""


def _image_model(name: ModelName, values: Values) -> ImageModel:
    from onbrief_sandbox.models import SandboxImageModel

    return SandboxImageModel.named(name)


def _editor(name: ModelName, values: Values) -> Editor:
    from onbrief_sandbox.models import SandboxImageModel

    return SandboxImageModel.named(name)


def _judge(name: ModelName, values: Values) -> Judge:
    from onbrief_sandbox.models import SandboxJudge

    return SandboxJudge.named(name)


def _planner(name: ModelName, values: Values) -> Planner:
    from onbrief_sandbox.models import sandbox_planner

    return sandbox_planner(name)


def _reviser(name: ModelName, values: Values) -> Reviser:
    from onbrief_sandbox.models import sandbox_reviser

    return sandbox_reviser(name)


def _models() -> Sequence[ListedModel]:
    sizes = "sides of 512 to 2048 pixels"
    takes = f"{sizes}; draws locally, at no cost"
    errs = f"{takes}, and errs more often"
    return [
        ListedModel("sandbox:modern", "image", "Sandbox", "active", None, takes, 0.0, sizes=sizes),
        ListedModel("sandbox:sdxl", "image", "Sandbox, older model", "active", None, errs, 0.0, sizes=sizes),
    ]


def _options(role: Role, model: str) -> frozenset[str]:
    return frozenset(COSTS + ERRORS if role == "judge" else COSTS)


PROVIDER: Final = Provider(
    name="sandbox",
    image_model=_image_model,
    editor=_editor,
    judge=_judge,
    planner=_planner,
    reviser=_reviser,
    defaults={"judge": "sandbox:", "reviser": "sandbox:"},
    trial=True,
    models=_models,
    options=_options,
    requires=("numpy", "resvg_py"),
    extra="onbrief[sandbox]",
    notice="sandbox: a stand-in world that draws; nothing here comes from a real model or costs real money",
)
