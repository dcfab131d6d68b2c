"""Which musts a judge is asked about first, where two small questions cost less than one large one. No model in here.

A picture that misses a must cannot pass, whatever else it shows. So the musts that fail most often are asked about first, and
everything else only of a picture that holds: in which at most `spare` of these musts are unmet. `spare` is 0 unless pictures
with one fault are worth more than others, because that fault can be edited away.

Each question sends the picture and the instructions again, so most questions are cheaper whole. What is asked first is the set
of musts A with the least expected cost, cost(A) + P(A holds) · cost(everything but A), and nothing is split unless that is less
than cost(everything) by a margin.

How often a must fails is estimated from the earlier pictures of the run, and from what is usual for its kind. A must counts
only where what it is about (its parents) is not missing, and is asked about together with it: whether a cup is missing or has
another colour makes a difference to whoever writes the next prompt. So the failures that are counted are independent of each
other, as far as they can be. Before any picture is judged, nothing is known of the image model, and all is asked at once.

| of its kind, where its parents are met | share of pictures that miss it |
| --- | --- |
| object, absence | .1 |
| attribute, action | .2 |
| count, relation, text, whole | .4 |
| style, format | .05 |

These are round figures between those of image models of 2023 and of 2026. All of them are scaled by how many failures there
were in the run, compared with how many they make expect; then the failures of each must itself are added.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

from onbrief.brief import Checklist, Kind, Requirement
from onbrief.record import Verdict

Cost = Callable[[int], float]
"""Returns the expected cost, in US dollars, of a question about this number of requirements of one picture."""

MARGIN: Final = 0.05
"""The share of the cost of one question that two must save in expectation."""

_FAILS: Final[Mapping[Kind, float]] = {
    "object": 0.1,
    "absence": 0.1,
    "attribute": 0.2,
    "action": 0.2,
    "count": 0.4,
    "relation": 0.4,
    "text": 0.4,
    "whole": 0.4,
    "style": 0.05,
    "format": 0.05,
}
_MOST_FAILS: Final = 0.9  # share of pictures that miss a must, before its own failures are counted
_WEIGHT_OF_ALL: Final = 2.0  # failures that the shares above count for, beside those of all musts in the run
_WEIGHT_OF_KIND: Final = 4.0  # pictures that the share of its kind counts for, beside those in which a must was asked about


def first_question(checklist: Checklist, history: Sequence[Verdict], cost: Cost, spare: int = 0) -> tuple[str, ...]:
    """Return the ids of the musts to ask about first, in the order of the checklist; none if everything is to be asked at once.
    `history` has the verdicts on earlier pictures.
    """
    answered = [verdict for verdict in history if not verdict.problem]
    if not answered:
        return ()
    total = len(checklist.requirements)
    missing = _missing(checklist, answered)
    first: frozenset[str] = frozenset()
    least = (1 - MARGIN) * cost(total)
    for asked in _growing(checklist, missing):
        both = cost(len(asked)) + _at_most(spare, [missing[id_] for id_ in asked]) * cost(total - len(asked))
        if both < least and not _changed(checklist, asked):
            first, least = asked, both
    return tuple(must.id for must in checklist.musts if must.id in first)


def holds(checklist: Checklist, first: Verdict, spare: int = 0) -> bool:
    """Return whether the rest is asked about, after the answer to the first question."""
    unmet = first.ids("unmet")
    return sum(must.id in unmet and unmet.isdisjoint(must.parents) for must in checklist.musts) <= spare


def _missing(checklist: Checklist, history: Sequence[Verdict]) -> dict[str, float]:
    """Return how probable it is that a picture misses each must, if nothing that it depends on is missing."""
    told, unmet = Counter[str](), Counter[str]()
    for verdict in history:
        found = {finding.id: finding.verdict for finding in verdict.findings}
        for must in checklist.musts:
            if found.get(must.id, "undecided") != "undecided" and "unmet" not in map(found.get, must.parents):
                told[must.id] += 1
                unmet[must.id] += found[must.id] == "unmet"
    expected = sum(_FAILS[must.kind] * told[must.id] for must in checklist.musts)
    scale = (_WEIGHT_OF_ALL + unmet.total()) / (_WEIGHT_OF_ALL + expected)
    usual = {must.id: min(_MOST_FAILS, scale * _FAILS[must.kind]) for must in checklist.musts}
    return {id_: (_WEIGHT_OF_KIND * share + unmet[id_]) / (_WEIGHT_OF_KIND + told[id_]) for id_, share in usual.items()}


def _growing(checklist: Checklist, missing: Mapping[str, float]) -> Iterator[frozenset[str]]:
    """Yield sets of musts with their parents, each larger by the must that adds most failures for each finding."""
    groups = {must.id: _with_parents(checklist, must) & missing.keys() for must in checklist.musts}
    asked: frozenset[str] = frozenset()
    while left := [id_ for id_ in groups if id_ not in asked]:
        gains = {id_: [-math.log1p(-missing[each]) for each in groups[id_] - asked] for id_ in left}
        asked |= groups[max(left, key=lambda id_: sum(gains[id_]) / len(gains[id_]))]
        yield asked


def _with_parents(checklist: Checklist, requirement: Requirement) -> frozenset[str]:
    """Return the ids of a requirement and of everything that it depends on, even if two say that they depend on each other."""
    found, left = set[str](), [requirement]
    while left:
        one = left.pop()
        if one.id not in found:
            found.add(one.id)
            left += [checklist[parent] for parent in one.parents]
    return frozenset(found)


def _at_most(spare: int, missing: Sequence[float]) -> float:
    """Return how probable it is that at most this number of independent failures occur together."""
    chances = [1.0] + [0.0] * spare
    for share in missing:
        chances = [now * (1 - share) + before * share for now, before in zip(chances, [0.0, *chances[:-1]], strict=True)]
    return sum(chances)


def _changed(checklist: Checklist, asked: frozenset[str]) -> bool:
    """Return whether the rest is nothing, or either question is about one description alone, which is then judged in another
    way than among other requirements.
    """
    parts = ([r for r in checklist.requirements if (r.id in asked) == first] for first in (True, False))
    return any(not part or [r.kind for r in part] == ["whole"] for part in parts)
