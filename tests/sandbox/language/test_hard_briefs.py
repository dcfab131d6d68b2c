from __future__ import annotations

import asyncio
from collections import Counter

import pytest

from benchmarks.hard import HardBrief, hard_briefs
from onbrief.brief import Brief
from onbrief.sandbox.language import claims
from onbrief.sandbox.language.claims import Present
from onbrief.sandbox.language.grammar import read
from onbrief.sandbox.language.planner import SandboxPlanner
from onbrief.sandbox.language.sentences import read as read_statement


def test_there_are_200_different_ones_of_4_to_8_requirements() -> None:
    briefs = hard_briefs()
    assert len({brief.text for brief in briefs}) == len(briefs) == 200
    assert sorted(Counter(len(brief.claims) for brief in briefs)) == [4, 5, 6, 7, 8]


@pytest.mark.parametrize("brief", hard_briefs(), ids=lambda brief: brief.text)
def test_each_asks_for_exactly_what_its_parts_ask_for(brief: HardBrief) -> None:
    reading = read(brief.text)
    assert (set(claims.of(reading.scene)), reading.unread) == (brief.claims, ())
    classes = [claim.which.noun for claim in brief.claims if isinstance(claim, Present)]
    assert len(classes) == len(set(classes)) == len(reading.scene.groups)
    assert sum(group.count for group in reading.scene.groups) <= 9


@pytest.mark.parametrize("brief", hard_briefs(), ids=lambda brief: brief.text)
def test_the_checklist_is_exactly_that(brief: HardBrief) -> None:
    planned = asyncio.run(SandboxPlanner("sandbox:grammar", 0.0).checklist(Brief(text=brief.text))).requirements
    said = [claim for requirement in planned for claim in read_statement(requirement.text) or ()]
    assert (len(planned), set(said)) == (len(brief.claims), brief.claims)
