from __future__ import annotations

import asyncio
from collections import Counter

from benchmarks.hard import hard_briefs
from onbrief.brief import Brief
from onbrief_sandbox.language import claims
from onbrief_sandbox.language.claims import Present
from onbrief_sandbox.language.grammar import read
from onbrief_sandbox.language.planner import SandboxPlanner
from onbrief_sandbox.language.sentences import read as read_statement


def test_there_are_200_different_ones_of_4_to_8_requirements() -> None:
    briefs = hard_briefs()
    assert len({brief.text for brief in briefs}) == len(briefs) == 200
    assert sorted(Counter(len(brief.claims) for brief in briefs)) == [4, 5, 6, 7, 8]


def test_each_asks_for_exactly_what_its_parts_ask_for() -> None:
    readings = [(brief, read(brief.text)) for brief in hard_briefs()]
    asked = [(brief.text, set(claims.of(reading.scene)), reading.unread) for brief, reading in readings]
    assert asked == [(brief.text, brief.claims, ()) for brief in hard_briefs()]


def test_the_classes_of_a_brief_differ_and_its_things_can_be_painted() -> None:
    for brief in hard_briefs():
        classes = [claim.which.noun for claim in brief.claims if isinstance(claim, Present)]
        groups = read(brief.text).scene.groups
        assert len(classes) == len(set(classes)) == len(groups)
        assert sum(group.count for group in groups) <= 9


def test_the_checklist_is_exactly_that() -> None:
    planner = SandboxPlanner("sandbox:grammar", 0.0)
    for brief in hard_briefs():
        planned = asyncio.run(planner.checklist(Brief(text=brief.text))).requirements
        said = [claim for requirement in planned for claim in read_statement(requirement.text) or ()]
        assert (brief.text, len(planned), set(said)) == (brief.text, len(brief.claims), brief.claims)
