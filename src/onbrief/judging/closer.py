"""The closer look at a picture that would pass: what it is about, and what both looks together say. No model in here."""

from __future__ import annotations

from dataclasses import replace

from onbrief.attempt import Finding, Verdict
from onbrief.brief import Checklist, Requirement
from onbrief.judging.rule import Rule


def to_look_at(checklist: Checklist, first: Verdict, rule: Rule) -> tuple[Requirement, ...]:
    """Return the musts to ask about once more after the first look; none if the picture cannot pass, or needs no closer look.

    A must that is borderline below the floor of the rule is among them: a closer look may raise it. Not so if the floor is that
    of a calibration: it keeps to a ceiling on false accepts, to which each second chance would add. Preferences never are.
    """
    found = {finding.id: finding for finding in first.findings}
    verdicts = {must.id: found[must.id].verdict for must in checklist.musts if must.id in found}
    if rule.confirm == "never" or first.unasked or {"unmet", "undecided"}.intersection(verdicts.values()):
        return ()
    borderline = tuple(must for must in checklist.musts if verdicts[must.id] == "borderline")
    if rule.scaling and not all(rule.accepts(found[must.id], must.kind) for must in borderline):
        return ()
    return checklist.musts if rule.confirm == "always" else borderline


def combined(first: Finding, second: Finding, *, calibrated: bool = False) -> Finding:
    """Return what two looks at one picture say together. Both findings are valid answers, or undecided.

    The closer look decides what was borderline, and never makes up for a first look that said no. Two looks that contradict
    each other decide nothing. Where only the closer look is in doubt, doubt remains: as large as the mean of both, or where the
    rule is `calibrated`, as large as the larger one, because the ceiling on false accepts is kept by each look alone.
    """
    if "undecided" in (first.verdict, second.verdict):
        return first if first.verdict == "undecided" else _undecided(first, "the closer look gave no valid answer")
    if {first.verdict, second.verdict} == {"met", "unmet"}:
        return _undecided(first, "the two looks contradict each other")
    if first.verdict == second.verdict != "borderline":
        return first if first.probability <= second.probability else replace(first, probability=second.probability)
    decided = replace(second, source="closer look", box=first.box)
    if first.verdict == "borderline" != second.verdict:
        return decided
    mean = round((first.probability + second.probability) / 2, 6)
    probability = min(first.probability, second.probability) if calibrated else mean
    return replace(decided, verdict="borderline", probability=probability)


def _undecided(first: Finding, why: str) -> Finding:
    return Finding(first.id, "undecided", 0.5, f"{why}; first: {first.evidence}", "closer look", first.box)
