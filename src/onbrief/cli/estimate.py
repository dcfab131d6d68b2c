"""`onbrief estimate`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from onbrief.cli.flags import BatchFlags, Json, ModelFlags, RunLimitFlags, Source, given, requirements_of
from onbrief.cli.output import finish, put, say
from onbrief.config import load

if TYPE_CHECKING:
    from onbrief.pursuit import Estimate


def estimate(
    briefs: Source,
    *,
    about: BatchFlags | None = None,
    models: ModelFlags | None = None,
    limits: RunLimitFlags | None = None,
    json_: Json = False,
) -> int:
    """Say what briefs are expected to cost, and the most that they can.

    For example:
        onbrief estimate "three red circles above a blue square"
        onbrief estimate shop.csv --out shop --max-usd 0.50
        onbrief estimate briefs.jsonl --json

    Images, money, and time if the briefs are pursued one after another. Prices are those of the models. How many pictures a
    brief needs is known from the runs in the folder or bucket, if at least 20 of the newest 200 are of the same image model;
    otherwise, it follows from the rates that the policy begins with. Nothing is written; the planner is asked for each brief,
    and nothing else is paid for.

    Parameters
    ----------
    briefs
        Text, a file as for `onbrief batch`, or - for lines of CSV or JSON on standard input.
    json_
        Print one JSON document.
    """
    from onbrief import intake
    from onbrief.batches import all_orders, asked
    from onbrief.progress import waiting
    from onbrief.pursuit import estimate, past_of

    settings = load({**given(models, limits), **({"size": about.size} if about and about.size else {})})[0]
    source = briefs if briefs == intake.STANDARD_INPUT else intake.named_by(briefs)
    wanted = asked(
        source if source == briefs == intake.STANDARD_INPUT or isinstance(source, Path) else [source],
        settings,
        requirements=requirements_of(about),
        avoid=(about.avoid if about else None) or (),
    )

    async def go() -> tuple[Estimate, tuple[str, ...]]:
        past, warnings = past_of(settings)
        total, more = await estimate(await all_orders(wanted), past, wanted.total_usd)
        return total, (*warnings, *more)

    with waiting("reading the briefs"):
        total, warnings = finish(go())
    if json_:
        put(json.dumps({**asdict(total), "warnings": warnings}, ensure_ascii=False, indent=2) + "\n")
    else:
        put("".join(f"{line}\n" for line in _lines(total)))
    for warning in warnings:
        say(f"warning: {warning}")
    return 0


def expectation(one: Estimate) -> Iterator[str]:
    """Yield the lines that say what is expected, and why."""
    yield f"expected: {one.images:.1f} images, {_money(one.usd)}, {_time(one.seconds)}"
    for basis in one.basis:
        yield f"  {basis}"


def _lines(one: Estimate) -> Iterator[str]:
    yield "1 brief" if one.briefs == 1 else f"{one.briefs} briefs"
    yield from expectation(one)
    yield f"at most: {one.max_images} images, {_money(one.max_usd)}, {_time(one.max_seconds)}"


def _money(usd: float | None) -> str:
    return "cost not known" if usd is None else f"${usd:.4g}"


def _time(seconds: float | None) -> str:
    return "time not known" if seconds is None else f"{seconds:.0f} s"
