"""Executions of a Step Functions Map: rows of a batch in a bucket, carried out one by one, and gathered at the end."""

from __future__ import annotations

import csv
import io
import itertools
import json
from collections.abc import Callable
from typing import Any, cast

import pytest

from onbrief.aws_lambda import handler
from onbrief.aws_lambda.dispatch import NotCarriedOut
from onbrief.errors import ConfigError
from tests.aws_lambda.events import Invocation
from tests.buckets import BUCKET, LEAST, Rights, Service

DEAR = "sandbox:?usd=0.04"
_numbers = itertools.count()


@pytest.fixture
def batch() -> dict[str, Any]:
    """Return the settings of a batch in a place of its own, whose briefs end over their budget at once."""
    out = f"s3://{BUCKET}/batches/{next(_numbers)}"
    return {"out": out, "image_model": DEAR, "size": "512x512", "max_usd": 0.01, "policy": "classic"}


def execute(row: object, batch: object, invocation: Invocation | None = None) -> dict[str, Any]:
    """Carry out a row and return the answer, as a state machine receives it."""
    answer = handler({"row": row, "number": 0, "batch": batch}, invocation or Invocation())
    return json.loads(json.dumps(answer))


def gather(s3: Service, batch: object, name: str, content: str) -> dict[str, Any]:
    """Gather the results of a list that is put into the bucket."""
    s3.client.put_object(Bucket=BUCKET, Key=f"lists/{name}", Body=content.encode())
    return cast("dict[str, Any]", handler({"gather": {"list": f"s3://{BUCKET}/lists/{name}", "batch": batch}}, Invocation()))


def running_out(after: int) -> Callable[[], int]:
    """Return a clock that shows plenty of time for the first `after` looks, then none."""
    looks = iter(range(after))
    return lambda: 900_000 if next(looks, None) is not None else 0


LIST = """\ufefftext,id,size,seed,note
a red circle,,,,
 a blue circle ,blue,640x512,,
a red circle,,,,
a green circle,green,64x64,,
a black circle,never,,,
""".replace(",note", ",#note")


def test_a_batch_is_carried_out_row_by_row_and_gathered(s3: Service, batch: dict[str, Any]) -> None:
    s3.rights = Rights(LEAST)
    rows = list(csv.DictReader(io.StringIO(LIST)))
    answers = [execute(row, batch) for row in rows[:4]]
    assert [answer["status"] for answer in answers] == ["ended"] * 4
    assert [answer["outcome"] for answer in answers] == [*["over_budget"] * 3, "invalid"]
    assert answers[0]["run_id"] == answers[2]["run_id"] == answers[0]["id"]
    assert (answers[1]["id"], answers[1]["run_id"], answers[1]["result"]["text"]) == ("blue", "blue", "a blue circle")
    assert "sides of 512 to 2048 pixels" in answers[3]["result"]["reason"]
    summary = gather(s3, batch, "circles.csv", LIST)
    outcomes = {outcome: count for outcome, count in summary["outcomes"].items() if count}
    assert (summary["status"], summary["name"], summary["briefs"], outcomes) == (
        "ended",
        "circles",
        5,
        {"over_budget": 3, "failed": 1, "invalid": 1},
    )
    assert summary["results_csv"] == f"{batch['out']}/results.csv"
    s3.rights = Rights(LEAST | {"s3:ListBucket"})
    table = list(csv.DictReader(io.StringIO(s3.read(batch["out"], "results.csv").decode("utf-8-sig"))))
    assert [(row["number"], row["id"] or row["run_id"]) for row in table][1::3] == [("3", "blue"), ("6", "never")]
    assert [row["outcome"] for row in table][3:] == ["invalid", "failed"]
    assert table[4]["reason"] == "it has no record: see its execution"
    assert {"results.jsonl", "summary.json"} <= set(s3.keys(batch["out"]))


