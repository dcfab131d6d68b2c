"""Preview a run: its checklist, first prompt and maximum cost."""

from __future__ import annotations

from dataclasses import dataclass

from onbrief.brief import Checklist
from onbrief.errors import UsageError
from onbrief.ports import CallKind, Planned
from onbrief.pursuit.order import Order
from onbrief.record import Prompt
from onbrief.studio import Crew


@dataclass(frozen=True, slots=True)
class Preview:
    """The checklist and first prompt of a run, and its maximum cost in US dollars (None if a price is unknown)."""

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
    planned = await crew.planner.checklist(order.brief) if crew.planner else Planned(())
    warnings = (*crew.image_model.check(order.brief.size), *crew.warnings, *planned.warnings)
    times: dict[CallKind, int] = {"plan": 1, "image": limits.images, "judge": limits.images}
    times["revise"] = min(limits.prompts, limits.images) - 1
    prices = [(number, crew.price_of(kind)) for kind, number in times.items()]
    most = None if any(price is None for _, price in prices) else sum(number * price for number, price in prices if price)
    usd = most if most is None or limits.usd is None else min(most, limits.usd)
    return Preview(Checklist.freeze(planned.requirements, order.brief), Prompt.first(order.brief), usd, warnings)


def checked(crew: Crew, order: Order) -> Crew:
    """Check that the models suit the order, and return them.

    Raises:
        UsageError: the image model cannot make the size, or there is a limit in dollars but the price of a model is unknown.
    """
    crew.image_model.check(order.brief.size)
    if order.settings.max_usd is not None and crew.unpriced:
        names = ", ".join(crew.unpriced)
        raise UsageError.of("max_usd", order.settings.max_usd, f"no limit in dollars, because the price of {names} is unknown")
    return crew
