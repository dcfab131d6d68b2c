"""A file of lines at the top of a place, to which several processes may append: results.jsonl of a batch.

The lines can be written again from the runs that they are about, so they are not synced to disk one by one. But no line is
torn, and none that another process has appended is lost.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from collections.abc import Callable, Sequence
from typing import Final, TypeVar

from obstore.exceptions import BaseError

from onbrief.errors import StoreError
from onbrief.store.bucket import BucketStore
from onbrief.store.files import written_beside
from onbrief.store.folder import FolderStore
from onbrief.store.keys import require_inside
from onbrief.store.objects import Version
from onbrief.store.refusals import explain
from onbrief.store.spool import NEXT

T = TypeVar("T")
Change = Callable[[list[bytes]], Sequence[bytes]]
_INTERVAL: Final = 10.0  # seconds between two puts of a file in a bucket
_SHARE: Final = 10  # as many times as long as the last put took, so that a long file leaves the connection to the pictures
_TRIES: Final = 20
_MEDIA_TYPE: Final = "application/x-ndjson"


def open_lines(store: FolderStore | BucketStore, name: str) -> FolderLines | BucketLines:
    """Return the file of lines that has this name at the top of the store's place; nothing is read or written yet."""
    return FolderLines(store, name) if isinstance(store, FolderStore) else BucketLines(store, name)


class FolderLines:
    """Lines in a file of a folder. Each is appended in one write, which the system does not mix with those of others."""

    def __init__(self, store: FolderStore, name: str) -> None:
        require_inside(store.folder, name)
        self._path = store.folder / name

    async def read(self) -> list[bytes]:
        """Return the lines; one that was cut short at the end of the file is one of them.

        Raises:
            StoreError: the file cannot be read.
        """
        try:
            return _split(await asyncio.to_thread(self._path.read_bytes))
        except FileNotFoundError:
            return []
        except OSError as error:
            raise StoreError(f"{self._path} cannot be read: {error.strerror}") from error

    async def append(self, line: bytes) -> None:
        """Append a line at once.

        Raises:
            StoreError: it cannot be written.
        """
        await self._guarded(self._append, line)

    async def rewrite(self, change: Change) -> None:
        """Replace the lines by what `change` makes of them. It may be called again, with lines that others have added.

        Raises:
            StoreError: they cannot be written.
        """
        await self._guarded(self._rewrite, change)

    async def aclose(self) -> None:
        """Do nothing: each line is in the file."""

    async def _guarded(self, write: Callable[[T], None], what: T) -> None:
        try:
            await asyncio.to_thread(write, what)
        except OSError as error:
            raise StoreError(f"{self._path} cannot be written: {error.strerror}", hint=NEXT) from error

    def _append(self, line: bytes) -> None:
        while True:
            file = os.open(self._path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW, 0o666)
            try:
                end = os.fstat(file).st_size
                torn = end > 0 and os.pread(file, 1, end - 1) != b"\n"  # by a process that was killed, or a full disk
                data = b"\n" * torn + line + b"\n"
                if os.write(file, data) < len(data):
                    raise StoreError(f"{self._path} cannot be written: no space left", hint=NEXT)
                if self._is_current(file):
                    return  # otherwise another process has replaced the file, perhaps before it could see this line
            finally:
                os.close(file)

    def _rewrite(self, change: Change) -> None:
        while True:
            try:
                file = os.open(self._path, os.O_RDONLY | os.O_NOFOLLOW)
            except FileNotFoundError:
                os.close(os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW, 0o666))
                continue
            with os.fdopen(file, "rb") as former:
                data = former.read()
                with written_beside(self._path, _joined(change(_split(data)))) as beside:
                    if not self._is_current(file):
                        continue  # another process has just replaced it
                    beside.replace(self._path)
                for late in _split(former.read()):  # appended to the former file before this one had its name
                    self._append(late)
                return

    def _is_current(self, file: int) -> bool:
        with contextlib.suppress(FileNotFoundError):
            return os.path.samestat(os.fstat(file), self._path.stat(follow_symlinks=False))
        return False


class BucketLines:
    """Lines in an object of a bucket, which is replaced every ten seconds at most, and by `aclose`. Each put is conditional, so
    that it does not undo one of another process; a service that does not support conditions carries it out all the same.
    """

    def __init__(self, store: BucketStore, name: str, interval: float = _INTERVAL) -> None:
        require_inside(store.url, name)
        self._objects = store.objects
        self._name = name
        self._where = f"{store.url}/{name}"
        self._stored: list[bytes] | None = None  # None: not read yet, or changed by another process
        self._version: Version | None = None
        self._waiting: list[bytes] = []
        self._interval = interval
        self._next = 0.0
        self._timer: asyncio.Task[None] | None = None
        self._turn = asyncio.Lock()

    async def read(self) -> list[bytes]:
        """See FolderLines. Those that wait to be put are among them."""
        async with self._turn:
            stored = await self._load()
        return stored + self._waiting

    async def append(self, line: bytes) -> None:
        """Append a line; it is put with those that others append in the seconds after it.

        Raises:
            StoreError: the lines before this one could not be put.
        """
        self._waiting.append(line)
        if self._timer is not None and self._timer.done():
            timer, self._timer = self._timer, None
            await timer
        if self._timer is None:
            self._timer = asyncio.create_task(self._put_soon())

    async def rewrite(self, change: Change) -> None:
        """See FolderLines."""
        await self._put(change)

    async def aclose(self) -> None:
        """Put the lines that wait.

        Raises:
            StoreError: they cannot be written.
        """
        if self._timer is not None:
            self._timer.cancel()
            await asyncio.gather(self._timer, return_exceptions=True)  # what it could not put is put here
            self._timer = None
        if self._waiting:
            await self._put(list)

    async def _put_soon(self) -> None:
        while self._waiting:
            await asyncio.sleep(self._next - time.monotonic())
            await self._put(list)

    async def _put(self, change: Change) -> None:
        async with self._turn:
            for _ in range(_TRIES):
                stored = await self._load()
                waiting = len(self._waiting)
                known = set(stored)
                lines = list(change(stored + [line for line in self._waiting[:waiting] if line not in known]))
                began = time.monotonic()
                version, self._stored = self._version, None
                put = await self._guarded(
                    lambda lines=lines, version=version: self._objects.replace_version(
                        self._name, _joined(lines), _MEDIA_TYPE, version
                    )
                )
                self._next = time.monotonic() + max(self._interval, _SHARE * (time.monotonic() - began))
                if put is not None:
                    self._stored, self._version = lines, put
                    del self._waiting[:waiting]
                    return
        raise StoreError(f"{self._where} cannot be written: it is changed again and again", hint=NEXT)

    async def _load(self) -> list[bytes]:
        if self._stored is None:
            found = await self._guarded(lambda: self._objects.versioned(self._name))
            data, self._version = found or (b"", None)
            self._stored = _split(data)
        return self._stored

    async def _guarded(self, ask: Callable[[], T]) -> T:
        try:
            return await asyncio.to_thread(ask)
        except (OSError, BaseError) as error:
            raise StoreError(f"{self._where} cannot be read and written: {explain(error)}", hint=NEXT) from error


def _split(data: bytes) -> list[bytes]:
    return [line for line in data.split(b"\n") if line]


def _joined(lines: Sequence[bytes]) -> bytes:
    return b"".join(line + b"\n" for line in lines)
