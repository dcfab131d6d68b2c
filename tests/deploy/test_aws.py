"""The template, deployed to a stand-in for AWS with the zip of `make lambda`, and what users of the stack do with it.

The stand-in knows no rights (tests/aws_lambda has one for these), ignores ResultWriter, and has one name for all errors of
functions, so that such errors are scripted here.
"""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
from collections import Counter
from collections.abc import Generator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from onbrief_sandbox.server.app import Terms
from onbrief_sandbox.server.bill import Bill
from onbrief_sandbox.server.faults import Fault
from tests.aws_lambda.test_wire import IMPOSSIBLE, OLD
from tests.deploy.clouds import BIN, SAM, ZIP, Cloud, running
from tests.deploy.runtimes import answers
from tests.deploy.templates import BUCKET, ROOT, STACK
from tests.sandbox.server.serving import CORE, SDXL, Play, lines, served

pytestmark = pytest.mark.aws

README = json.loads(re.findall(r'^\{"prompt".*\}$', (ROOT / "README.md").read_text(), re.MULTILINE)[0])
EVENT = README | {"output_s3_bucket_name": BUCKET}
SMALL = {"sdxl_width": 512, "sdxl_height": 512}

RAISED = {
    "StateMachines": {
        f"{STACK}-batch": {"TestCases": {"NoRight": {"Run": "no-right"}, "Broken": {"Run": "broken"}}},
    },
    "MockedResponses": {
        "no-right": {"0": {"Throw": {"Error": "ConfigError", "Cause": "allow bedrock:InvokeModel"}}},
        "broken": {"0": {"Throw": {"Error": "Lambda.Unknown", "Cause": "the process exited"}}},
    },
}
"""What the function raises in executions of `MACHINE#CASE`, in the form that AWS's own local Step Functions reads."""


@dataclass(frozen=True)
class Stack:
    """The deployed stack: its outputs, and the bill of the stand-in for Bedrock that it asks."""

    cloud: Cloud
    outputs: dict[str, str]
    port: int
    bill: Path
    play: Play = field(repr=False)

    @property
    def endpoint(self) -> dict[str, str]:
        """The variables with which the function finds the stand-in for Bedrock."""
        return endpoint(self.port)

    def keys(self, prefix: str) -> list[str]:
        """Return the keys in the bucket that start with this."""
        pages = self.cloud.client("s3").get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix=prefix)
        return [item["Key"] for page in pages for item in page.get("Contents", ())]

    def read(self, key: str) -> bytes:
        """Return an object of the bucket."""
        return self.cloud.client("s3").get_object(Bucket=BUCKET, Key=key)["Body"].read()

    def put(self, key: str, text: str) -> None:
        """Put an object into the bucket."""
        self.cloud.client("s3").put_object(Bucket=BUCKET, Key=key, Body=text.encode())

    def charged(self) -> Counter[str]:
        """Return how often each model is on the bill."""
        return Counter(line["model"] for line in lines(self.bill))

    def dead(self, seconds: float = 120) -> str:
        """Return the next message of the dead-letter queue, and take it away."""
        sqs, queue = self.cloud.client("sqs"), self.outputs["DeadLetters"]

        def received() -> dict[str, Any] | None:
            return next(iter(sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=5).get("Messages", ())), None)

        message = self.cloud.until(received, seconds)
        sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
        return message["Body"]


def endpoint(port: int) -> dict[str, str]:
    """Return the variables with which AWS clients find the stand-in for Bedrock, and not another one for the same service."""
    return dict.fromkeys(("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", "AWS_ENDPOINT_URL_BEDROCK"), f"http://127.0.0.1:{port}")


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Generator[Stack]:
    """Deploy the template with all that can be switched on."""
    if not all(path.exists() for path in (ZIP, SAM, BIN / "ministack")):
        pytest.fail("run `make aws-test`: it packs the function and installs the stand-in for AWS")
    folder = tmp_path_factory.mktemp("aws")
    play = Play()
    (folder / "raised.json").write_text(json.dumps(RAISED))
    with (
        served(Terms(bill=Bill(folder / "bill.jsonl"), script=play)) as server,
        running(folder, endpoint(server.port) | {"SFN_MOCK_CONFIG": str(folder / "raised.json")}) as cloud,
    ):
        outputs = cloud.deploy(Queue="on", BriefsPrefix="briefs/", Concurrency="2", AlarmEmail="someone@example.com")
        yield Stack(cloud, outputs, server.port, folder / "bill.jsonl", play)


def test_the_packed_zip_answers_in_a_bare_python_through_lambdas_own_runtime_client(stack: Stack, tmp_path: Path) -> None:
    shutil.unpack_archive(ZIP, tmp_path / "task")
    runtime = tmp_path / "runtime"
    runtime.mkdir()
    (packages,) = (BIN.parent / "lib").glob("python3.*/site-packages")
    for name in ("awslambdaric", "simplejson", "snapshot_restore_py", "runtime_client*.so"):
        for found in packages.glob(name):
            (runtime / found.name).symlink_to(found)
    environment = stack.cloud.environment | stack.endpoint
    wrong, drawn = answers(BIN / "python", [tmp_path / "task", runtime], [{}, EVENT], environment)
    body = json.loads(drawn["body"])
    assert (wrong["statusCode"], drawn["statusCode"], body["outcome"]) == (400, 200, "passed"), (wrong, body)


