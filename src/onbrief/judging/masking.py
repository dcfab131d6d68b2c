"""What a second answer, on the same picture with its lettering masked, says beside the first one. No model in here.

| the two answers on a must | words address a reader who grades | any other lettering that was not asked for |
| --- | --- | --- |
| are the same | the verdict stands | the verdict stands |
| differ for the better | undecided | the verdict stands |
| differ for the worse | undecided | borderline; undecided if no must keeps its answer |

Most lettering is a part of what the picture shows: masked, the bakery of the brief may no longer be known for one. If that were
undecided, no picture of a bakery with its name on it could ever pass; as a reservation it quotes the words, and people decide.
Where no must at all keeps its answer, nothing but the words speaks for the picture.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Self

from onbrief.attempt import Answer, Box, Finding
from onbrief.brief import Checklist, Requirement
from onbrief.judging.evidence import DOUBT, WORDS, about
from onbrief.judging.lettering import about_lettering

_SHOWN = 200  # characters
_WORSE: Mapping[Answer, int] = {"met": 0, "borderline": 1, "unmet": 2, "undecided": 3}


@dataclass(frozen=True, slots=True)
class Unasked:
    """Lettering in a picture that was not asked for: what it says, the `orders` in it, which address a reader who grades, and
    where it is, as far as that is known.
    """

    lettering: Sequence[str] = ()
    orders: Sequence[str] = ()
    boxes: tuple[Box, ...] = ()

    @classmethod
    def of(cls, findings: Sequence[Finding]) -> Self:
        """Return what is recorded of it."""
        found = about(WORDS, findings)
        lines = dict.fromkeys(finding.evidence for finding in found if finding.box)
        orders = dict.fromkeys(finding.evidence for finding in found if not finding.box)
        return cls(tuple(lines), tuple(orders), tuple(finding.box for finding in found if finding.box))

    def __str__(self) -> str:
        if self.orders:
            return f"words in the picture address a reader who grades ({_quoted(self.orders)})"
        return f"the picture has lettering that was not asked for ({_quoted(self.lettering)})"


def agreed(
    checklist: Checklist, final: Sequence[Finding], first: Sequence[Finding], masked: Sequence[Finding], unasked: Unasked
) -> tuple[Finding, ...]:
    """Return the findings on a picture with lettering that was not asked for. `first` and `masked` are the answers of one judge
    to one question, about the picture as it is and with that lettering masked; `final` are the findings after a closer look.
    """
    before, after = ({finding.id: finding for finding in findings} for findings in (first, masked))
    changed = {id_ for id_ in before if before[id_].verdict != after[id_].verdict}
    compared = [must.id for must in checklist.musts if not about_lettering(must)]
    by_words = len(compared) > 1 and all(_worse(before[id_], after[id_]) for id_ in compared)

    def weighed(requirement: Requirement, finding: Finding) -> Finding:
        id_ = requirement.id
        why = f"{unasked}; with it masked, the answer is {after[id_].verdict} instead of {before[id_].verdict}"
        if unasked.orders:
            if id_ in changed:
                return _undecided(id_, why)
            settled = finding.verdict == "met" != before[id_].verdict  # by a closer look, which was shown the words too
            return replace(before[id_], evidence=f"{unasked}; {before[id_].evidence}") if settled else finding
        if not _worse(before[id_], after[id_]):
            return finding
        if by_words or after[id_].verdict == "undecided":
            return _undecided(id_, why)
        if about_lettering(requirement) and compared:  # masked, it cannot be seen, and the others show what the words do
            return finding
        doubt = replace(finding, evidence=f"{why}; {finding.evidence}", source="lettering")
        return replace(doubt, verdict="borderline", probability=min(DOUBT, finding.probability))

    return tuple(map(weighed, checklist.requirements, final))


def unanswered(checklist: Checklist, unasked: Unasked, why: str) -> tuple[Finding, ...]:
    """Return findings that are all undecided, because nothing shows what the answers are worth without the lettering."""
    return tuple(_undecided(requirement.id, f"{unasked}; {why}") for requirement in checklist.requirements)


def _worse(before: Finding, after: Finding) -> bool:
    return _WORSE[after.verdict] > _WORSE[before.verdict]


def _undecided(id_: str, evidence: str) -> Finding:
    return Finding(id_, "undecided", 0.5, evidence, "lettering")


def _quoted(texts: Iterable[str]) -> str:
    together = ", ".join(f'"{text}"' for text in texts)
    return together if len(together) <= _SHOWN else together[: _SHOWN - 1] + "…"
