"""Messages for people: they go to stderr, because stdout is for data."""

from __future__ import annotations

import os
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, TypeVar

from onbrief.errors import OutputError
from onbrief.redaction import redacted

T = TypeVar("T")


def say(line: str) -> None:
    """Print one line on stderr."""
    print(plain(line), file=sys.stderr)


def put(text: str, hint: str = "") -> None:
    """Write data to stdout, all of it: when this returns, it has left this process.

    Raises:
        OutputError: it cannot be written; with this hint.
    """
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except OSError as error:
        # Python would try to write the rest again when it exits, and fail again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise OutputError(f"standard output cannot be written: {error.strerror}", hint=hint) from error


def write(path: Path | None, text: str) -> None:
    """Write a file and the folders above it, or standard output if there is no path.

    Raises:
        OutputError: it cannot be written.
    """
    if path is None:
        put(text)
        return
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    except OSError as error:
        raise OutputError(f"{path} cannot be written: {error.strerror}") from error


def plain(text: str) -> str:
    """Return text from users, models or providers as one line without secrets, and without control characters, which could
    control a terminal.
    """
    return "".join(character if character.isprintable() else " " for character in redacted(text))


def finish(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine to its end. asyncio is imported only here: a help page does not need it."""
    import asyncio

    return asyncio.run(work)
