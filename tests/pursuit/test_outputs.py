from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from onbrief.pursuit.outputs import RunOutputs
from onbrief.record import RunKind
from onbrief.store import FolderStore
from tests.report import samples


class WatchedStore(FolderStore):
    """A folder store that signals when a picture has been read."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.loop = asyncio.get_running_loop()
        self.read_by = asyncio.Event()

    def load(self, key: str) -> bytes | None:
        data = super().load(key)
        self.loop.call_soon_threadsafe(self.read_by.set)
        return data


def thumbnails(page: bytes) -> int:
    """Count the thumbnails of a page: those of the contact sheet, and one of the best picture."""
    return page.count(b'<img src="data:image/webp')


def test_a_thumbnail_is_made_while_the_judge_looks(tmp_path: Path) -> None:
    run, pictures = samples.single()
    (attempt,) = run.attempts
    assert attempt.image
    key = attempt.image.key

    async def report() -> bytes | None:
        store = WatchedStore(tmp_path)
        await store.create(key, pictures[key], "image/png")
        async with RunOutputs(store) as outputs:
            outputs.made(replace(attempt, verdict=None))
            await store.read_by.wait()
            (tmp_path / key).unlink()  # whatever the report shows of it is from before
            await outputs.judged(run, attempt)
            await outputs.write_report(run)
        return await store.read(f"{run.run_id}/report.html")

    page = asyncio.run(asyncio.wait_for(report(), 60))
    assert page
    assert thumbnails(page) == 1


def test_if_the_judge_answers_at_once_the_report_makes_the_thumbnail(tmp_path: Path) -> None:
    run, pictures = samples.single()
    (attempt,) = run.attempts
    assert attempt.image
    key = attempt.image.key

    async def report() -> tuple[bool, bytes | None]:
        store = WatchedStore(tmp_path)
        await store.create(key, pictures[key], "image/png")
        async with RunOutputs(store) as outputs:
            outputs.made(attempt)
            await outputs.judged(run, attempt)
            before = store.read_by.is_set()
            await outputs.write_report(run)
        return before, await store.read(f"{run.run_id}/report.html")

    read, page = asyncio.run(report())
    assert not read
    assert page
    assert thumbnails(page) == 2


@pytest.mark.parametrize(
    ("kind", "number", "least", "most"), [("judge", 64, 64, 64), ("judge", 300, 1, 299), ("run", 300, 300, 300)]
)
def test_the_record_of_many_pictures_that_exist_already_is_not_written_after_each(
    tmp_path: Path, kind: RunKind, number: int, least: int, most: int
) -> None:
    run, _ = samples.single()
    (attempt,) = run.attempts
    attempts = tuple(replace(attempt, attempt=n) for n in range(number))
    run, written = replace(run, kind=kind, attempts=attempts), 0

    class CountingStore(FolderStore):
        async def replace(self, key: str, data: bytes, media_type: str) -> str:
            nonlocal written
            written += 1
            return key

    async def judge() -> None:
        async with RunOutputs(CountingStore(tmp_path)) as outputs:
            for each in attempts:
                await outputs.judged(run, each)

    asyncio.run(judge())
    assert least <= written <= most
