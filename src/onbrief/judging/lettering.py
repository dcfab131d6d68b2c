"""Lettering that was read on this machine, beside what the judge says of the words that a picture must show."""

from __future__ import annotations

from collections.abc import Sequence

from onbrief.brief import Checklist, Requirement
from onbrief.judging.addressing import SHORTEST, bare, folded
from onbrief.questions.claims import Lettering, claim
from onbrief.record import Finding

READ, MISREAD = 0.95, 0.1  # the probability that words are there if they were read, and if something else was
_SHOWN = 200  # characters


def compared(requirements: Sequence[Requirement], lines: Sequence[tuple[str, float]]) -> list[Finding]:
    """Return a finding for each requirement of words to be read, given the lines that were read, in order, each with the
    probability that it is right. Where nothing was read, or only what differs by letters that look alike, there is none.
    """
    findings = (_compared(r.id, claimed, lines) for r in requirements if isinstance(claimed := claim(r), Lettering))
    return [finding for finding in findings if finding]


def asked_for(text: str, checklist: Checklist) -> bool:
    """Return whether a line is wholly part of a text in the checklist."""
    return any(bare(folded(text)) in bare(folded(requirement.text)) for requirement in checklist.requirements)


def _compared(id_: str, claimed: Lettering, lines: Sequence[tuple[str, float]]) -> Finding | None:
    texts = [text for text, _ in lines]
    together = " ".join(texts)
    evidence = f'read: "{together if len(together) <= _SHOWN else together[: _SHOWN - 1] + "…"}"'
    if any(claimed.stands_in(text) for text in (*texts, together)):
        return Finding(id_, "met", READ, evidence, "lettering")
    if not any(len(bare(text)) >= SHORTEST for text in texts):
        return None
    if bare(folded(claimed.words)) in bare(folded(together)):
        return None
    return Finding(id_, "unmet", MISREAD, evidence, "lettering")
