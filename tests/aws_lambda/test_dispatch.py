"""Envelopes delivered with the sandbox's models and a folder instead of the bucket."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from onbrief.aws_lambda.delivery import Context
from onbrief.aws_lambda.dispatch import NotCarriedOut, dispatch
from onbrief.aws_lambda.event import read
from onbrief.aws_lambda.order import order_of
from onbrief.aws_lambda.sources import envelope_of
from onbrief.pursuit import Workspace
from tests.aws_lambda.envelopes import EVENT_ID, MESSAGE_ID, TEST_MESSAGE, Envelope, bridged, message_id, sns, sqs
from tests.aws_lambda.events import BUCKET, Invocation, deliver, event, pictures

BRIEF = event("a red circle")
TOO_DEAR = event("a blue circle", image_model="sandbox:?usd=0.04", max_usd=0.01)
"""An event that ends at once, over its budget."""


def dispatched(folder: Path, delivered: Envelope, context: Context | None = None) -> Any:
    """Deliver an envelope and return the answer. `folder` replaces the bucket."""
    envelope = envelope_of(delivered)
    assert envelope is not None
    return asyncio.run(dispatch(envelope, context or Invocation(), str(folder)))


def failures(answer: Any) -> list[int]:
    """Return the numbers of the messages that a queue is to deliver again."""
    assert answer.keys() == {"batchItemFailures"}
    return [int(failure["itemIdentifier"][-4:]) for failure in answer["batchItemFailures"]]


def ledger(folder: Path) -> dict[str, str | None]:
    """Return the outcome of each run that is recorded."""
    order = order_of(read(BRIEF), "any", str(folder))
    with Workspace.existing(order.settings) as workspace:
        return {row.run_id: row.outcome for row in workspace.ledger.runs()}


def running_out(after: int) -> Callable[[], int]:
    """Return a clock that shows plenty of time for the first `after` looks, then none."""
    looks = iter(range(after))
    return lambda: 900_000 if next(looks, None) is not None else 0


def test_of_ten_messages_the_three_that_fail_are_delivered_again_and_the_others_are_not_paid_for_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    no_region = event("a red circle", judge_model=None)
    batch = sqs(BRIEF, "{broken", *[TOO_DEAR] * 4, BRIEF | {"promt": "x"}, no_region, *[TOO_DEAR] * 2)
    assert failures(dispatched(tmp_path, batch)) == [1, 6, 7]
    runs, drawn = ledger(tmp_path), pictures(tmp_path)
    assert {number: runs.get(f"sqs-{message_id(number)}") for number in range(10)} == {
        0: "passed",
        **dict.fromkeys((1, 6, 7)),
        **dict.fromkeys((2, 3, 4, 5, 8, 9), "over_budget"),
    }
    assert failures(dispatched(tmp_path, batch)) == [1, 6, 7]
    assert (ledger(tmp_path), pictures(tmp_path)) == (runs, drawn)


def test_a_group_of_a_fifo_queue_stops_at_its_first_failure_and_other_groups_go_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    batch = sqs(TOO_DEAR, "{broken", TOO_DEAR, TOO_DEAR, TOO_DEAR, groups="aabab")
    assert failures(dispatched(tmp_path, batch)) == [1, 3]
    assert ledger(tmp_path) == {f"sqs-{message_id(number)}": "over_budget" for number in (0, 2, 4)}
    steps = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    again = [(step["record"], step["outcome"]) for step in steps if step["step"] == "again"]
    assert again == [(message_id(1), "usage"), (message_id(3), "held_back")]


def test_messages_for_which_no_time_is_left_are_not_begun(tmp_path: Path) -> None:
    assert failures(dispatched(tmp_path, sqs(BRIEF, TOO_DEAR), Invocation(left=lambda: 29_000))) == [0, 1]
    assert list(tmp_path.iterdir()) == []
    assert failures(dispatched(tmp_path, sqs(TOO_DEAR), Invocation(left=lambda: 46_000))) == []


@pytest.mark.parametrize(
    ("wrap", "run_id"), [(sns, f"sns-{MESSAGE_ID}"), (bridged, f"eventbridge-{EVENT_ID}"), (sqs, f"sqs-{message_id(0)}")]
)
def test_a_run_that_is_paused_is_delivered_again_and_resumed(
    tmp_path: Path, wrap: Callable[[object], Envelope], run_id: str
) -> None:
    wanted = wrap(BRIEF)
    in_a_hurry = Invocation(left=running_out(4))
    if wrap is sqs:
        assert failures(dispatched(tmp_path, wanted, in_a_hurry)) == [0]
    else:
        with pytest.raises(NotCarriedOut, match=rf"{run_id.partition('-')[2]}: Paused: 0 seconds are left"):
            dispatched(tmp_path, wanted, in_a_hurry)
    assert ledger(tmp_path) == {run_id: "cancelled"}
    answers = [dispatched(tmp_path, wanted) for _ in range(2)]
    assert ledger(tmp_path) == {run_id: "passed"}
    record = json.loads((tmp_path / "generated-images" / run_id / "run.json").read_text())
    assert len(pictures(tmp_path)) == record["usage"]["images"]
    if wrap is not sqs:
        ((first,), (second,)) = (answer["records"] for answer in answers)
        assert (first["outcome"], first["best"], first["carried_out"]) == ("passed", second["best"], True)


def test_an_event_that_is_delivered_three_times_at_once_is_one_run(tmp_path: Path) -> None:
    envelope = envelope_of(bridged(BRIEF))
    assert envelope

    async def thrice() -> list[dict[str, Any]]:
        return await asyncio.gather(*(dispatch(envelope, Invocation(), str(tmp_path)) for _ in range(3)))

    bodies = [answer["records"][0] for answer in asyncio.run(thrice())]
    assert [body["outcome"] for body in bodies] == ["passed"] * 3
    assert len(pictures(tmp_path)) == bodies[0]["usage"]["images"]


def test_a_run_that_another_process_is_carrying_out_is_delivered_again(tmp_path: Path) -> None:
    dispatched(tmp_path, sqs(TOO_DEAR))  # creates the ledger
    order = order_of(read(BRIEF), f"sns-{MESSAGE_ID}", str(tmp_path))
    with Workspace.existing(order.settings) as workspace:
        asyncio.run(workspace.ledger.claim(f"sns-{MESSAGE_ID}", order.request, "{}", "elsewhere/1/1", 900))
    clock = iter([31_000, *[2_000] * 9])
    with pytest.raises(NotCarriedOut, match="Another delivery of this event is still running"):
        dispatched(tmp_path, sns(BRIEF), Invocation(left=lambda: next(clock)))


def test_a_text_is_a_prompt_where_the_function_knows_a_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ONBRIEF_IMAGE_MODEL", "sandbox:?usd=0.04")
    monkeypatch.setenv("ONBRIEF_MAX_USD", "0.01")
    with pytest.raises(NotCarriedOut, match=r"not valid JSON.*to send a prompt as plain text, set ONBRIEF_OUT="):
        dispatched(tmp_path, sns("a red circle"))
    monkeypatch.setenv("ONBRIEF_OUT", f"s3://{BUCKET}/from/queues")
    assert (
        failures(dispatched(tmp_path, sqs("  a red circle\n", {"prompt": "a red circle", "output_s3_bucket_name": BUCKET})))
        == []
    )
    found = {path.relative_to(tmp_path).parent.as_posix(): json.loads(path.read_text()) for path in tmp_path.rglob("run.json")}
    assert {
        place: (run["brief"]["text"], run["models"]["image"], run["outcome"]) for place, run in found.items()
    } == dict.fromkeys(
        (f"from/queues/sqs-{message_id(0)}", f"generated-images/sqs-{message_id(1)}"),
        ("a red circle", "sandbox:?usd=0.04", "over_budget"),
    )


def test_a_place_that_is_not_in_s3_is_a_fault_of_the_function(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ONBRIEF_OUT", "somewhere")
    with pytest.raises(
        NotCarriedOut, match="the settings of the function: out: 'somewhere' is not allowed; expected s3://BUCKET/PREFIX"
    ):
        dispatched(tmp_path, sns("a red circle"))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "the message: not valid JSON"),
        ("[1]", r"the message: \[1\] is not allowed; expected a JSON object"),
        ("null", "the message: None is not allowed"),
        ('{"prompt": "a red circle"', "the message: not valid JSON"),
        ("[" * 20_000, "the message: not valid JSON"),
        (
            {"prompt": "", "output_s3_bucket_name": "A"},
            "prompt: '' is not allowed.*; output_s3_bucket_name: 'A' is not allowed",
        ),
        ({"promt": "a red circle"}, "did you mean prompt"),
        (BRIEF | {"run_id": "Not Allowed"}, "run_id: 'Not Allowed' is not allowed"),
        (bridged("a text", source="aws.s3", kind="Object Created"), None),
        (bridged({}, source="aws.s3", kind="Object Created"), "object: None is not allowed"),
    ],
)
def test_a_wrong_message_is_answered_with_what_is_wrong_and_starts_nothing(
    tmp_path: Path, content: object, words: str | None
) -> None:
    assert failures(dispatched(tmp_path, sqs(content))) == ([0] if words else [])
    if words and not isinstance(content, dict):
        with pytest.raises(NotCarriedOut, match=words):
            dispatched(tmp_path, sns(content))
    assert list(tmp_path.iterdir()) == []


def test_a_test_message_of_s3_is_carried_out(tmp_path: Path) -> None:
    assert failures(dispatched(tmp_path, sqs(TEST_MESSAGE, TEST_MESSAGE))) == []
    assert dispatched(tmp_path, sns(TEST_MESSAGE)) == {"records": []}


def test_a_message_may_name_its_run(tmp_path: Path) -> None:
    _, direct = deliver(tmp_path, TOO_DEAR | {"run_id": "mine"})
    ((record),) = dispatched(tmp_path, sns(TOO_DEAR | {"run_id": "mine"}))["records"]
    assert (record["run_id"], record["outcome"], direct["run_id"]) == ("mine", "over_budget", "mine")
    assert failures(dispatched(tmp_path, sqs(BRIEF | {"run_id": "mine"}))) == [0]  # another order
    assert ledger(tmp_path) == {"mine": "over_budget"}
