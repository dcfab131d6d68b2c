"""Preview a run: its checklist, first prompt and maximum cost."""

from __future__ import annotations

from dataclasses import dataclass

from onbrief.brief import Brief, Checklist
from onbrief.errors import UsageError
from onbrief.ports import Completes, Corrects, OpenQuestion, Planner
from onbrief.pursuit.order import Order
from onbrief.record import Prompt
from onbrief.studio import Crew, looks, planning, price_of
from onbrief.studio.planning import Plan


@dataclass(frozen=True, slots=True)
class Preview:
    """The checklist and first prompt of a run, and its maximum cost in US dollars (None if a price is unknown) if no call fails
    and is repeated. `questions` are what the brief leaves open.
    """

    checklist: Checklist
    prompt: Prompt
    usd: float | None
    warnings: tuple[str, ...]
    questions: tuple[OpenQuestion, ...] = ()


async def preview(order: Order) -> Preview:
    """Return the preview of a run of this order. Writes nothing, and calls no model but the planner.

    Raises:
        UsageError: as open_pursuit.
        CallError: the planner did not answer.
    """
    crew, limits = checked(order.settings.crew(models=order.models), order), order.settings.limits
    assert crew.reviser is not None
    plan, plan_prices = await _planned(crew.planner, order.brief)
    notes = order.settings.calibration_notes
    checks = [warning for model in crew.image_models for warning in model.check(order.brief.size)]
    warnings = tuple(dict.fromkeys((*order.warnings, *notes, *checks, *crew.warnings, *plan.warnings)))
    checklist, revisions = plan.checklist(order.brief), min(limits.prompts or limits.images, limits.images) - 1
    prices = [
        *((1, price) for price in plan_prices),
        (limits.images, _dearest(crew, order.brief)),
        (limits.images, crew.judgement_price(checklist, looks(order.settings.tables))),
        (limits.images if order.settings.confirm != "never" else 0, crew.confirmation_price(checklist)),
        # The last one has the longest history. Each may be asked for twice; see writing.py.
        (revisions * (1 + isinstance(crew.reviser, Corrects)), price_of(crew.reviser, order.brief, checklist, revisions, None)),
    ]
    most = None if any(price is None for _, price in prices) else sum(number * price for number, price in prices if price)
    usd = most if most is None or limits.usd is None else min(most, limits.usd)
    return Preview(checklist, Prompt.first(order.brief), usd, warnings, plan.questions)


def _dearest(crew: Crew, brief: Brief) -> float | None:
    """Return the most that a picture of this size can cost in US dollars, whichever model draws it; None if it is unknown."""
    prices = [price_of(model, Prompt.first(brief), brief.size, 0) for model in crew.image_models]
    return None if None in prices else max(price for price in prices if price is not None)


async def _planned(planner: Planner | None, brief: Brief) -> tuple[Plan, list[float | None]]:
    """Return the plan of a brief, and the prices of the calls that a run can make for it."""
    if planner is None:
        return Plan(), []
    plan = planning.first(await planner.checklist(brief), brief, planner)
    if not isinstance(planner, Completes):
        return plan, [price_of(planner, brief)]
    missing = plan.missing or (brief.text,)  # another answer to the same question may lack something
    again = planner.completing(plan.planned, missing)
    prices = [price_of(planner, brief), price_of(again, brief)]
    return planning.completed(plan, await again.checklist(brief), brief) if plan.missing else plan, prices


def checked(crew: Crew, order: Order) -> Crew:
    """Check that the models suit the order, and return them.

    Raises:
        UsageError: the image model cannot make the size, or there is a limit in dollars but the price of a model is unknown.
    """
    for model in crew.image_models:
        model.check(order.brief.size)
    if order.settings.max_usd is not None and crew.unpriced:
        names = ", ".join(crew.unpriced)
        raise UsageError.of("max_usd", order.settings.max_usd, f"no limit in dollars, because the price of {names} is unknown")
    if order.settings.max_judge_usd is not None and crew.unpriced_judges:
        names, given = ", ".join(crew.unpriced_judges), order.settings.max_judge_usd
        raise UsageError.of("max_judge_usd", given, f"no limit in dollars, because the price of {names} is unknown")
    return crew
