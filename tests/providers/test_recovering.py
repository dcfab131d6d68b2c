"""Every provider: its answers are cut at many points, and the process is killed at many moments; what is paid for comes back as
far as the provider can give it back, and nothing is paid for twice. See recovering.py for how to add one.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.providers.bedrock.logging_in import logging
from tests.providers.comfyui.serving import DRAW
from tests.providers.recovering import Lane, bench_of, campaign, sample
from tests.sandbox.server.serving import CORE

LANES = (
    Lane("a1111:dreamshaper_8", None, first="a1111.txt2img", draws="a1111.txt2img"),
    Lane(f"bedrock:{CORE}", "own tag", first="InvokeModel", around=logging),
    Lane("bfl:flux-2-klein-4b", "first reply", first="bfl.submit", later=("bfl.poll", "bfl.fetch")),
    Lane(
        f"comfyui:{DRAW}",
        "own id",
        first="comfyui.prompt",
        later=("comfyui.queue", "comfyui.history", "comfyui.view"),
        draws="comfyui.run",
        size=(256, 128),
    ),
    Lane("fal:fal-ai/flux-2/klein/4b", "listing", first="fal.submit", later=("fal.status", "fal.result", "fal.fetch")),
    Lane("google:gemini-3.1-flash-image", None, first="google.draw"),
    Lane("openai:gpt-image-2", None, first="openai.draw", size=(1024, 1024)),
    Lane(
        "replicate:black-forest-labs/flux-2-pro",
        "listing",
        first="replicate.submit",
        later=("replicate.poll", "replicate.fetch"),
    ),
    Lane("runware:runware:400@4", "own id", first="runware.draw", later=("runware.response", "runware.image")),
    Lane("stability:core", None, first="stability.generate"),
)


@pytest.mark.parametrize("lane", LANES, ids=str)
def test_what_is_lost_comes_back_and_is_never_paid_for_twice(lane: Lane, tmp_path: Path) -> None:
    with bench_of(lane, tmp_path) as bench:
        sample(bench)


@pytest.mark.soak
@pytest.mark.parametrize("lane", LANES, ids=str)
def test_what_is_lost_at_any_point_comes_back_and_is_never_paid_for_twice(lane: Lane, tmp_path: Path) -> None:
    with bench_of(lane, tmp_path) as bench:
        print(f"{lane}: {campaign(bench)}")
