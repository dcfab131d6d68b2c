from __future__ import annotations

from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from benchmarks.figures import answers, per_passed, share, table
from benchmarks.intervals import ratio
from benchmarks.plotting import curve, plot
from benchmarks.runs import Played, kept, line


def run(brief: int, policy: str, images: int, *, passed: bool = True, **about: Any) -> Played:
    values: dict[str, Any] = {
        "set": "hard", "model": "sdxl", "limit": 20, "seed": 1, "right": passed, "edits": 0, "prompts": 1, "judged": images,
        "judge_calls": images, "tokens": 3000 * images, "usd": 0.046 * images, "judge_usd": 0.006 * images,
        "once_usd": 0.006 * images, "seconds": 7.0 * images,
    }  # fmt: skip
    return Played(**(values | about), brief=brief, policy=policy, passed=passed, images=images)


OURS = [run(0, "adaptive", 2), run(1, "adaptive", 4), run(2, "adaptive", 4), run(3, "adaptive", 20, passed=False)]
CLASSIC = [run(n, "classic", 20, passed=n < 2) for n in range(4)]


def test_what_runs_spend_is_divided_by_those_that_passed() -> None:
    assert share(OURS) == 0.75
    assert per_passed(OURS, "images") == 10
    assert per_passed(CLASSIC, "seconds") == 4 * 140 / 2


def test_runs_are_kept_as_they_are(tmp_path: Path) -> None:
    file = tmp_path / "runs.jsonl"
    file.write_text("".join(f"{line(one)}\n" for one in OURS), "utf-8")
    assert kept(file) == OURS


def test_each_row_of_the_table_is_one_policy() -> None:
    lines = table([*OURS, *CLASSIC]).splitlines()
    assert len(lines) == 4
    assert lines[2].startswith("| hard | sdxl | 20 | adaptive | 4 | 0.750 | 1.000 | 10.00 | 0.460 | 70.0 |")


def test_every_aim_is_answered_with_its_figures() -> None:
    said = answers([*OURS, *CLASSIC]).splitlines()
    assert said[0] == "yes hard sdxl 20: judging 1.00 of asking everything once, at most 1.0"
    assert said[1].startswith("yes hard sdxl 20: 0.25 (")
    assert said[1].endswith(") of classic's images, at most 0.42")
    assert said[3] == "yes hard sdxl 20: 25.0 points more passed than classic, at least 12"


def test_half_way_to_the_oracle_is_counted_from_the_better_of_classic_and_plain() -> None:
    plain = [run(n, "plain", 20, passed=n < 3) for n in range(4)]
    others = [run(n, policy, 2) for n in range(4) for policy in ("oracle", "former")]
    said = answers([*OURS, *CLASSIC, *plain, *others])
    assert "NO  hard sdxl 20: passed 0.750, half-way from 0.750 to 1.000 is 0.875" in said
    assert "NO  hard sdxl 20: passed 0.750, the former adaptive policy 1.000" in said


def test_an_interval_holds_what_was_found_and_is_the_same_each_time() -> None:
    ours = [run(n, "adaptive", 1 + n % 3) for n in range(60)]
    classic = [run(n, "classic", 2 + n % 5) for n in range(60)]
    low, high = ratio(ours, classic, "images")
    assert low < per_passed(ours, "images") / per_passed(classic, "images") < high
    assert (low, high) == ratio(ours, classic, "images")


def test_the_curve_says_what_passed_within_how_many_images() -> None:
    assert curve(OURS, 4) == [0.0, 0.0, 0.25, 0.25, 0.75]


@pytest.mark.parametrize("runs", [OURS, [*OURS, *CLASSIC]])
def test_the_plot_has_a_line_for_each_policy(runs: list[Played]) -> None:
    drawn = ElementTree.fromstring(plot(runs))  # noqa: S314 - our own
    lines = drawn.findall("{http://www.w3.org/2000/svg}polyline")
    assert len(lines) == len({one.policy for one in runs})
