"""What lettering that was read says of the words that a picture must show, and where it is."""

from __future__ import annotations

import pytest

from onbrief.attempt import Box, Finding
from onbrief.brief import Brief, Checklist, Requirement
from onbrief.judging.evidence import beside
from onbrief.judging.lettering import compared
from onbrief.pictures.ocr import Line

SIGN = Requirement(id="r1", text='the words "GRAND OPENING" can be read', kind="text")
TOP, MIDDLE, BOTTOM = (0.1, 0.1, 0.9, 0.2), (0.2, 0.4, 0.6, 0.5), (0.3, 0.5, 0.7, 0.6)
BOTH = (0.2, 0.4, 0.7, 0.6)


@pytest.mark.parametrize(
    ("texts", "verdict", "box"),
    [
        (("Café Rose", "Grand Opening", "at noon"), "met", MIDDLE),
        (("Café Rose", "Grand", "Opening"), "met", BOTH),
        (("Café Rose", "GRAND OPENNING", "at noon"), "unmet", MIDDLE),
        (("Café Rose", "at noon", "closed"), "unmet", None),
        (("CafGRANDOPENING", "at noon", "closed"), None, None),  # the spaces are missing: nothing is decided
        ((), None, None),
    ],
)
def test_words_are_found_misread_or_left_undecided_with_their_place(
    texts: tuple[str, ...], verdict: str | None, box: Box | None
) -> None:
    lines = [Line(text, 0.9, place) for text, place in zip(texts, (TOP, MIDDLE, BOTTOM), strict=False)]
    found = compared([SIGN, Requirement(id="r2", text="there is a cat", kind="object")], lines)
    assert [finding.verdict for finding in found] == ([verdict] if verdict else [])
    if box:
        assert [finding.box for finding in found] == [box]


@pytest.mark.parametrize(("own", "shown"), [(None, MIDDLE), (TOP, TOP)])
def test_a_doubt_that_lettering_raises_shows_where_it_is_unless_the_judge_did(own: Box | None, shown: Box) -> None:
    checklist = Checklist.freeze((), Brief(text="a sign", requirements=(SIGN,)))
    judged = Finding("r1", "met", 0.9, "seen", box=own)
    found = beside(checklist, [judged, *compared([SIGN], [Line("GRAND OPENNING", 0.9, MIDDLE)])])[0]
    assert (found.verdict, found.source, found.box) == ("borderline", "lettering", shown)