def test_the_readmes_event_ends_with_a_picture_in_the_bucket_of_the_stack(stack: Stack) -> None:
    before = stack.charged()
    code, body = stack.cloud.invoke(EVENT)
    assert (code, body["outcome"]) == (200, "passed"), body
    assert stack.read(body["best"].removeprefix(f"s3://{BUCKET}/")).startswith(b"\x89PNG")
    assert (stack.charged() - before)[CORE] == body["usage"]["images"]


@pytest.mark.parametrize(
    ("event", "model", "ended"),
    [
        (SMALL | {"prompt": IMPOSSIBLE}, CORE, (400, "unmet", 15)),
        (OLD | {"prompt": "four red apples on a table", "sdxl_seed": 59}, SDXL, (200, "passed", 7)),
    ],
    ids=["none passes", "old models, the seventh passes"],
)
def test_the_long_known_events_cost_what_they_always_did(
    stack: Stack, event: dict[str, Any], model: str, ended: tuple[int, str, int]
) -> None:
    before = stack.charged()
    code, body = stack.cloud.invoke(EVENT | event)
    assert (code, body["outcome"], (stack.charged() - before)[model]) == ended, body


def test_a_message_that_fails_is_delivered_again_and_ends_in_the_dead_letter_queue_and_the_others_are_carried_out(
    stack: Stack,
) -> None:
    sqs, queue = stack.cloud.client("sqs"), stack.outputs["Briefs"]
    policy = json.loads(sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["All"])["Attributes"]["RedrivePolicy"])
    assert int(policy["maxReceiveCount"]) == 5
    at_once = {"VisibilityTimeout": "1", "RedrivePolicy": json.dumps(policy | {"maxReceiveCount": 2})}  # instead of hours
    sqs.set_queue_attributes(QueueUrl=queue, Attributes=at_once)
    good, wrong = json.dumps({"prompt": "a red circle", **SMALL}), json.dumps({"prompt": "a red circle", "sdxl_steps": 9})
    entries = [{"Id": "good", "MessageBody": good}, {"Id": "wrong", "MessageBody": wrong}]
    sent = sqs.send_message_batch(QueueUrl=queue, Entries=entries)["Successful"]
    ids = {one["Id"]: one["MessageId"] for one in sent}
    assert stack.dead() == wrong
    stack.cloud.until(lambda: stack.keys(f"generated-images/sqs-{ids['good']}/report.html") or None)
    left = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["ApproximateNumberOfMessages"])["Attributes"]
    assert left["ApproximateNumberOfMessages"] == "0"


def test_a_brief_that_is_put_below_the_prefix_is_carried_out_and_a_wrong_one_is_kept_with_the_reason(stack: Stack) -> None:
    stack.put("briefs/kite.json", json.dumps({"prompt": "a red circle", **SMALL}))
    stack.put("briefs/wrong.json", json.dumps({"prompt": "a red circle", "sdxl_steps": 9}))
    record = stack.cloud.until(
        lambda: next((k for k in stack.keys("generated-images/kite-") if k.endswith("report.html")), None)
    )
    assert json.loads(stack.read(record.replace("report.html", "run.json")))["outcome"] == "passed"
    assert "briefs/wrong.json" in stack.dead()


def listed(number: int) -> dict[str, object]:
    """Return one of the thirty briefs of the batch. One is no brief, and one can never be met."""
    texts = {7: IMPOSSIBLE, 11: ""}
    text = texts.get(number, f"{('one', 'two', 'three')[number % 3]} red circle{'s' if number % 3 else ''}")
    return {"id": f"brief-{number:02}", "text": text, "size": "256x256", "seed": number, "max_images": 2}


