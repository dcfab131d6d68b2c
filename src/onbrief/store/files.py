"""Files that are written whole: under a temporary name first, and then under their own."""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Generator
from pathlib import Path

_FORMER = ".part"  # how the spool of earlier versions named its temporary files
LONGEST_MARK = "#00000000"  # as long as what is appended to a name for a temporary one


@contextlib.contextmanager
def written_beside(path: Path, data: bytes, *, synced: bool = False) -> Generator[Path]:
    """Write the bytes to a temporary file in the same folder, which is created if it does not exist. The file is removed at the
    end unless it has been renamed.

    Raises:
        OSError: it cannot be written.
    """
    beside = path.with_name(f"{path.name}#{secrets.token_hex(4)}")
    try:
        try:
            file = beside.open("xb", buffering=0)
        except FileNotFoundError:
            path.parent.mkdir(parents=True, exist_ok=True)
            file = beside.open("xb", buffering=0)
        with file:
            rest = memoryview(data)
            while rest:
                rest = rest[file.write(rest) :]
            if synced:
                os.fsync(file.fileno())
        yield beside
    finally:
        with contextlib.suppress(OSError):  # renamed, or never created
            beside.unlink()


def leftovers(path: Path) -> list[Path]:
    """Return the temporary files of a file: those that an interrupted write has left, and those being written now.

    Raises:
        OSError: the folder cannot be read.
    """
    former, mark = path.name + _FORMER, f"{path.name}#"
    try:
        with os.scandir(path.parent) as found:
            own = [entry for entry in found if entry.name.startswith(mark) or entry.name == former]
            return [
                path.with_name(name) for name in sorted(entry.name for entry in own if entry.is_file(follow_symlinks=False))
            ]
    except (FileNotFoundError, NotADirectoryError):
        return []


def contents(paths: list[Path]) -> list[bytes]:
    """Return the bytes of those files that exist.

    Raises:
        OSError: one of them cannot be read.
    """
    found: list[bytes] = []
    for path in paths:
        with contextlib.suppress(FileNotFoundError, NotADirectoryError, IsADirectoryError):
            if not path.is_symlink():
                found.append(path.read_bytes())
    return found


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
