"""Pictures under the caller's own names: `<names>-<YYYYMMDDHHMMSS>-<revision>-<attempt>.png`, beside the folder of all runs.

All other files of a run are in its folder, and the rest of the program sees the pictures there too, under their usual keys.

The time in a name is the second (UTC) in which the run started, so a resumed run keeps its names. Two runs can start in the
same second. Each therefore claims its second with a create-only object, and a run that finds it taken appends a hash of its
id to its names. Without that, two runs would write to the same names; with it, the names of a crashed run are still known.

The start of the names is part of the request that the ledger stores, so the pictures of any recorded run can be found.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from onbrief.errors import KeyTaken, StoreError
from onbrief.store.bucket import BucketStore
from onbrief.store.fence import ConditionalFiles, Confirm, StagedFiles
from onbrief.store.folder import FolderStore
from onbrief.store.place import is_bucket, located, open_store

SECONDS = ".seconds"  # cannot be the folder of a run: run ids never start with a dot
_PICTURE = re.compile(r"(?P<run_id>[^/]+)/(?P<name>\d{3,}-\d{3,})(?P<other>-[0-9a-f]{8})?\.(?P<suffix>png|jpg|webp)")


@dataclass(frozen=True, slots=True)
class NamedPictures:
    """The Store port over two places; see ports.Store for what each method does. `runs` holds the run's folder, `pictures` the
    pictures, at `place`. A picture's name is made of `start`, revision and attempt, and `end`.
    """

    runs: FolderStore | BucketStore
    pictures: FolderStore | BucketStore
    place: str
    run_id: str
    start: str
    end: str = ""

    def name(self, key: str) -> str | None:
        """Return the name of the picture under this key, or None if the key is not that of a picture of this run."""
        found = _PICTURE.fullmatch(key)
        if found is None or found["run_id"] != self.run_id:
            return None
        return f"{self.start}-{found['name']}{found['other'] or ''}{self.end}.{found['suffix']}"

    @property
    def kept(self) -> str:
        """A pattern that matches the paths or urls of all pictures of the run."""
        return located(self.place, f"{self.start}-???-???{self.end}.*")

    def link(self, key: str, seconds: float) -> str:
        """Return a url with which anyone can read the object under this key for `seconds`; see BucketStore.link."""
        store, key = self._place(key)
        return store.link(key, seconds)

    async def require_room(self, *choices: Sequence[str]) -> None:
        """See ports.Store."""
        await self.pictures.require_room(*([self._place(key)[1] for key in keys] for keys in choices))

    async def create(self, key: str, data: bytes, media_type: str) -> str:
        """See ports.Store."""
        store, key = self._place(key)
        return await store.create(key, data, media_type)

    async def replace(self, key: str, data: bytes, media_type: str) -> str:
        """See ports.Store."""
        store, key = self._place(key)
        return await store.replace(key, data, media_type)

    async def own(
        self, run_id: str, files: Mapping[str, str], fence: str, confirm: Confirm, *, fresh: bool
    ) -> StagedFiles | ConditionalFiles:
        """See ports.Store. Pictures are not among these files."""
        return await self.runs.own(run_id, files, fence, confirm, fresh=fresh)

    async def read(self, key: str) -> bytes | None:
        """See ports.Store."""
        store, key = self._place(key)
        return await store.read(key)

    def load(self, key: str) -> bytes | None:
        """See ports.Store."""
        store, key = self._place(key)
        return store.load(key)

    async def copies(self, key: str) -> list[bytes]:
        """See ports.Store."""
        store, key = self._place(key)
        return await store.copies(key)

    async def keep(self, key: str, data: bytes, reason: str) -> StoreError:
        """See ports.Store."""
        store, key = self._place(key)
        return await store.keep(key, data, reason)

    async def remove(self, run_id: str) -> None:
        """See ports.Store. The pictures stay: they belong to the caller."""
        await self.runs.remove(run_id)

    def _place(self, key: str) -> tuple[FolderStore | BucketStore, str]:
        name = self.name(key)
        return (self.pictures, name) if name else (self.runs, key)


RunStore = FolderStore | BucketStore | NamedPictures
"""The store of one run."""


@dataclass(frozen=True, slots=True)
class Names:
    """What the names of a run's pictures are made of. `start` is the start of each name; the pictures are stored beside `out`,
    or in `out` itself where `start` is empty. `began` is when the run started (ISO 8601, UTC).
    """

    out: str
    region: str | None
    start: str
    run_id: str
    began: str

    async def claim(self, runs: FolderStore | BucketStore) -> NamedPictures:
        """Claim the run's second and return the run's store, for the process that owns the run.

        Raises:
            UsageError: pictures cannot be written to their place; write access to the run's folder does not include it.
            StoreError: the run's folder cannot be written.
        """
        try:
            await runs.create(self._note, self.run_id.encode(), "text/plain")
            named = self._named(runs, alone=True)
        except KeyTaken:
            named = self._named(runs, alone=False)
        await named.pictures.require_writable(f"{self.start}-")
        return named

    async def find(self, runs: FolderStore | BucketStore) -> NamedPictures:
        """Return the run's store, for reading.

        Raises:
            StoreError: it cannot be read.
        """
        return self._named(runs, alone=await runs.read(self._note) == self.run_id.encode())

    @property
    def _stamp(self) -> str:
        return f"{datetime.fromisoformat(self.began):%Y%m%d%H%M%S}"

    @property
    def _note(self) -> str:
        return f"{SECONDS}/{self._stamp}"

    def _named(self, runs: FolderStore | BucketStore, *, alone: bool) -> NamedPictures:
        place = _above(self.out) if self.start else self.out
        end = "" if alone else "-" + hashlib.sha256(self.run_id.encode()).hexdigest()[:8]
        return NamedPictures(runs, open_store(place, self.region), place, self.run_id, f"{self.start}-{self._stamp}", end)


def picture_at(store: RunStore, out: str, key: str) -> str:
    """Return the path or url of the picture under a key, for display. `store` is the run's store, in `out`."""
    if isinstance(store, NamedPictures) and (name := store.name(key)):
        return located(store.place, name)
    return located(out, key)


def _above(out: str) -> str:
    """Return the parent of a folder or of a prefix."""
    if is_bucket(out):
        return out.rstrip("/").rpartition("/")[0]
    path = Path(out)
    return str(path.parent if path.name not in {"", ".."} else path.resolve().parent)
