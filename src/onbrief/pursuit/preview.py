"""What a run would begin with, and the most that it can cost, before anything is paid for."""

from __future__ import annotations

from dataclasses import dataclass

from onbrief.brief import Checklist
from onbrief.errors import UsageError
from onbrief.ports import CallKind
from onbrief.pursuit.order import Order
from onbrief.record import Prompt
from onbrief.studio import Crew


@dataclass(frozen=True, slots=True)
class Preview:
    """What a run would begin with, and the most that it can cost in US dollars (None: not known)."""

    checklist: Checklist
    prompt: Prompt
    usd: float | None
    warnings: tuple[str, ...]


async def preview(order: Order) -> Preview:
    """What a run of this order would begin with; writes nothing, and asks only the planner.

    Raises:
        UsageError: as open_pursuit.
        CallError: the planner did not answer.
    """
    crew, limits = checked(order.settings.crew(), order), order.settings.limits
    planned = (await crew.planner.checklist(order.brief)).requirements if crew.planner else ()
    warnings = (*crew.image_model.check(order.brief.size), *crew.warnings)
    times: dict[CallKind, int] = {"plan": 1, "image": limits.images, "judge": limits.images}
    times["revise"] = min(limits.prompts, limits.images) - 1
    prices = [(number, crew.price_of(kind)) for kind, number in times.items()]
    most = None if any(price is None for _, price in prices) else sum(number * price for number, price in prices if price)
    usd = most if most is None or limits.usd is None else min(most, limits.usd)
    return Preview(Checklist.freeze(planned, order.brief), Prompt.first(order.brief), usd, warnings)


def checked(crew: Crew, order: Order) -> Crew:
    """The models of an order, once everything about them that can be wrong has been checked.

    Raises:
        UsageError: a size that the image model cannot make, or a limit in dollars beside a model whose price is not known.
    """
    crew.image_model.check(order.brief.size)
    if order.settings.max_usd is not None and crew.unpriced:
        names = ", ".join(crew.unpriced)
        raise UsageError.of("max_usd", order.settings.max_usd, f"no limit in dollars, as the price of {names} is not known")
    return crew
