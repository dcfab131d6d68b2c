"""Which musts a judge is asked about first, where two small questions cost less than one large one. No model in here.

A picture that misses a must cannot pass, whatever else it shows. So the musts that fail most often are asked about first, and
everything else only of a picture that holds: in which at most `spare` of these musts are missing. `spare` is 0, or 1 where a
picture that lacks only one thing can be repaired, and it is worth knowing that it lacks nothing else.

Each question sends the picture and the instructions again, so for most checklists one question is cheaper. What is asked first
is the set of musts A with the least expected cost,

    cost(A) + P(A holds) * cost(everything but A)

and nothing is split unless that is less than cost(everything) by a margin. P is what the policy expects of the next picture of
this prompt, from the findings of the run so far (policy/chances.py).

A must is asked about together with what it depends on: whether a cup is missing or has another colour makes a difference to
whoever writes the next prompt. What has been asked decides as always, so the same pictures pass. What has not been asked has no
finding (Verdict.unasked): nothing is known about it, which is neither a failure nor a judge that cannot tell.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from onbrief.attempt import Verdict
from onbrief.brief import Checklist, Requirement
from onbrief.policy.chances import Outlook

Cost = Callable[[int], float]
"""Returns the expected cost, in US dollars, of a question about this number of requirements of one picture."""

MARGIN: Final = 0.1
"""The share of the cost of one question that two must save in expectation."""


def first_question(checklist: Checklist, outlooks: Sequence[Outlook], cost: Cost, spare: int = 0) -> tuple[str, ...]:
    """Return the ids of the musts to ask about first, in the order of the checklist; none if everything is to be asked at once.
    `outlooks` say what may come of the picture.
    """
    total = len(checklist.requirements)
    first: frozenset[str] = frozenset()
    least = (1 - MARGIN) * cost(total)
    for asked in _growing(checklist, outlooks):
        hold = math.fsum(each.weight * _at_most(spare, [1 - each.musts[id_] for id_ in asked]) for each in outlooks)
        both = cost(len(asked)) + hold * cost(total - len(asked))
        if both < least and not _changed(checklist, asked):
            first, least = asked, both
    return tuple(must.id for must in checklist.musts if must.id in first)


def holds(checklist: Checklist, first: Verdict, spare: int = 0) -> bool:
    """Return whether the rest is asked about, after the answer to the first question. What depends on a missing thing does not
    count, and neither does a doubt: a closer look may settle it.
    """
    unmet = first.ids("unmet")
    return sum(must.id in unmet and unmet.isdisjoint(must.parents) for must in checklist.musts) <= spare


def _growing(checklist: Checklist, outlooks: Sequence[Outlook]) -> Iterator[frozenset[str]]:
    """Yield sets of musts with their parents, each larger by the must that adds most failures for each finding."""
    missing = {must.id: math.fsum(o.weight * (1 - o.musts[must.id]) for o in outlooks) for must in checklist.musts}
    groups = {must.id: _with_parents(checklist, must) & missing.keys() for must in checklist.musts}
    asked: frozenset[str] = frozenset()
    while left := [id_ for id_ in groups if id_ not in asked]:
        gains = {id_: math.fsum(missing[each] for each in groups[id_] - asked) / len(groups[id_] - asked) for id_ in left}
        asked |= groups[max(left, key=gains.__getitem__)]
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
    return math.fsum(chances)


def _changed(checklist: Checklist, asked: frozenset[str]) -> bool:
    """Return whether the rest is nothing, or either question is about one description alone, which is then judged in another
    way than among other requirements.
    """
    parts = ([r for r in checklist.requirements if (r.id in asked) == first] for first in (True, False))
    return any(not part or [r.kind for r in part] == ["whole"] for part in parts)
