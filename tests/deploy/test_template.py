"""The template and the container file of deploy/aws: what they promise, without any service. `make aws-test` deploys them."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from typing import Any

from tests.deploy.templates import BUCKET, FOLDER, ROOT, Template

PLAIN = Template({})
ALL = Template({"Queue": "on", "BriefsPrefix": "briefs/", "AlarmEmail": "someone@example.com"})
PAGE = (ROOT / "docs" / "lambda.md").read_text()


def documented() -> dict[str, dict[str, Any]]:
    """Return the statements of the policy on the page."""
    (policy,) = (json.loads(text) for text in re.findall(r"```json\n(\{\n.*?)```", PAGE, re.DOTALL) if '"Statement"' in text)
    return {statement["Sid"]: statement for statement in policy["Statement"]}


def test_the_function_has_exactly_the_rights_of_the_page() -> None:
    assert PLAIN.statements("FunctionRole") == documented()


def test_what_is_switched_on_has_a_right_of_its_own() -> None:
    more = {name: one for name, one in ALL.statements("FunctionRole").items() if name not in documented()}
    assert {name: one["Action"] for name, one in more.items()} == {
        "ReadBriefs": "s3:GetObject",
        "TakeBriefs": ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"],
    }
    assert all(f"`{name}`" in PAGE for name in more)


def test_no_right_is_for_all_actions_or_all_resources() -> None:
    statements = [*ALL.statements("FunctionRole").values(), *ALL.statements("BatchRole").values()]
    for statement in statements:
        assert "*" not in str(statement["Action"])
        assert statement["Resource"] != "*"


def test_the_models_of_the_function_are_those_that_it_may_ask() -> None:
    other = Template(
        {"ImageModel": "stability.sd3-5-large-v1:0", "LanguageModel": "eu.anthropic.claude-haiku-4-5-20251001-v1:0"}
    )
    variables = other.properties("Function")["Environment"]["Variables"]
    drawn, asked = other.statements("FunctionRole")["DrawAndAsk"]["Resource"]
    assert variables["ONBRIEF_IMAGE_MODEL"].removeprefix("bedrock:") == drawn.rpartition("/")[2]
    assert variables["ONBRIEF_JUDGE"].removeprefix("bedrock:") == asked.rpartition("/")[2]
    through = other.statements("FunctionRole")["AskThroughProfile"]
    assert through["Resource"].endswith("::foundation-model/anthropic.claude-haiku-4-5-20251001-v1:0")
    assert through["Condition"]["StringLike"]["bedrock:InferenceProfileArn"] == asked


def test_the_bucket_is_kept_encrypted_and_closed() -> None:
    bucket, properties = PLAIN.resources["Bucket"], PLAIN.properties("Bucket")
    assert (bucket["DeletionPolicy"], bucket["UpdateReplacePolicy"], properties["BucketName"]) == ("Retain", "Retain", BUCKET)
    assert properties["PublicAccessBlockConfiguration"] == dict.fromkeys(
        ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"), True
    )
    assert properties["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    expiring = [rule for rule in properties["LifecycleConfiguration"]["Rules"] if "ExpirationInDays" in rule]
    assert [rule["Prefix"] for rule in expiring] == ["executions/"]  # no run and no ledger
    assert "NotificationConfiguration" not in properties
    (trigger,) = ALL.properties("Bucket")["NotificationConfiguration"]["LambdaConfigurations"]
    assert trigger["Filter"]["S3Key"]["Rules"] == [{"Name": "prefix", "Value": "briefs/"}]


def test_what_fails_is_kept_and_raises_an_alarm() -> None:
    function, queue = ALL.properties("Function"), ALL.properties("Briefs")
    assert (
        function["EventInvokeConfig"]["DestinationConfig"]["OnFailure"]["Destination"]
        == ALL.statements("FunctionRole")["KeepWhatFailed"]["Resource"]
    )
    assert queue["RedrivePolicy"]["deadLetterTargetArn"] == ALL.statements("FunctionRole")["KeepWhatFailed"]["Resource"]
    assert queue["VisibilityTimeout"] > ALL.text["Parameters"]["Timeout"]["MaxValue"]
    assert ALL.properties("FromQueue")["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    alarms = {name: one["Properties"] for name, one in ALL.resources.items() if one["Type"] == "AWS::CloudWatch::Alarm"}
    assert {one["MetricName"] for one in alarms.values()} >= {"Errors", "ApproximateNumberOfMessagesVisible"}
    assert all(one["AlarmActions"] == ["AlarmTopic"] for one in alarms.values())
    assert not {"Briefs", "FromQueue", "AlarmTopic"} & PLAIN.resources.keys()


def machines(machine: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the machine and those inside of its states."""
    yield machine
    for state in machine["States"].values():
        if "ItemProcessor" in state:
            yield from machines(state["ItemProcessor"])


