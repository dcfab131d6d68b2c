"""The models of many runs: those that name the same ones share them and their connections."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from onbrief.ports import AnyModel, Ladder, ModelRole
from onbrief.settings import Settings

if TYPE_CHECKING:
    from onbrief.studio import Crew

_NO_MODELS: Mapping[ModelRole, AnyModel | Ladder] = {}


class Crews:
    """Models by the settings that name them, each made once."""

    def __init__(self) -> None:
        self._made: dict[tuple[object, ...], Crew] = {}

    def crew(
        self, settings: Settings, *, draws: bool = True, models: Mapping[ModelRole, AnyModel | Ladder] = _NO_MODELS
    ) -> Crew:
        """Return the models that these settings name, or that are given; see Settings.crew.

        Raises:
            UsageError, ConfigError: there is no model of a name, or it cannot be used.
        """
        named = (
            settings.image_models,
            settings.judge,
            settings.confirm_judge,
            settings.reviser,
            settings.planner,
            settings.plan,
            draws,
            repr(settings.tables),
            *((role, _identity(models[role])) for role in sorted(models)),
        )
        if named not in self._made:
            self._made[named] = settings.crew(draws=draws, models=models)
        return self._made[named]


def _identity(model: AnyModel | Ladder) -> tuple[str | int, ...]:
    """Return what tells objects apart. They are kept by their crew, so that no other gets the same id."""
    several = model if isinstance(model, tuple) else (model,)
    return tuple(one if isinstance(one, str) else id(one) for one in several)
