"""Pictures under names of the caller's: `<names>-<YYYYMMDDHHMMSS>-<revision>-<attempt>.png`, beside the folder of all runs.

Everything else of a run lies in its folder, as ever, and to the rest of the program so do the pictures. The second in a name
is the one in which the run began, so that it stays the same however often the run is gone on with. A run notes, create-only,
that the second is its own; one that finds it taken adds some of its id to its names. So no two runs can reach each other's
pictures, and what a crashed run has left is found under the one name that it can have.

What the names begin with is part of what was asked for, which the ledger keeps; so whoever knows the run finds its pictures.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from onbrief.errors import KeyTaken
from onbrief.store.bucket import BucketStore
from onbrief.store.folder import FolderStore
from onbrief.store.place import is_bucket, located, open_store

SECONDS = ".seconds"  # no run's folder, as no run id begins with a dot
_PICTURE = re.compile(r"(?P<run_id>[^/]+)/(?P<name>\d{3,}-\d{3,})(?P<other>-[0-9a-f]{8})?\.(?P<suffix>png|jpg|webp)")


@dataclass(frozen=True, slots=True)
class NamedPictures:
    """The Store port over two places; see ports.Store for what each method does. `runs` has the run's folder, `pictures` the
    pictures, which lie at `place`; their names are `start`, revision and attempt, and `end`.
    """

    runs: FolderStore | BucketStore
    pictures: FolderStore | BucketStore
    place: str
    run_id: str
    start: str
    end: str = ""

    def name(self, key: str) -> str | None:
        """The name of the picture of this key; None for what is no picture of this run."""
        found = _PICTURE.fullmatch(key)
        if found is None or found["run_id"] != self.run_id:
            return None
        return f"{self.start}-{found['name']}{found['other'] or ''}{self.end}.{found['suffix']}"

    @property
    def kept(self) -> str:
        """The pictures, as people write what many paths or urls have in common."""
        return located(self.place, f"{self.start}-???-???{self.end}.*")

    def link(self, key: str, seconds: float) -> str:
        """A url with which anybody can read what lies under this key, for so many seconds; see BucketStore.link."""
        store, key = self._place(key)
        return store.link(key, seconds)

    async def require_room(self) -> None:
        """See ports.Store."""
        await self.pictures.require_room()

    async def create(self, key: str, data: bytes, media_type: str) -> str:
        """See ports.Store."""
        store, key = self._place(key)
        return await store.create(key, data, media_type)

    async def replace(self, key: str, data: bytes, media_type: str) -> str:
        """See ports.Store."""
        store, key = self._place(key)
        return await store.replace(key, data, media_type)

    async def read(self, key: str) -> bytes | None:
        """See ports.Store."""
        store, key = self._place(key)
        return await store.read(key)

    def load(self, key: str) -> bytes | None:
        """See ports.Store."""
        store, key = self._place(key)
        return store.load(key)

    async def remove(self, run_id: str) -> None:
        """See ports.Store. The pictures stay: they are the caller's."""
        await self.runs.remove(run_id)

    def _place(self, key: str) -> tuple[FolderStore | BucketStore, str]:
        name = self.name(key)
        return (self.pictures, name) if name else (self.runs, key)


RunStore = FolderStore | BucketStore | NamedPictures
"""The store of one run."""


@dataclass(frozen=True, slots=True)
class Names:
    """What the names of a run's pictures are made of. `start` is what they begin with: nothing where they lie among the runs of
    `out`, and else they lie beside it. `began` is when the run did (ISO 8601, UTC).
    """

    out: str
    region: str | None
    start: str
    run_id: str
    began: str

    async def claim(self, runs: FolderStore | BucketStore) -> NamedPictures:
        """The store of the run, for who owns it.

        Raises:
            UsageError: pictures cannot be written where they are to lie; the rights to the run's folder say nothing of that.
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
        """The store of the run, for who reads it.

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
    """Where the picture of a key lies, as people write it: a path or a url. `store` is that of the run, in `out`."""
    if isinstance(store, NamedPictures) and (name := store.name(key)):
        return located(store.place, name)
    return located(out, key)


def _above(out: str) -> str:
    """The folder in which a folder lies, or the prefix over a prefix."""
    if is_bucket(out):
        return out.rstrip("/").rpartition("/")[0]
    path = Path(out)
    return str(path.parent if path.name not in {"", ".."} else path.resolve().parent)
