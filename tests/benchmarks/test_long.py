from __future__ import annotations

from collections import Counter

from benchmarks.long import long_briefs
from onbrief_sandbox.language import claims
from onbrief_sandbox.language.checks import check
from onbrief_sandbox.language.claims import Present
from onbrief_sandbox.language.grammar import read
from onbrief_sandbox.painting.painter import foresee


def test_there_are_100_different_ones_of_18_to_22_requirements() -> None:
    briefs = long_briefs()
    assert len({brief.text for brief in briefs}) == len(briefs) == 100
    assert sorted(Counter(len(brief.claims) for brief in briefs)) == [18, 19, 20, 21, 22]


def test_each_asks_for_exactly_what_its_parts_ask_for() -> None:
    for brief in long_briefs():
        reading = read(brief.text)
        assert (brief.text, set(claims.of(reading.scene)), reading.unread) == (brief.text, brief.claims, ())
        classes = [claim.which.noun for claim in brief.claims if isinstance(claim, Present)]
        assert len(classes) == len(set(classes))


def test_a_picture_can_show_it_all() -> None:
    for brief in long_briefs()[::5]:
        sight = foresee(read(brief.text).scene, (1024, 1024), 1)
        assert [claim for claim in brief.claims if not check(claim, sight)[0]] == []
