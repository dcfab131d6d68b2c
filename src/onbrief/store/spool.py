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

from onbrief.errors import StoreError
from onbrief.store.files import contents, leftovers, written_beside

NEXT = "fix the cause, then run the same command again: nothing is drawn twice"


class Spool:
    """The waiting pictures of one store, by key. `place` distinguishes the stores. `roots` are the folders in which pictures
    may wait, the best first, by default those of this user; with none, nothing is kept.
    """

    def __init__(self, place: bytes, roots: Sequence[Path] | None = None) -> None:
        folders = _roots() if roots is None else roots
        self._folders = [folder / "spool" / hashlib.sha256(place).hexdigest()[:16] for folder in folders]

    def keep(self, key: str, data: bytes) -> Path | str:
        """Keep a picture durably and whole, if possible, and return its file. Otherwise return why it is not kept: the error to
        report is that of the store.
        """
        troubles: list[str] = []
        for folder in self._folders:
            path = folder / key
            try:
                folder.parents[1].mkdir(parents=True, exist_ok=True, mode=0o700)
                _require_own(folder.parents[1])
                with written_beside(path, data, synced=True) as beside:
                    beside.replace(path)
            except OSError as error:
                _remove_if_empty(path.parent)
                troubles.append(f"{path} cannot be written: {error.strerror}")
            else:
                return path
        return "; ".join(troubles) or "there is no folder for it"

    def load(self, key: str) -> bytes | None:
        """Return the picture that waits under this key, or None.

        Raises:
            OSError: it cannot be read.
        """
        for folder in self._own:
            with contextlib.suppress(FileNotFoundError, NotADirectoryError):
                return (folder / key).read_bytes()
        return None

    def copies(self, key: str) -> list[bytes]:
        """Return whatever waits under this key, also what an interrupted write has left.

        Raises:
            OSError: it cannot be read.
        """
        return contents([path for folder in self._own for path in _files(folder / key)])

    def drop(self, key: str) -> None:
        """Delete a picture that has been stored."""
        with contextlib.suppress(OSError):
            for folder in self._own:
                for path in _files(folder / key):
                    path.unlink(missing_ok=True)
                _remove_if_empty((folder / key).parent)

    def remove(self, run_id: str) -> None:
        """Delete all pictures of a run."""
        for folder in self._folders:
            shutil.rmtree(folder / run_id, ignore_errors=True)

    @property
    def _own(self) -> list[Path]:
        """The folders that exist and that nobody else can write to."""
        own: list[Path] = []
        for folder in filter(os.path.exists, self._folders):
            with contextlib.suppress(FileNotFoundError, NotADirectoryError):
                _require_own(folder.parents[1])
                own.append(folder)
        return own


def unstored(reason: str, kept: Path | str) -> StoreError:
    """Return the error for a picture that is paid for and could not be stored. `kept` is what `Spool.keep` returned."""
    if isinstance(kept, Path):
        return StoreError(reason, hint=f"the picture is kept in {kept}: {NEXT}")
    return StoreError(f"{reason}; the picture is lost: {kept}", hint="fix the cause before you pay for another picture")


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


def _files(path: Path) -> list[Path]:
    return [path, *leftovers(path)]


def _remove_if_empty(folder: Path) -> None:
    with contextlib.suppress(OSError):
        folder.rmdir()
