"""Preview a run: its checklist, first prompt and maximum cost."""

from __future__ import annotations

from dataclasses import dataclass

from onbrief.brief import Brief, Checklist
from onbrief.errors import UsageError
from onbrief.policy.expected import most_images
from onbrief.ports import Completes, Corrects, OpenQuestion, Planner
from onbrief.pursuit.order import Order
from onbrief.record import Prompt
from onbrief.studio import Crew, expected_price, looks, planning, price_of
from onbrief.studio.planning import Plan


@dataclass(frozen=True, slots=True, kw_only=True)
class Prices:
    """What each call of a run costs in US dollars: those of `plan`, which find the requirements one after another, and one of
    each other kind. None is unknown.
    """

    plan: tuple[float | None, ...]
    image: float | None
    judgement: float | None
    confirmation: float | None
    revision: float | None

    def total(self, *, plans: int, images: float, confirmations: float, revisions: float) -> float | None:
        """Return the price in US dollars of so many calls; each image is judged too. None if a price is unknown."""
        counted = [*((1, price) for price in self.plan[:plans]), (images, self.image), (images, self.judgement)]
        counted += [(confirmations, self.confirmation), (revisions, self.revision)]
        if any(price is None for _, price in counted):
            return None
        return sum(number * price for number, price in counted if price)


@dataclass(frozen=True, slots=True)
class Preview:
    """The checklist and first prompt of a run, and its maximum cost in US dollars (None if a price is unknown) if no call fails
    and is repeated. `expected` is what its calls are expected to cost, `questions` are what the brief leaves open.
    """

    checklist: Checklist
    prompt: Prompt
    usd: float | None
    expected: Prices
    warnings: tuple[str, ...]
    questions: tuple[OpenQuestion, ...] = ()


async def preview(order: Order, crew: Crew | None = None) -> Preview:
    """Return the preview of a run of this order. Writes nothing, and calls no model but the planner. `crew` are the models that
    the order names, if they are there already.

    Raises:
        UsageError: as open_pursuit.
        CallError: the planner did not answer.
    """
    crew, limits = checked(crew or order.settings.crew(models=order.models), order), order.settings.limits
    assert crew.reviser is not None
    plan, plan_prices = await _planned(crew.planner, order.brief)
    notes = (*order.settings.calibration_notes, *order.priors_notes(crew.image_models))
    checks = [warning for model in crew.image_models for warning in model.check(order.brief.size)]
    warnings = tuple(dict.fromkeys((*order.warnings, *notes, *checks, *crew.warnings, *plan.warnings)))
    checklist, most = plan.checklist(order.brief), most_images(limits)
    revisions = min(limits.prompts or most, most) - 1
    asked = 1 + isinstance(crew.reviser, Corrects)  # each may be asked for twice; see writing.py
    prices = Prices(
        plan=tuple(plan_prices),
        image=_dearest(crew, order.brief, repairs=order.settings.policy == "adaptive"),
        judgement=crew.judgement_price(checklist, looks(order.settings.tables)),
        confirmation=crew.confirmation_price(checklist),
        revision=price_of(crew.reviser, order.brief, checklist, revisions, None),  # the last one has the longest history
    )
    confirmations = 0 if order.settings.confirm == "never" else most
    usd = prices.total(plans=len(plan_prices), images=most, confirmations=confirmations, revisions=asked * revisions)
    for limit in (limits.usd, order.settings.max_total_usd):
        usd = usd if usd is None or limit is None else min(usd, limit)
    return Preview(
        checklist, Prompt.first(order.brief), usd, _expected(crew, order, checklist, prices), warnings, plan.questions
    )


def _expected(crew: Crew, order: Order, checklist: Checklist, most: Prices) -> Prices:
    """Return what calls are expected to cost that cost so much at `most`. No picture is expected to be edited."""
    number, musts = len(checklist.requirements), len(checklist.musts)
    return Prices(
        plan=tuple(expected_price(crew.planner, number, price) for price in most.plan),
        image=_dearest(crew, order.brief, repairs=False),
        judgement=crew.judgement_cost(checklist, looks(order.settings.tables)),
        confirmation=expected_price(crew.closer, musts, most.confirmation),
        revision=expected_price(crew.reviser, number, most.revision),
    )


def _dearest(crew: Crew, brief: Brief, *, repairs: bool) -> float | None:
    """Return the most that a picture of this size can cost in US dollars, whichever model draws it, or edits it if the run
    `repairs`; None if it is unknown.
    """
    prices = [price_of(model, Prompt.first(brief), brief.size, 0) for model in crew.image_models]
    prices += [editor.price for editor in crew.editors if editor and repairs]
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
    unpriced = {"max_usd": crew.unpriced, "max_total_usd": crew.unpriced, "max_judge_usd": crew.unpriced_judges}
    for name, models in unpriced.items():
        if models and (usd := getattr(order.settings, name)) is not None:
            raise UsageError.of(name, usd, f"no limit in dollars, because the price of {', '.join(models)} is unknown")
    return crew
