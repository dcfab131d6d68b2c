"""Messages for people: they go to stderr, because stdout is for data."""

from __future__ import annotations

import io
import os
import select
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, TypeVar

from onbrief.errors import OutputError
from onbrief.redaction import plain as plain

T = TypeVar("T")
_ESCAPED = "onbrief.escaped"


def say(line: str) -> None:
    """Print one line on stderr."""
    print(plain(line), file=sys.stderr)


def put(text: str, hint: str = "") -> None:
    """Write data to stdout, all of it: when this returns, it has left this process.

    Raises:
        OutputError: it cannot be written; with this hint.
        BrokenPipeError: whoever reads it wants no more, and there is no hint, which only a result has.
    """
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except OSError as error:
        if isinstance(error, BrokenPipeError) and not hint:
            raise
        discard_output()
        raise OutputError(f"standard output cannot be written: {error.strerror}", hint=hint) from error


def put_toml(text: str) -> None:
    """Write a TOML document to stdout. A character that its encoding lacks is escaped as in TOML, which has no surrogates.

    Raises:
        OutputError, BrokenPipeError: as `put`.
    """
    try:
        text.encode(sys.stdout.encoding)
    except UnicodeEncodeError:
        text = "".join(one if one.isascii() else f"\\U{ord(one):08x}" for one in text)
    put(text)


def write(path: Path | None, content: str | bytes) -> None:
    """Write a file and the folders above it, or a text to standard output if there is no path.

    Raises:
        OutputError: it cannot be written.
    """
    if path is None:
        assert isinstance(content, str)
        put(content)
        return
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    except OSError as error:
        raise OutputError(f"{path} cannot be written: {error.strerror}") from error


def tolerate_encodings() -> None:
    """Let standard output take any text. A character that its encoding lacks is escaped as in JSON, so that documents stay
    valid; in UTF-8, the bytes of names of files that are no UTF-8 are written as they are.
    """
    import codecs

    def escaped(error: UnicodeError) -> tuple[str, int]:
        assert isinstance(error, UnicodeEncodeError)
        units = error.object[error.start : error.end].encode("utf-16-be", "surrogatepass")
        return "".join(f"\\u{units[n]:02x}{units[n + 1]:02x}" for n in range(0, len(units), 2)), error.end

    codecs.register_error(_ESCAPED, escaped)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            is_utf8 = codecs.lookup(stream.encoding).name == "utf-8"
            stream.reconfigure(errors="surrogateescape" if is_utf8 and stream is sys.stdout else _ESCAPED)


def is_unread() -> bool:
    """Return whether standard output is a pipe that nobody reads any more."""
    poll = select.poll()
    poll.register(sys.stdout.fileno(), 0)
    return any(event & select.POLLERR for _, event in poll.poll(0))


def discard_output() -> None:
    """Write nothing more to standard output. Python would try to write the rest when it exits, and fail again."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def finish(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine to its end. asyncio is imported only here: a help page does not need it."""
    import asyncio

    return asyncio.run(work)
