"""A store in a folder.

A file is written under a temporary name and then linked or renamed into place, so that no reader sees a partial file. `create`
syncs the file before that and its folder entry afterwards: when it returns, both are on disk, and a power cut leaves no empty
file.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import stat
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Final, ParamSpec, TypeVar

from onbrief.errors import KeyTaken, StoreError, UsageError
from onbrief.store.fence import Confirm, StagedFiles
from onbrief.store.files import LONGEST_MARK, contents, leftovers, sync, written_beside
from onbrief.store.keys import require_inside
from onbrief.store.spool import Spool, unstored

ROOM = 16 * 2**20  # bytes of free space required before a picture is paid for
THREADS: Final = 32
"""How many files are written at a time, at most. Their threads mostly wait for the disk, which flushes together what waits."""

_KNOWN: Final = 1_000  # run folders that are known to be on disk; one that is forgotten is synced once more
P = ParamSpec("P")
T = TypeVar("T")


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
        self._place = f"{self.folder}/"
        self._kept: set[Path] = set()  # run folders whose own folder entry is on disk
        self._spool = Spool(os.fsencode(self.folder))
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="store")  # starts those that are needed

    def close(self) -> None:
        """Wait for the writes in progress."""
        threads, self._threads = self._threads, ThreadPoolExecutor(THREADS, thread_name_prefix="store")
        threads.shutdown()

    async def require_writable(self, names: str = "") -> None:
        """Do nothing: opening the folder has already verified that it can be written."""

    def link(self, key: str, seconds: float) -> str:
        """Return the url of the file under this key. It does not expire."""
        return self._path(key).as_uri()

    async def require_room(self, *choices: Sequence[str]) -> None:
        """See ports.Store."""
        try:
            free = shutil.disk_usage(self.folder).free
        except OSError as error:
            raise StoreError(f"{self.folder} cannot be read: {error.strerror}", hint=_FULL) from error
        if free < ROOM:
            raise StoreError(f"{self.folder}: {free // 2**20} MB free, {ROOM // 2**20} MB needed", hint=_FULL)
        if choices:
            self._require_possible(choices)

    async def create(self, key: str, data: bytes, media_type: str) -> str:
        """See ports.Store."""
        return await self._in_thread(self._create, key, data, media_type)

    async def replace(self, key: str, data: bytes, media_type: str) -> str:
        """See ports.Store."""
        return await self._in_thread(self._put, key, data)

    async def own(self, run_id: str, files: Mapping[str, str], fence: str, confirm: Confirm, *, fresh: bool) -> StagedFiles:
        """See ports.Store."""
        owned = StagedFiles(self._path(run_id), fence, confirm, self._path, self._in_thread)
        try:
            await self._in_thread(owned.take_over, fresh=fresh)
        except OSError as error:
            raise StoreError(f"{self.folder / run_id} cannot be written: {error.strerror}", hint=_FULL) from error
        return owned

    async def read(self, key: str) -> bytes | None:
        """See ports.Store."""
        return await self._in_thread(self.load, key)

    async def copies(self, key: str) -> list[bytes]:
        """See ports.Store."""
        return await self._in_thread(self._copies, key)

    async def keep(self, key: str, data: bytes, reason: str) -> StoreError:
        """See ports.Store."""
        return unstored(reason, await self._in_thread(self._spool.keep, key, data))

    async def remove(self, run_id: str) -> None:
        """See ports.Store."""
        await self._in_thread(self._remove, run_id)

    async def _in_thread(self, work: Callable[P, T], /, *arguments: P.args, **named: P.kwargs) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, partial(work, *arguments, **named))

    def _create(self, key: str, data: bytes, media_type: str) -> str:
        require_inside(self.folder, key)
        path = self.folder / key
        try:
            self._link(self._path(key), data)
        except KeyTaken:
            raise
        except (OSError, StoreError) as error:
            reason = f"{path} cannot be written: {error.strerror}" if isinstance(error, OSError) else str(error)
            if not media_type.startswith("image/"):
                raise StoreError(reason, hint=_FULL) from error
            raise unstored(reason, self._spool.keep(key, data)) from error  # it has been paid for
        self._spool.drop(key)
        return path.as_uri()

    def _link(self, path: Path, data: bytes) -> None:
        """Write a file under a name that nothing has yet, and remove what an interrupted write of the same bytes has left."""
        with written_beside(path, data, synced=True) as beside:
            try:
                os.link(beside, path)
            except FileExistsError:
                if not path.is_file() or path.read_bytes() != data:
                    raise KeyTaken(f"{path} already holds a different picture") from None
                sync(path)
        sync(path.parent)
        if path.parent not in self._kept:
            sync(self.folder)
            if len(self._kept) >= _KNOWN:
                self._kept.clear()
            self._kept.add(path.parent)
        for leftover in leftovers(path):
            if contents([leftover]) == [data]:
                leftover.unlink(missing_ok=True)

    def _put(self, key: str, data: bytes) -> str:
        path = self._path(key)
        try:
            with written_beside(path, data) as beside:
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

    def _copies(self, key: str) -> list[bytes]:
        path = self._beside(key)
        try:
            return contents([path, *leftovers(path)]) + self._spool.copies(key)
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

    def _require_possible(self, choices: Sequence[Sequence[str]]) -> None:
        """Check that a file could be created under each of these keys, and that one of each choice is free. It happens before
        each picture, so each folder is looked at once.

        Raises:
            StoreError: it could not be.
        """
        place = self._place
        keys = [key for choice in choices for key in choice]
        longest = place + max(keys, key=len)
        try:
            for key in {key.rpartition("/")[0]: key for key in keys}.values():
                self._require_writable(self._beside(key).parent)
            Path(longest + LONGEST_MARK).exists()  # fails if the name is too long
            for choice in choices:
                taken = [self._is_taken(place + key) for key in choice]  # all of them, as any may be a link
                if all(taken):
                    raise StoreError(f"{place}{choice[-1]} cannot be written: another file has this name", hint=_FIRST)
        except OSError as error:
            raise StoreError(f"{longest} cannot be written: {error.strerror}", hint=_FIRST) from error

    def _require_writable(self, folder: Path) -> None:
        above = folder if folder.exists() else self.folder
        if not above.is_dir() or not os.access(above, os.W_OK | os.X_OK, effective_ids=True):
            raise StoreError(f"{folder} cannot be written: {above} is not a folder that can be", hint=_FIRST)

    def _is_taken(self, path: str) -> bool:  # not a Path: six of them for each picture would take a tenth of a millisecond
        try:
            found = os.lstat(path)
        except (FileNotFoundError, NotADirectoryError):
            return False
        if stat.S_ISLNK(found.st_mode):
            raise StoreError(f"{path} leads out of {self.folder}", hint=_LINK)
        return True

    def _path(self, key: str) -> Path:
        """Return the file of a key. A symbolic link that leads out of the folder is not followed."""
        path = self._beside(key)
        if path.is_symlink():
            raise StoreError(f"{path} leads out of {self.folder}", hint=_LINK)
        return path

    def _beside(self, key: str) -> Path:
        """Return the file of a key, whose folder is inside; the file itself may be a link."""
        require_inside(self.folder, key)
        above = key.rpartition("/")[0]
        # The folder of a run lies directly in this one, so only a link can lead out of it.
        may_leave = "/" in above or Path(self._place + above).is_symlink()
        if may_leave and not Path(os.path.realpath(self._place + above)).is_relative_to(self.folder):
            raise StoreError(f"{self._place}{key} leads out of {self.folder}", hint=_LINK)
        return Path(self._place + key)


_FULL = "free some space or fix the folder, then run the same command again: nothing is drawn twice"
_LINK = "remove the link, then run the same command again: nothing is drawn twice"
_FIRST = "nothing was paid for: move it away or change its permissions, then run the same command again"
