"""The fields of an event: their defaults, their ranges, and all errors reported together."""

from __future__ import annotations

import base64
import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from onbrief.aws_lambda.event import Event, Sampling, WrongEvent, read
from onbrief.brief import Brief, Requirement

LEAST = {"prompt": "a red circle", "output_s3_bucket_name": "my-bucket"}
IMAGE_MODEL = "bedrock:stability.stable-image-core-v1:1"
MODEL = "bedrock:global.anthropic.claude-sonnet-5"
CLAUDE = Sampling(1.0, 0.999, 250, 4096, frozenset())
PAGE = (Path(__file__).parent.parent.parent / "docs" / "lambda.md").read_text()
ROWS = re.findall(r"^\| `(\w+)` \| (?:`(.*?)` )?\| .+ \|$", PAGE, re.MULTILINE)


def wrong(event: object) -> list[str]:
    with pytest.raises(WrongEvent) as caught:
        read(event)
    return caught.value.wrong


def test_the_least_event_has_the_defaults_of_every_other_field() -> None:
    assert read(LEAST) == Event(
        prompt="a red circle",
        bucket="my-bucket",
        prefix="generated-images",
        max_attempts=5,
        max_prompts=3,
        validate=CLAUDE,
        revise=CLAUDE,
        cfg_scale=7,
        steps=50,
        sdxl_given=frozenset(),
        size=(1024, 1024),
        seed=0,
        image_model=None,
        judge_model=None,
        reviser_model=None,
        policy="classic",
        judging="checklist",
        strictness="fair",
        max_reservations=None,
        confirm="borderline",
        requirements=(),
        avoid=(),
        max_usd=None,
        parallel=1,
        run_id=None,
    )


def test_the_table_of_the_fields_has_each_of_them_with_its_default() -> None:
    (line,) = wrong(LEAST | {"promt": 1})
    defaults = {field: json.loads(default) for field, default in ROWS if default}
    read_, least = read(LEAST | defaults), read(LEAST)
    assert sorted(field for field, _ in ROWS) == line.partition("one of the fields ")[2].split()
    assert [field for field, default in ROWS if not default] == list(LEAST)
    assert (read_.image_model, read_.judge_model, read_.reviser_model) == (IMAGE_MODEL, MODEL, MODEL)
    assert (
        replace(
            read_,
            **dict.fromkeys(("image_model", "judge_model", "reviser_model")),
            validate=replace(read_.validate, given=frozenset()),
            revise=replace(read_.revise, given=frozenset()),
            sdxl_given=frozenset(),
        )
        == least
    )


def test_every_field_can_be_set() -> None:
    fields = {
        "output_s3_key_prefix": "art/daily",
        "max_retry_attempts": 2,
        "max_prompt_revisions": 4,
        "claude_validate_temperature": 0,
        "claude_validate_top_p": 0.5,
        "claude_validate_top_k": 10,
        "claude_validate_max_tokens": 1000,
        "claude_revise_temperature": 0.2,
        "claude_revise_top_p": 0.6,
        "claude_revise_top_k": 20,
        "claude_revise_max_tokens": 2000,
        "sdxl_cfg_scale": 8.5,
        "sdxl_steps": 30,
        "sdxl_width": 1152.0,
        "sdxl_height": 896,
        "sdxl_seed": 42,
        "image_model": "stability.stable-image-ultra-v1:1",
        "judge_model": "openai:gpt-5",
        "reviser_model": "global.anthropic.claude-haiku-5-5",
        "policy": "adaptive",
        "strictness": "strict",
        "max_reservations": 2,
        "confirm": "never",
        "requirements": ["the circle is large", {"text": "the sky is clear", "must": False}],
        "avoid": ["text"],
        "max_usd": 1.5,
        "parallel": 4,
        "run_id": "mine-1",
    }
    given = frozenset({"temperature", "top_p", "top_k", "max_tokens"})
    assert read(LEAST | fields) == Event(
        prompt="a red circle",
        bucket="my-bucket",
        prefix="art/daily",
        max_attempts=2,
        max_prompts=4,
        validate=Sampling(0, 0.5, 10, 1000, given),
        revise=Sampling(0.2, 0.6, 20, 2000, given),
        cfg_scale=8.5,
        steps=30,
        sdxl_given=frozenset({"sdxl_cfg_scale", "sdxl_steps"}),
        size=(1152, 896),
        seed=42,
        image_model="bedrock:stability.stable-image-ultra-v1:1",
        judge_model="openai:gpt-5",
        reviser_model="bedrock:global.anthropic.claude-haiku-5-5",
        policy="adaptive",
        judging="checklist",
        strictness="strict",
        max_reservations=2,
        confirm="never",
        requirements=(Requirement(text="the circle is large"), Requirement(text="the sky is clear", must=False)),
        avoid=("text",),
        max_usd=1.5,
        parallel=4,
        run_id="mine-1",
    )


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("prompt", 7),
        ("prompt", " "),
        ("prompt", "x" * 10_001),
        ("prompt", "half a \ud800 pair"),
        ("output_s3_bucket_name", "My_Bucket"),
        ("output_s3_bucket_name", "a/b"),
        ("output_s3_bucket_name", "bucket\n"),
        ("output_s3_key_prefix", "/images"),
        ("output_s3_key_prefix", "a//b"),
        ("output_s3_key_prefix", "a/../b"),
        ("output_s3_key_prefix", "."),
        ("output_s3_key_prefix", "a\\b"),
        ("output_s3_key_prefix", "a\nb"),
        ("output_s3_key_prefix", "x" * 501),
        ("output_s3_key_prefix", ""),
        ("max_retry_attempts", 0),
        ("max_retry_attempts", True),
        ("max_retry_attempts", 2.5),
        ("max_prompt_revisions", "3"),
        ("claude_validate_temperature", 1.1),
        ("claude_validate_top_p", -0.1),
        ("claude_validate_top_k", 501),
        ("claude_validate_max_tokens", 0),
        ("claude_revise_temperature", "warm"),
        ("claude_revise_top_p", float("nan")),
        ("claude_revise_top_k", 1.5),
        ("claude_revise_max_tokens", 10**9),
        ("sdxl_cfg_scale", 36),
        ("sdxl_steps", 9),
        ("sdxl_width", 63),
        ("sdxl_height", float("inf")),
        ("sdxl_seed", 4_294_967_296),
        ("sdxl_seed", -1),
        ("claude_revise_temperature", 10**400),
        ("max_usd", 10**400),
        ("image_model", 1),
        ("judge_model", ""),
        ("reviser_model", []),
        ("policy", "best"),
        ("judging", "none"),
        ("requirements", "one"),
        ("requirements[1]", ["the cat is red", {"text": "x", "kin": "object"}]),
        ("requirements[0]", [3]),
        ("avoid[0]", [" "]),
        ("max_usd", -1),
        ("max_usd", float("inf")),
        ("parallel", 65),
        ("run_id", "../up"),
        ("run_id", "x" * 65),
        ("colour", "red"),
    ],
)
def test_a_field_out_of_its_range_is_named(field: str, value: object) -> None:
    (line,) = wrong(LEAST | {field.partition("[")[0]: value})
    assert line.startswith(field)


