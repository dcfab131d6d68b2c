"""One session of a batch, from its rows to its files: what the command line and the library have in common."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterable, Collection, Sequence
from contextlib import AbstractContextManager, aclosing, nullcontext
from dataclasses import dataclass

from onbrief.batch.outputs import BatchOutputs
from onbrief.batch.rows import Broken, Row
from onbrief.batch.running import Batch, BatchEvent, Opens, Retry
from onbrief.config import Settings
from onbrief.pursuit import Workspace
from onbrief.results import Summary

USUAL_CONCURRENCY = 8


@dataclass(frozen=True, slots=True)
class BatchBegan:
    """The batch begins or goes on; `briefs` is how many it has, None as long as its rows still come."""

    batch: Batch
    briefs: int | None


@dataclass(frozen=True, slots=True)
class BatchEnded:
    """The batch has ended, or will go on with the same rows in another session. This is the last event."""

    batch: Batch
    summary: Summary


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a batch is asked for. `name` is its own among those of other places, and `settings` are those of rows that say
    nothing else. `usd` is the money limit of all briefs together, in US dollars. `engine` opens runs elsewhere; see Batch for
    the rest.
    """

    name: str
    rows: Sequence[Row | Broken] | AsyncIterable[Row | Broken]
    settings: Settings
    usd: float | None = None
    concurrency: int | None = None
    retry: Collection[Retry] = ()
    skip_bad: bool = False
    engine: AbstractContextManager[Opens] | None = None


async def pursue(asked: Asked) -> AsyncGenerator[BatchBegan | BatchEvent | BatchEnded]:
    """Pursue a batch as far as it goes, and write its files. A caller that closes the generator early stops the batch.

    Raises:
        UsageError, ConfigError: something of it cannot work; nothing has been spent.
        StoreError: a file cannot be written.
    """
    briefs = len(asked.rows) if isinstance(asked.rows, Sequence) else None
    with (
        asked.engine or nullcontext() as opens,
        await asyncio.to_thread(Workspace.open, asked.settings, asked.usd) as workspace,
    ):
        await workspace.require_writable()
        async with await BatchOutputs.open(workspace.store, asked.name) as outputs:
            batch = Batch(
                workspace,
                outputs,
                concurrency=asked.concurrency or USUAL_CONCURRENCY,
                retry=asked.retry,
                skip_bad=asked.skip_bad,
                opens=opens,
            )
            yield BatchBegan(batch, briefs)
            try:
                async with aclosing(batch.events(asked.rows)) as events:
                    async for event in events:
                        yield event
            finally:
                results = sorted(batch.results.values(), key=lambda result: result.number)
                limits = {"max_total_usd": asked.usd, **_limits(asked.settings)}
                summary = await outputs.close(results, briefs=briefs or len(results) + batch.left, limits=limits)
            yield BatchEnded(batch, summary)


def _limits(settings: Settings) -> dict[str, float | None]:
    return {
        name: getattr(settings, name)
        for name in ("max_images", "max_attempts", "max_prompts", "max_usd", "max_judge_usd", "max_seconds")
    }
