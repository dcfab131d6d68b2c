from __future__ import annotations

import pytest

from onbrief_sandbox.painting.drawings.turning import turned


@pytest.mark.parametrize(
    ("path", "quarter"),
    [
        ("M50 0V20H60Z", "M100.00 50.00L80.00 50.00L80.00 60.00Z"),
        ("M50 0v20h10Z", "M100.00 50.00L80.00 50.00L80.00 60.00Z"),
        ("M50 0L50 20 60 20Z", "M100.00 50.00L80.00 50.00L80.00 60.00Z"),
        ("M50 0l0 20 10 0Z", "M100.00 50.00L80.00 50.00L80.00 60.00Z"),
        ("M50 0a10 5 0 0 1 10 20", "M100.00 50.00A10 5 90 0 1 80.00 60.00"),
        ("M50 0C50 10 60 10 60 20", "M100.00 50.00C90.00 50.00 90.00 60.00 80.00 60.00"),
        ("M50 0V20Zl10 0", "M100.00 50.00L80.00 50.00ZL100.00 60.00"),
    ],
)
def test_a_quarter_turn_takes_what_is_above_to_the_right(path: str, quarter: str):
    assert turned(path, 90) == quarter
