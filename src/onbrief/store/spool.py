"""Where a picture waits that is paid for and cannot be put where it belongs: a folder of the user's state directory, or of the
system's temporary one where that cannot be written, as in Lambda.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import shutil
import stat
import tempfile
from collections.abc import Sequence
from pathlib import Path


class Spool:
    """The waiting pictures of one store, by their keys. `place` tells the stores apart. `roots` are the folders in which
    pictures may wait, the best first: those of this user by default. Without any, nothing is kept.
    """

    def __init__(self, place: bytes, roots: Sequence[Path] | None = None) -> None:
        folders = _roots() if roots is None else roots
        self._folders = [folder / "spool" / hashlib.sha256(place).hexdigest()[:16] for folder in folders]

    def keep(self, key: str, data: bytes) -> None:
        """Keep a picture durably and whole, if that can be done; trouble with its own place is what will be told of."""
        for folder in self._folders:
            path = folder / key
            part = path.with_name(f"{path.name}.part")
            try:
                folder.parents[1].mkdir(parents=True, exist_ok=True, mode=0o700)
                _require_own(folder.parents[1])
                path.parent.mkdir(parents=True, exist_ok=True)
                part.write_bytes(data)
                sync(part)
                part.replace(path)
            except OSError:
                _forget(part)
            else:
                return

    def load(self, key: str) -> bytes | None:
        """The picture that waits under this key, or None.

        Raises:
            OSError: it cannot be read.
        """
        for folder in self._folders:
            with contextlib.suppress(FileNotFoundError, NotADirectoryError):
                _require_own(folder.parents[1])
                return (folder / key).read_bytes()
        return None

    def drop(self, key: str) -> None:
        """Forget a picture that has found its place."""
        for folder in self._folders:
            _forget(folder / key)

    def remove(self, run_id: str) -> None:
        """Forget all pictures of a run."""
        for folder in self._folders:
            shutil.rmtree(folder / run_id, ignore_errors=True)


def _roots() -> list[Path]:
    """The folders of this user in which something may wait, the best first."""
    try:
        return [Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state") / "onbrief", _temporary()]
    except RuntimeError:  # a user without a home
        return [_temporary()]


def _temporary() -> Path:
    return Path(tempfile.gettempdir(), f"onbrief-{os.getuid()}")


def _require_own(folder: Path) -> None:
    """Keep away from a folder that somebody else has made for us among the temporary ones, where anybody can.

    Raises:
        FileNotFoundError: it is such a one, or not there.
    """
    found = folder.lstat()
    own = stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid() and not found.st_mode & 0o022
    if folder == _temporary() and not own:
        raise FileNotFoundError(errno.ENOENT, "not a folder of this user's alone", str(folder))


def _forget(path: Path) -> None:
    with contextlib.suppress(OSError):
        path.unlink()
        path.parent.rmdir()  # the last of a run


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