def test_all_errors_are_reported_together() -> None:
    lines = wrong({"prompt": "", "max_retry_attempts": 0, "sdxl_steps": "many", "run_id": "A", "color": 1})
    assert [line.partition(":")[0] for line in lines] == [
        "prompt",
        "output_s3_bucket_name",
        "max_retry_attempts",
        "sdxl_steps",
        "color",
        "run_id",
    ]


def test_null_is_the_same_as_a_missing_field() -> None:
    assert read(LEAST | {"sdxl_seed": None, "requirements": None, "run_id": None}) == read(LEAST)


def test_the_total_number_of_pictures_is_limited() -> None:
    assert wrong(LEAST | {"max_retry_attempts": 101, "max_prompt_revisions": 100})[0].startswith(
        "max_retry_attempts times max_prompt_revisions: 10100 is not allowed"
    )


def test_judging_as_a_whole_requires_the_prompt_and_nothing_else() -> None:
    prompt = "a red circle " * 100
    whole = Requirement(id="whole", text=prompt, kind="whole")
    assert read(LEAST | {"prompt": prompt, "judging": "whole"}).brief == Brief(text=prompt, requirements=(whole,))
    lines = wrong(LEAST | {"judging": "whole", "requirements": ["a cat"], "avoid": ["a dog"]})
    assert [line.partition(":")[0] for line in lines] == ["requirements", "avoid"]


@pytest.mark.parametrize("prefix", ["a", "a/b", "images/", "Größe 1/x_y-z.0", "(old)!"])
def test_plain_prefixes_are_used_unchanged(prefix: str) -> None:
    assert read(LEAST | {"output_s3_key_prefix": prefix}).prefix == prefix


def test_a_body_is_read_as_the_event() -> None:
    body = json.dumps(LEAST)
    assert read({"body": body, "headers": {}}) == read(LEAST)
    assert read({"body": base64.b64encode(body.encode()).decode(), "isBase64Encoded": True}) == read(LEAST)


@pytest.mark.parametrize(
    "event",
    [
        {"body": None},
        {"body": "{"},
        {"body": "[1]"},
        {"body": "[" * 100_000},
        {"body": "1" * 5000},
        {"body": "äöü", "isBase64Encoded": True},
        {"body": base64.b64encode(b"\xff").decode(), "isBase64Encoded": True},
    ],
    ids=range(7),
)
def test_a_body_without_an_object_is_wrong(event: object) -> None:
    (line,) = wrong(event)
    assert line.startswith("body: ")


@pytest.mark.parametrize("event", [None, "text", 7, [LEAST]])
def test_an_event_that_is_not_an_object_is_wrong(event: object) -> None:
    (line,) = wrong(event)
    assert line.startswith("the event: ")
