"""Orders made from events."""

from __future__ import annotations

from pathlib import Path

import pytest

from onbrief.aws_lambda.event import read
from onbrief.aws_lambda.order import order_of
from onbrief.errors import UsageError
from onbrief.policy import Classic
from onbrief.pursuit import Order
from onbrief.settings import Settings
from tests.claude import reach
from tests.sandbox.server.serving import Served

LEAST = {"prompt": "a red circle", "output_s3_bucket_name": "my-bucket"}
SDXL = "bedrock:stability.stable-diffusion-xl-v1"
OLD_CLAUDE = "bedrock:anthropic.claude-3-5-sonnet-20240620-v1:0"
CLAUDE = "bedrock:global.anthropic.claude-sonnet-5"


def order(**more: object) -> Order:
    return order_of(read(LEAST | more), "mine", "s3://my-bucket")


def test_the_least_event_is_fifteen_pictures_at_most_by_the_classic_policy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ONBRIEF_OCR_USE")
    made = order()
    assert made.settings == Settings(
        image_model="bedrock:stability.stable-image-core-v1:1",
        judge=f"{CLAUDE}?max_tokens=4096",
        reviser=f"{CLAUDE}?max_tokens=4096",
        policy="classic",
        parallel=1,
        out="s3://my-bucket/generated-images",
        max_attempts=5,
        max_prompts=3,
        max_images=15,
    )
    assert made.settings.policy_with() == Classic(1)
    assert (made.run_id, made.seed, made.warnings) == ("mine", None, ())


def test_an_event_that_names_no_model_gets_those_of_the_functions_own_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ONBRIEF_IMAGE_MODEL", "bedrock:stability.sd3-5-large-v1:0")
    monkeypatch.setenv("ONBRIEF_JUDGE", OLD_CLAUDE)
    made, named = order().settings, order(image_model="sandbox:", judge_model=CLAUDE).settings
    assert (made.image_model, made.judge.partition("?")[0]) == ("bedrock:stability.sd3-5-large-v1:0", OLD_CLAUDE)
    assert made.reviser.startswith("bedrock:")
    assert (named.image_model, named.judge.partition("?")[0]) == ("sandbox:", CLAUDE)


def test_a_file_of_priors_is_the_functions_own_and_no_event_names_one(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = tmp_path / "learned.toml"
    path.write_text('["sandbox:"]\ncount = { met = 1, seen = 2 }')
    monkeypatch.setenv("ONBRIEF_PRIORS", str(path))
    assert order().priors.learned == {"sandbox:": {"count": (1, 2)}}
    with pytest.raises(UsageError, match="priors"):
        order(priors=str(path))


def test_sdxl_gets_its_options_by_its_name() -> None:
    assert order(image_model="stability.stable-diffusion-xl-v1").settings.image_model == f"{SDXL}?cfg_scale=7&steps=50"
    name = f"{SDXL}?style_preset=anime&steps=20"
    ladder = order(image_model=["stability.stable-diffusion-xl-v1", "sandbox:"]).settings
    assert ladder.image_models == (f"{SDXL}?cfg_scale=7&steps=50", "sandbox:")
    made = order(image_model=name, sdxl_cfg_scale=8.25, sdxl_steps=30)
    assert made.settings.image_model == f"{SDXL}?cfg_scale=8.25&steps=20&style_preset=anime"
    assert made.warnings == ()


def test_what_only_sdxl_takes_is_a_warning_with_others_if_it_was_set() -> None:
    made = order(sdxl_steps=30, sdxl_width=1152, sdxl_height=896, sdxl_seed=5)
    core = "bedrock:stability.stable-image-core-v1:1"
    assert made.settings.image_model == core
    assert made.warnings == (f"sdxl_steps is for SDXL, and {core} does not take it",)
    assert (made.brief.size, made.seed) == ((1152, 896), 5)


def test_claude_gets_what_the_event_sets() -> None:
    made = order(claude_validate_temperature=0.2, claude_revise_top_p=0.9, claude_revise_max_tokens=900)
    assert made.settings.judge == f"{CLAUDE}?temperature=0.2&max_tokens=4096"
    assert made.settings.reviser == f"{CLAUDE}?top_p=0.9&max_tokens=900"


def test_claude_3_gets_the_defaults_of_the_event_too() -> None:
    made = order(judge_model=OLD_CLAUDE, reviser_model=OLD_CLAUDE, claude_revise_top_k=10)
    assert made.settings.judge == f"{OLD_CLAUDE}?temperature=1&top_p=0.999&top_k=250&max_tokens=4096"
    assert made.settings.reviser == f"{OLD_CLAUDE}?temperature=1&top_p=0.999&top_k=10&max_tokens=4096"


def test_what_the_event_sets_goes_to_any_model_and_the_model_drops_what_it_does_not_take() -> None:
    made = order(judge_model="amazon.nova-pro-v1:0", claude_validate_temperature=0.2)
    assert made.settings.judge == "bedrock:amazon.nova-pro-v1:0?temperature=0.2&max_tokens=4096"
    profile = "arn:aws:bedrock:us-west-2:111122223333:application-inference-profile/abc123"
    assert order(judge_model=profile).settings.judge == f"bedrock:{profile}?max_tokens=4096"


def test_what_only_claude_takes_is_a_warning_with_the_sandbox_if_it_was_set() -> None:
    made = order(judge_model="sandbox:", reviser_model="sandbox:", claude_validate_top_k=10)
    assert (made.settings.judge, made.settings.reviser) == ("sandbox:", "sandbox:")
    assert made.warnings == ("claude_validate_top_k is for Claude, and sandbox: does not take it",)


@pytest.mark.parametrize("which", [0, 1])
def test_the_ends_of_each_range_of_an_event_are_taken_by_the_models_too(which: int, monkeypatch: pytest.MonkeyPatch) -> None:
    reach(Served(9, None), monkeypatch)
    ends = {"temperature": (0, 1), "top_p": (0, 1), "top_k": (0, 500), "max_tokens": (1, 128_000)}
    fields = {f"{start}_{name}": pair[which] for start in ("claude_validate", "claude_revise") for name, pair in ends.items()}
    crew = order(judge_model=OLD_CLAUDE, reviser_model=OLD_CLAUDE, **fields).settings.crew()
    asked = "&".join(f"{name}={pair[which]}" for name, pair in ends.items())
    assert crew.reviser
    assert (crew.judge.name, crew.reviser.name) == (f"{OLD_CLAUDE}?{asked}", f"{OLD_CLAUDE}?{asked}")


def test_judging_as_a_whole_plans_nothing() -> None:
    assert order(judging="whole").settings.plan is False


@pytest.mark.parametrize(("prefix", "out"), [("a/b", "s3://my-bucket/a/b"), ("images/", "s3://my-bucket/images")])
def test_runs_lie_under_the_prefix(prefix: str, out: str) -> None:
    assert order(output_s3_key_prefix=prefix).settings.out == out


def test_what_no_event_says_is_set_for_the_function(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ONBRIEF_STRIP_METADATA", "true")
    monkeypatch.setenv("ONBRIEF_MAX_IMAGES", "99")
    made = order()
    assert (made.settings.strip_metadata, made.settings.max_images) == (True, 15)
