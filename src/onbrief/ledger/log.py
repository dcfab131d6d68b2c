"""The log of one run in an object store: numbered objects, each of them written once.

The service creates each number only once. So a log is a total order of events that all processes see alike, and a process that
creates the next number proves that nothing has happened since it last read. This replaces locks: none can be left behind, and
a process that was overtaken while it was suspended cannot create a number any more.

Without the permission to list, the last number is found by reading. That would miss records after a gap. Gaps arise only while
a run is deleted, so a marker object is written before the deletion, and removed when no gap is left.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

from obstore.exceptions import BaseError

from onbrief.errors import LedgerError, Unlisted
from onbrief.ledger.rows import BrokenRow, document
from onbrief.store import bucket
from onbrief.store.objects import Objects
from onbrief.store.refusals import explain, is_denied

Record = dict[str, Any]
AT_ONCE: Final = 32  # objects that are read concurrently
_SUFFIX: Final = ".json"
_LAST: Final = 99_999_999  # the largest number whose key sorts correctly


def numbered(keys: Iterable[str]) -> Iterator[tuple[str, int]]:
    """Yield the run id and the number of each of these keys that is the key of a record."""
    for key in keys:
        run_id, _, rest = key.partition("/")
        folder, _, name = rest.partition("/")
        if folder == bucket.CALLS and name.removesuffix(_SUFFIX).isdecimal():
            yield run_id, int(name.removesuffix(_SUFFIX))


class RecordGone(LedgerError):
    """A record that was listed does not exist any more: its run is being deleted."""


class Log:
    """The numbered records of a run."""

    def __init__(self, objects: Objects, run_id: str, url: str) -> None:
        """`url` is the place of the logs, for error messages."""
        self._objects = objects
        self._run_id = run_id
        self._folder = f"{run_id}/{bucket.CALLS}"
        self._url = f"{url}/{self._folder}"

    def numbers(self, after: int = -1) -> list[int]:
        """Return the numbers greater than `after` that are taken, in order.

        Raises:
            LedgerError: they can be neither listed nor found by reading.
        """
        try:
            keys = self._objects.keys(self._folder, self._key(after) if after >= 0 else None)
        except (OSError, BaseError) as error:
            if not is_denied(error):
                raise self._error("listed", error) from error
            return self._found(after, self._error("listed", error))
        # Another place with separate runs and logs may be nested in this folder.
        own = [key for key in keys if key.rpartition("/")[0] == self._folder]
        names = [key.rpartition("/")[2].removesuffix(_SUFFIX) for key in own]
        return [int(name) for name in names if name.isdecimal()]

    def read(self, numbers: Sequence[int]) -> list[Record]:
        """Return the records of these numbers.

        Raises:
            LedgerError: one of them does not exist any more, or cannot be read.
        """
        if len(numbers) <= 1:
            return [self._read(number) for number in numbers]
        with ThreadPoolExecutor(min(AT_ONCE, len(numbers))) as threads:
            return list(threads.map(self._read, numbers))

    def add(self, number: int, record: Record) -> bool:
        """Write a record durably. Return False if the number is taken.

        Raises:
            LedgerError: it may not have been written.
        """
        return self._add(self._key(number), json.dumps(record, sort_keys=True, separators=(",", ":")).encode())

    def delete(self, numbers: Sequence[int]) -> None:
        """Delete records.

        Raises:
            LedgerError: they cannot be deleted.
        """
        self._delete([self._key(number) for number in numbers])

    def mark_gaps(self) -> None:
        """Mark that there may be gaps from now on.

        Raises:
            LedgerError: the marker cannot be written.
        """
        self._add(self._gaps, b"")

    def unmark_gaps(self) -> None:
        """Mark that there are no gaps any more.

        Raises:
            LedgerError: the marker cannot be deleted.
        """
        self._delete([self._gaps])

    def _found(self, after: int, unlisted: LedgerError) -> list[int]:
        """Find the numbers by reading: steps that double and then halve find the last one, as all before it are taken."""
        taken, free = after, after + 1
        try:
            while free <= _LAST and self._objects.get(self._key(free)) is not None:
                taken, free = free, 2 * free - after
            while free - taken > 1:
                middle = (taken + free) // 2
                taken, free = (taken, middle) if self._objects.get(self._key(middle)) is None else (middle, free)
            gaps = self._objects.get(self._gaps) is not None
        except (OSError, BaseError) as error:
            if is_denied(error):  # nothing was read before, so reading itself may be denied
                raise unlisted from error
            raise self._error("read", error) from error
        if gaps:
            raise Unlisted(
                f"{unlisted}; a run of this id is or was being deleted",
                hint="use another run id, or delete it with onbrief rm",
            )
        return list(range(after + 1, taken + 1))

    def _read(self, number: int) -> Record:
        try:
            data = self._objects.get(self._key(number))
        except (OSError, BaseError) as error:
            raise self._error("read", error) from error
        if data is not None:
            record: Record | str = document(data.decode("utf-8", "surrogateescape"))
            if not isinstance(record, str):
                return record
            raise BrokenRow.of(self._run_id, f"record {number}", "it is not a JSON object")
        raise RecordGone(f"the ledger {self._url}: record {number} is gone")

    def _add(self, key: str, data: bytes) -> bool:
        try:
            return self._objects.create(key, data, "application/json")
        except (OSError, BaseError) as error:
            raise self._error("written", error) from error

    def _delete(self, keys: Sequence[str]) -> None:
        try:
            self._objects.delete(keys)
        except (OSError, BaseError) as error:
            raise self._error("deleted", error) from error

    def _key(self, number: int) -> str:
        return f"{self._folder}/{number:08d}{_SUFFIX}"

    @property
    def _gaps(self) -> str:
        return f"{self._folder}/gaps"

    def _error(self, what: str, error: Exception) -> LedgerError:
        return LedgerError(f"the ledger {self._url} cannot be {what}: {explain(error)}")
