from __future__ import annotations

import pytest

from onbrief.batches.concurrency import concurrency
from onbrief.ledger.rates import Rates
from onbrief.ports import RateLimit
from onbrief.studio import Crew
from onbrief.testing import Bill, ScriptedImageModel, ScriptedJudge, ScriptedReviser

CREW = Crew(
    planner=None,
    image_model=ScriptedImageModel(Bill(), name="test:painter"),
    judge=ScriptedJudge(Bill(), name="test:judge"),
    reviser=ScriptedReviser(Bill()),
)


@pytest.mark.parametrize(
    ("limits", "expected"),
    [
        ({}, 8),
        ({"test:painter": "600 requests"}, 225),  # 10 a second, 18 seconds each, and a quarter more
        ({"test:painter": "600 requests", "test:judge": "60/min"}, 23),
        ({"test:painter": "10000 requests"}, 256),
        ({"test:painter": "1 request/hour"}, 1),
        ({"test:judge": "100000 tokens"}, 8),
        ({"test:painter": "24 at once"}, 36),  # a third of the time is the judge's
        ({"test:painter": "24 at once, 60 requests"}, 23),
    ],
)
def test_so_many_briefs_at_once_that_the_tightest_limit_is_used_up(limits: dict[str, str], expected: int) -> None:
    assert concurrency(CREW, Rates(limits={name: RateLimit.parse(text) for name, text in limits.items()})) == expected
    assert concurrency(CREW, object()) == 8
