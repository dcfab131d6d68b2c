"""Pictures under the names that an event wants: `<prefix>-<YYYYMMDDHHMMSS>-<revision>-<attempt>.png`, beside the run's folder.

Everything else of a run lies in its folder, `<prefix>/<run_id>/`. The second in a name is the one in which the run began,
so that it stays the same however often the run is gone on with. A run notes, create-only, that the second is its own;
one that finds it taken adds some of its id to its names. So no two runs can reach each other's pictures, and what a crashed
run has left is found under the one name that it can have.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import datetime

from onbrief.errors import KeyTaken
from onbrief.ports import Store

SECONDS = ".seconds"  # no run's folder, as no run id begins with a dot
_PICTURE = re.compile(r"(?P<run_id>[^/]+)/(?P<name>\d{3,}-\d{3,})(?P<other>-[0-9a-f]{8})?\.(?P<suffix>png|jpg|webp)")


@dataclass(frozen=True, slots=True)
class NamedPictures:
    """The Store port over two places; see ports.Store for what each method does. `runs` has the run's folder, `pictures` the
    pictures under their names; to the rest of the program they lie in the folder like those of any run.
    """

    runs: Store
    pictures: Store
    run_id: str
    start: str
    end: str = ""

    @classmethod
    async def claim(cls, runs: Store, pictures: Store, stem: str, run_id: str, started: str) -> NamedPictures:
        """The store of a run that began at `started` (ISO 8601, UTC). `stem` is the prefix without its folders.

        Raises:
            StoreError: it cannot be written.
        """
        stamp = f"{datetime.fromisoformat(started):%Y%m%d%H%M%S}"
        try:
            await runs.create(f"{SECONDS}/{stamp}", run_id.encode(), "text/plain")
        except KeyTaken:
            return cls(runs, pictures, run_id, f"{stem}-{stamp}", "-" + hashlib.sha256(run_id.encode()).hexdigest()[:8])
        return cls(runs, pictures, run_id, f"{stem}-{stamp}")

    def name(self, key: str) -> str | None:
        """The name of the picture of this key; None for what is no picture of this run."""
        found = _PICTURE.fullmatch(key)
        if found is None or found["run_id"] != self.run_id:
            return None
        return f"{self.start}-{found['name']}{found['other'] or ''}{self.end}.{found['suffix']}"

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

    def _place(self, key: str) -> tuple[Store, str]:
        name = self.name(key)
        return (self.pictures, name) if name else (self.runs, key)
