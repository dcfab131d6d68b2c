"""Messages for people: they go to stderr, because stdout is for data."""

from __future__ import annotations

import sys


def say(line: str) -> None:
    """Print one line on stderr."""
    print(plain(line), file=sys.stderr)


def plain(text: str) -> str:
    """Return text from users, models or providers as one line without control characters, which could control a terminal."""
    return "".join(character if character.isprintable() else " " for character in text)
