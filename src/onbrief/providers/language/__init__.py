"""Language models through pydantic-ai, as planner, judge and reviser.

This provider covers every provider name of pydantic-ai that has no entry point: `openai:…`, `google:…` and others.
"""

from __future__ import annotations

from importlib.util import find_spec
from typing import Final

from onbrief.ports import Judge, ModelName, Planner, Provider, Reviser, Role
from onbrief.ports.provider import Values


def _judge(name: ModelName, values: Values) -> Judge:
    from onbrief.providers.language.names import inferred
    from onbrief.providers.language.roles import VisionJudge

    return VisionJudge(inferred(name))


def _planner(name: ModelName, values: Values) -> Planner:
    from onbrief.providers.language.names import inferred
    from onbrief.providers.language.roles import TextPlanner

    return TextPlanner(inferred(name))


def _reviser(name: ModelName, values: Values) -> Reviser:
    from onbrief.providers.language.names import inferred
    from onbrief.providers.language.roles import TextReviser

    return TextReviser(inferred(name))


def _covers(provider: str) -> bool:
    """Return whether pydantic-ai has this provider. True if pydantic-ai is missing, so that making a model says what to
    install.
    """
    if find_spec("pydantic_ai") is None:
        return True
    from onbrief.providers.language.names import known

    return known(provider)


def _options(role: Role, model: str) -> frozenset[str]:
    from onbrief.providers.language.names import OPTIONS

    return frozenset(OPTIONS)


PROVIDER: Final = Provider(
    name="pydantic-ai",
    judge=_judge,
    planner=_planner,
    reviser=_reviser,
    covers=_covers,
    options=_options,
    requires=("pydantic_ai",),
    extra="pydantic-ai-slim",
)
