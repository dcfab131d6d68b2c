"""The objects of a bucket, below one prefix: what stores and ledgers ask of S3, Google Cloud Storage or Azure.

Whoever may not list is not told what is not there: S3 answers 403 to a read of it, as to one that is not allowed. So a 403
means that nothing is there only when listing is denied and a read has come through, and shown that reading is allowed.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Final, TypeVar

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError
from obstore.store import AzureStore, GCSStore, MemoryStore, S3Store

from onbrief.store.refusals import is_denied, may_pass

T = TypeVar("T")
Service = S3Store | GCSStore | AzureStore | MemoryStore
_CONFLICTS: Final = 5  # how often a put is tried that another one for the same key is under way for (409)
_CONFLICT_PAUSE: Final = 0.1  # seconds
_PAUSES: Final = (0.1, 0.4, 1.5, 5.0)  # seconds before asking again; what lasts longer is for the next sitting


class Objects:
    """Keys and their bytes. Every method raises BaseError or OSError when the service does not do what it is asked."""

    def __init__(self, service: Service) -> None:
        """`service` begins at the prefix."""
        self._service = service
        self._readable = False  # a read has come through
        self._listable: bool | None = None

    def take(self, key: str, data: bytes, media_type: str) -> bool:
        """Put what must never be written over, once. False: something is there, or just being put there."""
        try:
            _again(lambda: obstore.put(self._service, key, data, mode="create", attributes={"Content-Type": media_type}))
        except AlreadyExistsError:
            return False
        return True

    def create(self, key: str, data: bytes, media_type: str) -> bool:
        """Put what must never be written over. True: these bytes are there, perhaps from an earlier put whose answer was
        lost. False: other bytes are.
        """
        for _ in range(_CONFLICTS):
            if self.take(key, data, media_type):
                return True
            found = self.get(key)
            if found is not None:
                return found == data
            time.sleep(_CONFLICT_PAUSE)
        raise OSError(f"another put for {key} is under way")

    def replace(self, key: str, data: bytes, media_type: str) -> None:
        """Put what may be written over."""
        _again(lambda: obstore.put(self._service, key, data, attributes={"Content-Type": media_type}))

    def get(self, key: str) -> bytes | None:
        """The bytes under a key, or None."""
        try:
            data = _again(lambda: bytes(obstore.get(self._service, key).bytes()))
        except FileNotFoundError as error:
            if "NoSuchBucket" in str(error):
                raise
            return None
        except BaseError as error:
            if is_denied(error) and self._readable and not self._may_list(key):
                return None
            raise
        self._readable = True
        return data

    def keys(self, folder: str, after: str | None = None) -> list[str]:
        """The keys of all that lies in a folder, in their order, from the one after `after` on."""
        # Half of its overloads are for Arrow tables, whose types come from a library that is not there.
        listed = _again(
            lambda: list(obstore.list(self._service, folder, offset=after))  # pyright: ignore[reportUnknownMemberType]
        )
        return sorted(meta["path"] for batch in listed for meta in batch)

    def folders(self) -> list[str]:
        """The names of the folders that lie at the top."""
        listed = _again(
            lambda: obstore.list_with_delimiter(self._service)  # pyright: ignore[reportUnknownMemberType] - as above
        )
        return [folder.rstrip("/") for folder in listed["common_prefixes"]]

    def delete(self, keys: Sequence[str]) -> None:
        """Delete objects; what is not there is no error."""
        if keys:
            _again(lambda: obstore.delete(self._service, list(keys)))

    def link(self, key: str, seconds: float) -> str | None:
        """A signed url with which anybody can read for so many seconds; None from a service that signs nothing."""
        if isinstance(self._service, MemoryStore):
            return None
        return obstore.sign(self._service, "GET", key, timedelta(seconds=seconds))

    def _may_list(self, key: str) -> bool:
        if self._listable is None:
            try:
                next(iter(obstore.list(self._service, key)), None)  # pyright: ignore[reportUnknownMemberType] - as above
            except BaseError as error:
                if not is_denied(error):
                    raise
                self._listable = False
            else:
                self._listable = True
        return self._listable


def _again(ask: Callable[[], T]) -> T:
    """The one retry layer of buckets: every put is create-only, or may be done twice, and nothing else changes anything."""
    for pause in _PAUSES:
        try:
            return ask()
        except BaseError as error:
            if not may_pass(error):
                raise
            time.sleep(pause * random.uniform(0.5, 1))  # noqa: S311 - spreads callers, hides nothing
    return ask()
