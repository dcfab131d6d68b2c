"""What evidence from the picture itself is worth beside the judge's answer.

A witness is a finding that no judge gave: measured pixels, lettering that was read, things that a detector found. Size and
shape are right or wrong beyond doubt and decide alone. Everything else can settle a doubt of the judge or raise one, and never
refuses or accepts a picture by itself.

| the judge's answer | the witness agrees | the witness disagrees |
| --- | --- | --- |
| met | met, as probable as the surer of the two | borderline, at .5: it is looked at again |
| borderline | met (not through a detector) | borderline, half as probable if the pixels say so |
| unmet | unmet, as improbable as the surer of the two | unmet |
| undecided | undecided | undecided |
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from onbrief.brief import Checklist, Requirement
from onbrief.judging import decide
from onbrief.judging.rule import FAIR, Rule
from onbrief.questions.measures import Exact, measure
from onbrief.record import Finding, Source

WITNESSES: Final[frozenset[Source]] = frozenset({"pixels", "lettering", "detector"})
DOUBT: Final = 0.5
"""The probability of what the judge calls met and a witness unmet."""


def beside(checklist: Checklist, findings: Sequence[Finding], rule: Rule = FAIR) -> tuple[Finding, ...]:
    """Return the findings of a judge, changed by those of witnesses among them: one for each requirement."""
    witnesses = {finding.id: finding for finding in findings if finding.source in WITNESSES}
    own = [finding for finding in findings if finding.source not in WITNESSES]
    decided = decide.verdict(checklist, own, rule).findings
    if not witnesses:
        return decided
    return tuple(
        _weighed(requirement, finding, witnesses[finding.id]) if finding.id in witnesses else finding
        for requirement, finding in zip(checklist.requirements, decided, strict=True)
    )


def _weighed(requirement: Requirement, judged: Finding, witness: Finding) -> Finding:
    if witness.source == "pixels" and isinstance(measure(requirement), Exact):
        return witness
    together = replace(judged, evidence=f"{judged.evidence}; {witness.evidence}" if judged.evidence else witness.evidence)
    match judged.verdict, witness.verdict:
        case "met", "met":
            return replace(together, probability=max(judged.probability, witness.probability))
        case "unmet", "unmet":
            return replace(together, probability=min(judged.probability, witness.probability))
        case "borderline", "met" if witness.source != "detector":
            surer = max(judged.probability, witness.probability)
            return replace(together, verdict="met", probability=surer, source=witness.source)
        case "met", "unmet":
            return replace(together, verdict="borderline", probability=DOUBT, source=witness.source)
        case "borderline", "unmet" if witness.source == "pixels":
            return replace(together, probability=round(judged.probability / 2, 6))
        case _:
            return together
