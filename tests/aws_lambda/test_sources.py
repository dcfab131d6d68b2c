"""Envelopes as AWS delivers them: what is in them, and what stays the same at a further delivery."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from onbrief.aws_lambda.event import read
from onbrief.aws_lambda.executions import settings_of_batch
from onbrief.aws_lambda.sources import Record, StoredBrief, envelope_of
from onbrief.errors import UsageError
from onbrief.pursuit import check_run_id
from tests.aws_lambda.envelopes import (
    EVENT_ID,
    MESSAGE_ID,
    TEST_MESSAGE,
    Envelope,
    bridged,
    created,
    message_id,
    notification,
    put,
    sns,
    sqs,
)
from tests.aws_lambda.events import event

WANTED = event("a red circle")


def records(delivered: object) -> list[Record]:
    """Return all records of an event."""
    envelope = envelope_of(delivered)
    assert envelope is not None
    return [record for item in envelope.items for record in item.records]


@pytest.mark.parametrize(
    ("delivered", "source", "run_id"),
    [
        (sqs(WANTED), "SQS", f"sqs-{message_id(0)}"),
        (sns(WANTED), "SNS", f"sns-{MESSAGE_ID}"),
        (bridged(WANTED), "EventBridge", f"eventbridge-{EVENT_ID}"),
        (sqs(notification(WANTED)), "SQS", f"sns-{MESSAGE_ID}"),
        (sqs(bridged(WANTED)), "SQS", f"eventbridge-{EVENT_ID}"),
        (sns(bridged(WANTED)), "SNS", f"eventbridge-{EVENT_ID}"),
        (sqs(notification(bridged(WANTED))), "SQS", f"eventbridge-{EVENT_ID}"),
    ],
)
def test_a_message_is_found_in_its_envelopes_under_the_id_of_the_innermost(
    delivered: Envelope, source: str, run_id: str
) -> None:
    envelope = envelope_of(delivered)
    assert envelope is not None
    (record,) = records(delivered)
    assert (envelope.source, record.run_id) == (source, run_id)
    assert (json.loads(record.content) if isinstance(record.content, str) else record.content) == WANTED


ENCODED = "briefs/red+fox+%281%29+%C3%A9+c%2B%2B.txt"
PLAIN = "briefs/red fox (1) é c++.txt"


def alone(inner: object) -> Any:
    return inner


def notified(inner: object) -> Envelope:
    return sqs(notification(inner))


@pytest.mark.parametrize("wrap", [alone, sqs, sns, notified])
def test_a_stored_brief_has_the_same_run_id_whichever_way_its_event_comes(wrap: Any) -> None:
    (stored,), (through_bridge,) = records(wrap(put("my-bucket", ENCODED))), records(wrap(created("my-bucket", PLAIN)))
    assert isinstance(stored.content, StoredBrief)
    assert isinstance(through_bridge.content, StoredBrief)
    assert (stored.id, stored.content.keys, stored.content.region) == (f"s3://my-bucket/{PLAIN}", (PLAIN,), "us-east-1")
    assert re.fullmatch(r"red-fox-1-c-[0-9a-f]{16}", stored.run_id)
    assert through_bridge.content.keys == (PLAIN, PLAIN.replace("+", " "))  # encoded or not
    assert through_bridge.run_id == stored.run_id


def test_another_content_of_a_stored_brief_is_another_run() -> None:
    first, second, elsewhere = (
        records(put("my-bucket", "a.txt", etag="1")),
        records(put("my-bucket", "a.txt", etag="2")),
        records(put("other-bucket", "a.txt", etag="1")),
    )
    assert len({first[0].run_id, second[0].run_id, elsewhere[0].run_id}) == 3
    assert first == records(put("my-bucket", "a.txt", etag="1"))


@pytest.mark.parametrize(
    "delivered",
    [
        put("my-bucket", "a.txt", name="ObjectRemoved:Delete"),
        sqs(put("my-bucket", "a.txt", name="s3:ObjectTagging:Put")),
        bridged({"bucket": {"name": "my-bucket"}}, "Object Deleted", "aws.s3"),
        sqs(TEST_MESSAGE),
        sns(TEST_MESSAGE),
    ],
)
def test_what_else_may_happen_to_objects_has_no_records(delivered: Envelope) -> None:
    assert records(delivered) == []


def test_a_message_that_only_looks_like_an_envelope_leaves_the_others_alone() -> None:
    broken = {"Records": [{"eventSource": "aws:s3", "eventName": "ObjectCreated:Put", "s3": {"object": "?"}}]}
    wrong, right = records(sqs(broken, WANTED))
    assert isinstance(wrong.content, UsageError)
    assert (wrong.run_id, json.loads(str(right.content))) == (f"sqs-{message_id(0)}", WANTED)


def test_only_a_fifo_queue_promises_an_order() -> None:
    fifo, fair = envelope_of(sqs(WANTED, WANTED, groups="ab")), sqs(WANTED)
    fair["Records"][0]["attributes"]["MessageGroupId"] = "a"
    standard = envelope_of(fair)
    assert fifo
    assert standard
    assert [item.group for item in fifo.items] == ["a", "b"]
    assert standard.items[0].group is None


@pytest.mark.parametrize(
    "direct", [None, [], WANTED, {"body": json.dumps(WANTED)}, {"Records": []}, {"detail": {}}, WANTED | sqs(WANTED)]
)
def test_events_of_other_kinds_are_direct_ones(direct: object) -> None:
    assert envelope_of(direct) is None


def test_events_of_other_services_are_refused() -> None:
    of_stream: Envelope = {"Records": [{"eventSource": "aws:kinesis", "kinesis": {}}]}
    with pytest.raises(UsageError, match="eventSource: 'aws:kinesis' is not allowed; expected aws:sqs or aws:sns or aws:s3"):
        envelope_of(of_stream)


@pytest.mark.parametrize("given", ["", "-", "A" * 200, "id with spaces", "ü"])
def test_every_id_of_a_message_gives_a_valid_run_id(given: str) -> None:
    (record,) = records(sns(WANTED, given))
    check_run_id(record.run_id)


def test_the_examples_of_the_page_are_understood() -> None:
    page = (Path(__file__).parents[2] / "docs" / "lambda-events.md").read_text()
    order, notification_, row, gather = (json.loads(block) for block in re.findall(r"```json\n(.*?)```", page, re.DOTALL))
    assert read(order | {"output_s3_bucket_name": "my-bucket"}).run_id == "order-1234"
    (configured,) = notification_["LambdaFunctionConfigurations"]
    assert configured["Events"] == ["s3:ObjectCreated:*"]
    settings = settings_of_batch(row["batch"])
    assert (settings.out, settings.max_usd) == ("s3://my-bucket/generated-images/foxes", 0.5)
    assert (settings_of_batch(gather["gather"]["batch"]), gather["gather"].keys()) == (settings, {"list", "batch"})
    for step in ("again", "ignored", "replaced"):
        assert f"| `{step}` |" in page
