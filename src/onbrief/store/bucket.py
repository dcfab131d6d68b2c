"""A store in a bucket of S3, Google Cloud Storage or Azure, through obstore.

Nothing is ever written over a picture: it is put only where nothing is (`If-None-Match: *`), which the service decides. A
put whose answer was lost may have come through; the next one then finds its own bytes there, and that is a success.
"""

from __future__ import annotations

import asyncio
from typing import Final

from obstore.exceptions import BaseError

from onbrief.errors import ConfigError, KeyTaken, StoreError, UsageError
from onbrief.store.objects import Objects
from onbrief.store.refusals import is_missing, is_refused, said
from onbrief.store.spool import Spool

CALLS: Final = "calls"  # the folder of a run that is the ledger's
LONGEST_LINK: Final = 7 * 24 * 3600.0  # seconds; the most that S3 signs for
_CHECK: Final = b"onbrief was here to see whether it may write and read"
_HINT = "mend the bucket or the connection, then give the same command again: nothing is drawn twice"


class BucketStore:
    """The Store port over a bucket; see ports.Store for what each method does. `url` is `s3://bucket/prefix`."""

    def __init__(self, objects: Objects, url: str, spool: Spool | None = None) -> None:
        """`objects` begins at the prefix. `spool` is by default that of this url."""
        self.objects = objects
        self.url = url
        self._spool = spool or Spool(url.encode())

    async def require_writable(self, names: str = "") -> None:
        """Make sure, before anything is paid for, that objects whose names begin so can be created and read here, and that
        the service keeps them from being written over. From then on, a read that is denied is one of what is not there.

        Raises:
            UsageError: there is no such bucket, or the service writes over what is there.
            ConfigError: access, credentials, the region.
            StoreError: nobody answers, or only with errors.
        """
        await asyncio.to_thread(self._require_writable, f"{names}.write-check")

    async def require_room(self) -> None:
        """See ports.Store. A bucket is never full."""

    async def create(self, key: str, data: bytes, media_type: str) -> str:
        """See ports.Store."""
        return await asyncio.to_thread(self._create, key, data, media_type)

    async def replace(self, key: str, data: bytes, media_type: str) -> str:
        """See ports.Store."""
        return await asyncio.to_thread(self._replace, key, data, media_type)

    async def read(self, key: str) -> bytes | None:
        """See ports.Store."""
        return await asyncio.to_thread(self.load, key)

    async def remove(self, run_id: str) -> None:
        """See ports.Store. What the ledger keeps there stays until it is told to forget the run."""
        await asyncio.to_thread(self._remove, run_id)

    def load(self, key: str) -> bytes | None:
        """See ports.Store."""
        self._require_inside(key)
        try:
            return self._spool.load(key) or self.objects.get(key)  # what waits was paid for; the bucket may be out of reach
        except (OSError, BaseError) as error:
            raise StoreError(f"{self.url}/{key} cannot be read: {said(error)}", hint=_HINT) from error

    def link(self, key: str, seconds: float) -> str:
        """A url with which anybody can read what lies under this key, for so many seconds.

        Raises:
            UsageError: more than seven days, or a store that signs nothing.
            StoreError: there are no credentials to sign it with.
        """
        self._require_inside(key)
        if not 0 < seconds <= LONGEST_LINK:
            raise UsageError.of("link", seconds, f"more than 0 and at most {LONGEST_LINK:g} seconds")
        try:
            link = self.objects.link(key, seconds)
        except (OSError, BaseError) as error:
            raise StoreError(f"{self.url}/{key} cannot be signed for: {said(error)}") from error
        if link is None:
            raise UsageError.of("link", self.url, "a bucket")
        return link

    def _require_writable(self, key: str) -> None:
        try:
            self.objects.create(key, _CHECK, "text/plain")  # of an earlier check it may be there, and stays for the next
            if self.objects.take(key, _CHECK, "text/plain") or self.objects.get(key) != _CHECK:
                raise UsageError.of("out", self.url, "a service that honours If-None-Match; this one writes over what is there")
        except (OSError, BaseError) as error:
            if is_missing(error):
                raise UsageError.of("out", self.url, f"a bucket that is there: {said(error)}") from error
            told = f"out: {self.url} cannot be written and read: {said(error)}"
            raise (ConfigError if is_refused(error) else StoreError)(told) from error

    def _create(self, key: str, data: bytes, media_type: str) -> str:
        self._require_inside(key)
        if media_type.startswith("image/"):
            self._spool.keep(key, data)  # it is paid for, and a put can take longer than this process lives
        try:
            created = self.objects.create(key, data, media_type)
        except (OSError, BaseError) as error:
            raise StoreError(f"{self.url}/{key} cannot be written: {said(error)}", hint=_HINT) from error
        self._spool.drop(key)
        if not created:
            raise KeyTaken(f"{self.url}/{key} holds another picture already")
        return f"{self.url}/{key}"

    def _replace(self, key: str, data: bytes, media_type: str) -> str:
        self._require_inside(key)
        try:
            self.objects.replace(key, data, media_type)
        except (OSError, BaseError) as error:
            raise StoreError(f"{self.url}/{key} cannot be written: {said(error)}", hint=_HINT) from error
        return f"{self.url}/{key}"

    def _remove(self, run_id: str) -> None:
        self._require_inside(run_id)
        try:
            # Only what lies in the folder itself: below it may be another place, with runs of its own.
            self.objects.delete([key for key in self.objects.keys(run_id) if key.rpartition("/")[0] == run_id])
        except (OSError, BaseError) as error:
            raise StoreError(f"{self.url}/{run_id} cannot be removed: {said(error)}") from error
        self._spool.remove(run_id)

    def _require_inside(self, key: str) -> None:
        """A key never names another place than it seems to."""
        if any(part in {"", ".", ".."} for part in key.split("/")):
            raise StoreError(f"{self.url}/{key} leads out of {self.url}")
