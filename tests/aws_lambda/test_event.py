"""The fields of an event: their defaults, their ranges, and all errors reported together."""

from __future__ import annotations

import base64
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from onbrief.aws_lambda.event import MAX_ERRORS, Event, WrongEvent, read
from onbrief.brief import Brief, Requirement

LEAST = {"prompt": "a red circle", "output_s3_bucket_name": "my-bucket"}
IMAGE_MODEL = "bedrock:stability.stable-image-core-v1:1"
MODEL = "bedrock:global.anthropic.claude-sonnet-5"
CLAUDE = {
    f"claude_{role}_{name}": value
    for role in ("validate", "revise")
    for name, value in {"temperature": 1.0, "top_p": 0.999, "top_k": 250, "max_tokens": 4096}.items()
}
PAGE = (Path(__file__).parent.parent.parent / "docs" / "lambda.md").read_text()
SECTION = PAGE.partition("## The event\n")[2].partition("\n## ")[0]
ROWS = re.findall(r"^\| `(\w+)` \| (?:`(.*?)` )?\| .+ \|$", SECTION, re.MULTILINE)


def wrong(event: object) -> list[str]:
    with pytest.raises(WrongEvent) as caught:
        read(event)
    return caught.value.wrong


def test_the_least_event_has_the_defaults_of_every_other_field() -> None:
    least = read(LEAST)
    assert least.model_dump() == LEAST | {
        "output_s3_key_prefix": "generated-images",
        "max_retry_attempts": 5,
        "max_prompt_revisions": 3,
        **CLAUDE,
        "sdxl_cfg_scale": 7,
        "sdxl_steps": 50,
        "sdxl_width": 1024,
        "sdxl_height": 1024,
        "sdxl_seed": 0,
        "image_model": [],
        "judge_model": None,
        "reviser_model": None,
        "policy": "classic",
        "judging": "checklist",
        "strictness": "fair",
        "max_reservations": None,
        "confirm": "borderline",
        "requirements": [],
        "avoid": [],
        "negative_prompt": [],
        "max_usd": None,
        "parallel": 1,
        "run_id": None,
    }
    assert (least.model_fields_set, least.brief, least.warnings) == (set(LEAST), Brief(text="a red circle"), ())


