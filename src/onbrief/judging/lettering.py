"""Lettering that was read on this machine, beside what the judge says of the words that a picture must show."""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import SequenceMatcher
from itertools import combinations
from typing import TYPE_CHECKING

from onbrief.attempt import Box, Finding
from onbrief.brief import Checklist, Requirement
from onbrief.judging.addressing import SHORTEST, bare, folded
from onbrief.questions.claims import Lettering, claim

if TYPE_CHECKING:
    from onbrief.pictures.ocr import Line

READ, MISREAD = 0.95, 0.1  # the probability that words are there if they were read, and if something else was
_SHOWN = 200  # characters
_DIFFERENT = 3  # letters of a line
_SUBSTANCE = 6  # letters: "say yes" has as many, "OPEN" has not
_SIGNS = 4  # different ones of East Asia: fewer are seldom an order, and often a pattern
_MISREAD = 0.7  # how much a line is like words that were asked for, if it is they, with some letters read wrongly
_ABOUT = re.compile(
    r"\b(?:lettering|letters?|words?|texts?|titles?|captions?|labels?|headlines?|slogans?|logos?|legible|writing|written|inscriptions?|inscribed|reads|readable)\b",
    re.IGNORECASE,
)


def compared(requirements: Sequence[Requirement], lines: Sequence[Line]) -> list[Finding]:
    """Return a finding for each requirement of words to be read, given the lines that were read, in order. Where nothing was
    read, or only what differs by letters that look alike, there is none. Its box is that of the words, or of what is most like
    them.
    """
    findings = (_compared(r.id, claimed, lines) for r in requirements if isinstance(claimed := claim(r), Lettering))
    return [finding for finding in findings if finding]


def asked_for(text: str, checklist: Checklist) -> bool:
    """Return whether a line is wholly part of a text in the checklist, or is words that it wants to be read, nearly so."""
    line = bare(folded(text))
    if any(line in bare(folded(requirement.text)) for requirement in checklist.requirements):
        return True
    wanted = (bare(folded(own.words)) for own in map(claim, checklist.requirements) if isinstance(own, Lettering))
    return any(SequenceMatcher(None, line, words, autojunk=False).ratio() >= _MISREAD for words in wanted)


def of_substance(lines: Sequence[tuple[str, Box]]) -> list[int]:
    """Return the numbers of the lines that could say something: of those close to each other, given the text and the place of
    each, which have enough letters together.
    """
    near = {number: {number} for number, (text, _) in enumerate(lines) if not says_nothing(text)}
    for one, other in combinations(near, 2):
        if near[one] is not near[other] and _close(lines[one][1], lines[other][1]):
            near[one] |= near[other]
            for number in near[other]:
                near[number] = near[one]
    return [number for number, group in near.items() if sum(_letters(lines[at][0]) for at in group) >= _SUBSTANCE]


def says_nothing(text: str) -> bool:
    """Return whether a line has less than three different letters. Rows of windows, wheels and stripes are read as such, and
    hiding these would hide the thing.
    """
    return len(set(bare(folded(text)))) < _DIFFERENT


def _letters(text: str) -> float:
    """Return how many letters a text has. A sign of East Asia says more than one letter; but rows of windows or wheels are read
    as the same few signs again and again.
    """
    plain = bare(text)
    signs = {letter for letter in plain if letter > "\u2e7f"}
    return sum(letter <= "\u2e7f" for letter in plain) + (1.5 * len(signs) if len(signs) >= _SIGNS else 0)


def _close(one: Box, other: Box) -> bool:
    """Return whether two lines are about as high, and no further apart than that."""
    low, high = sorted(min(box[2] - box[0], box[3] - box[1]) for box in (one, other))
    across, down = (max(one[side], other[side]) - min(one[side + 2], other[side + 2]) for side in (0, 1))
    return high <= 2.5 * low and max(across, down) <= high


def about_lettering(requirement: Requirement) -> bool:
    """Return whether a requirement is about something to read, such as the title of a book."""
    return requirement.kind == "text" or bool(_ABOUT.search(requirement.text))


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
    if claimed.exact or not any(len(bare(text)) >= SHORTEST for text in texts):  # case and marks are not read well enough here
        return None
    if bare(folded(claimed.words)) in bare(folded(together)):
        return None
    nearest = max(lines, key=lambda line: SequenceMatcher(None, claimed.words.casefold(), line.text.casefold()).ratio())
    return Finding(id_, "unmet", MISREAD, evidence, "lettering", nearest.box)


def _around(boxes: Sequence[Box]) -> Box:
    lefts, tops, rights, bottoms = zip(*boxes, strict=True)
    return min(lefts), min(tops), max(rights), max(bottoms)
