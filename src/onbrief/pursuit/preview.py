"""Preview a run: its checklist, first prompt and maximum cost."""

from __future__ import annotations

from dataclasses import dataclass

from onbrief.brief import Checklist
from onbrief.errors import UsageError
from onbrief.ports import Planned
from onbrief.pursuit.order import Order
from onbrief.record import Prompt
from onbrief.studio import Crew, price_of


@dataclass(frozen=True, slots=True)
class Preview:
    """The checklist and first prompt of a run, and its maximum cost in US dollars (None if a price is unknown) if no call fails
    and is repeated.
    """

    checklist: Checklist
    prompt: Prompt
    usd: float | None
    warnings: tuple[str, ...]


async def preview(order: Order) -> Preview:
    """Return the preview of a run of this order. Writes nothing, and calls no model but the planner.

    Raises:
        UsageError: as open_pursuit.
        CallError: the planner did not answer.
    """
    crew, limits = checked(order.settings.crew(), order), order.settings.limits
    assert crew.image_model is not None
    assert crew.reviser is not None
    planned = await crew.planner.checklist(order.brief) if crew.planner else Planned(())
    notes = order.settings.calibration_notes
    warnings = (*notes, *crew.image_model.check(order.brief.size), *crew.warnings, *planned.warnings)
    checklist, revisions = Checklist.freeze(planned.requirements, order.brief), min(limits.prompts, limits.images) - 1
    prices = [
        (1, price_of(crew.planner, order.brief) if crew.planner else 0.0),
        (limits.images, crew.image_model.price),
        (limits.images, crew.judgement_price(checklist)),
        (revisions, price_of(crew.reviser, order.brief, checklist, revisions, None)),  # the last one has the longest history
    ]
    most = None if any(price is None for _, price in prices) else sum(number * price for number, price in prices if price)
    usd = most if most is None or limits.usd is None else min(most, limits.usd)
    return Preview(checklist, Prompt.first(order.brief), usd, warnings)


def checked(crew: Crew, order: Order) -> Crew:
    """Check that the models suit the order, and return them.

    Raises:
        UsageError: the image model cannot make the size, or there is a limit in dollars but the price of a model is unknown.
    """
    if crew.image_model:
        crew.image_model.check(order.brief.size)
    if order.settings.max_usd is not None and crew.unpriced:
        names = ", ".join(crew.unpriced)
        raise UsageError.of("max_usd", order.settings.max_usd, f"no limit in dollars, because the price of {names} is unknown")
    return crew
