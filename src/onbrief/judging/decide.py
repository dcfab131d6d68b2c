"""The verdict on a picture, computed from findings here and nowhere else. It fails closed."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from typing import get_args

from onbrief.attempt import Answer, Finding, Problem, Verdict
from onbrief.brief import Checklist, Kind, Requirement
from onbrief.judging.closer import combined
from onbrief.judging.rule import FAIR, Rule

MAX_EVIDENCE_CHARACTERS = 500


def verdict(
    checklist: Checklist,
    findings: Sequence[Finding],
    rule: Rule = FAIR,
    closer: Mapping[str, Sequence[Finding]] | None = None,
    asked: Collection[str] | None = None,
) -> Verdict:
    """Return a finding for each requirement, in the order of the checklist. The picture passes if every must is met, or
    borderline and accepted by the rule.

    A requirement without a finding, with several that contradict each other, or with one that is not a valid answer is
    undecided, and undecided never passes. Of several others, the least certain one counts. Findings about anything else are
    dropped. `closer` has the findings of a closer look, by the ids of the requirements that it was about; see closer.py.

    `asked` are the ids of the requirements that the judge was asked about, if these are not all. Of the others, those that
    nothing else decides have no finding, and the picture does not pass.
    """
    given: dict[str, list[Finding]] = {}
    for finding in findings:
        given.setdefault(finding.id, []).append(finding)
    decided = tuple(_decide(requirement, given.get(requirement.id, []), rule) for requirement in checklist.requirements)
    if closer:
        again = {r.id: _decide(r, list(closer[r.id]), rule) for r in checklist.requirements if r.id in closer}
        by_calibration = bool(rule.scaling)
        decided = tuple(combined(f, again[f.id], calibrated=by_calibration) if f.id in again else f for f in decided)
    musts: dict[str, Kind] = {requirement.id: requirement.kind for requirement in checklist.musts}
    borderline = tuple(f.id for f in decided if f.id in musts and rule.accepts(f, musts[f.id]))
    reservations = borderline if rule.max_reservations is None or len(borderline) <= rule.max_reservations else ()
    accepted = musts.keys() <= {f.id for f in decided if f.verdict == "met"}.union(reservations)
    if accepted and rule.joint:
        accepted = joint(checklist, decided, rule) >= rule.joint
    if asked is None:
        return Verdict(accepted, decided, reservations=reservations)
    unasked = tuple(f.id for f in decided if f.id not in asked and f.verdict == "undecided")
    kept = tuple(f for f in decided if f.id not in unasked)
    return Verdict(accepted and not unasked, kept, reservations=reservations, unasked=unasked)


def joint(checklist: Checklist, findings: Sequence[Finding], rule: Rule = FAIR) -> float:
    """Return the product of the probabilities of all musts: how probable it is that the picture is right, if its requirements
    do not depend on each other.
    """
    musts: dict[str, Kind] = {requirement.id: requirement.kind for requirement in checklist.musts}
    return math.prod(rule.meant(finding, musts[finding.id]) for finding in findings if finding.id in musts)


def undecided(checklist: Checklist, why: Problem) -> Verdict:
    """Return the verdict for a judge that gave no answer at all."""
    evidence = _plain(f"the judge gave no answer: {why.message}")
    return Verdict(False, tuple(Finding(r.id, "undecided", 0.5, evidence) for r in checklist.requirements), why)


def _decide(requirement: Requirement, findings: list[Finding], rule: Rule) -> Finding:
    id_ = requirement.id
    if not findings:
        return Finding(id_, "undecided", 0.5, "the judge gave no answer")
    answers = [_read(finding, requirement.kind, rule) for finding in findings]
    if len(answers) == 1:
        return answers[0]
    found = {answer.verdict for answer in answers}
    if len(found) > 1 and ("undecided" in found or found >= {"met", "unmet"}):
        return Finding(id_, "undecided", 0.5, "the judge contradicted itself")
    return min(answers, key=lambda answer: (answer.verdict != "borderline", answer.probability))


def _read(finding: Finding, kind: Kind, rule: Rule) -> Finding:
    """Return an answer of the judge: undecided if it is not valid, borderline if it is not sure enough."""
    id_, verdict, probability = finding.id, finding.verdict, finding.probability
    if verdict not in _ANSWERS:
        return Finding(id_, "undecided", 0.5, "the judge's answer is not one of met, unmet, borderline and undecided")
    if not (math.isfinite(probability) and 0 <= probability <= 1):
        return Finding(id_, "undecided", 0.5, "the judge's probability is not from 0 to 1")
    if (verdict == "met" and probability < 0.5) or (verdict == "unmet" and probability > 0.5):
        return Finding(id_, "undecided", 0.5, "the judge's answer and its probability contradict each other")
    if verdict in ("met", "unmet"):
        meant = rule.meant(finding, kind) if rule.scaling else probability
        # Calibration can make an answer doubtful; it never turns one into its opposite.
        if (meant < rule.high) if verdict == "met" else (meant >= rule.low):
            verdict = "borderline"
    # Not dataclasses.replace, which takes as long as everything else here together.
    return Finding(id_, verdict, probability, _plain(finding.evidence), finding.source, finding.box)


def _plain(evidence: str) -> str:
    """Evidence is data: one line, of bounded length, without control or bidirectional characters."""
    if not evidence.isprintable():
        evidence = "".join(c if c.isprintable() else " " for c in evidence)
    text = " ".join(evidence.split())
    return text if len(text) <= MAX_EVIDENCE_CHARACTERS else text[: MAX_EVIDENCE_CHARACTERS - 1] + "…"


_ANSWERS = get_args(Answer)
