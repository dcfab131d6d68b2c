from __future__ import annotations

from benchmarks.learned import play


def test_the_same_briefs_are_played_with_each_kind_of_rates_and_the_others_teach() -> None:
    runs = list(play("hard", every=50, seeds=1, images=8))
    assert [(run.policy, run.brief) for run in runs] == [
        (policy, brief) for policy in ("usual", "learned", "known") for brief in (50, 150)
    ]
    taught = list(play("hard", every=50, seeds=1, images=8, taught=0))
    assert [run.images for run in taught if run.policy == "learned"] == [run.images for run in taught if run.policy == "usual"]
