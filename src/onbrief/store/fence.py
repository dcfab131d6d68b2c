"""The files of a run that only its owner replaces, fenced: once another process has taken over the run, writes of the former
owner change nothing, even those that it began before.

In a folder, an owner writes to a stage of its own, a folder within that of the run, and renames from there. The next owner
removes the stages of all others, so that a rename of the former owner has no source any more. In a bucket, each put is
conditional on what the owner wrote last. The next owner changes each file once, so that the condition of a put that is still
under way does not hold any more.

Either way, what a write depends on is prepared first, and then the lease is confirmed. So whoever takes over the run does it
after the preparation, and undoes it.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import shutil
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Final, ParamSpec, Protocol, TypeVar

from obstore.exceptions import BaseError

from onbrief.errors import StoreError
from onbrief.store.objects import Objects, Version
from onbrief.store.refusals import explain
from onbrief.store.spool import NEXT

Confirm = Callable[[], Awaitable[None]]
"""Raises LeaseLost unless this process still owns the run."""


class InThread(Protocol):
    """Runs a function that blocks."""

    def __call__(self, work: Callable[P, T], /, *arguments: P.args, **named: P.kwargs) -> Awaitable[T]:
        """Return what the function returns, or raise what it raises."""
        ...


P = ParamSpec("P")
T = TypeVar("T")
_STAGE: Final = ".owner-"
_TRIES: Final = 5  # each follows a loss that somebody other than an owner of the run has caused


class StagedFiles:
    """The Owned port in a folder; see ports.Owned. `path_of` returns the file of a key, or raises StoreError."""

    def __init__(self, folder: Path, fence: str, confirm: Confirm, path_of: Callable[[str], Path], in_thread: InThread) -> None:
        self._folder = folder
        self._stage = folder / f"{_STAGE}{fence}"
        self._confirm = confirm
        self._path_of = path_of
        self._in_thread = in_thread
        self._ready = False
        self._closed = False

    def take_over(self, *, fresh: bool) -> None:
        """Remove the stages of all other owners. The stage of a fresh run needs no confirmation: whatever is replaced in it
        follows a call that the ledger has accepted from this owner.

        Raises:
            OSError: they cannot be removed.
        """
        for stage in _stages(self._folder):
            if stage != self._stage:
                _remove_at_once(stage)
        if fresh:
            with contextlib.suppress(OSError):  # replacing a file will raise the same error
                self._stage.mkdir(parents=True, exist_ok=True)
                self._ready = True

    async def replace(self, key: str, data: bytes, media_type: str) -> str:
        """See ports.Owned."""
        for _ in range(_TRIES):
            try:
                if not self._ready:
                    await self._in_thread(self._stage.mkdir, parents=True, exist_ok=True)
                    await self._confirm()
                    self._ready = True
                return await self._in_thread(self._put, key, data)
            except OSError as error:
                if self._stage.exists() or not self._ready:
                    raise StoreError(f"{self._path_of(key)} cannot be written: {error.strerror}", hint=NEXT) from error
                self._ready = False
        raise StoreError(f"{self._path_of(key)} cannot be written: {self._stage} is removed again and again", hint=NEXT)

    async def aclose(self) -> None:
        """See ports.Owned."""
        if not self._closed:
            self._closed = True
            await self._in_thread(self._close)

    def _put(self, key: str, data: bytes) -> str:
        path = self._path_of(key)
        staged = self._stage / path.name
        staged.write_bytes(data)
        staged.replace(path)
        return path.as_uri()

    def _close(self) -> None:
        try:
            self._stage.rmdir()
        except OSError:  # a write was interrupted
            shutil.rmtree(self._stage, ignore_errors=True)
        with contextlib.suppress(OSError):
            self._folder.rmdir()  # fails, and is ignored, unless the run has left nothing


class ConditionalFiles:
    """The Owned port in a bucket; see ports.Owned. A service that ignores conditions replaces the files all the same."""

    def __init__(self, objects: Objects, url: str, confirm: Confirm) -> None:
        self._objects = objects
        self._url = url
        self._confirm = confirm
        self._known: dict[str, Version | None] = {}
        self._fresh = False

    async def take_over(self, files: Mapping[str, str], *, fresh: bool) -> None:
        """Change each of these files, given with their media types, by a line break at its end. A fresh run has none yet.

        Raises:
            OSError, BaseError: they cannot be read or written.
            LeaseLost: this process does not own the run any more.
        """
        self._fresh = fresh
        if fresh:
            return
        found = {key: await asyncio.to_thread(self._objects.versioned, key) for key in files}
        if any(found.values()):
            await self._confirm()
        for key, (data, version) in ((key, file) for key, file in found.items() if file):
            await asyncio.to_thread(self._put, key, data + b"\n", files[key], version)

    async def replace(self, key: str, data: bytes, media_type: str) -> str:
        """See ports.Owned."""
        try:
            for _ in range(_TRIES):
                if key not in self._known and not self._fresh:
                    file = await asyncio.to_thread(self._objects.versioned, key)
                    await self._confirm()
                    self._known[key] = file[1] if file else None
                if await asyncio.to_thread(self._put, key, data, media_type, self._known.get(key)):
                    return f"{self._url}/{key}"
                self._fresh = False
        except (OSError, BaseError) as error:
            raise StoreError(f"{self._url}/{key} cannot be written: {explain(error)}", hint=NEXT) from error
        raise StoreError(f"{self._url}/{key} cannot be written: it is changed again and again", hint=NEXT)

    async def aclose(self) -> None:
        """See ports.Owned."""

    def _put(self, key: str, data: bytes, media_type: str, version: Version | None) -> bool:
        """Put a file if it is still of this version, and return whether it was."""
        self._known.pop(key, None)
        new = self._objects.replace_version(key, data, media_type, version)
        if new:
            self._known[key] = new
        return new is not None


def _stages(folder: Path) -> list[Path]:
    try:
        with os.scandir(folder) as found:
            return [Path(entry.path) for entry in found if entry.name.startswith(_STAGE)]
    except (FileNotFoundError, NotADirectoryError):
        return []


def _remove_at_once(stage: Path) -> None:
    """Remove a stage, in which its owner may be writing. It is renamed first, which no writer sees half done."""
    gone = stage.with_name(f"{_STAGE}{secrets.token_hex(8)}")
    with contextlib.suppress(FileNotFoundError):  # another process has removed it
        stage.rename(gone)
        shutil.rmtree(gone)
