"""Where a picture waits that is paid for and cannot be put where it belongs: a folder of the user's state directory."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
from pathlib import Path


class Spool:
    """The waiting pictures of one store, by their keys. `place` tells the stores apart."""

    def __init__(self, place: bytes) -> None:
        state = Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state")
        self._folder = state / "onbrief" / "spool" / hashlib.sha256(place).hexdigest()[:16]

    def keep(self, key: str, data: bytes) -> None:
        """Keep a picture durably, if that can be done: the error that led here is the one to be told of."""
        path = self._folder / key
        with contextlib.suppress(OSError):
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            path.write_bytes(data)
            sync(path)

    def load(self, key: str) -> bytes | None:
        """The picture that waits under this key, or None.

        Raises:
            OSError: it cannot be read.
        """
        try:
            return (self._folder / key).read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None

    def drop(self, key: str) -> None:
        """Forget a picture that has found its place."""
        with contextlib.suppress(OSError):
            (self._folder / key).unlink()

    def remove(self, run_id: str) -> None:
        """Forget all pictures of a run."""
        shutil.rmtree(self._folder / run_id, ignore_errors=True)


def sync(path: Path) -> None:
    """Have the disk keep a file, or the entries of a folder.

    Raises:
        OSError: it does not.
    """
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
