"""Events delivered with the sandbox's models and a folder instead of the bucket."""

from __future__ import annotations

import asyncio
import base64
import json
import re
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, get_args

import pytest

from onbrief.aws_lambda import answers
from onbrief.aws_lambda.answers import Outputs
from onbrief.aws_lambda.delivery import answer
from onbrief.aws_lambda.event import read
from onbrief.aws_lambda.order import order_of
from onbrief.brief import Brief
from onbrief.errors import Outcome
from onbrief.pursuit import Workspace
from onbrief.record import Models, Run
from tests.aws_lambda.events import BUCKET, PLENTY, REQUEST_ID, Invocation, deliver, event, handled, pictures

IMPOSSIBLE = "a red circle that is a blue circle, with a brillig"


def drawn(folder: Path, prefix: str = "generated-images", run_id: str = REQUEST_ID) -> int:
    """Return how many image calls the ledger has recorded."""
    return json.loads((folder / prefix / run_id / "run.json").read_text())["usage"]["images"]


def running_out(after: int) -> Callable[[], int]:
    """Return a clock that shows plenty of time for the first `after` looks, then none."""
    looks = iter(range(after))
    return lambda: PLENTY if next(looks, None) is not None else 0


def test_an_event_that_is_met_ends_with_the_url_of_the_picture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_REGION", "eu-central-1")
    status, body = deliver(tmp_path, event())
    best = body["best"].removeprefix(f"s3://{BUCKET}/")
    assert status == 200
    assert {name: body[name] for name in list(body)[:5]} == {
        "status": "SUCCESS",
        "message": "Image generated successfully",
        "output_s3_bucket_url": f"https://s3.console.aws.amazon.com/s3/buckets/{BUCKET}",
        "output_s3_object_url": f"https://s3.console.aws.amazon.com/s3/object/{BUCKET}?region=eu-central-1&prefix={best}",
        "run_id": REQUEST_ID,
    }
    assert body["outcome"] == "passed"
    assert body["record"] == f"s3://{BUCKET}/generated-images/{REQUEST_ID}/run.json"
    assert body["warnings"] == []
    assert body["usage"]["images"] == len(pictures(tmp_path))
    assert best in pictures(tmp_path)
    assert re.fullmatch(r"generated-images-\d{14}-\d{3}-\d{3}\.png", best)
    assert (tmp_path / "generated-images" / REQUEST_ID / "report.html").is_file()


def test_the_url_of_the_picture_has_the_region_of_the_bucket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_REGION", "eu-central-1")
    monkeypatch.setenv("ONBRIEF_BUCKET_REGION", "ap-northeast-1")
    _, body = deliver(tmp_path, event())
    assert "?region=ap-northeast-1&" in body["output_s3_object_url"]


def test_an_event_that_cannot_be_met_ends_with_400_after_all_attempts_of_all_prompts(tmp_path: Path) -> None:
    status, body = deliver(tmp_path, event(IMPOSSIBLE, max_retry_attempts=2, max_prompt_revisions=2, run_id="never"))
    assert status == 400
    assert list(body)[:2] == ["status", "error"]
    assert (body["status"], body["outcome"], body["run_id"]) == ("FAIL", "unmet", "never")
    assert body["error"] == "Failed to generate a valid image after all attempts and revisions"
    assert [name[-11:] for name in pictures(tmp_path)] == ["000-000.png", "000-001.png", "001-000.png", "001-001.png"]
    assert (body["usage"]["images"], body["usage"]["judge_calls"], body["usage"]["text_calls"]) == (4, 4, 2)
    assert body["best"].removeprefix(f"s3://{BUCKET}/") in pictures(tmp_path)


def test_the_default_event_makes_fifteen_pictures_and_two_revisions_at_most(tmp_path: Path) -> None:
    _, body = deliver(tmp_path, event(IMPOSSIBLE, judging="whole", sdxl_seed=42))
    record = json.loads((tmp_path / "generated-images" / REQUEST_ID / "run.json").read_text())
    assert (body["usage"]["images"], body["usage"]["judge_calls"], body["usage"]["text_calls"]) == (15, 15, 2)
    assert len({attempt["seed"] for attempt in record["attempts"]}) == 15
    assert record["attempts"][0]["seed"] == 42
    assert [requirement["text"] for requirement in record["checklist"]["requirements"]] == [IMPOSSIBLE]
    assert record["prompts"][0]["text"] == IMPOSSIBLE


