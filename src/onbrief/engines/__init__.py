"""Where the runs of a batch are pursued: in the process of the command, or elsewhere."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext

from onbrief.batches import Asked
from onbrief.batches.under_way import Opens


def engine(asked: Asked) -> AbstractContextManager[Opens | None]:
    """Return what begins the runs of a batch, for as long as its context lasts; None begins them in this process.

    Raises:
        UsageError: there is no such engine, or it does not suit the batch.
        NotInstalled: it is not installed.
    """
    if asked.engine is None:
        return nullcontext()
    from onbrief.engines import ray

    return ray.engine(asked.engine, asked.settings, asked.usd, asked.name)
