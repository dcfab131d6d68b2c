"""GenEval's 553 prompts, and what its metadata ask of a picture, as the claims of the sandbox.

D. Ghosh, H. Hajishirzi, L. Schmidt: GenEval, an object-focused framework for evaluating text-to-image alignment (2023).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal, NotRequired, TypedDict, cast

from onbrief_sandbox.language.claims import Claim, Coloured, Counted, Present, Related, Which
from onbrief_sandbox.scene import Colour, Direction

FILE = Path(__file__).parent / "data" / "geneval" / "evaluation_metadata.jsonl"

Tag = Literal["single_object", "two_object", "counting", "colors", "position", "color_attr"]


@dataclass(frozen=True, slots=True)
class Asked:
    """Things of one class. `position` is a direction, and the index of the things that they lie in this direction from."""

    noun: str
    count: int
    colour: Colour | None = None
    position: tuple[Direction, int] | None = None


@dataclass(frozen=True, slots=True)
class GenEvalBrief:
    """One line of the metadata. `exclude` says of a class at how many a picture fails: in effect, that the count is exact."""

    tag: Tag
    prompt: str
    include: tuple[Asked, ...]
    exclude: tuple[Asked, ...] = ()


@cache
def briefs() -> tuple[GenEvalBrief, ...]:
    """All 553, in the order of the file."""
    rows = [cast("_Row", json.loads(line)) for line in FILE.read_text("utf-8").splitlines()]
    return tuple(
        GenEvalBrief(
            row["tag"],
            row["prompt"],
            tuple(_asked(thing) for thing in row["include"]),
            tuple(_asked(thing) for thing in row.get("exclude", ())),
        )
        for row in rows
    )


def expected(brief: GenEvalBrief) -> frozenset[Claim]:
    """What the metadata mean. A count is asked for where a larger one is excluded; elsewhere "a dog" only means that one is
    there. The classes of one brief all differ.
    """
    exact = {thing.noun for thing in brief.exclude}
    found: set[Claim] = set()
    for thing in brief.include:
        which = Which(thing.noun)
        found.add(Present(which))
        if thing.noun in exact:
            found.add(Counted(which, thing.count))
        if thing.colour:
            found.add(Coloured(which, thing.colour))
        if thing.position:
            direction, target = thing.position
            found.add(Related(which, direction, Which(brief.include[target].noun)))
    return frozenset(found)


_Thing = TypedDict(
    "_Thing", {"class": str, "count": int, "color": NotRequired[Colour], "position": NotRequired[tuple[Direction, int]]}
)


class _Row(TypedDict):
    tag: Tag
    prompt: str
    include: list[_Thing]
    exclude: NotRequired[list[_Thing]]


def _asked(thing: _Thing) -> Asked:
    position = thing.get("position")
    where = (position[0], position[1]) if position else None
    return Asked(thing["class"], thing["count"], thing.get("color"), where)