def test_the_answer_to_a_wrong_event_names_every_wrong_field_and_nothing_is_written(tmp_path: Path) -> None:
    status, body = deliver(tmp_path, {"max_retry_attempts": -1, "output_s3_key_prefix": "../up", "promt": "a cat"})
    assert status == 400
    assert (body["status"], body["outcome"], body["best"], body["record"]) == ("FAIL", "usage", None, None)
    assert [line.partition(":")[0] for line in body["errors"]] == [
        "prompt",
        "output_s3_bucket_name",
        "output_s3_key_prefix",
        "max_retry_attempts",
        "promt",
    ]
    assert body["error"] == "Exception: " + "; ".join(body["errors"])
    assert body["run_id"] == REQUEST_ID
    assert deliver(tmp_path, {"run_id": "mine"})[1]["run_id"] == "mine"
    assert list(tmp_path.iterdir()) == []


def test_a_wrong_setting_of_the_function_is_not_reported_as_a_wrong_event(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ONBRIEF_JUDGE_REGION", "Frankfurt")
    status, body = deliver(tmp_path, event())
    assert status == 500
    assert body["error"].startswith("Exception: the settings of the function: judge_region: 'Frankfurt' is not allowed")


def test_a_run_whose_limit_in_dollars_is_reached_is_402_with_the_best_picture_so_far(tmp_path: Path) -> None:
    status, body = deliver(tmp_path, event(max_usd=0.01, image_model="sandbox:?usd=0.04"))
    assert (status, body["status"], body["outcome"], body["best"]) == (402, "FAIL", "over_budget", None)
    assert body["error"].startswith("Exception: $0 of $0.01 is spent, and the next step may cost $0.04")
    wanted = event(IMPOSSIBLE, image_model="sandbox:?usd=0.04", max_retry_attempts=3, max_prompt_revisions=1, run_id="two")
    status, body = deliver(tmp_path, wanted | {"max_usd": 0.1})
    assert (status, body["outcome"], body["usage"]["images"], body["usage"]["usd"]) == (402, "over_budget", 2, 0.08)
    assert body["best"].removeprefix(f"s3://{BUCKET}/") in pictures(tmp_path)
    status, body = deliver(tmp_path, wanted | {"max_usd": 0.2})
    assert (status, body["outcome"], body["usage"]["images"], body["usage"]["usd"]) == (400, "unmet", 3, 0.12)


def test_a_place_that_cannot_be_written_is_reported(tmp_path: Path) -> None:
    (tmp_path / "generated-images").write_text("in the way")
    status, body = deliver(tmp_path, event())
    assert (status, body["run_id"]) == (400, REQUEST_ID)
    assert body["error"].startswith("Exception: output_s3_bucket_name: ")


def test_http_events_work_as_plain_ones(tmp_path: Path) -> None:
    plain = json.dumps(event("a red circle", run_id="by-http"))
    status, body = deliver(tmp_path, {"version": "2.0", "body": plain, "isBase64Encoded": False})
    assert (status, body["run_id"]) == (200, "by-http")
    coded = {"body": base64.b64encode(plain.encode()).decode(), "isBase64Encoded": True}
    again, body_again = deliver(tmp_path, coded)
    assert (again, body_again["best"]) == (status, body["best"])
    assert body_again["usage"]["images"] == body["usage"]["images"]


def test_the_same_event_three_times_at_once_is_one_run_and_three_answers(tmp_path: Path) -> None:
    async def thrice() -> list[str]:
        wanted = event(image_model="sandbox:?seconds=0.2")
        replies = await asyncio.gather(*(answer(wanted, Invocation(), str(tmp_path)) for _ in range(3)))
        return [one["body"] for one in replies]

    bodies = [json.loads(body) for body in asyncio.run(thrice())]
    assert [body["status"] for body in bodies] == ["SUCCESS"] * 3
    assert len({body["best"] for body in bodies}) == 1
    assert drawn(tmp_path) == len(pictures(tmp_path))


def test_a_delivery_without_time_to_wait_says_that_another_is_running(tmp_path: Path) -> None:
    claim(tmp_path, event(), lease=900)
    status, body = deliver(tmp_path, event(), Invocation(left=lambda: 2_000))
    assert (status, body["outcome"], body["run_id"]) == (202, "running", REQUEST_ID)
    assert pictures(tmp_path) == []


def test_a_delivery_takes_over_when_the_lease_of_a_crashed_one_has_expired(tmp_path: Path) -> None:
    claim(tmp_path, event(), lease=0.6)
    status, body = deliver(tmp_path, event())
    assert (status, body["outcome"]) == (200, "passed")


@pytest.mark.parametrize("looks", range(1, 30, 4))
def test_a_run_out_of_time_is_paused_and_the_same_event_resumes_it(tmp_path: Path, looks: int) -> None:
    wanted = event(IMPOSSIBLE, max_retry_attempts=2, max_prompt_revisions=1)
    status, body = deliver(tmp_path, wanted, Invocation(left=running_out(looks)))
    before = pictures(tmp_path)
    if status == 202:
        assert (body["outcome"], body["status"], body["run_id"]) == ("paused", "PENDING", REQUEST_ID)
    status, body = deliver(tmp_path, wanted)
    assert (status, body["outcome"], body["usage"]["images"], body["usage"]["judge_calls"]) == (400, "unmet", 2, 2)
    assert pictures(tmp_path)[: len(before)] == before
    assert len(pictures(tmp_path)) == 2


def test_a_run_id_of_another_event_is_refused(tmp_path: Path) -> None:
    deliver(tmp_path, event("a red circle", run_id="mine"))
    status, body = deliver(tmp_path, event("a blue square", run_id="mine"))
    assert (status, body["status"]) == (400, "FAIL")
    assert body["error"].startswith("Exception: run_id mine is taken")
    assert "(omit run_id, or use another one)" in body["error"]


def claim(folder: Path, wanted: dict[str, object], lease: float) -> None:
    """Claim the run for `lease` seconds with the token of a process on another machine."""
    order = order_of(read(wanted), REQUEST_ID, str(folder))
    deliver(folder, wanted, Invocation(left=lambda: 0))  # only creates the ledger
    with Workspace.existing(order.settings) as workspace:
        asyncio.run(workspace.ledger.claim(REQUEST_ID, order.request, "{}", "elsewhere/1/1", lease))


@pytest.mark.parametrize("context", [None, object(), SimpleNamespace(aws_request_id=None), SimpleNamespace(aws_request_id="")])
def test_an_event_without_a_context_is_handled_with_a_new_run_id_and_no_deadline(context: Any, tmp_path: Path) -> None:
    ids: set[str] = set()
    for _ in range(2):
        reply = asyncio.run(answer(event(), context, str(tmp_path)))
        body = json.loads(reply["body"])
        assert (reply["statusCode"], body["outcome"]) == (200, "passed")
        ids.add(body["run_id"])
    assert len(ids) == 2


@pytest.mark.parametrize("context", [None, object(), Invocation()])
@pytest.mark.parametrize("wanted", [None, [], "a red circle", {}])
def test_an_event_that_is_no_object_is_answered_with_what_is_missing(wanted: object, context: Any) -> None:
    status, body = handled(wanted, context)
    assert status == 400
    assert "prompt" in body["error"]


@pytest.mark.parametrize("outcome", get_args(Outcome))
def test_the_page_has_the_code_of_each_outcome(outcome: Outcome) -> None:
    page = (Path(__file__).parents[2] / "docs" / "lambda.md").read_text()
    rows = dict(re.findall(r"^\| `(\w+)` \| (\d{3}) \| `(?:SUCCESS|PENDING|FAIL)` \|", page, re.MULTILINE))
    run = Run(run_id="r", seed=1, brief=Brief(text="x"), models=Models("a:", "b:", "c:"), started="", outcome=outcome)
    outputs = Outputs(BUCKET, "us-west-2", "r/000-000.png", "r/run.json")
    made = answers.paused(run, outputs) if outcome == "cancelled" else answers.ended(run, outputs)
    assert str(made["statusCode"]) == rows["paused" if outcome == "cancelled" else outcome]
    assert rows.keys() - get_args(Outcome) == {"running", "paused", "usage"}
