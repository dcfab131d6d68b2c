"""The log of one run in an object store: numbered objects, each of them written once.

A number can be taken only once, which the service decides. So a log is one order of events, the same for everybody, and
whoever takes the next number proves with it that nothing has happened since he looked. That is all the locking there is:
no lock can be left behind, and a writer who was overtaken while he slept takes no number any more.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

import obstore
from obstore.exceptions import BaseError

from onbrief.errors import LedgerError
from onbrief.store import bucket

Record = dict[str, Any]
AT_ONCE: Final = 16  # objects that are read at the same time
_SUFFIX: Final = ".json"


class Log:
    """The numbered records of a run."""

    def __init__(self, objects: bucket.Objects, run_id: str, url: str) -> None:
        """`url` is told in errors."""
        self._objects = objects
        self._folder = f"{run_id}/{bucket.CALLS}"
        self._url = f"{url}/{self._folder}"

    def numbers(self, after: int = -1) -> list[int]:
        """The numbers that are taken, from the one after `after` on, in their order.

        Raises:
            LedgerError: they cannot be listed.
        """
        try:
            keys = bucket.keys(self._objects, self._folder, self._key(after) if after >= 0 else None)
        except (OSError, BaseError) as error:
            raise self._error("listed", error) from error
        names = [key.rpartition("/")[2].removesuffix(_SUFFIX) for key in keys]
        return [int(name) for name in names if name.isdecimal()]

    def read(self, numbers: Sequence[int]) -> list[Record]:
        """The records of these numbers.

        Raises:
            LedgerError: one of them is gone, or cannot be read.
        """
        if len(numbers) <= 1:
            return [self._read(number) for number in numbers]
        with ThreadPoolExecutor(min(AT_ONCE, len(numbers))) as threads:
            return list(threads.map(self._read, numbers))

    def add(self, number: int, record: Record) -> bool:
        """Write a record durably. False: the number is taken by another one.

        Raises:
            LedgerError: it is not known to be written.
        """
        data = json.dumps(record, sort_keys=True, separators=(",", ":")).encode()
        try:
            return bucket.create(self._objects, self._key(number), data, "application/json")
        except (OSError, BaseError) as error:
            raise self._error("written", error) from error

    def delete(self, numbers: Sequence[int]) -> None:
        """Delete records.

        Raises:
            LedgerError: they cannot be deleted.
        """
        try:
            obstore.delete(self._objects, [self._key(number) for number in numbers])
        except (OSError, BaseError) as error:
            raise self._error("deleted", error) from error

    def _read(self, number: int) -> Record:
        try:
            data = bucket.get(self._objects, self._key(number))
            if data is not None:
                return json.loads(data)
        except (OSError, BaseError, ValueError) as error:
            raise self._error("read", error) from error
        raise LedgerError(f"the ledger {self._url}: record {number} is gone")

    def _key(self, number: int) -> str:
        return f"{self._folder}/{number:08d}{_SUFFIX}"

    def _error(self, what: str, error: Exception) -> LedgerError:
        return LedgerError(f"the ledger {self._url} cannot be {what}: {bucket.said(error)}")
