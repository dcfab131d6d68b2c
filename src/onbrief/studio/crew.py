"""The models that work on a run."""

from __future__ import annotations

from dataclasses import dataclass

from onbrief.ports import ImageModel, Judge, Model, Planner, Reviser
from onbrief.record import Models


@dataclass(frozen=True, slots=True, kw_only=True)
class Crew:
    """The models of a run. Without a planner, the checklist holds the user's own requirements and nothing else."""

    planner: Planner | None
    image_model: ImageModel
    judge: Judge
    reviser: Reviser

    @property
    def names(self) -> Models:
        """Their names, as they appear in the record."""
        return Models(self.image_model.name, self.judge.name, self.reviser.name)

    @property
    def unpriced(self) -> list[str]:
        """The names of the models whose price is unknown."""
        return sorted({model.name for model in self._models if model.price is None})

    @property
    def warnings(self) -> tuple[str, ...]:
        """What the models leave out of what was asked of them, as far as they know by now, without repetitions."""
        given: dict[str, None] = {}
        for model in self._models:  # every event asks for it, and isinstance(model, Warns) is slow in Python 3.11
            given |= dict.fromkeys(getattr(model, "warnings", ()))
        return tuple(given)

    @property
    def _models(self) -> list[Model]:
        return [self.image_model, self.judge, self.reviser, *([self.planner] if self.planner else [])]
