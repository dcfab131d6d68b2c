"""Batches of scripted models in a test's folder."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from onbrief.batches.outputs import BatchOutputs
from onbrief.batches.rows import Broken, Row
from onbrief.batches.running import Batch, BatchEvent, BriefEnded
from onbrief.brief import Brief
from onbrief.ports import AnyModel, ModelRole
from onbrief.pursuit import Order, Workspace
from onbrief.results import Result
from onbrief.settings import Settings
from onbrief.testing import Bill, ScriptedImageModel, ScriptedJudge, ScriptedPlanner, ScriptedReviser

Models = Mapping[ModelRole, AnyModel]


def models(bill: Bill, **about: Any) -> dict[ModelRole, AnyModel]:
    """Scripted models with one bill; others in `about`, by their role."""
    usual = {
        "image_model": ScriptedImageModel(bill),
        "judge": ScriptedJudge(bill),
        "planner": ScriptedPlanner(bill),
        "reviser": ScriptedReviser(bill),
    }
    return cast("dict[ModelRole, AnyModel]", usual | about)


def row(number: int, models: Models, out: Path, text: str = "", **settings: Any) -> Row:
    """The row of this number, whose id is `aN`."""
    usual: dict[str, Any] = {"max_images": 2, "confirm": "never"}
    wanted = Settings(out=str(out), **usual | settings).with_models(models)
    brief = Brief(text=text or f"circle number {number}", size=(64, 64))
    order = Order(brief=brief, settings=wanted, run_id=f"a{number}", seed=number, models=models)
    return Row(number, f"a{number}", order)


@dataclass(slots=True)
class Went:
    """What a batch did."""

    batch: Batch
    events: list[BatchEvent] = field(default_factory=list[BatchEvent])

    @property
    def results(self) -> Sequence[Result]:
        """The results in the order of their rows."""
        ended = (event.result for event in self.events if isinstance(event, BriefEnded))
        return sorted(ended, key=lambda result: result.number)

    def of(self, kind: type[BatchEvent]) -> list[Any]:
        """The events of one type."""
        return [event for event in self.events if isinstance(event, kind)]


def pursue(
    out: Path,
    rows: Iterable[Row | Broken] | AsyncIterable[Row | Broken],
    *,
    usd: float | None = None,
    watch: Callable[[Batch, BatchEvent], object] = lambda batch, event: None,
    **about: Any,
) -> Went:
    """Pursue the rows in one session, to its end."""

    async def go() -> Went:
        with Workspace.open(Settings(out=str(out)), usd) as workspace:
            async with await BatchOutputs.open(workspace.store, "test") as outputs:
                went = Went(Batch(workspace, outputs, **about))
                async for event in went.batch.events(rows):
                    went.events.append(event)
                    watch(went.batch, event)
                await outputs.close(went.results)
                return went

    return asyncio.run(go())


def files(out: Path) -> dict[str, bytes]:
    """All files of a place, by their names in it."""
    return {str(path.relative_to(out)): path.read_bytes() for path in sorted(out.rglob("*")) if path.is_file()}
