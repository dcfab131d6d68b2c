"""Runs a pursuit to its end in a test's folder, with the models that the test passes."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

from onbrief.brief import Brief
from onbrief.events import Event
from onbrief.pursuit import Order, open_pursuit
from onbrief.settings import Settings
from onbrief.studio import Crew

BRIEF = Brief(text="a red circle left of a blue square", size=(64, 64))


def settings(**changes: Any) -> Settings:
    return replace(Settings(), **changes)


def order(folder: Path, settings: Settings | None = None, brief: Brief = BRIEF, **about: Any) -> Order:
    return Order(brief=brief, settings=replace(settings or Settings(), out=str(folder)), **about)


def pursue(
    folder: Path,
    crew: Crew,
    settings: Settings | None = None,
    brief: Brief = BRIEF,
    *,
    delivered: bool = True,
    **about: Any,
) -> list[Event]:
    """Return all events of one session. The seed is fixed, so that the requests of several runs can be compared. `delivered`:
    the result has reached the one who asked for it.
    """
    about = {"seed": 7} | about

    async def go() -> list[Event]:
        async with open_pursuit(order(folder, settings, brief, **about), crew) as pursuit:
            events = [event async for event in pursuit.events()]
            if delivered:
                await pursuit.deliver()
            return events

    return asyncio.run(go())
