"""The verdict on a picture, computed from findings here and nowhere else. It fails closed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import get_args

from onbrief.brief import Checklist
from onbrief.record import Answer, Finding, Problem, Verdict

MAX_EVIDENCE_CHARACTERS = 500


def verdict(checklist: Checklist, findings: Sequence[Finding]) -> Verdict:
    """Return one finding for each requirement, in the order of the checklist; passed if every must is met.

    A requirement without a finding, with several that differ, or with one that is not a valid answer is undecided, and
    undecided never passes. Of several that agree, the least probable one counts. Findings about anything else are dropped.
    """
    decided = tuple(
        _decide(requirement.id, [finding for finding in findings if finding.id == requirement.id])
        for requirement in checklist.requirements
    )
    musts = {requirement.id for requirement in checklist.musts}
    return Verdict(all(finding.verdict == "met" for finding in decided if finding.id in musts), decided)


def undecided(checklist: Checklist, why: Problem) -> Verdict:
    """Return the verdict for a judge that gave no answer at all."""
    evidence = _plain(f"the judge gave no answer: {why.message}")
    return Verdict(False, tuple(Finding(r.id, "undecided", 0.5, evidence) for r in checklist.requirements), why)


def _decide(id_: str, findings: list[Finding]) -> Finding:
    if not findings:
        return Finding(id_, "undecided", 0.5, "the judge gave no answer")
    answers = [_read(finding) for finding in findings]
    if len({answer.verdict for answer in answers}) > 1:
        return Finding(id_, "undecided", 0.5, "the judge contradicted itself")
    return min(answers, key=lambda answer: answer.probability)


def _read(finding: Finding) -> Finding:
    """Return an answer of the judge, undecided if it is not valid."""
    id_ = finding.id
    if finding.verdict not in get_args(Answer):
        return Finding(id_, "undecided", 0.5, "the judge's answer is not one of met, unmet and undecided")
    if not (math.isfinite(finding.probability) and 0 <= finding.probability <= 1):
        return Finding(id_, "undecided", 0.5, "the judge's probability is not from 0 to 1")
    if (finding.verdict == "met" and finding.probability < 0.5) or (finding.verdict == "unmet" and finding.probability > 0.5):
        return Finding(id_, "undecided", 0.5, "the judge's answer and its probability contradict each other")
    return Finding(id_, finding.verdict, finding.probability, _plain(finding.evidence))


def _plain(evidence: str) -> str:
    """Evidence is data: one line, of bounded length, without control or bidirectional characters."""
    text = " ".join("".join(c if c.isprintable() else " " for c in evidence).split())
    return text if len(text) <= MAX_EVIDENCE_CHARACTERS else text[: MAX_EVIDENCE_CHARACTERS - 1] + "…"
