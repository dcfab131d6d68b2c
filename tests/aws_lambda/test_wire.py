"""Events through the real adapters for Bedrock, over HTTP; the stand-in server bills every call that it accepts."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from onbrief_sandbox.server.app import Terms
from onbrief_sandbox.server.bill import Bill
from tests.aws_lambda.events import REQUEST_ID, deliver
from tests.sandbox.server.serving import SDXL, lines, served

OLD_CLAUDE = "anthropic.claude-3-5-sonnet-20240620-v1:0"
CORE = "stability.stable-image-core-v1:1"
CLAUDE = "global.anthropic.claude-sonnet-5"
IMPOSSIBLE = "a red circle left of a blue square. The blue square is left of the red circle"
LEAST = {"prompt": "a red circle left of a blue square", "output_s3_bucket_name": "my-bucket"}
OLD = {"image_model": SDXL, "judge_model": OLD_CLAUDE, "reviser_model": OLD_CLAUDE, "policy": "classic", "judging": "whole"}


@pytest.fixture
def bill(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Generator[Path]:
    """Start a stand-in server for Bedrock and return the file of its bill."""
    path = tmp_path / "bill.jsonl"
    with served(Terms(bill=Bill(path))) as server:
        for name, value in {
            "AWS_ENDPOINT_URL_BEDROCK_RUNTIME": f"http://127.0.0.1:{server.port}",
            "AWS_ACCESS_KEY_ID": "sandbox",
            "AWS_SECRET_ACCESS_KEY": "sandbox",
            "AWS_REGION": "us-west-2",
        }.items():
            monkeypatch.setenv(name, value)
        yield path


def record(folder: Path) -> dict[str, Any]:
    return json.loads((folder / "generated-images" / REQUEST_ID / "run.json").read_text())


def test_the_plain_event_ends_with_a_picture_that_is_on_the_bill(bill: Path, tmp_path: Path) -> None:
    status, body = deliver(tmp_path, LEAST)
    asked = Counter(line["model"] for line in lines(bill))
    assert (status, body["outcome"], body["warnings"]) == (200, "passed", [])
    assert asked == {CORE: body["usage"]["images"], CLAUDE: body["usage"]["judge_calls"] + body["usage"]["text_calls"]}


def test_the_default_event_is_fifteen_pictures_fifteen_judgements_and_two_revisions_when_none_passes(
    bill: Path, tmp_path: Path
) -> None:
    status, body = deliver(tmp_path, LEAST | {"prompt": IMPOSSIBLE})
    asked = [line["model"] for line in lines(bill)]
    once = [CORE, CLAUDE] * 5
    assert (status, body["outcome"]) == (400, "unmet")
    assert asked == [CLAUDE, *once, CLAUDE, *once, CLAUDE, *once]  # the first is the plan


def test_an_event_that_is_never_met_is_as_many_calls_of_the_old_models(bill: Path, tmp_path: Path) -> None:
    status, body = deliver(tmp_path, LEAST | OLD | {"prompt": IMPOSSIBLE})
    asked = [line["model"] for line in lines(bill)]
    once = [SDXL, OLD_CLAUDE] * 5
    assert (status, body["outcome"]) == (400, "unmet")
    assert asked == [*once, OLD_CLAUDE, *once, OLD_CLAUDE, *once]


def test_an_event_whose_seventh_picture_is_the_first_good_one_is_seven_of_them_and_one_revision(
    bill: Path, tmp_path: Path
) -> None:
    # The sandbox is deterministic: of the seeds 1 to 59, this is the one for which pictures 1 to 6 fail and the 7th passes.
    status, body = deliver(tmp_path, LEAST | OLD | {"prompt": "four red apples on a table", "sdxl_seed": 59})
    asked = [line["model"] for line in lines(bill)]
    once = [SDXL, OLD_CLAUDE]
    passed = [attempt["verdict"]["passed"] for attempt in record(tmp_path)["attempts"]]
    assert (status, body["outcome"], passed) == (200, "passed", [False] * 6 + [True])
    assert asked == [*once * 5, OLD_CLAUDE, *once * 2]


def test_sdxl_is_sent_its_usual_request_body(bill: Path, tmp_path: Path) -> None:
    deliver(tmp_path, LEAST | OLD | {"prompt": IMPOSSIBLE, "max_retry_attempts": 3, "max_prompt_revisions": 1, "sdxl_seed": 9})
    seeds = [attempt["seed"] for attempt in record(tmp_path)["attempts"]]
    bodies = [
        {"text_prompts": [{"text": IMPOSSIBLE}], "cfg_scale": 7, "steps": 50, "width": 1024, "height": 1024, "seed": seed}
        for seed in seeds
    ]
    assert seeds[0] == 9
    assert len(set(seeds)) == 3
    assert [line["sha256"] for line in lines(bill) if line["model"] == SDXL] == [digest(body) for body in bodies]


def test_judging_as_a_whole_is_one_answer_for_one_description(bill: Path, tmp_path: Path) -> None:
    status, body = deliver(tmp_path, LEAST | {"judging": "whole"})
    (last,) = [one for one in record(tmp_path)["attempts"] if one["verdict"]["passed"]]
    assert (status, body["outcome"], body["usage"]["text_calls"]) == (200, "passed", body["usage"]["images"] // 5)
    assert [finding["id"] for finding in last["verdict"]["findings"]] == ["whole"]
    assert "The image shows all that the prompt asks for" in last["verdict"]["findings"][0]["evidence"]
    assert Counter(line["answer"] for line in lines(bill) if line["model"] == CLAUDE) == {"tool": body["usage"]["judge_calls"]}


def digest(body: object) -> str:
    """Return the sha256 of a request body, as in the bill."""
    return hashlib.sha256(json.dumps(body).encode()).hexdigest()
