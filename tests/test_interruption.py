"""A run that is interrupted at any of its writes and resumed ends the same and pays for no picture twice."""

from __future__ import annotations

import errno
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from typing import Any

import pytest

from tests import killing
from tests.forks import new_executor
from tests.interruption import PAINTERS, Aftermath, campaign, same, undisturbed

pytestmark = pytest.mark.skipif(not killing.supported(), reason="this machine forbids tracing a process")
PARTS = 4  # of a campaign, so that several processes can share it
Whole = tuple[dict[str, Any], list[str], list[str]]
Campaign = Callable[[Sequence[int], int, int | None], list[Aftermath]]


@pytest.fixture(scope="module")
def apart(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ProcessPoolExecutor]:
    """Start a new process without threads, from which to fork."""
    with new_executor(tmp_path_factory.mktemp("home")) as pool:
        yield pool


@pytest.fixture(scope="module")
def whole(apart: ProcessPoolExecutor) -> Whole:
    """Return the same run, uninterrupted."""
    return apart.submit(undisturbed, 1).result()


def check(left: Aftermath, record: dict[str, Any], billed: list[str]) -> str:
    """Check every promise after one interruption. Return "unknown" if a picture was lost to it, else "same"."""
    others = Counter(
        line for line in left.others_billed if line != "revise 0"
    )  # all prompts from the brief alone have this line
    unknown = [a for a in left.record["attempts"] if a["problem"] and a["problem"]["kind"] == "unknown"]
    assert max(Counter(left.images_billed).values()) == 1, "a picture was paid for twice"
    assert sum(count - 1 for count in others.values()) <= 1, "more than the one call that was lost was asked again"
    assert all(left.stored.values()), "a picture is not in the store as the record says"
    assert left.unfound == [], "a whole picture is given up"
    assert left.record["usage"]["unknown_calls"] <= 1
    assert left.record["usage"]["usd"] >= 0.04 * len(left.images_billed)
    if not unknown:
        assert same(left.record) == same(record)
        assert left.images_billed == billed
        return "same"
    # The process died while a picture was being drawn, or before it was stored. Its price stays counted, it is not drawn again,
    # and the run continues with the next one.
    assert len(unknown) == 1
    assert left.record["usage"]["unknown_calls"] == 1
    assert len(left.record["attempts"]) - 1 <= len(left.images_billed) <= len(left.record["attempts"])
    return "unknown"


def kills(apart: ProcessPoolExecutor, whole: Whole, numbers: Sequence[int]) -> Counter[str]:
    record, billed, _ = whole
    kinds: Counter[str] = Counter()
    for left in apart.submit(campaign, numbers, 1, None).result():
        assert left.interrupted.at is not None, "the run ended before it was killed"
        assert left.first_outcome in (None, left.first_recorded), (
            "the same command would begin anew, with no record of this run"
        )
        kinds[check(left, record, billed)] += 1
    return kinds


@pytest.mark.parametrize("part", range(PARTS))
def test_a_run_killed_at_a_twentieth_of_its_writes_ends_the_same(apart: ProcessPoolExecutor, whole: Whole, part: int) -> None:
    end = len(whole[2])
    linked = [n for n, call in enumerate(whole[2], start=1) if call in {"link", "linkat"}]  # a whole picture without its name
    numbers = sorted({*range(3, end + 1, 20), *range(end - 3, end + 1), *linked[:1]})[part::PARTS]  # and the last ones
    assert kills(apart, whole, numbers)["same"] >= len(numbers) * 0.9


def killed_while_it_climbs(apart: ProcessPoolExecutor, step: int) -> None:
    whole: Whole = apart.submit(undisturbed, 1, 2).result()
    record, billed, writes = whole
    assert [attempt["model"] for attempt in record["attempts"]] == [PAINTERS[0], PAINTERS[0], PAINTERS[1]]
    for left in apart.submit(campaign, range(1, len(writes) + 1, step), 1, None, 2).result():
        assert left.interrupted.at is not None
        check(left, record, billed)


