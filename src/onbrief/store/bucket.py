"""A store in a bucket of S3, Google Cloud Storage or Azure, through obstore.

Nothing is ever written over a picture: it is put only where nothing is (`If-None-Match: *`), which the service decides. A
put whose answer was lost may have come through; the next one then finds its own bytes there, and that is a success.
"""

from __future__ import annotations

import asyncio
import re
import secrets
from collections.abc import Callable
from datetime import timedelta
from typing import Final, TypeVar

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError
from obstore.store import AzureStore, GCSStore, MemoryStore, S3Store

from onbrief.errors import KeyTaken, StoreError, UsageError
from onbrief.store.spool import Spool

T = TypeVar("T")
Objects = S3Store | GCSStore | AzureStore | MemoryStore
CALLS: Final = "calls"  # the folder of a run that is the ledger's
LONGEST_LINK: Final = 7 * 24 * 3600.0  # seconds; the most that S3 signs for
_CONFLICTS = 5  # how often a put is tried that another one for the same key is under way for (409)
_HINT = "mend the bucket or the connection, then give the same command again: nothing is drawn twice"


class BucketStore:
    """The Store port over a bucket; see ports.Store for what each method does. `url` is `s3://bucket/prefix`."""

    def __init__(self, objects: Objects, url: str) -> None:
        """`objects` begins at the prefix."""
        self.objects = objects
        self.url = url
        self._spool = Spool(url.encode())

    async def require_writable(self) -> None:
        """Make sure, before anything is paid for, that objects can be created here and that the service keeps them from being
        written over.

        Raises:
            UsageError: they cannot, with what to do about it.
        """
        await asyncio.to_thread(self._require_writable)

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
            return self._spool.load(key) or get(self.objects, key)  # what waits was paid for; the bucket may be out of reach
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
        if isinstance(self.objects, MemoryStore):
            raise UsageError.of("link", self.url, "a bucket")
        try:
            return obstore.sign(self.objects, "GET", key, timedelta(seconds=seconds))
        except (OSError, BaseError) as error:
            raise StoreError(f"{self.url}/{key} cannot be signed for: {said(error)}") from error

    def _require_writable(self) -> None:
        key = f".write-check-{secrets.token_hex(8)}"
        try:
            _taken(lambda: obstore.put(self.objects, key, b"", mode="create"))
            if not _taken(lambda: obstore.put(self.objects, key, b"", mode="create")):
                raise UsageError.of("out", self.url, "a service that honours If-None-Match; this one writes over what is there")
        except (OSError, BaseError) as error:
            raise UsageError.of("out", self.url, f"a bucket that can be written: {said(error)}") from error
        finally:
            _try_to_delete(self.objects, key)

    def _create(self, key: str, data: bytes, media_type: str) -> str:
        self._require_inside(key)
        try:
            if not create(self.objects, key, data, media_type):
                raise KeyTaken(f"{self.url}/{key} holds another picture already")
        except (OSError, BaseError) as error:
            self._spool.keep(key, data)
            raise StoreError(f"{self.url}/{key} cannot be written: {said(error)}", hint=_HINT) from error
        self._spool.drop(key)
        return f"{self.url}/{key}"

    def _replace(self, key: str, data: bytes, media_type: str) -> str:
        self._require_inside(key)
        try:
            obstore.put(self.objects, key, data, attributes={"Content-Type": media_type})
        except (OSError, BaseError) as error:
            raise StoreError(f"{self.url}/{key} cannot be written: {said(error)}", hint=_HINT) from error
        return f"{self.url}/{key}"

    def _remove(self, run_id: str) -> None:
        self._require_inside(run_id)
        try:
            own = f"{run_id}/{CALLS}/"
            obstore.delete(self.objects, [key for key in keys(self.objects, run_id) if not key.startswith(own)])
        except (OSError, BaseError) as error:
            raise StoreError(f"{self.url}/{run_id} cannot be removed: {said(error)}") from error
        self._spool.remove(run_id)

    def _require_inside(self, key: str) -> None:
        """A key never names another place than it seems to."""
        if any(part in {"", ".", ".."} for part in key.split("/")):
            raise StoreError(f"{self.url}/{key} leads out of {self.url}")


def create(objects: Objects, key: str, data: bytes, media_type: str) -> bool:
    """Put what must never be written over. False: other bytes are there already.

    Raises:
        BaseError, OSError: it is not known to be there.
    """
    for _ in range(_CONFLICTS):
        if not _taken(lambda: obstore.put(objects, key, data, mode="create", attributes={"Content-Type": media_type})):
            return True
        found = get(objects, key)
        if found is not None:
            return found == data
    raise OSError(f"another put for {key} is under way")


def get(objects: Objects, key: str) -> bytes | None:
    """The bytes under a key, or None.

    Raises:
        BaseError, OSError: they cannot be read.
    """
    try:
        return bytes(obstore.get(objects, key).bytes())
    except FileNotFoundError as error:
        if "NoSuchBucket" in str(error):
            raise
        return None


def keys(objects: Objects, folder: str, after: str | None = None) -> list[str]:
    """The keys of all that lies in a folder, in their order, from the one after `after` on.

    Raises:
        BaseError, OSError: they cannot be listed.
    """
    # Half of its overloads are for Arrow tables, whose types come from a library that is not there.
    listed = obstore.list(objects, folder, offset=after)  # pyright: ignore[reportUnknownMemberType]
    return sorted(meta["path"] for batch in listed for meta in batch)


def folders(objects: Objects) -> list[str]:
    """The names of the folders that lie at the top.

    Raises:
        BaseError, OSError: they cannot be listed.
    """
    listed = obstore.list_with_delimiter(objects)  # pyright: ignore[reportUnknownMemberType] - as above
    return [folder.rstrip("/") for folder in listed["common_prefixes"]]


def said(error: Exception) -> str:
    """What a service said, in one line: obstore's messages go on with whole documents and the state of its internals."""
    text = str(error)
    status = re.search(r"status code: (\d{3} [A-Za-z ]+)", text)
    code, message = (re.search(rf"<{tag}>(.*?)</{tag}>", text, re.DOTALL) for tag in ("Code", "Message"))
    if status:
        words = [match[1].strip() for match in (status, code, message) if match]
        return ", ".join(dict.fromkeys(words)) + _advice(text)
    return re.sub(r"Error performing .*? - ", "", text.splitlines()[0])[:200] + _advice(text)


def _advice(text: str) -> str:
    """What to do about the refusals that have one cause."""
    if "NoSuchBucket" in text:
        return " (make the bucket first, or mend its name)"
    if "AccessDenied" in text or "403" in text:
        return " (these credentials need s3:PutObject, s3:GetObject and s3:ListBucket for it)"
    if re.search(r"configured region|PermanentRedirect|AuthorizationHeaderMalformed", text):
        return " (the bucket is in another region: set bucket_region to its own)"
    return ""


def _taken(put: Callable[[], object]) -> bool:
    try:
        put()
    except AlreadyExistsError:
        return True
    return False


def _try_to_delete(objects: Objects, key: str) -> None:
    try:
        obstore.delete(objects, key)
    except (OSError, BaseError):
        return  # a bucket from which nothing may be deleted is a good one