def test_a_row_that_is_paused_goes_on_at_its_next_execution_and_is_drawn_once(s3: Service, batch: dict[str, Any]) -> None:
    row: dict[str, Any] = {"text": "a red circle", "id": "red"}
    wanted: dict[str, Any] = batch | {"image_model": "sandbox:", "max_usd": None}
    paused = execute(row, wanted, Invocation(left=running_out(4)))
    assert (paused["status"], paused["outcome"], paused["run_id"]) == ("paused", "paused", "red")
    ended = execute(row, wanted)
    assert (ended["status"], ended["outcome"], ended["result"]["thumbnail"]) == ("ended", "passed", "red/thumbnail.webp")
    before = s3.keys(wanted["out"])
    assert len([key for key in before if key.endswith(".png")]) == ended["result"]["images"]
    assert execute(row, wanted)["result"]["picture"] == ended["result"]["picture"]
    assert [key for key in s3.keys(wanted["out"]) if "/calls/" not in key] == [key for key in before if "/calls/" not in key]
    summary = gather(s3, wanted, "one.jsonl", json.dumps(row))
    assert (summary["outcomes"]["passed"], summary["images"], summary["pass_rate"]) == (1, ended["result"]["images"], 1.0)


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ({"txt": "a red circle"}, "did you mean 'text'"),
        ({"text": "", "id": "x"}, "text: "),
        ({"text": "a red circle", "seed": "-1", "max_usd": "much"}, "seed: '-1' is not allowed"),
        ({"text": "a red circle", "judge": "nobody:"}, "judge: "),
    ],
)
def test_a_row_that_is_no_brief_is_an_answer(s3: Service, batch: dict[str, Any], row: object, words: str) -> None:
    answer = execute(row, batch)
    assert (answer["outcome"], answer["status"], answer["run_id"]) == ("invalid", "ended", "")
    assert words in answer["result"]["reason"]
    assert s3.keys(batch["out"]) == []


def test_two_rows_with_one_id_are_one_run_and_one_that_is_invalid(s3: Service, batch: dict[str, Any]) -> None:
    assert execute({"text": "a red circle", "id": "1"}, batch)["outcome"] == "over_budget"
    second = execute({"text": "a blue circle", "id": "1"}, batch)
    assert (second["outcome"], second["result"]["reason"].partition(":")[0]) == ("invalid", "id")


@pytest.mark.parametrize(
    ("event", "words"),
    [
        (
            {"row": {"text": "a red circle"}, "batch": {"out": "runs"}},
            "batch.out: 'runs' is not allowed; expected s3://BUCKET/PREFIX",
        ),
        ({"row": {"text": "a red circle"}, "batch": {}}, "batch.out: "),
        ({"row": {"text": "a red circle"}, "batch": None}, "batch: None is not allowed"),
        ({"row": {"text": "a red circle"}, "batch": {"out": "s3://b/c", "imagemodel": "x"}}, "'imagemodel' is not allowed"),
        (
            {"row": {"text": "a red circle"}, "batch": {"out": "s3://no-such-bucket/c", "image_model": "sandbox:"}},
            "create the bucket first",
        ),
        ({"gather": {"batch": {"out": f"s3://{BUCKET}/c"}}}, "gather.list: None is not allowed"),
        (
            {"gather": {"list": f"s3://{BUCKET}/lists/none.csv", "batch": {"out": f"s3://{BUCKET}/c"}}},
            "expected a list that is there",
        ),
    ],
)
def test_what_concerns_all_rows_is_raised_by_a_name_that_a_state_machine_can_catch(s3: Service, event: Any, words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        handler(event, Invocation())
    assert type(caught.value).__name__ == "ConfigError"
    assert words in str(caught.value)


def test_a_row_whose_outcome_cannot_be_recorded_is_raised_and_nothing_is_drawn_again(
    s3: Service, batch: dict[str, Any]
) -> None:
    wanted = batch | {"image_model": "sandbox:", "max_usd": None}
    row = {"text": "a red circle", "id": "red"}
    for part in ("/run.json", "/calls/"):
        s3.fault = lambda method, path, part=part: "503 SlowDown" if method == "PUT" and part in path else None
        with pytest.raises(NotCarriedOut, match="SlowDown"):
            execute(row, wanted)
    s3.fault = lambda method, path: None
    ended = execute(row, wanted)
    drawn = [request for request in s3.requests if request.startswith("PUT") and request.endswith(".png")]
    assert (ended["outcome"], len(set(drawn))) == ("passed", ended["result"]["images"])
