"""The library's front door: async once, with a thin synchronous wrapper."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path

from onbrief.brief import Brief
from onbrief.config import Settings
from onbrief.events import Event, RunEnded
from onbrief.limits import Limits
from onbrief.pursuit import Order, open_pursuit, resumed
from onbrief.record import Run


def run(
    brief: str | Brief,
    *,
    limits: Limits | None = None,
    settings: Settings | None = None,
    run_id: str | None = None,
    seed: int | None = None,
    resend_unknown: bool = False,
) -> Run:
    """Pursue a brief to its end and give back the run, with its outcome and the best picture.

    Giving the same order again after an interruption goes on where it stopped; with the `run_id` of a run that has ended,
    the recorded run comes back and nothing is paid for. A running event loop is no obstacle (notebooks): the
    pursuit then has a thread of its own.

    Args:
        brief: What is wanted, as text or as a Brief.
        limits: What the run may use at most; those of `settings` by default.
        settings: Models, policy, folder and so on; by default the provider for trials draws, where it is installed.
        run_id: A name for the run: small letters, digits and hyphens.
        seed: Decides every seed of the run; derived from the run id by default.
        resend_unknown: Send calls again that were sent once with an outcome that is not known.

    Raises:
        UsageError: an input that cannot work; nothing has been spent.
        LedgerBusy: another live process works on this run.
    """
    return _in_sync(_order(brief, limits, settings, run_id, seed, resend_unknown))


async def pursue(
    brief: str | Brief,
    *,
    limits: Limits | None = None,
    settings: Settings | None = None,
    run_id: str | None = None,
    seed: int | None = None,
    resend_unknown: bool = False,
) -> AsyncGenerator[Event]:
    """Pursue a brief and tell what happens, as it happens; the last event is RunEnded. See `run` for the arguments."""
    order = _order(brief, limits, settings, run_id, seed, resend_unknown)
    async with open_pursuit(order) as pursuit, aclosing(pursuit.events()) as events:
        async for event in events:
            yield event


def resume(run_id: str, *, limits: Limits | None = None, out: str | Path | None = None, resend_unknown: bool = False) -> Run:
    """Go on with a recorded run, as it was ordered but for new limits, and give it back.

    Raises:
        UsageError: no such run in the folder `out`.
        LedgerBusy: another live process works on it.
    """
    settings = Settings() if out is None else Settings(out=str(out))
    return _in_sync(resumed(run_id, settings, _as_settings(limits), resend_unknown=resend_unknown))


def _order(
    brief: str | Brief,
    limits: Limits | None,
    settings: Settings | None,
    run_id: str | None,
    seed: int | None,
    resend_unknown: bool,
) -> Order:
    settings = replace(settings or Settings(), **_as_settings(limits))
    if isinstance(brief, str):
        brief = Brief(text=brief, size=settings.picture_size)
    return Order(brief=brief, settings=settings, run_id=run_id, seed=seed, resend_unknown=resend_unknown)


def _as_settings(limits: Limits | None) -> dict[str, int | float | None]:
    if limits is None:
        return {}
    return {
        "max_images": limits.images,
        "max_attempts": limits.attempts,
        "max_prompts": limits.prompts,
        "max_usd": limits.usd,
        "max_seconds": limits.seconds,
    }


def _in_sync(order: Order) -> Run:
    async def last() -> Run:
        async with open_pursuit(order) as pursuit:
            async for event in pursuit.events():
                if isinstance(event, RunEnded):
                    return event.run
        raise AssertionError("a pursuit ends with RunEnded")

    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(last())
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, last()).result()
