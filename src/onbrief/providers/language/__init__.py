"""Language models through pydantic-ai, as planner, judge and reviser.

This provider covers every provider name of pydantic-ai that has no entry point: `openai:…`, `google:…` and others.
"""

from __future__ import annotations

from importlib.util import find_spec
from typing import Final

from onbrief.ports import Judge, ListedModel, ModelName, Planner, Provider, Reviser, Role
from onbrief.ports.provider import Values
from onbrief.providers.language.services import (
    BASE_URL,
    GEN_AI_NAMES,
    OPTIONS,
    OTHERS,
    RATES,
    SERVICES,
    require,
    rows,
    suggested,
)


def _judge(name: ModelName, values: Values) -> Judge:
    require(name)
    from onbrief.providers.language.names import inferred
    from onbrief.providers.language.roles import VisionJudge

    return VisionJudge(inferred(name))


def _planner(name: ModelName, values: Values) -> Planner:
    require(name)
    from onbrief.providers.language.names import inferred
    from onbrief.providers.language.roles import TextPlanner

    return TextPlanner(inferred(name))


def _reviser(name: ModelName, values: Values) -> Reviser:
    require(name)
    from onbrief.providers.language.names import inferred
    from onbrief.providers.language.roles import TextReviser

    return TextReviser(inferred(name))


def _covers(provider: str) -> bool:
    """Return whether pydantic-ai has this service: one that is known here, also if pydantic-ai is missing, or a new one."""
    if provider in SERVICES:
        return True
    if provider in OTHERS or find_spec("pydantic_ai") is None:
        return False
    from onbrief.providers.language.names import known

    return known(provider)


def _suggested(text: str) -> str:
    if (found := suggested(text)) or find_spec("pydantic_ai") is None:
        return found
    from onbrief.providers.language.names import known_model

    return known_model(text)


def _options(role: Role, model: str) -> frozenset[str]:
    return frozenset((*OPTIONS, *RATES, BASE_URL))


def _models() -> list[ListedModel]:
    return list(rows())


PROVIDER: Final = Provider(
    name="pydantic-ai",
    judge=_judge,
    planner=_planner,
    reviser=_reviser,
    covers=_covers,
    suggests=_suggested,
    models=_models,
    options=_options,
    gen_ai_names=GEN_AI_NAMES,
)
