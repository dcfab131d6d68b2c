"""How an image model is best written for: data of its provider, which the reviser is told and by which prompts are checked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol, runtime_checkable

CLIP_TOKENS = 75
"""What a CLIP text encoder reads: 77 tokens, of which one marks the start and one the end."""

Unit = Literal["words", "characters", "CLIP tokens"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """The prompts that an image model understands best. They have at most `most` units: more is cut off by a model that counts
    in CLIP tokens or characters, and does not help one that counts in words.

    `negative`: it takes a negative text. `weights`: it reads "(word:1.2)". `hardest_first`: what comes first counts most;
    otherwise a description in natural order is best, the scene before its details.
    """

    unit: Unit = "words"
    most: int = 300
    negative: bool = False
    weights: bool = False
    hardest_first: bool = False


NATURAL = Dialect()
"""For models of which nothing is known: long natural text, with what must be absent said in it."""


@runtime_checkable
class HasDialect(Protocol):
    """An image model that says how it is best written for. Others have the dialect NATURAL."""

    @property
    def dialect(self) -> Dialect:
        """How prompts for it are best written."""
        ...


def dialect_of(model: object) -> Dialect:
    """Return the dialect of an image model."""
    return getattr(model, "dialect", NATURAL)  # not isinstance(model, HasDialect), which is slow in Python 3.11
