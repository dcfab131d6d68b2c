"""Estimate what runs are going to use, and say what the estimate rests on.

Prices are the models' own. How many pictures a run needs is known from the runs of the same place and image model if there are
enough of them; otherwise it is assumed. The planner is asked for each brief, as in a preview; nothing else is paid for.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import reduce

from onbrief.errors import OnbriefError
from onbrief.policy.expected import expected_images, first_chances, most_images
from onbrief.pursuit.crews import Crews
from onbrief.pursuit.ledgers import future_ledger
from onbrief.pursuit.listing import place_statistics
from onbrief.pursuit.order import Order
from onbrief.pursuit.preview import Preview, preview
from onbrief.record import Models, Run
from onbrief.run_statistics import ModelStatistics
from onbrief.settings import Settings

ENOUGH = 20  # runs of an image model, from which on they are the basis
_NEWEST = 200  # runs that are looked at
_AT_ONCE = 8  # briefs that are read at the same time

Past = Mapping[str, ModelStatistics]
"""The statistics of past runs, by the name of an image model, or of a ladder."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """What runs are expected to use, and the most that they can: `images`, `usd` in US dollars, and `seconds` if they are
    pursued one after another; None is not known. The maximum of the seconds is that at the usual pace. `basis` says what
    the expectation rests on.
    """

    briefs: int
    images: float
    usd: float | None
    seconds: float | None
    max_images: int
    max_usd: float | None
    max_seconds: float | None
    basis: tuple[str, ...]

    def __add__(self, other: Estimate) -> Estimate:
        return Estimate(
            briefs=self.briefs + other.briefs,
            images=self.images + other.images,
            usd=_sum(self.usd, other.usd),
            seconds=_sum(self.seconds, other.seconds),
            max_images=self.max_images + other.max_images,
            max_usd=_sum(self.max_usd, other.max_usd),
            max_seconds=_sum(self.max_seconds, other.max_seconds),
            basis=tuple(dict.fromkeys((*self.basis, *other.basis))),
        )


def past_of(settings: Settings) -> tuple[Past, tuple[str, ...]]:
    """Return the statistics of the newest runs of the place that `settings.out` names, and warnings. Blocks."""
    try:
        if future_ledger(settings):
            return {}, ()
        found = place_statistics(settings, _NEWEST)
    except OnbriefError as error:
        return {}, (f"past runs are not part of the estimate: {error}",)
    return {one.model: one for one in found.models}, ()


def estimated(order: Order, seen: Preview, past: Past) -> Estimate:
    """Return the estimate of one run from its preview. Pure."""
    settings, limits = order.settings, order.settings.limits
    model = ", then ".join(settings.image_models)
    known, most = past.get(model), most_images(limits)
    if known is None or known.runs < ENOUGH or not known.images:
        run = Run(
            run_id="estimate",
            seed=order.seed or 0,
            brief=order.brief,
            checklist=seen.checklist,
            prompts=(seen.prompt,),
            models=Models(settings.image_models[0], settings.judge, settings.reviser),
            started="",
        )
        images = expected_images(limits, first_chances(run, order.priors))
        confirmations = 0 if settings.confirm == "never" else 1
        usd = seen.expected.total(plans=1, images=images, confirmations=confirmations, revisions=images - 1)
        seconds = most_seconds = None
        first = settings.image_models[0]
        whence = f", learned in {settings.priors}" if first in order.priors.learned else ""
        rates = f"{'rates' if whence else 'usual rates'} of {first} for such requirements{whence} (docs/policy.md)"
        basis = f"{rates}; calls at their usual prices, or their highest where no other is known"
    else:
        images = expected_images(limits, [(1.0, known.passed / known.images)])
        usd = None if known.usd is None else images * known.usd / known.images
        pace = known.seconds / known.images
        seconds, most_seconds = images * pace, most * pace
        basis = f"{known.runs} runs of {model} in {settings.out}: {known.passed} passed, with {known.images} images"
    return Estimate(
        briefs=1,
        images=images,
        usd=_least(usd, seen.usd),
        seconds=_least(seconds, limits.seconds),
        max_images=most,
        max_usd=seen.usd,
        max_seconds=limits.seconds if most_seconds is None else _least(most_seconds, limits.seconds),
        basis=(basis,),
    )


async def estimate(orders: Iterable[Order], past: Past, usd: float | None = None) -> tuple[Estimate, tuple[str, ...]]:
    """Return the estimate of the runs of these orders together, at least one, and warnings. `usd` is a money limit that they
    share.

    Raises:
        UsageError, CallError: as preview.
    """
    crews, places = Crews(), asyncio.Semaphore(_AT_ONCE)

    async def one(order: Order) -> tuple[Estimate, tuple[str, ...]]:
        async with places:
            seen = await preview(order, crews.crew(order.settings, models=order.models))
        return estimated(order, seen, past), seen.warnings

    found = await asyncio.gather(*map(one, orders))
    total = reduce(lambda before, one: before + one, (each for each, _ in found))
    total = replace(total, usd=_least(total.usd, usd), max_usd=total.max_usd if usd is None else _least(usd, total.max_usd))
    return total, tuple(dict.fromkeys(warning for _, warnings in found for warning in warnings))


def _sum(one: float | None, other: float | None) -> float | None:
    return None if one is None or other is None else one + other


def _least(value: float | None, limit: float | None) -> float | None:
    """Return a value, or the limit if that is smaller."""
    return value if value is None or limit is None else min(value, limit)
