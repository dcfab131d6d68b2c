"""A batch that is killed at random moments and given again: every brief ends once, and no picture is paid for twice."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.batch_campaign import DONE, Campaign, campaign


def kill(batch: Campaign, times: int, messages: int) -> None:
    """Kill the batch so many times, after a random number of messages each, and let it come to its end."""
    draw = random.Random(times)  # noqa: S311 - the same moments each time
    for _ in range(times):
        if batch.killed(draw.randint(1, messages)) in DONE:
            break
    batch.moments.reset()
    last = batch.begin()
    last.join()
    assert last.exitcode in DONE


def test_a_batch_that_is_killed_ends_as_if_it_had_not_been(tmp_path: Path) -> None:
    with campaign(tmp_path, 10) as batch:
        kill(batch, 3, 40)
        print(batch.check())


@pytest.mark.soak
def test_a_batch_of_500_that_is_killed_twenty_times_ends_as_if_it_had_not_been(tmp_path: Path) -> None:
    with campaign(tmp_path, 500) as batch:
        kill(batch, 20, 300)
        print(f"killed 20 times: {batch.check()}")
