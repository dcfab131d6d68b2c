"""Asks the sandbox's eye about a picture, statement by statement."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from functools import lru_cache

from onbrief.brief import Requirement
from onbrief.errors import PictureError
from onbrief_sandbox.language.checks import check
from onbrief_sandbox.language.claims import Counted, Present
from onbrief_sandbox.language.sentences import read
from onbrief_sandbox.models import find
from onbrief_sandbox.scene import Sight
from onbrief_sandbox.seeing.eye import look

_MOST = 400  # the eye's limit on the number of things


@dataclass(frozen=True, slots=True)
class Seen:
    """Whether a statement is true (None if that cannot be decided), and the evidence."""

    so: bool | None
    evidence: str


async def sight(image: bytes) -> Sight | None:
    """Return the content of the picture, or None if the bytes are not a readable picture."""
    try:
        return await asyncio.to_thread(_looked, image)
    except PictureError:
        return None


@lru_cache(maxsize=8)
def _looked(image: bytes) -> Sight:
    """Return the content of a picture. That of the last ones is kept, as the pictures are (see easel)."""
    return look(image)


def seen(statement: str, sight: Sight) -> Seen:
    """Return whether the statement is true of this content."""
    finding = find(Requirement(text=statement), sight)
    return Seen({"met": True, "unmet": False, "undecided": None}[finding.verdict], finding.evidence)


def number(things: str, sight: Sight) -> tuple[int | None, str]:
    """Return the number of these things (None if they cannot be counted), and the evidence."""
    claimed = read(f"there are {things}") or ()
    if len(claimed) != 1 or not isinstance(claimed[0], Present):
        return None, "the eye does not know what these are"
    which = claimed[0].which
    for count in range(_MOST + 1):
        so, evidence = check(Counted(which, count), sight)
        if so:
            return count, evidence
    return None, "too many to count"
