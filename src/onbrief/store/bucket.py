"""A store in a bucket of S3, GCS or Azure, through obstore.

Pictures are never overwritten: each put is conditional (`If-None-Match: *`), and the service enforces the condition. A put
whose response was lost may have succeeded. The retry then finds its own bytes under the key and counts as a success.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Final

from obstore.exceptions import BaseError

from onbrief.errors import ConfigError, KeyTaken, StoreError, UsageError
from onbrief.store.fence import ConditionalFiles, Confirm
from onbrief.store.keys import require_inside
from onbrief.store.objects import Objects
from onbrief.store.refusals import explain, is_missing, is_refused
from onbrief.store.spool import NEXT, Spool, unstored

CALLS: Final = "calls"  # the folder within a run's folder that holds its ledger
LONGEST_LINK: Final = 7 * 24 * 3600.0  # seconds; the longest validity that S3 signs
_CHECK: Final = b"onbrief was here to see whether it may write and read"


class BucketStore:
    """The Store port over a bucket; see ports.Store for what each method does. `url` is `s3://bucket/prefix`."""

    def __init__(self, objects: Objects, url: str, spool: Spool | None = None) -> None:
        """The keys of `objects` are relative to the prefix. `spool` defaults to that of this url."""
        self.objects = objects
        self.url = url
        self._spool = spool or Spool(url.encode())

    async def require_writable(self, names: str = "") -> None:
        """Verify, before anything is paid for, that objects whose names start with `names` can be created and read here, and
        that the service refuses to overwrite them. It also proves that reading is allowed, so that a later 403 can mean that
        an object does not exist (see objects.py).

        Raises:
            UsageError: the bucket does not exist, or the service overwrites existing objects.
            ConfigError: access is denied, the credentials are not valid, or the region is wrong.
            StoreError: the service does not answer, or answers with errors only.
        """
        await asyncio.to_thread(self._require_writable, f"{names}.write-check")

    async def require_room(self, *choices: Sequence[str]) -> None:
        """See ports.Store. A bucket is never full, and `require_writable` and the ledger have shown that these keys can be
        written. A request for each picture, to see whether other pictures have its names, would cost more than it is worth.
        """

    async def create(self, key: str, data: bytes, media_type: str) -> str:
        """See ports.Store."""
        return await asyncio.to_thread(self._create, key, data, media_type)

    async def replace(self, key: str, data: bytes, media_type: str) -> str:
        """See ports.Store."""
        return await asyncio.to_thread(self._replace, key, data, media_type)

    async def own(
        self, run_id: str, files: Mapping[str, str], fence: str, confirm: Confirm, *, fresh: bool
    ) -> ConditionalFiles:
        """See ports.Store."""
        require_inside(self.url, run_id)
        owned = ConditionalFiles(self.objects, self.url, confirm)
        try:
            await owned.take_over({f"{run_id}/{name}": media_type for name, media_type in files.items()}, fresh=fresh)
        except (OSError, BaseError) as error:
            raise StoreError(f"{self.url}/{run_id} cannot be taken over: {explain(error)}", hint=NEXT) from error
        return owned

    async def read(self, key: str) -> bytes | None:
        """See ports.Store."""
        return await asyncio.to_thread(self.load, key)

    async def copies(self, key: str) -> list[bytes]:
        """See ports.Store."""
        return await asyncio.to_thread(self._copies, key)

    async def keep(self, key: str, data: bytes, reason: str) -> StoreError:
        """See ports.Store."""
        return unstored(reason, await asyncio.to_thread(self._spool.keep, key, data))

    async def remove(self, run_id: str) -> None:
        """See ports.Store. The ledger's objects stay until `Ledger.forget` deletes them."""
        await asyncio.to_thread(self._remove, run_id)

    def load(self, key: str) -> bytes | None:
        """See ports.Store. What waits in the spool is read if the bucket has nothing, or cannot be reached."""
        require_inside(self.url, key)
        try:
            try:
                found = self.objects.get(key)
            except (OSError, BaseError):
                if waiting := self._spool.load(key):
                    return waiting
                raise
            return self._spool.load(key) if found is None else found
        except (OSError, BaseError) as error:
            raise StoreError(f"{self.url}/{key} cannot be read: {explain(error)}", hint=NEXT) from error

    def link(self, key: str, seconds: float) -> str:
        """Return a signed url with which anyone can read the object under this key for `seconds`.

        Raises:
            UsageError: more than seven days, or a store that cannot sign.
            StoreError: there are no credentials to sign with.
        """
        require_inside(self.url, key)
        if not 0 < seconds <= LONGEST_LINK:
            raise UsageError.of("link", seconds, f"more than 0 and at most {LONGEST_LINK:g} seconds")
        try:
            link = self.objects.link(key, seconds)
        except (OSError, BaseError) as error:
            raise StoreError(f"a link to {self.url}/{key} cannot be signed: {explain(error)}") from error
        if link is None:
            raise UsageError.of("link", self.url, "a bucket")
        return link

    def _require_writable(self, key: str) -> None:
        try:
            self.objects.create(key, _CHECK, "text/plain")  # an earlier check may have left it; it stays for the next one
            if self.objects.take(key, _CHECK, "text/plain") or self.objects.get(key) != _CHECK:
                raise UsageError.of("out", self.url, "a service that honours If-None-Match; this one overwrites objects")
        except (OSError, BaseError) as error:
            if is_missing(error):
                raise UsageError.of("out", self.url, f"an existing bucket: {explain(error)}") from error
            message = f"out: {self.url} cannot be written and read: {explain(error)}"
            raise (ConfigError if is_refused(error) else StoreError)(message) from error

    def _create(self, key: str, data: bytes, media_type: str) -> str:
        require_inside(self.url, key)
        # A picture has been paid for, and this process may end before the put does.
        kept = self._spool.keep(key, data) if media_type.startswith("image/") else None
        try:
            created = self.objects.create(key, data, media_type)
        except (OSError, BaseError) as error:
            reason = f"{self.url}/{key} cannot be written: {explain(error)}"
            raise (StoreError(reason, hint=NEXT) if kept is None else unstored(reason, kept)) from error
        self._spool.drop(key)
        if not created:
            raise KeyTaken(f"{self.url}/{key} already holds a different picture")
        return f"{self.url}/{key}"

    def _replace(self, key: str, data: bytes, media_type: str) -> str:
        require_inside(self.url, key)
        try:
            self.objects.replace(key, data, media_type)
        except (OSError, BaseError) as error:
            raise StoreError(f"{self.url}/{key} cannot be written: {explain(error)}", hint=NEXT) from error
        return f"{self.url}/{key}"

    def _copies(self, key: str) -> list[bytes]:
        require_inside(self.url, key)
        try:
            found = self.objects.get(key)
            return ([] if found is None else [found]) + self._spool.copies(key)
        except (OSError, BaseError) as error:
            raise StoreError(f"{self.url}/{key} cannot be read: {explain(error)}", hint=NEXT) from error

    def _remove(self, run_id: str) -> None:
        require_inside(self.url, run_id)
        try:
            # Only objects directly in the run's folder: a deeper folder may be another output place with its own runs.
            self.objects.delete([key for key in self.objects.keys(run_id) if key.rpartition("/")[0] == run_id])
        except (OSError, BaseError) as error:
            raise StoreError(f"{self.url}/{run_id} cannot be removed: {explain(error)}") from error
        self._spool.remove(run_id)
