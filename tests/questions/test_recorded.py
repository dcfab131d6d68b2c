"""Prompts that a strong language model wrote for the reviser's question pass the checks, at once or when asked once more."""

from __future__ import annotations

import pytest

from benchmarks import revising


@pytest.mark.parametrize("dialect", list(revising.DIALECTS))
def test_recorded_prompts_can_be_used(dialect: revising.DialectName) -> None:
    cases = revising.cases()
    first = {case.name: case.faults(dialect) for case in cases}
    assert None not in first.values()
    failed = [case for case in cases if first[case.name]]
    assert [case.faults(dialect, attempt=1) for case in failed] == [()] * len(failed)
    assert len(failed) <= 1
