"""Lettering that was read on this machine, beside what the judge says of the words that a picture must show."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import SequenceMatcher
from typing import TYPE_CHECKING

from onbrief.brief import Checklist, Requirement
from onbrief.judging.addressing import SHORTEST, bare, folded
from onbrief.questions.claims import Lettering, claim
from onbrief.record import Box, Finding

if TYPE_CHECKING:
    from onbrief.pictures.ocr import Line

READ, MISREAD = 0.95, 0.1  # the probability that words are there if they were read, and if something else was
_SHOWN = 200  # characters


def compared(requirements: Sequence[Requirement], lines: Sequence[Line]) -> list[Finding]:
    """Return a finding for each requirement of words to be read, given the lines that were read, in order. Where nothing was
    read, or only what differs by letters that look alike, there is none. Its box is that of the words, or of what is most like
    them.
    """
    findings = (_compared(r.id, claimed, lines) for r in requirements if isinstance(claimed := claim(r), Lettering))
    return [finding for finding in findings if finding]


def asked_for(text: str, checklist: Checklist) -> bool:
    """Return whether a line is wholly part of a text in the checklist."""
    return any(bare(folded(text)) in bare(folded(requirement.text)) for requirement in checklist.requirements)


def _compared(id_: str, claimed: Lettering, lines: Sequence[Line]) -> Finding | None:
    texts = [line.text for line in lines]
    together = " ".join(texts)
    evidence = f'read: "{together if len(together) <= _SHOWN else together[: _SHOWN - 1] + "…"}"'
    if found := [line for line in lines if claimed.stands_in(line.text)]:
        return Finding(id_, "met", READ, evidence, "lettering", found[0].box)
    if claimed.stands_in(together):
        wanted = bare(folded(claimed.words))
        parts = [line.box for line in lines if (own := bare(folded(line.text))) and own in wanted]
        return Finding(id_, "met", READ, evidence, "lettering", _around(parts or [line.box for line in lines]))
    if not any(len(bare(text)) >= SHORTEST for text in texts):
        return None
    if bare(folded(claimed.words)) in bare(folded(together)):
        return None
    nearest = max(lines, key=lambda line: SequenceMatcher(None, claimed.words.casefold(), line.text.casefold()).ratio())
    return Finding(id_, "unmet", MISREAD, evidence, "lettering", nearest.box)


def _around(boxes: Sequence[Box]) -> Box:
    lefts, tops, rights, bottoms = zip(*boxes, strict=True)
    return min(lefts), min(tops), max(rights), max(bottoms)
