"""The sandbox as a whole: the two landscapes, the figures that it must reach, and what its names take."""

from __future__ import annotations

from pathlib import Path

import pytest

import onbrief
from onbrief.errors import UsageError
from onbrief.sandbox.models import SandboxImageModel, SandboxJudge

AURORA = (
    "自然の中から見た夜景で、空にはオーロラと月と流星群があり、"
    "地上には海が広がって流氷が流れ、地平線から太陽が出ている無人の写真。"
)
CIRCLES = "three red circles above a blue square on a yellow background"


def runs(text: str, seeds: range, out: Path) -> list[onbrief.Run]:
    brief = onbrief.Brief(text=text, size=(512, 512))
    return [onbrief.run(brief, seed=seed, settings=onbrief.Settings(out=str(out))) for seed in seeds]


def test_the_japanese_brief_passes_after_a_revision_in_nine_of_ten_seeds(tmp_path: Path) -> None:
    done = runs(AURORA, range(1, 11), tmp_path)
    assert sum(run.outcome == "passed" for run in done) >= 9
    assert min(len(run.prompts) for run in done) >= 2
    assert all(run.prompts[-1].text.isascii() for run in done)


def test_circles_above_a_square_pass_in_nine_of_ten_seeds(tmp_path: Path) -> None:
    assert sum(run.outcome == "passed" for run in runs(CIRCLES, range(1, 11), tmp_path)) >= 9


def test_a_serene_landscape_passes(tmp_path: Path) -> None:
    (run,) = runs("A serene landscape with mountains and a lake", range(1, 2), tmp_path)
    assert run.outcome == "passed"
    assert run.checklist is not None
    assert [(r.text, r.must) for r in run.checklist.requirements] == [
        ("there is a lake", True),
        ("there are mountains", True),
        ("the picture has a serene style", False),
    ]


def test_any_brief_can_be_pursued(tmp_path: Path) -> None:
    (run,) = runs("a fluffy cat asleep on a bicycle", range(1, 2), tmp_path)
    assert run.outcome == "passed"


@pytest.mark.soak
@pytest.mark.parametrize(("text", "least"), [(AURORA, 0.9), (CIRCLES, 0.9)])
def test_both_briefs_over_a_hundred_seeds(text: str, least: float, tmp_path: Path) -> None:
    done = runs(text, range(1, 101), tmp_path)
    passed = sum(run.outcome == "passed" for run in done)
    images = sum(len(run.attempts) for run in done) / len(done)
    print(f"{text[:30]}…: {passed} of {len(done)} seeds pass, {images:.2f} images on average")
    assert passed >= least * len(done)


def test_a_name_takes_price_and_latency() -> None:
    model = SandboxImageModel.named("", {"usd": "0.04", "seconds": "0.5"})
    assert (model.name, model.price, model.seconds) == ("sandbox:?usd=0.04&seconds=0.5", 0.04, 0.5)
    assert SandboxJudge.named("", {}).price == 0.0


@pytest.mark.parametrize("size", [(511, 1024), (1024, 2049)])
def test_a_size_beyond_the_painter_is_refused(size: tuple[int, int]) -> None:
    with pytest.raises(UsageError, match=r"size: '\d+x\d+' is not allowed; expected sides of 512 to 2048 pixels"):
        SandboxImageModel.named("", {}).check(size)
