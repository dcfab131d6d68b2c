"""What the policy may know of the models of a run: their prices, and what their editors can change."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from onbrief.attempt import Attempt
from onbrief.policy.means import Cost, Means, Repairs, Rung
from onbrief.ports import Changes, Editor, ImageModel
from onbrief.questions.repairs import ByEditor, repair_of
from onbrief.record import Prompt, Run
from onbrief.studio.calls import expected_price, price_of
from onbrief.studio.crew import Crew

_SECONDS = {"picture": 5.0, "edit": 6.0, "judgement": 2.0, "prompt": 2.0}  # usual ones: services do not say


def means_of(crew: Crew, looks: int = 1) -> Callable[[Run], Means]:
    """Return what tells the means of a run that these models work on, in which the judge takes so many `looks` at a picture."""

    def means(run: Run) -> Means:
        assert run.checklist is not None
        reviser, number = crew.reviser, len(run.checklist.requirements)
        written = price_of(reviser, run.brief, run.checklist, len(run.prompts), None) if reviser else None
        usual = expected_price(reviser, number, written)
        return Means(
            rungs=tuple(_rung(run, *pair) for pair in zip(crew.image_models, crew.editors, strict=True)),
            judgement=Cost(
                crew.judgement_cost(run.checklist, looks), _SECONDS["judgement"], crew.judgement_price(run.checklist, looks)
            ),
            prompt=Cost(usual, _SECONDS["prompt"], written),
        )

    return means


def _rung(run: Run, model: ImageModel, editor: Editor | None) -> Rung:
    price = price_of(model, Prompt.first(run.brief), run.brief.size, run.seed)
    edit = Cost(editor.price, _SECONDS["edit"]) if editor else None
    return Rung(picture=Cost(price, _SECONDS["picture"]), edit=edit, repairs=_repairs(editor.changes if editor else {}))


def _repairs(changes: Changes) -> Repairs:
    def repairs(run: Run, attempt: Attempt, must: str) -> Literal["editor", "pixels"] | None:
        assert run.checklist is not None
        repair = repair_of(run.checklist, attempt, must, changes)
        return None if repair is None else "editor" if isinstance(repair, ByEditor) else "pixels"

    return repairs