@pytest.mark.parametrize("form", ["jsonl", "csv"])
def test_a_batch_of_thirty_through_the_state_machine(stack: Stack, form: str) -> None:
    rows = [listed(number) for number in range(30 if form == "jsonl" else 3)]
    text = io.StringIO()
    if form == "csv":
        writer = csv.DictWriter(text, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    else:
        text.writelines(f"{json.dumps(row)}\n" for row in rows)
    stack.put(f"lists/products.{form}", text.getvalue())
    before = stack.charged()
    given = {"list": f"lists/products.{form}", "batch": {"out": f"s3://{BUCKET}/generated-images/{form}"}}
    execution = stack.cloud.execute(stack.outputs["Batch"], given)
    assert execution["status"] == "SUCCEEDED", execution
    answer = json.loads(execution["output"])
    results = list(csv.DictReader(io.StringIO(stack.read(f"generated-images/{form}/results.csv").decode("utf-8-sig"))))
    assert [row["id"] for row in results] == [row["id"] for row in rows]
    outcomes = {row["id"]: row["outcome"] for row in results}
    if form == "jsonl":
        assert (outcomes["brief-07"], outcomes["brief-11"]) == ("unmet", "invalid")
    assert Counter(outcomes.values())["passed"] >= len(rows) - 6
    assert answer["status"] == "ended"
    names = {key.rpartition("/")[2] for key in stack.keys(f"generated-images/{form}/") if key.count("/") == 2}
    assert {"results.csv", "summary.json", "index.html"} <= names
    states = stack.cloud.client("stepfunctions")
    (run,) = states.list_map_runs(executionArn=execution["executionArn"])["mapRuns"]
    counts = states.describe_map_run(mapRunArn=run["mapRunArn"])["executionCounts"]
    assert (counts["succeeded"], counts["failed"]) == (len(rows), 0)
    charged = stack.charged()
    assert (charged - before)[CORE] == sum(int(row["images"]) for row in results)
    again = stack.cloud.execute(stack.outputs["Batch"], given)
    assert (again["status"], stack.charged()) == ("SUCCEEDED", charged)  # nothing is paid for twice


@pytest.mark.parametrize(
    ("case", "status", "of_each"),
    [("NoRight", "FAILED", {("FAILED", "ConfigError")}), ("Broken", "SUCCEEDED", {("SUCCEEDED", "Lambda.Unknown")})],
)
def test_what_all_briefs_lack_stops_a_batch_and_a_broken_invocation_does_not(
    stack: Stack, case: str, status: str, of_each: set[tuple[str, str]]
) -> None:
    stack.put("lists/two.jsonl", "".join(f"{json.dumps(listed(number))}\n" for number in range(2)))
    given = {"list": "lists/two.jsonl", "batch": {"out": f"s3://{BUCKET}/generated-images/{case.lower()}"}}
    before = stack.charged()
    execution = stack.cloud.execute(f"{stack.outputs['Batch']}#{case}", given)
    assert execution["status"] == status, execution
    states = stack.cloud.client("stepfunctions")
    (run,) = states.list_map_runs(executionArn=execution["executionArn"])["mapRuns"]
    children = states.list_executions(mapRunArn=run["mapRunArn"])["executions"]
    ended = [states.describe_execution(executionArn=child["executionArn"]) for child in children]
    assert {(one["status"], one.get("error") or json.loads(one["output"])["reason"]) for one in ended} == of_each
    if status == "FAILED":
        assert execution["error"] == "ConfigError"
    else:
        text = stack.read(f"generated-images/{case.lower()}/results.csv").decode("utf-8-sig")
        assert [row["outcome"] for row in csv.DictReader(io.StringIO(text))] == ["failed"] * 2
    assert stack.charged() == before


def test_an_order_that_pauses_goes_on_by_itself_in_a_batch_and_by_the_same_event(stack: Stack) -> None:
    """With 60 seconds, no picture is begun after the first 15; each takes 8."""
    functions = stack.cloud.client("lambda")
    functions.update_function_configuration(FunctionName=STACK, Timeout=60)
    stack.play.now(Fault(model=f"*{CORE}", delay=8.0))
    try:
        stack.put("lists/long.jsonl", json.dumps({"text": IMPOSSIBLE, "id": "long", "size": "256x256", "max_images": 3}) + "\n")
        given = {"list": "lists/long.jsonl", "batch": {"out": f"s3://{BUCKET}/generated-images/long"}}
        before = stack.charged()
        execution = stack.cloud.execute(stack.outputs["Batch"], given)
        assert execution["status"] == "SUCCEEDED", execution
        assert (stack.charged() - before)[CORE] == 3
        states = stack.cloud.client("stepfunctions")
        (run,) = states.list_map_runs(executionArn=execution["executionArn"])["mapRuns"]
        (child,) = states.list_executions(mapRunArn=run["mapRunArn"])["executions"]
        steps = states.get_execution_history(executionArn=child["executionArn"])["events"]
        answered = [
            json.loads(step["taskSucceededEventDetails"]["output"]) for step in steps if step["type"] == "TaskSucceeded"
        ]
        assert [answer["Payload"]["status"] for answer in answered] == ["paused", "ended"], answered
        code, body = stack.cloud.invoke(
            EVENT | SMALL | {"prompt": IMPOSSIBLE, "max_retry_attempts": 3, "max_prompt_revisions": 1}
        )
        assert (code, body["outcome"]) == (202, "paused")
        stack.play.now()
        code, body = stack.cloud.invoke(
            EVENT | SMALL | {"prompt": IMPOSSIBLE, "max_retry_attempts": 3, "max_prompt_revisions": 1, "run_id": body["run_id"]}
        )
        assert (code, body["outcome"], body["usage"]["images"]) == (400, "unmet", 3)
    finally:
        stack.play.now()
        functions.update_function_configuration(FunctionName=STACK, Timeout=900)
