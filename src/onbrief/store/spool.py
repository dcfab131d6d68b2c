"""Where pictures are kept that are paid for but cannot be stored: a folder in the user's state directory, or in the system's
temporary directory where the state directory cannot be written, as in Lambda.
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
    """The waiting pictures of one store, by key. `place` distinguishes the stores. `roots` are the folders in which pictures may
    wait, the best first, by default those of this user; with none, nothing is kept.
    """

    def __init__(self, place: bytes, roots: Sequence[Path] | None = None) -> None:
        folders = _roots() if roots is None else roots
        self._folders = [folder / "spool" / hashlib.sha256(place).hexdigest()[:16] for folder in folders]

    def keep(self, key: str, data: bytes) -> None:
        """Keep a picture durably and whole, if possible. Raises nothing: the error to report is that of the store."""
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
        """Return the picture that waits under this key, or None.

        Raises:
            OSError: it cannot be read.
        """
        for folder in self._folders:
            with contextlib.suppress(FileNotFoundError, NotADirectoryError):
                _require_own(folder.parents[1])
                return (folder / key).read_bytes()
        return None

    def drop(self, key: str) -> None:
        """Delete a picture that has been stored."""
        for folder in self._folders:
            _forget(folder / key)

    def remove(self, run_id: str) -> None:
        """Delete all pictures of a run."""
        for folder in self._folders:
            shutil.rmtree(folder / run_id, ignore_errors=True)


def _roots() -> list[Path]:
    """Return the folders of this user in which pictures may wait, the preferred one first."""
    try:
        return [Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state") / "onbrief", _temporary()]
    except RuntimeError:  # the user has no home folder
        return [_temporary()]


def _temporary() -> Path:
    return Path(tempfile.gettempdir(), f"onbrief-{os.getuid()}")


def _require_own(folder: Path) -> None:
    """Refuse a temporary folder that another user owns or can write to. Anyone can create a folder with our name in the
    system's temporary directory, and could then replace the pictures in it.

    Raises:
        FileNotFoundError: another user owns it or can write to it, or it does not exist.
    """
    found = folder.lstat()
    own = stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid() and not found.st_mode & 0o022
    if folder == _temporary() and not own:
        raise FileNotFoundError(errno.ENOENT, "not a folder that only this user can write to", str(folder))


def _forget(path: Path) -> None:
    with contextlib.suppress(OSError):
        path.unlink()
        path.parent.rmdir()  # fails, and is ignored, unless this was the run's last picture


def sync(path: Path) -> None:
    """Flush a file, or the entries of a folder, to disk.

    Raises:
        OSError: it cannot be flushed.
    """
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