def test_the_table_of_the_fields_has_each_of_them_with_its_default() -> None:
    defaults: dict[str, Any] = {field: json.loads(default) for field, default in ROWS if default}
    models = {"image_model": IMAGE_MODEL, "judge_model": MODEL, "reviser_model": MODEL}
    assert sorted(field for field, _ in ROWS) == sorted(Event.model_fields)
    assert [field for field, default in ROWS if not default] == list(LEAST)
    assert read(LEAST | defaults).model_dump() == read(LEAST).model_dump() | models | {"image_model": [IMAGE_MODEL]}
    assert {field: defaults[field] for field in models} == models


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
    made = read(LEAST | fields)
    own: dict[str, Any] = {"image_model": ["bedrock:stability.stable-image-ultra-v1:1"], "judge_model": "openai:gpt-5"}
    own |= {"reviser_model": "bedrock:global.anthropic.claude-haiku-5-5", "judging": "checklist", "negative_prompt": []}
    assert made.model_dump(exclude={"requirements"}) == {
        name: value for name, value in (LEAST | fields | own).items() if name != "requirements"
    }
    assert made.brief == Brief(
        text="a red circle",
        size=(1152, 896),
        requirements=(Requirement(text="the circle is large"), Requirement(text="the sky is clear", must=False)),
        avoid=("text",),
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
        ("max_retry_attempts", -1),
        ("max_prompt_revisions", False),
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
        ("image_model[1]", ["sandbox:", 1]),
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
    both = {"max_retry_attempts": 9000, "max_prompt_revisions": 9000, "judging": "whole", "avoid": "cats"}
    nested = {"requirements": [{"txt": "x", "kind": "thing", "must": "maybe"}, 3, ""]}
    lines = wrong({"prompt": "", "sdxl_steps": "many", "run_id": "A", "color": 1, **both})
    assert [line.partition(":")[0] for line in lines] == [
        "prompt",
        "output_s3_bucket_name",
        "max_retry_attempts times max_prompt_revisions",
        "sdxl_steps",
        "avoid",
        "run_id",
        "color",
    ]
    assert [line.partition(":")[0] for line in wrong(LEAST | nested)] == [
        "requirements[0].text",
        "requirements[0].kind",
        "requirements[0].must",
        "requirements[0].txt",
        "requirements[1]",
        "requirements[2].text",
    ]
    assert len(wrong(LEAST | {"avoid": [0] * 10_000})) == MAX_ERRORS


@pytest.mark.parametrize("name", ["max_retry_attempts", "max_prompt_revisions"])
@pytest.mark.parametrize("nothing", [0, 0.0, -0.0])
def test_no_retry_and_no_revision_are_one_picture_and_one_prompt(name: str, nothing: float) -> None:
    assert getattr(read(LEAST | {name: nothing}), name) == 1


@pytest.mark.parametrize(
    ("name", "meant"),
    {
        "promt": "prompt",
        "Prompt": "prompt",
        "prompt_text": "prompt",
        "text": "prompt",
        "bucket": "output_s3_bucket_name",
        "s3_bucket_name": "output_s3_bucket_name",
        "output_s3_bucket": "output_s3_bucket_name",
        "key_prefix": "output_s3_key_prefix",
        "maxRetryAttempts": "max_retry_attempts",
        "max_attempts": "max_retry_attempts",
        "max_retries": "max_retry_attempts",
        "max_revisions": "max_prompt_revisions",
        "temperature": "claude_validate_temperature or claude_revise_temperature",
        "claude_validation_top_p": "claude_validate_top_p",
        "claude_revise_max_token": "claude_revise_max_tokens",
        "cfg_scale": "sdxl_cfg_scale",
        "sdxl_cfg": "sdxl_cfg_scale",
        "steps": "sdxl_steps",
        "width": "sdxl_width",
        "size": "sdxl_width and sdxl_height",
        "seed": "sdxl_seed",
        "sdxl-seed": "sdxl_seed",
        "model": "image_model or judge_model or reviser_model",
        "image_model_id": "image_model",
        "negativePrompt": "negative_prompt",
        "max_cost": "max_usd",
        "requirement": "requirements",
    }.items(),
)
def test_a_misspelt_field_and_one_of_other_functions_is_suggested(name: str, meant: str) -> None:
    (line,) = wrong(LEAST | {name: "x"})
    assert line == f"{name}: there is no such field; did you mean {meant}?"


def test_names_inside_a_requirement_are_suggested_too() -> None:
    (line,) = wrong(LEAST | {"requirements": ["one", {"text": "x", "kin": "object"}]})
    assert line == "requirements[1].kin: there is no such field; did you mean kind?"
    (line,) = wrong(LEAST | {"requirements": [{"text": "x", "colour": "red"}]})
    assert line.endswith("no such field; expected one of the fields id kind must parents text weight")
    (line,) = wrong(LEAST | {"sk-" + "k1" * 20: 1})
    assert line.startswith("[redacted]: there is no such field; expected one of the fields avoid ")


@pytest.mark.parametrize(
    ("fields", "start"),
    [
        (
            {"sdxl_steps": "30"},
            "sdxl_steps: '30' is not allowed; expected a whole number from 10 to 150 (write it without quot",
        ),
        (
            {"prompt": "cat.png"},
            "prompt: 'cat.png' is not allowed; expected a description of the picture, not the name of a fi",
        ),
        ({"prompt": "a cat, 16:9", "sdxl_width": 512}, "sdxl_width and sdxl_height: '512x1024' is not allowed; expected the s"),
        ({"avoid": ["y" * 600]}, "avoid and negative_prompt: ("),
        ({"requirements": ["x"] * 65}, "requirements and avoid: '65 requirements' is not allowed; expected at most 64"),
        ({"requirements": [{"text": "x", "parents": ["q"]}]}, "requirements: parents of 'x': ('q',) is not allowed"),
    ],
)
def test_errors_have_the_names_of_the_events_fields(fields: dict[str, object], start: str) -> None:
    (line,) = wrong(LEAST | fields)
    assert line.startswith(start)


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
    assert read(LEAST | {"output_s3_key_prefix": prefix}).output_s3_key_prefix == prefix


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


def test_importing_the_handler_imports_no_validation_and_no_clients() -> None:
    program = (
        "import sys\nfrom onbrief.aws_lambda import handler\n"
        "print([m for m in ('pydantic', 'pydantic_ai', 'boto3', 'jinja2', 'sqlite3', 'numpy') if m in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True).stdout == "[]\n"
