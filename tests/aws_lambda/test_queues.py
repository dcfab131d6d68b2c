"""Messages of queues, and briefs that are put into a bucket: S3, SQS, SNS and EventBridge are moto's, over HTTP."""

from __future__ import annotations

import json
from collections.abc import Generator
from typing import Any

import pytest

from onbrief.aws_lambda import handler
from onbrief.aws_lambda.dispatch import NotCarriedOut
from tests.aws_lambda.envelopes import created, put, sqs
from tests.aws_lambda.events import Invocation, event
from tests.aws_lambda.queues import Queue
from tests.buckets import BUCKET, LEAST, Rights, Service

BRIEF = event("a red circle", output_s3_bucket_name=BUCKET, output_s3_key_prefix="queued/images")


@pytest.fixture
def notified(s3: Service) -> Generator[Queue]:
    """Return a queue that receives the events of the bucket."""
    queue = Queue.of(s3)
    queue.notified(s3)
    yield queue
    s3.client.put_bucket_notification_configuration(Bucket=BUCKET, NotificationConfiguration={})


@pytest.fixture
def place(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Return the place that the function's settings name, with models that end over their budget at once."""
    place = f"s3://{BUCKET}/{request.function.__name__.replace('_', '-')}/images"
    monkeypatch.setenv("ONBRIEF_OUT", place)
    monkeypatch.setenv("ONBRIEF_IMAGE_MODEL", "sandbox:?usd=0.04")
    monkeypatch.setenv("ONBRIEF_MAX_USD", "0.01")
    return place


def stored(s3: Service, key: str, content: str | bytes) -> dict[str, Any]:
    """Put an object into the bucket and return the event of S3."""
    etag = s3.client.put_object(Bucket=BUCKET, Key=key, Body=content)["ETag"].strip('"')
    return put(BUCKET, key, etag=etag)


def runs(s3: Service, place: str) -> dict[str, dict[str, Any]]:
    """Return the records of the runs at a place."""
    keys = [key for key in s3.keys(place) if key.endswith("/run.json")]
    return {key.partition("/")[0]: json.loads(s3.read(place, key)) for key in keys}


def test_a_brief_whose_event_comes_in_three_ways_is_one_run_and_nothing_that_it_writes_starts_another(
    s3: Service, notified: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ONBRIEF_IMAGE_MODEL", "sandbox:")
    monkeypatch.setenv("ONBRIEF_OUT", f"s3://{BUCKET}/shop/images")
    s3.client.put_object(Bucket=BUCKET, Key="shop/red circle (1) +é.txt", Body="a red circle\n".encode("utf-16"))
    received: list[int] = []
    while not received or received[-1]:
        count, failed = notified.deliver()
        received.append(count)
        assert failed == []
    ((run_id, run),) = runs(s3, f"s3://{BUCKET}/shop/images").items()
    assert (run_id[:-16], run["brief"]["text"], run["outcome"]) == ("red-circle-1-", "a red circle", "passed")
    pictures = [key for key in s3.keys(f"s3://{BUCKET}/shop") if key.endswith(".png")]
    assert len(pictures) == run["usage"]["images"]
    assert sum(received) > 3 * len([key for key in s3.keys(f"s3://{BUCKET}/shop") if "/calls/" in key])


def test_a_brief_may_be_a_text_a_file_of_a_brief_or_an_event(s3: Service, place: str) -> None:
    toml = 'text = "a red circle"\naspect = "16:9"\navoid = ["people"]\nrequirements = ["the circle is big"]\n'
    briefs = {
        "1.md": "# A poster\n\na red circle\n",
        "2.TOML": toml,
        "3.json": json.dumps({"text": "a red circle", "size": "1024x768", "max_usd": 0.02, "avoid": "people"}),
        "4.json": json.dumps({"prompt": "a red circle", "sdxl_width": 640, "sdxl_height": 512, "run_id": "four"}),
        "5.txt": "\ufeffa red circle",
        "6.png": "a red circle",
        "run.json": "{}",
        "folder/": "",
    }
    envelopes = [stored(s3, f"kinds/{name}", content) for name, content in briefs.items()]
    whole = {"Records": [record for envelope in envelopes for record in envelope["Records"]]}
    answer: Any = handler(whole, Invocation())
    assert [about["outcome"] for about in answer["records"]] == ["over_budget"] * 5 + ["ignored"] * 3
    found = {run_id[0]: run["brief"] for run_id, run in runs(s3, place).items()}
    assert {name: tuple(brief["size"]) for name, brief in found.items()} == {
        "1": (1024, 1024),
        "2": (1344, 768),
        "3": (1024, 768),
        "f": (640, 512),
        "5": (1024, 1024),
    }
    assert {brief["text"] for name, brief in found.items() if name != "1"} == {"a red circle"}
    assert ([requirement["text"] for requirement in found["2"]["requirements"]], found["3"]["avoid"]) == (
        ["the circle is big"],
        ["people"],
    )


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.json", "{", "is not valid JSON: Expecting property name"),
        ("a.json", "[]", r"\[\] is not allowed; expected an object"),
        ("a.toml", "text = ", "is not valid TOML: "),
        ("a.toml", 'text = "a red circle"\nsize = "huge"', "size: 'huge' is not allowed"),
        ("a.toml", 'text = "a red circle"\ncolour = "red"', "colour: there is no such field"),
        ("a.txt", "", "prompt: '' is not allowed"),
        ("a.txt", b"\xff\xfe\xff", "cannot be read: "),
        ("a.txt", "x" * 10_001, "prompt: "),
        ("a.txt", "x" * 1_000_001, "cannot be read: it has more than 1000000 bytes"),
    ],
)
def test_a_wrong_brief_is_delivered_again_until_it_is_in_the_dead_letter_queue(
    s3: Service, place: str, name: str, content: str | bytes, words: str
) -> None:
    wrong = stored(s3, f"wrong/{name}", content)
    wrong["Records"][0]["s3"]["object"]["size"] = len(content)
    with pytest.raises(NotCarriedOut, match=words):
        handler(wrong, Invocation())
    assert runs(s3, place) == {}


def test_a_brief_that_has_been_replaced_or_deleted_is_left_to_the_event_of_what_replaced_it(s3: Service, place: str) -> None:
    first, second = stored(s3, "changed/a.txt", "a red circle"), stored(s3, "changed/a.txt", "a blue circle")
    outcomes: list[str] = []
    for wanted in (first, second, second):
        answer: Any = handler(wanted, Invocation())
        outcomes.append(answer["records"][0]["outcome"])
    s3.client.delete_object(Bucket=BUCKET, Key="changed/a.txt")
    answer = handler(second, Invocation())
    assert [*outcomes, answer["records"][0]["outcome"]] == ["replaced", "over_budget", "over_budget", "replaced"]
    assert [run["brief"]["text"] for run in runs(s3, place).values()] == ["a blue circle"]


def test_the_key_in_an_event_of_eventbridge_may_be_encoded(s3: Service, place: str) -> None:
    s3.rights = Rights(LEAST)  # an object that is not there is answered as one that may not be read
    etag = s3.client.put_object(Bucket=BUCKET, Key="bridge/a b.txt", Body="a red circle")["ETag"].strip('"')
    for key in ("bridge/a b.txt", "bridge/a+b.txt"):
        answer: Any = handler(created(BUCKET, key, etag), Invocation())
        assert answer["records"][0]["outcome"] == "over_budget"
    assert len(s3.requests) > 0


def test_a_brief_that_may_not_be_read_is_not_lost_and_the_message_names_the_right(s3: Service, place: str) -> None:
    wanted = stored(s3, "secret/a.txt", "a red circle")
    s3.rights = Rights(LEAST, under=place.removeprefix(f"s3://{BUCKET}/"))
    with pytest.raises(NotCarriedOut, match=rf"s3:GetObject on arn:aws:s3:::{BUCKET}/secret/a.txt"):
        handler(wanted, Invocation())


def test_a_message_that_fails_ends_in_the_dead_letter_queue_and_the_others_are_done(s3: Service, place: str) -> None:
    queue = Queue.of(s3, receives=2)
    _, poison, _ = queue.send("a red circle", "{broken", {"prompt": "a blue circle"})
    assert queue.deliver() == (3, [poison])
    assert queue.deliver() == (1, [poison])
    assert queue.deliver() == (0, [])
    assert queue.dead
    assert [message["Body"] for message in queue.dead.receive()] == ["{broken"]
    assert len(runs(s3, place)) == 2


def test_a_run_whose_outcome_cannot_be_recorded_is_delivered_again_and_draws_nothing_more(s3: Service) -> None:
    wanted = sqs(BRIEF)
    for wrong in ("/run.json", "/report.html"):
        s3.fault = lambda method, path, wrong=wrong: "403 AccessDenied" if method == "PUT" and path.endswith(wrong) else None
        answer: Any = handler(wanted, Invocation())
        assert len(answer["batchItemFailures"]) == 1
        before = [key for key in s3.keys(f"s3://{BUCKET}/queued") if key.endswith(".png")]
    s3.fault = lambda method, path: None
    assert handler(wanted, Invocation()) == {"batchItemFailures": []}
    assert [key for key in s3.keys(f"s3://{BUCKET}/queued") if key.endswith(".png")] == before
