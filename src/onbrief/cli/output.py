"""Messages for people: they go to stderr, because stdout is for data."""

from __future__ import annotations

import sys
from collections.abc import Coroutine
from typing import Any, TypeVar

from onbrief.redaction import redacted

T = TypeVar("T")


def say(line: str) -> None:
    """Print one line on stderr."""
    print(plain(line), file=sys.stderr)


def plain(text: str) -> str:
    """Return text from users, models or providers as one line without secrets, and without control characters, which could
    control a terminal.
    """
    return "".join(character if character.isprintable() else " " for character in redacted(text))


def finish(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine to its end. asyncio is imported only here: a help page does not need it."""
    import asyncio

    return asyncio.run(work)
