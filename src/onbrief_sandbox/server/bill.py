"""The bill: one line of JSON for each call that the server accepts."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from onbrief.errors import UsageError


@dataclass(frozen=True, slots=True)
class Entry:
    """One call. `id` is the request id that is sent to the client, `usd` the price in US dollars, `answer` the kind of answer:
    `picture`, `text`, `tool`, or the name of the fault.
    """

    id: str
    model: str
    operation: str
    sha256: str
    usd: float
    answer: str


class Bill:
    """An append-only file of entries. Without a file, entries are discarded."""

    def __init__(self, path: Path | None) -> None:
        """Open the file.

        Raises:
            UsageError: the file cannot be written.
        """
        self._file: int | None = None
        if path:
            try:
                self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
            except OSError as error:
                raise UsageError.of("bill", str(path), f"a file that can be written ({error.strerror})") from error

    def add(self, entry: Entry) -> None:
        """Write one entry. It is in the file when this returns."""
        if self._file is not None:
            line = json.dumps({"time": datetime.now(UTC).isoformat(), **asdict(entry)}, ensure_ascii=False)
            os.write(self._file, f"{line}\n".encode())

    def close(self) -> None:
        """Close the file. Entries added later are discarded."""
        if self._file is not None:
            os.close(self._file)
            self._file = None


def digest(body: bytes) -> str:
    """Return the SHA-256 of a body in hex, which identifies it on the bill."""
    return hashlib.sha256(body).hexdigest()
