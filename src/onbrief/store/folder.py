"""A store in a folder.

A file is written under a temporary name and then linked or renamed into place, so that no reader sees a partial file. `create`
syncs the file before that and its folder entry afterwards: when it returns, both are on disk, and a power cut leaves no empty
file.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import shutil
from collections.abc import Generator
from pathlib import Path

from onbrief.errors import KeyTaken, StoreError, UsageError
from onbrief.store.spool import Spool, sync

ROOM = 16 * 2**20  # bytes of free space required before a picture is paid for


class FolderStore:
    """The Store port over a folder of this machine; see ports.Store for what each method does."""

    def __init__(self, folder: Path) -> None:
        """Open the folder; it is created if it does not exist.

        Raises:
            UsageError: it cannot be created or written.
        """
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self.folder = folder.resolve(strict=True)
        except OSError as error:
            raise UsageError.of("out", str(folder), f"a folder that can be created ({error.strerror})") from error
        if not os.access(self.folder, os.W_OK | os.X_OK, effective_ids=True):
            raise UsageError.of("out", str(folder), "a folder that can be written")
        self._kept: set[Path] = set()  # run folders that lie here, and whose own folder entry is on disk
        self._spool = Spool(os.fsencode(self.folder))

    async def require_writable(self, names: str = "") -> None:
        """Do nothing: opening the folder has already verified that it can be written."""

    def link(self, key: str, seconds: float) -> str:
        """Return the url of the file under this key. It does not expire."""
        return self._path(key).as_uri()

    async def require_room(self) -> None:
        """See ports.Store."""
        try:
            free = shutil.disk_usage(self.folder).free
        except OSError as error:
            raise StoreError(f"{self.folder} cannot be read: {error.strerror}", hint=_FULL) from error
        if free < ROOM:
            raise StoreError(f"{self.folder}: {free // 2**20} MB free, {ROOM // 2**20} MB needed", hint=_FULL)

    async def create(self, key: str, data: bytes, media_type: str) -> str:
        """See ports.Store."""
        return await asyncio.to_thread(self._create, key, data)

    async def replace(self, key: str, data: bytes, media_type: str) -> str:
        """See ports.Store."""
        return await asyncio.to_thread(self._put, key, data)

    async def read(self, key: str) -> bytes | None:
        """See ports.Store."""
        return await asyncio.to_thread(self.load, key)

    async def remove(self, run_id: str) -> None:
        """See ports.Store."""
        await asyncio.to_thread(self._remove, run_id)

    def _create(self, key: str, data: bytes) -> str:
        path = self._path(key)
        try:
            with _written_beside(path, data, synced=True) as beside:
                try:
                    os.link(beside, path)
                except FileExistsError:
                    if not path.is_file() or path.read_bytes() != data:
                        raise KeyTaken(f"{path} already holds a different picture") from None
                    sync(path)
            sync(path.parent)
            if path.parent not in self._kept:
                sync(self.folder)
                self._kept.add(path.parent)
        except OSError as error:
            self._spool.keep(key, data)
            raise StoreError(f"{path} cannot be written: {error.strerror}", hint=_FULL) from error
        self._spool.drop(key)
        return path.as_uri()

    def _put(self, key: str, data: bytes) -> str:
        path = self._path(key)
        try:
            with _written_beside(path, data) as beside:
                beside.replace(path)
        except OSError as error:
            raise StoreError(f"{path} cannot be written: {error.strerror}", hint=_FULL) from error
        return path.as_uri()

    def load(self, key: str) -> bytes | None:
        """See ports.Store."""
        path = self._path(key)
        try:
            try:
                return path.read_bytes()
            except (FileNotFoundError, NotADirectoryError):
                return self._spool.load(key)
        except OSError as error:
            raise StoreError(f"{error.filename or path} cannot be read: {error.strerror}") from error

    def _remove(self, run_id: str) -> None:
        path = self._path(run_id)
        try:
            with contextlib.suppress(FileNotFoundError):
                shutil.rmtree(path)  # does not follow links; also removes partial files left by a killed process
            self._spool.remove(run_id)
        except OSError as error:
            raise StoreError(f"{path} cannot be removed: {error.strerror}") from error

    def _path(self, key: str) -> Path:
        """Return the file of a key. A symbolic link that leads out of the folder is not followed."""
        path = self.folder / key
        inside = path.parent in self._kept or Path(os.path.realpath(path.parent)).is_relative_to(self.folder)
        if not inside or path.is_symlink():
            raise StoreError(f"{path} leads out of {self.folder}")
        return path


_FULL = "free some space or fix the folder, then run the same command again: nothing is drawn twice"


@contextlib.contextmanager
def _written_beside(path: Path, data: bytes, *, synced: bool = False) -> Generator[Path]:
    """Write the bytes to a temporary file in the same folder, which is created if it does not exist. The file is removed at the
    end unless it has been renamed.
    """
    beside = path.with_name(f"{path.name}#{secrets.token_hex(4)}")
    try:
        try:
            file = beside.open("xb", buffering=0)
        except FileNotFoundError:
            path.parent.mkdir(parents=True, exist_ok=True)
            file = beside.open("xb", buffering=0)
        with file:
            rest = memoryview(data)
            while rest:
                rest = rest[file.write(rest) :]
            if synced:
                os.fsync(file.fileno())
        yield beside
    finally:
        with contextlib.suppress(OSError):  # renamed, or never created
            beside.unlink()
