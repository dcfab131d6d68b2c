"""One session of a batch, from its rows to its files: what the command line and the library have in common."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncGenerator, AsyncIterable, Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, aclosing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, cast

from onbrief.batches.concurrency import concurrency
from onbrief.batches.outputs import BatchOutputs
from onbrief.batches.reading import read, stream
from onbrief.batches.rows import Broken, Cells, Row, orders_of, orders_of_stream
from onbrief.batches.running import Batch, BatchEvent, Retry
from onbrief.batches.under_way import Opens
from onbrief.errors import UsageError
from onbrief.intake import STANDARD_INPUT
from onbrief.limits import require_amount
from onbrief.ports import AnyModel, Ladder, ModelRole, is_object
from onbrief.pursuit import Order, Workspace
from onbrief.results import Summary
from onbrief.settings import Settings

_USUAL_NAME: Final = "batch"  # of one that comes from no file
_NO_MODELS: Mapping[ModelRole, AnyModel | Ladder] = {}


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
    nothing else. `usd` is the money limit of all briefs together, in US dollars; without one, that of the settings holds.
    `engine` names where runs are pursued, if that is not this process; see onbrief.engines. `models` are those that are given
    as objects; see Batch for the rest.

    Raises:
        UsageError: `usd` is not a number from 0 up.
    """

    name: str
    rows: Sequence[Row | Broken] | AsyncIterable[Row | Broken]
    settings: Settings
    usd: float | None = None
    concurrency: int | None = None
    retry: Collection[Retry] = ()
    skip_bad: bool = False
    engine: str | None = None
    models: Mapping[ModelRole, AnyModel | Ladder] = field(default_factory=dict["ModelRole", "AnyModel | Ladder"])

    def __post_init__(self) -> None:
        require_amount("max_total_usd", self.usd)

    @property
    def total_usd(self) -> float | None:
        """The money limit that all briefs together have, in US dollars."""
        return self.settings.max_total_usd if self.usd is None else self.usd


SessionEvent = BatchBegan | BatchEvent | BatchEnded


Engine = Callable[[Asked], AbstractAsyncContextManager[Opens]]
"""Makes what begins the runs of a batch."""


async def pursue(asked: Asked, engine: Engine) -> AsyncGenerator[SessionEvent]:
    """Pursue a batch as far as it goes, and write its files. A caller that closes the generator early stops the batch.

    Raises:
        UsageError, ConfigError: something of it cannot work; nothing has been spent.
        StoreError: a file cannot be written.
    """
    briefs = len(asked.rows) if isinstance(asked.rows, Sequence) else None
    async with engine(asked) as opens:
        with await asyncio.to_thread(Workspace.open, asked.settings, asked.usd, asked.name) as workspace:
            await workspace.require_writable()
            async with await BatchOutputs.open(workspace.store, asked.name) as outputs:
                batch = Batch(
                    workspace,
                    outputs,
                    concurrency=await asyncio.to_thread(_concurrency, asked, workspace),
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
                    limits = {"max_total_usd": asked.total_usd, **limits_of(asked.settings)}
                    summary = await outputs.close(
                        list(batch.known_before.values()), briefs=briefs or batch.ended + batch.left, limits=limits
                    )
                yield BatchEnded(batch, summary)


def _concurrency(asked: Asked, workspace: Workspace) -> int:
    """Return how many briefs to pursue at the same time: as the user says, or as many as the models of the first one allow."""
    if asked.concurrency is not None:
        return asked.concurrency
    orders = [row.order for row in asked.rows if isinstance(row, Row)][:1] if isinstance(asked.rows, Sequence) else []
    crew = (
        workspace.crew(orders[0].settings, models=orders[0].models)
        if orders
        else workspace.crew(asked.settings, models=asked.models)
    )
    return concurrency(crew, workspace.rates)


def limits_of(settings: Settings) -> dict[str, float | None]:
    """Return the limits of each brief that says nothing else, by the names of their settings."""
    return {
        name: getattr(settings, name)
        for name in ("max_images", "max_attempts", "max_prompts", "max_usd", "max_judge_usd", "max_seconds")
    }


def asked(
    source: str | Path | Iterable[Any] | AsyncIterable[Any],
    settings: Settings,
    *,
    models: Mapping[ModelRole, AnyModel | Ladder] = _NO_MODELS,
    requirements: Sequence[Mapping[str, object]] = (),
    avoid: Sequence[str] = (),
    skip_bad: bool = False,
    **about: Any,
) -> Asked:
    """Return what a batch is asked for: the rows of a file, of standard input (`-`), or of a program, which are texts or have
    the columns of a file. All rows of a file are read and checked now. `about` has the other fields of Asked.

    Raises:
        UsageError: the file or a row cannot be used; nothing has been spent.
    """
    if isinstance(source, str) and source != STANDARD_INPUT:
        source = Path(source)
    name = source.stem if isinstance(source, Path) else _USUAL_NAME
    shared: dict[str, Any] = {"models": models, "requirements": requirements, "avoid": avoid, "skip_bad": skip_bad}
    rows: list[Row | Broken] | AsyncIterable[Row | Broken]
    if isinstance(source, Path):
        rows = orders_of(read(source), settings, **shared)
    elif isinstance(source, AsyncIterable):
        rows = orders_of_stream(_numbered_stream(source), settings, **shared)
    elif source == STANDARD_INPUT:
        rows = orders_of_stream(stream(sys.stdin.buffer), settings, **shared)
    else:
        rows = orders_of(_numbered(source), settings, **shared)
    objects: Mapping[ModelRole, AnyModel | Ladder] = {role: model for role, model in models.items() if is_object(model)}
    return Asked(name=name, rows=rows, settings=settings, skip_bad=skip_bad, models=objects, **about)


async def all_orders(asked: Asked) -> list[Order]:
    """Return the orders of all rows that are briefs, which have come by then.

    Raises:
        UsageError: a row cannot be used, or there is none.
    """
    rows = list(asked.rows) if isinstance(asked.rows, Sequence) else [row async for row in asked.rows]
    if orders := [row.order for row in rows if isinstance(row, Row)]:
        return orders
    raise UsageError("there is no brief; expected at least one")


def _numbered(rows: Iterable[Any]) -> Iterator[Cells]:
    return (_cells(number, row) for number, row in enumerate(rows, 1))


async def _numbered_stream(rows: AsyncIterable[Any]) -> AsyncGenerator[Cells]:
    number = 0
    async for row in rows:
        number += 1
        yield _cells(number, row)


def _cells(number: int, row: Any) -> Cells:
    if isinstance(row, str):
        row = {"text": row}
    if not isinstance(row, Mapping):
        raise UsageError.of(f"brief {number}", row, "a text, or a mapping with the columns of a file")
    return Cells(number, tuple(cast("Mapping[str, object]", row).items()), "brief")