def ways(state: dict[str, Any]) -> set[str]:
    """Return the names of the states that may come next."""
    branches = [state, *state.get("Choices", []), *state.get("Catch", [])]
    return {branch["Next"] for branch in branches if "Next" in branch} | ({state["Default"]} if "Default" in state else set())


def test_every_state_is_reached_and_leads_to_an_end() -> None:
    for machine in machines(PLAIN.batch):
        states: dict[str, dict[str, Any]] = machine["States"]
        reached, waiting = set[str](), [machine["StartAt"]]
        while waiting:
            name = waiting.pop()
            if name not in reached:
                reached.add(name)
                waiting += ways(states[name])
        assert reached == set(states)
        ending = {name for name, state in states.items() if state.get("End") or state["Type"] in {"Fail", "Succeed"}}
        for _ in states:
            ending |= {name for name, state in states.items() if ways(state) & ending}
        assert ending == set(states)
        assert [
            name for name, state in states.items() if not state.get("End") and not ways(state) and state["Type"] != "Fail"
        ] == []


def test_both_forms_of_a_list_are_carried_out_alike() -> None:
    maps: list[dict[str, Any]] = [state for state in PLAIN.batch["States"].values() if state["Type"] == "Map"]
    assert sorted(state["ItemReader"]["ReaderConfig"]["InputType"] for state in maps) == ["CSV", "JSONL"]
    first, second = ({name: field for name, field in state.items() if name not in {"Label", "ItemReader"}} for state in maps)
    assert first == second
    assert first["MaxConcurrency"] == 10
    assert first["ItemSelector"].keys() == {"row.$", "number.$", "batch.$"}
    run = first["ItemProcessor"]["States"]["Run"]
    assert [(caught["ErrorEquals"], caught["Next"]) for caught in run["Catch"]] == [
        (["ConfigError"], "Cannot go on"),  # a failed execution: it stops the batch
        (["States.ALL"], "Failed"),  # a failed brief: the others go on
    ]
    assert not {name for name in first if name.startswith("Tolerated")}
    assert first["ItemProcessor"]["States"]["Failed"]["Type"] == "Pass"
    raised = [name for retry in run["Retry"] for name in retry["ErrorEquals"]]
    assert raised == ["ConfigError", "NotCarriedOut", "Lambda.TooManyRequestsException", "States.ALL"]


def test_the_batch_may_do_what_its_states_do() -> None:
    allowed = PLAIN.statements("BatchRole")
    assert {name: one["Resource"] for name, one in allowed.items()} == {
        "RunBriefs": "Function.Arn",
        "ReadLists": f"arn:aws:s3:::{BUCKET}/lists/*",
        "WriteExecutions": f"arn:aws:s3:::{BUCKET}/executions/*",
        "StartExecutions": "arn:aws:states:us-west-2:111122223333:stateMachine:onbrief-batch",
        "WatchExecutions": "arn:aws:states:us-west-2:111122223333:execution:onbrief-batch/*",
    }
    states = [state for machine in machines(PLAIN.batch) for state in machine["States"].values()]
    assert {state["Parameters"]["FunctionName"] for state in states if state["Type"] == "Task"} == {"Function.Arn"}
    assert PLAIN.properties("Batch")["StateMachineName"] == "onbrief-batch"


def test_each_parameter_is_used_and_is_on_the_page_with_its_default() -> None:
    used = (FOLDER / "template.yaml").read_text().partition("\nConditions:")[2]
    shown = dict(re.findall(r"^\| `([A-Z]\w+)` \| (.*?) ?\|", PAGE, re.MULTILINE))
    defaults = {name: str(one["Default"]) for name, one in PLAIN.text["Parameters"].items()}
    assert {name: default.strip("`") for name, default in shown.items()} == defaults
    assert [name for name in defaults if not re.search(rf"!Ref {name}\b|\$\{{{name}\}}", used)] == []


def test_the_container_has_what_the_zip_has() -> None:
    lines = (FOLDER / "Containerfile").read_text().replace("\\\n", " ").splitlines()
    steps = [shlex.split(line) for line in lines if line and not line.startswith("#")]
    copied = [source for step in steps if step[0] == "COPY" and not step[1].startswith("--from") for source in step[1:-1]]
    assert copied
    assert [source for source in copied if not (ROOT / source).exists()] == []
    assert {"requirements/aws.txt", "src", "pyproject.toml", "docs/readme.py"} <= set(copied)
    text = " ".join(word for step in steps for word in step)
    assert "--require-hashes" in text
    assert "unchecked-hash" in text
    assert steps[-1] == ["CMD", *shlex.split('["onbrief.aws_lambda.handler"]')]
    assert steps[0][1].endswith("lambda/python:3.13")
