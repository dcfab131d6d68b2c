"""Words for the reader: to stderr, so that stdout is for data."""

from __future__ import annotations

import sys


def say(line: str) -> None:
    """One line on stderr."""
    print(plain(line), file=sys.stderr)


def plain(text: str) -> str:
    """Text from users, models and providers as one line that cannot steer a terminal."""
    return "".join(character if character.isprintable() else " " for character in text)
