"""The objects of a bucket, below one prefix: what stores and ledgers need from S3, GCS or Azure.

Without the right to list, S3 answers 403 to a read of an object that does not exist, the same as to a read that is not
allowed. So a 403 counts as "does not exist" only when listing is denied and an earlier read has shown that reading is allowed.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError, PreconditionError
from obstore.store import AzureStore, GCSStore, MemoryStore, S3Store

from onbrief.store.refusals import is_conflict, is_denied, is_unsupported, may_pass

if TYPE_CHECKING:
    from obstore import PutMode, UpdateVersion

T = TypeVar("T")
Version = Mapping[str, str]
"""What distinguishes the contents of an object from those that it had before: the service's etag, and its version number."""
Service = S3Store | GCSStore | AzureStore | MemoryStore
_CONFLICTS: Final = 5  # how often a put is tried while another put for the same key is in progress (409)
_CONFLICT_PAUSE: Final = 0.1  # seconds
_PAUSES: Final = (0.1, 0.4, 1.5, 5.0)  # seconds before each retry; after the last one the caller gets the error


class Objects:
    """Keys and their bytes. Every method raises BaseError or OSError when the service fails or refuses."""

    def __init__(self, service: Service) -> None:
        """The keys of `service` are relative to the prefix."""
        self._service = service
        self._readable = False  # a read has succeeded
        self._listable: bool | None = None

    def take(self, key: str, data: bytes, media_type: str) -> bool:
        """Put an object that must never be overwritten. Return False if the key is taken, or just being written."""
        try:
            _again(lambda: obstore.put(self._service, key, data, mode="create", attributes={"Content-Type": media_type}))
        except AlreadyExistsError:
            return False
        return True

    def create(self, key: str, data: bytes, media_type: str) -> bool:
        """Put an object that must never be overwritten. Return True if these bytes are stored under the key, perhaps by an
        earlier put whose response was lost; False if other bytes are.
        """
        for _ in range(_CONFLICTS):
            if self.take(key, data, media_type):
                return True
            found = self.get(key)
            if found is not None:
                return found == data
            time.sleep(_CONFLICT_PAUSE)
        raise OSError(f"another put for {key} is in progress")

    def replace(self, key: str, data: bytes, media_type: str) -> None:
        """Put an object that may be overwritten."""
        _again(lambda: obstore.put(self._service, key, data, attributes={"Content-Type": media_type}))

    def replace_version(self, key: str, data: bytes, media_type: str, version: Version | None) -> Version | None:
        """Put an object if there is this version of it, or none at all, and return its new version. Return None, and put
        nothing, if there is another one. A service that does not support conditions puts it in any case.
        """
        attributes = {"Content-Type": media_type}
        mode: PutMode = "create" if version is None else cast("UpdateVersion", {**version})
        try:
            put = _again(lambda: obstore.put(self._service, key, data, mode=mode, attributes=attributes))
        except (AlreadyExistsError, PreconditionError):
            return None
        except BaseError as error:
            if is_conflict(error):
                return None
            if not is_unsupported(error):
                raise
            put = _again(lambda: obstore.put(self._service, key, data, attributes=attributes))
        return _version(put)

    def get(self, key: str) -> bytes | None:
        """Return the bytes under a key, or None if there are none."""
        found = self.versioned(key)
        return found[0] if found else None

    def versioned(self, key: str) -> tuple[bytes, Version] | None:
        """Return the bytes under a key and their version, or None if there are none."""

        def ask() -> tuple[bytes, Version]:
            found = obstore.get(self._service, key)
            return bytes(found.bytes()), _version(found.meta)

        try:
            data = _again(ask)
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
        """Return the keys of all objects below a folder, sorted, beginning after `after`."""
        # Half of the overloads of obstore.list are for Arrow tables, whose types come from a library that is not installed.
        listed = _again(
            lambda: list(obstore.list(self._service, folder, offset=after))  # pyright: ignore[reportUnknownMemberType]
        )
        return sorted(meta["path"] for batch in listed for meta in batch)

    def folders(self) -> list[str]:
        """Return the names of the top-level folders."""
        listed = _again(
            lambda: obstore.list_with_delimiter(self._service)  # pyright: ignore[reportUnknownMemberType] - as above
        )
        return [folder.rstrip("/") for folder in listed["common_prefixes"]]

    def delete(self, keys: Sequence[str]) -> None:
        """Delete objects; a key that does not exist is not an error."""
        if keys:
            _again(lambda: obstore.delete(self._service, list(keys)))

    def link(self, key: str, seconds: float) -> str | None:
        """Return a signed url with which anyone can read the object for `seconds`; None if the service cannot sign."""
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


def _version(about: Mapping[str, Any]) -> Version:
    return {name: about[name] for name in ("e_tag", "version") if about.get(name)}


def _again(ask: Callable[[], T]) -> T:
    """Call `ask`, with retries: the only retry layer for buckets. Retrying is safe, as every put is create-only or idempotent
    and so is a delete.
    """
    for pause in _PAUSES:
        try:
            return ask()
        except BaseError as error:
            if not may_pass(error):
                raise
            time.sleep(pause * random.uniform(0.5, 1))  # noqa: S311 - spreads callers, hides nothing
    return ask()
