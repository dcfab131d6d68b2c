"""The files of a batch at the top of its place: results.jsonl, results.csv, summary.json and index.html."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterable, Mapping, Sequence
from types import NoneType, TracebackType
from typing import Any, Final, Self, cast

from onbrief.batches.spreadsheet import results_csv
from onbrief.errors import KeyTaken, UsageError
from onbrief.ledger.owner import now
from onbrief.results import Result, Summary
from onbrief.store import BucketStore, FolderStore
from onbrief.store.lines import BucketLines, FolderLines, open_lines

RESULTS: Final = "results.jsonl"
TABLE: Final = "results.csv"
SUMMARY: Final = "summary.json"
INDEX: Final = "index.html"
FEW: Final = 200
"""The number of rows up to which index.html has its thumbnails in it: some 2 MB."""
_READS = 8  # thumbnails that are read at a time


class BatchOutputs:
    """The results of one batch, as they come and all together. A context manager: when it exits, no line waits to be written.

    Several processes may work on one batch: each adds its own results, and each that ends writes all files whole, with what it
    knows and what the others have added.
    """

    def __init__(
        self,
        store: FolderStore | BucketStore,
        lines: FolderLines | BucketLines,
        recorded: dict[str, Result],
        former: Mapping[str, Any],
    ) -> None:
        """Call `open` instead."""
        self._store = store
        self._lines = lines
        self._recorded = recorded
        self._name: str = former["name"]
        self._started: str = former["started"]
        self._worked: float = former["seconds"]  # in sessions before this one
        self._began = time.monotonic()

    @classmethod
    async def open(cls, store: FolderStore | BucketStore, name: str) -> BatchOutputs:
        """Open the files of the batch of this name, or begin them.

        Raises:
            UsageError: the place has the results of another batch, or is a bucket that does not exist.
            ConfigError: access to the bucket is denied.
            StoreError: they cannot be read or written.
        """
        await store.require_writable()
        begun = await _begin(store, name)
        lines = open_lines(store, RESULTS)
        return cls(store, lines, _results(await lines.read()), begun)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        await self._lines.aclose()

    @property
    def recorded(self) -> Mapping[str, Result]:
        """The last result of each brief by its id, of those that were there when this was opened."""
        return self._recorded

    async def add(self, result: Result) -> None:
        """Append a result to results.jsonl: at once in a folder, within ten seconds in a bucket.

        Raises:
            StoreError: it cannot be written, or, in a bucket, those before it cannot.
        """
        await self._lines.append(result.to_json().encode())

    async def close(
        self, results: Sequence[Result], *, briefs: int | None = None, limits: Mapping[str, Any] | None = None
    ) -> Summary:
        """Write all files whole, in the order of rows, and return the summary. `results` are what this process knows besides
        those that it has added. `briefs` is how many rows there are, if some have no result yet, and `limits` are those of
        the command, for the summary.

        Raises:
            StoreError: one of them cannot be written.
        """
        whole: list[Result] = []

        def ordered(lines: list[bytes]) -> list[bytes]:
            whole[:] = _merged(results, _results(lines))
            return [result.to_json().encode() for result in whole]

        await self._lines.rewrite(ordered)
        summary = Summary.of(
            self._name,
            whole,
            started=self._started,
            ended=now(),
            seconds=self._worked + time.monotonic() - self._began,
            briefs=briefs,
            limits=limits,
        )
        await self._store.replace(TABLE, await asyncio.to_thread(results_csv, whole), "text/csv; charset=utf-8")
        page = await asyncio.to_thread(_page, whole, summary, await self._thumbnails(whole))
        await self._store.replace(INDEX, page.encode(), "text/html; charset=utf-8")
        await self._store.replace(SUMMARY, summary.to_json().encode(), "application/json")
        return summary

    async def _thumbnails(self, results: Sequence[Result]) -> Mapping[str, bytes]:
        """Return the thumbnails that the page embeds: those of a small batch, so that its page can be sent by itself."""
        keys = {result.thumbnail for result in results if result.thumbnail}
        if len(results) > FEW:
            return {}
        turn = asyncio.Semaphore(_READS)

        async def read(key: str) -> bytes | None:
            async with turn:
                return await self._store.read(key)

        found = zip(keys, await asyncio.gather(*map(read, keys)), strict=True)
        return {key: data for key, data in found if data}


def _page(results: Sequence[Result], summary: Summary, thumbnails: Mapping[str, bytes]) -> str:
    from onbrief import report  # here, because it imports Jinja, which is not needed before the end

    return report.index(results, summary, thumbnails)


async def _begin(store: FolderStore | BucketStore, name: str) -> Mapping[str, Any]:
    """Return the summary of the batch so far, and write one that says that it goes on."""
    fresh = Summary(name=name, started=now())
    try:
        found = await store.read(SUMMARY)
        if found is None:
            await store.create(SUMMARY, fresh.to_json().encode(), "application/json")
            found = fresh.to_json().encode()
    except KeyTaken:  # by another process that has just begun it
        found = await store.read(SUMMARY) or b""
    former = _parsed(found)
    if former.get("name") != name:
        whose = f"the results of the batch {former['name']!r}" if former else f"a {SUMMARY} that is not of a batch"
        place = store.folder if isinstance(store, FolderStore) else store.url
        raise UsageError(f"out: {place} has {whose}; expected a place for {name!r}", hint="choose another --out")
    if former["ended"] is not None:
        await store.replace(SUMMARY, json.dumps({**former, "ended": None}, indent=2).encode(), "application/json")
    return former


def _parsed(data: bytes) -> Mapping[str, Any]:
    """Return a summary as far as it is one, with what `BatchOutputs` needs of it."""
    try:
        found: object = json.loads(data)
    except ValueError:
        return {}
    former = cast("dict[str, Any]", found) if isinstance(found, dict) else {}
    kinds = {"name": str, "started": str, "ended": (str, NoneType), "seconds": (int, float)}
    return former if all(isinstance(former.get(key), kind) for key, kind in kinds.items()) else {}


def _results(lines: Iterable[bytes]) -> dict[str, Result]:
    """Return the last result of each id. A line that was cut short is left out: its brief has none yet."""
    found: dict[str, Result] = {}
    for line in lines:
        try:
            result = Result.from_json(line)
        except UsageError:
            continue
        found[_key(result)] = result
    return found


def _merged(known: Iterable[Result], recorded: Mapping[str, Result]) -> list[Result]:
    """Return the results that are known or recorded in the order of their rows; of two of the same brief, the later one."""
    whole = dict(recorded)
    for result in known:
        whole[_key(result)] = _later(result, recorded.get(_key(result)))
    return sorted(whole.values(), key=lambda result: result.number)


def _key(result: Result) -> str:
    """Return what tells a brief from others: its id, or the number of a row that is no brief and may have none."""
    return result.id or f"#{result.number}"


def _later(known: Result, recorded: Result | None) -> Result:
    return recorded if recorded and known.ended and recorded.ended > known.ended else known
