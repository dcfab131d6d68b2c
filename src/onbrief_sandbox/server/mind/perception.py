"""What the sandbox's eye has to say of a picture, statement by statement."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from onbrief.brief import Requirement
from onbrief.errors import PictureError
from onbrief_sandbox.language.checks import check
from onbrief_sandbox.language.claims import Counted, Present
from onbrief_sandbox.language.sentences import read
from onbrief_sandbox.models import find
from onbrief_sandbox.scene import Sight
from onbrief_sandbox.seeing.eye import look

_MOST = 400  # things; the eye sees no more


@dataclass(frozen=True, slots=True)
class Seen:
    """Whether something is so (None: it cannot be told), and what is seen of it."""

    so: bool | None
    evidence: str


async def sight(image: bytes) -> Sight | None:
    """What is in the picture, or None if these bytes are none that can be read."""
    try:
        return await asyncio.to_thread(look, image)
    except PictureError:
        return None


def seen(statement: str, sight: Sight) -> Seen:
    """Whether the statement is true of what is seen."""
    finding = find(Requirement(text=statement), sight)
    return Seen({"met": True, "unmet": False, "undecided": None}[finding.verdict], finding.evidence)


def number(things: str, sight: Sight) -> tuple[int | None, str]:
    """How many of these there are (None: nothing that can be counted), and what is seen of them."""
    claimed = read(f"there are {things}") or ()
    if len(claimed) != 1 or not isinstance(claimed[0], Present):
        return None, "the eye does not know what these are"
    which = claimed[0].which
    for count in range(_MOST + 1):
        so, told = check(Counted(which, count), sight)
        if so:
            return count, told
    return None, "too many to count"
