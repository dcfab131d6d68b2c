"""The models that work on a run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from onbrief.brief import Checklist
from onbrief.ports import Editor, ImageModel, Judge, Model, Planner, Reviser
from onbrief.record import Models
from onbrief.studio.calls import closer_price, expected_price, price_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Crew:
    """The models of a run. Without a planner, the checklist holds the user's own requirements and nothing else. Where pictures
    exist already, there is neither an image model nor a reviser. The `confirm_judge` looks closer at pictures that would pass;
    without one, the judge does. `dearer` are the image models that can take over, the cheapest first. `beside` has editors by
    the names of the image models whose pictures they change.

    `editors` has the editor of each image model of the ladder: the one beside it, or itself; None where there is neither. One
    without a price is beside no model that has one: a limit in dollars would then refuse what needs no editor.
    """

    planner: Planner | None
    image_model: ImageModel | None
    judge: Judge
    reviser: Reviser | None
    confirm_judge: Judge | None = None
    dearer: tuple[ImageModel, ...] = ()
    beside: Mapping[str, Editor] = field(default_factory=dict[str, Editor])
    editors: tuple[Editor | None, ...] = field(init=False)

    @property
    def image_models(self) -> tuple[ImageModel, ...]:
        """The ladder: all image models in their order."""
        return (self.image_model, *self.dearer) if self.image_model else ()

    def __post_init__(self) -> None:
        found = [(self.beside.get(model.name) or _own(model), model) for model in self.image_models]
        usable = (None if editor and editor.price is None and model.price is not None else editor for editor, model in found)
        object.__setattr__(self, "editors", tuple(usable))

    @property
    def names(self) -> Models:
        """Their names, as they appear in the record. The planner has the name of the reviser."""
        image, writer = self.image_model, self.reviser or self.planner
        again = self.confirm_judge.name if self.confirm_judge else ""
        ladder = tuple(model.name for model in self.image_models) if self.dearer else ()
        image_name, writer_name = image.name if image else "", writer.name if writer else ""
        return Models(image_name, self.judge.name, writer_name, confirm_judge=again, ladder=ladder)

    def judgement_price(self, checklist: Checklist, looks: int = 1) -> float | None:
        """Return the most that the judgement of a picture can cost in US dollars, before the picture is there: that of the
        largest one that the judge is shown, for so many looks at it.
        """
        side = self.judge.picture_limits.side
        price = price_of(self.judge, checklist.requirements, (side, side))
        return None if price is None else looks * price

    def judgement_cost(self, checklist: Checklist, looks: int = 1) -> float | None:
        """Return what the judgement of a picture is expected to cost in US dollars."""
        usd = expected_price(self.judge, len(checklist.requirements), self.judgement_price(checklist))
        return None if usd is None else looks * usd

    def confirmation_price(self, checklist: Checklist) -> float | None:
        """Return the most that a closer look at a picture can cost in US dollars."""
        return closer_price(self.closer, checklist.musts)

    @property
    def closer(self) -> Judge:
        """The judge that looks closer."""
        return self.confirm_judge or self.judge

    @property
    def unpriced(self) -> list[str]:
        """The names of the models whose price is unknown."""
        return sorted({model.name for model in self._models if model.price is None})

    @property
    def unpriced_judges(self) -> list[str]:
        """The names of the judges whose price is unknown."""
        return sorted({model.name for model in (self.judge, self.closer) if model.price is None})

    @property
    def warnings(self) -> tuple[str, ...]:
        """The models' warnings about ignored parts of requests, as far as known by now, without repetitions."""
        given: dict[str, None] = {}
        for model in self._models:  # not isinstance(model, Warns): it is slow in Python 3.11, and every event asks
            given |= dict.fromkeys(getattr(model, "warnings", ()))
        return tuple(given)

    @property
    def _models(self) -> list[Model]:
        models = (*self.image_models, *self.editors, self.judge, self.reviser, self.planner, self.confirm_judge)
        return [model for model in models if model]


def _own(model: ImageModel) -> Editor | None:
    """Return the image model as an editor, if it is one."""
    own: object = model
    return own if isinstance(own, Editor) else None
