"""Where the runs of a batch are pursued: in the process of the command, or by Ray."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from onbrief.batches import Asked
from onbrief.batches.under_way import Opens, here


@asynccontextmanager
async def engine(asked: Asked) -> AsyncGenerator[Opens]:
    """Provide what begins the runs of a batch, as long as its context lasts: in this process, unless another engine is named.

    Raises:
        UsageError: there is no such engine, or it does not suit the batch.
        NotInstalled: it is not installed.
        OnbriefError: it cannot be started. Nothing has been spent.
    """
    if asked.engine is None:
        yield here
    else:
        from onbrief.engines import ray

        with ray.engine(asked.engine, asked.settings, asked.usd, asked.name) as opens:
            yield opens
