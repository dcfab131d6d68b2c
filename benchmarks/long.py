"""A hundred long briefs: GenEval prompts of different kinds, joined as the hard ones are, with 18 to 22 requirements each."""

from __future__ import annotations

from functools import cache
from itertools import cycle, islice
from random import Random

from benchmarks.geneval import GenEvalBrief, Tag, briefs
from benchmarks.hard import HardBrief, joined

COUNT = 100
SEED = 20_261_129

# As in hard.py: 1 to 4 requirements for each kind, positions last.
RECIPES: tuple[tuple[Tag, ...], ...] = (
    ("counting", "colors", "color_attr", "color_attr", "color_attr", "position"),
    ("counting", "colors", "colors", "color_attr", "color_attr", "position", "position"),
    ("single_object", "counting", "color_attr", "color_attr", "color_attr", "position"),
    ("single_object", "color_attr", "color_attr", "color_attr", "color_attr", "position"),
    ("two_object", "counting", "color_attr", "color_attr", "color_attr", "position"),
    ("counting", "color_attr", "color_attr", "color_attr", "position", "position"),
    ("colors", "color_attr", "color_attr", "color_attr", "position", "position"),
    ("colors", "color_attr", "color_attr", "color_attr", "color_attr", "position"),
    ("two_object", "colors", "color_attr", "color_attr", "color_attr", "position"),
    ("color_attr", "color_attr", "color_attr", "color_attr", "position", "position"),
)


@cache
def long_briefs() -> tuple[HardBrief, ...]:
    """All of them, the same each time. The classes in one brief all differ."""
    draw = Random(SEED)  # noqa: S311 - a fixed choice
    by_tag: dict[Tag, list[GenEvalBrief]] = {}
    for brief in briefs():
        by_tag.setdefault(brief.tag, []).append(brief)
    return tuple(joined([by_tag[tag] for tag in recipe], draw) for recipe in islice(cycle(RECIPES), COUNT))
