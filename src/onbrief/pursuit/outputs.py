"""The record and the report of a run, written beside its pictures while it is pursued."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self

from onbrief.attempt import Attempt, Image
from onbrief.errors import StoreError
from onbrief.ports import Owned, Pictures, Store
from onbrief.record import Run

if TYPE_CHECKING:
    from onbrief.report import Thumbnail

FILES: Final = {"run.json": "application/json", "report.html": "text/html"}
"""The names of the outputs that are replaced, and their media types."""
_FEW = 64  # pictures of one run, whose record is written after each of them
_INTERVAL = 1.0  # seconds between two records of more pictures
_PAUSE = 0.1  # seconds; long enough to send the picture to the judge first, which must not wait for a thumbnail


class RunOutputs:
    """Writes the record and the report of one run. A context manager: when it exits, none of its work is left running.

    The report embeds thumbnails of all pictures. Each is made while the judge looks at its picture, so that it does not delay
    the end of the run. If the judge answers before that begins, the thumbnail is made with the report.
    """

    def __init__(
        self,
        store: Store,
        owned: Owned | None = None,
        pictures: Pictures | None = None,
        threads: ThreadPoolExecutor | None = None,
    ) -> None:
        """The record and the report are replaced in `owned`, by default in the store itself, which has no fence. The pictures
        are read from `pictures`, by default from the store. Thumbnails and the report are made in `threads`, by default in one
        of its own.
        """
        self._pictures = pictures or store
        self._replaced = owned or store
        self._threads = threads or ThreadPoolExecutor(1, thread_name_prefix="pages")
        self._shut_down = self._threads.shutdown if threads is None else lambda: None
        self._waiting: dict[str, asyncio.TimerHandle] = {}
        self._thumbnails: dict[str, asyncio.Future[Thumbnail | None]] = {}
        self._page: asyncio.Future[str] | None = None
        self._written = -math.inf

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for waiting in self._waiting.values():
            waiting.cancel()
        making: list[asyncio.Future[Any]] = [*self._thumbnails.values(), *([self._page] if self._page else [])]
        await asyncio.gather(*making, return_exceptions=True)
        self._shut_down()

    def made(self, attempt: Attempt) -> None:
        """Register that a picture is stored and about to be judged."""
        if image := attempt.image:
            self._waiting[image.key] = asyncio.get_running_loop().call_later(_PAUSE, self._begin, image)

    async def judged(self, run: Run, attempt: Attempt) -> None:
        """Register that an attempt is complete, and write run.json. Of many pictures that exist already, each may be judged in
        a moment, and the record of all is long: it is then written at most once a second, and at the end.

        Raises:
            StoreError: it cannot be written.
        """
        if attempt.image and (waiting := self._waiting.pop(attempt.image.key, None)):
            waiting.cancel()
        if run.kind == "run" or len(run.attempts) <= _FEW or time.monotonic() - self._written >= _INTERVAL:
            await self.write_record(run)

    async def write_record(self, run: Run) -> None:
        """Write run.json.

        Raises:
            StoreError: it cannot be written.
            LeaseLost: another process has taken over the run.
        """
        await self._replaced.replace(f"{run.run_id}/run.json", run.to_json().encode(), "application/json")
        self._written = time.monotonic()

    async def write_report(self, run: Run) -> None:
        """Write report.html.

        Raises:
            StoreError: a picture cannot be read, or the page cannot be written.
        """
        made = {key: thumbnail for key, making in self._thumbnails.items() if (thumbnail := await asyncio.shield(making))}
        self._page = asyncio.get_running_loop().run_in_executor(self._threads, _page, run, self._pictures, made)
        page = await asyncio.shield(self._page)  # if this is cancelled, its thread is still waited for
        await self._replaced.replace(f"{run.run_id}/report.html", page.encode(), "text/html")

    def _begin(self, image: Image) -> None:
        self._thumbnails[image.key] = asyncio.get_running_loop().run_in_executor(self._threads, self._thumbnail, image)

    def _thumbnail(self, image: Image) -> Thumbnail | None:
        from onbrief import report

        try:
            data = self._pictures.load(image.key)
        except StoreError:  # writing the report will raise the same error
            return None
        return report.frame_thumbnail(data) if data else None


class StoredPictures(Mapping[str, bytes]):
    """The pictures of a store by their keys. Each is read on access, so that only one is in memory at a time."""

    def __init__(self, pictures: Pictures) -> None:
        self._pictures = pictures

    def __getitem__(self, key: str) -> bytes:
        data = self._pictures.load(key)
        if data is None:
            raise KeyError(key)
        return data

    def __iter__(self) -> Iterator[str]:
        raise TypeError("the pictures of a store cannot be listed; access them by key")

    def __len__(self) -> int:
        raise TypeError("the pictures of a store cannot be listed; access them by key")


def _page(run: Run, pictures: Pictures, thumbnails: Mapping[str, Thumbnail]) -> str:
    from onbrief import report  # here, because it imports Jinja, which is not needed before the first picture

    return report.page(run, StoredPictures(pictures), thumbnails)
