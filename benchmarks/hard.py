"""Two hundred hard briefs: GenEval prompts of different kinds, joined into one, with 4 to 8 requirements each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import cycle, islice
from random import Random

from benchmarks.geneval import GenEvalBrief, Tag, briefs, expected
from onbrief_sandbox.language.claims import Claim

COUNT = 200
SEED = 20_231_017
_OPENING = "a photo of "

# Which kinds are joined. A brief of each kind has 1 (single object), 2 (two objects, counting, colour), 3 (position) or 4
# requirements (two coloured objects). Positions stand last, so that nothing else is taken to lie below the lower thing.
_RECIPES: tuple[tuple[Tag, ...], ...] = (
    ("counting", "colors"),
    ("counting", "position"),
    ("counting", "color_attr"),
    ("two_object", "counting"),
    ("two_object", "color_attr"),
    ("two_object", "position"),
    ("colors", "position"),
    ("color_attr", "position"),
    ("single_object", "counting", "position"),
    ("single_object", "color_attr", "position"),
    ("two_object", "counting", "colors"),
    ("two_object", "counting", "color_attr"),
    ("two_object", "colors", "position"),
    ("two_object", "counting", "position"),
    ("counting", "colors", "position"),
)


@dataclass(frozen=True, slots=True)
class HardBrief:
    """One brief, what a picture of it must show, and the kinds that were joined."""

    text: str
    claims: frozenset[Claim]
    kinds: tuple[Tag, ...]


@cache
def hard_briefs() -> tuple[HardBrief, ...]:
    """All of them, the same each time. The classes in one brief all differ, and no picture needs more than nine things."""
    draw = Random(SEED)  # noqa: S311 - a fixed choice
    by_tag: dict[Tag, list[GenEvalBrief]] = {}
    for brief in briefs():
        by_tag.setdefault(brief.tag, []).append(brief)
    return tuple(joined([by_tag[tag] for tag in recipe], draw) for recipe in islice(cycle(_RECIPES), COUNT))


def joined(choices: Sequence[Sequence[GenEvalBrief]], draw: Random) -> HardBrief:
    """A brief that asks for all that one brief of each of these choices asks for, whose classes all differ."""
    while True:
        parts = [draw.choice(choice) for choice in choices]
        nouns = [thing.noun for part in parts for thing in part.include]
        if len(set(nouns)) == len(nouns):
            break
    said = [part.prompt.removeprefix(_OPENING) for part in parts]
    text = f"{_OPENING}{', '.join(said[:-1])}, and {said[-1]}"
    return HardBrief(text, frozenset(claim for part in parts for claim in expected(part)), tuple(part.tag for part in parts))