def test_a_run_killed_while_it_climbs_the_ladder_ends_the_same(apart: ProcessPoolExecutor) -> None:
    killed_while_it_climbs(apart, 56)


@pytest.mark.soak
def test_a_run_killed_at_every_write_while_it_climbs_ends_the_same(apart: ProcessPoolExecutor) -> None:
    killed_while_it_climbs(apart, 1)


def killed_while_it_repairs(apart: ProcessPoolExecutor, step: int) -> Counter[str]:
    record, billed, writes = apart.submit(undisturbed, 1, repairs=True).result()
    assert record["outcome"] == "passed"
    bases = ["", "000-000", "000-000", "", "000-003"]
    assert [attempt["base"] for attempt in record["attempts"]] == bases
    assert [line.split()[0] for line in billed] == ["image", "image", "edit"]
    kinds: Counter[str] = Counter()
    for left in apart.submit(campaign, range(1, len(writes) + 1, step), 1, None, repairs=True).result():
        assert left.interrupted.at is not None
        assert max(Counter(left.images_billed).values()) == 1, "a picture was paid for twice"
        assert all(left.stored.values()), "a picture is not in the store as the record says"
        assert left.unfound == [], "a whole picture is given up"
        unknown = [a for a in left.record["attempts"] if a["problem"]]
        assert len(unknown) <= left.record["usage"]["unknown_calls"] <= 1
        assert all(attempt["model"] != "onbrief:pixels" for attempt in unknown), "what costs nothing is made again"
        if not unknown:
            assert same(left.record) == same(record)
            assert left.images_billed == billed
        kinds["unknown" if unknown else "same"] += 1
    return kinds


def test_a_run_killed_while_it_repairs_ends_the_same(apart: ProcessPoolExecutor) -> None:
    kinds = killed_while_it_repairs(apart, 46)
    assert kinds["same"] >= 0.8 * kinds.total()


@pytest.mark.soak
def test_a_run_killed_at_every_write_while_it_repairs_ends_the_same(apart: ProcessPoolExecutor) -> None:
    killed_while_it_repairs(apart, 1)


@pytest.mark.soak
def test_a_run_killed_at_every_write_ends_the_same(apart: ProcessPoolExecutor, whole: Whole) -> None:
    kinds = kills(apart, whole, range(1, len(whole[2]) + 1))
    print(f"killed at each of {len(whole[2])} writes: {dict(kinds)}")
    assert kinds["unknown"] <= 6 * len(whole[1])  # for each picture: before its file, its bytes and its name


def _failures(apart: ProcessPoolExecutor, record: dict[str, Any], numbers: Sequence[int], number: int) -> None:
    for left in apart.submit(campaign, numbers, 1, number).result():
        assert left.first_outcome in (None, "failed", "passed")
        assert Counter(left.images_billed).most_common(1)[0][1] == 1
        assert all(left.stored.values())
        # A session that could deliver its result all the same says in it what went wrong.
        kept: dict[str, Any] = left.record | ({"warnings": []} if left.first_outcome == "passed" else {})
        assert same(kept) == same(record), left.interrupted.at
        assert left.record["usage"]["unknown_calls"] <= 1  # the answer of a judge or writer that could not be recorded


@pytest.mark.parametrize("part", range(PARTS))
def test_a_disk_that_is_full_at_a_write_ends_the_run_as_failed_and_loses_nothing(
    apart: ProcessPoolExecutor, whole: Whole, part: int
) -> None:
    _failures(apart, whole[0], range(7 + 40 * part, len(whole[2]) + 1, 40 * PARTS), errno.ENOSPC)


@pytest.mark.soak
@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO])
def test_a_disk_that_fails_at_every_write_in_turn_loses_nothing(apart: ProcessPoolExecutor, whole: Whole, number: int) -> None:
    _failures(apart, whole[0], range(1, len(whole[2]) + 1), number)
