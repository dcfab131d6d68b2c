"""Least privilege: each right of the function's role is taken away in turn, in stand-ins for S3 and Bedrock that check them."""

from __future__ import annotations

import re
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from onbrief.aws_lambda import handler
from onbrief.aws_lambda.dispatch import NotCarriedOut
from onbrief.errors import ConfigError
from onbrief_sandbox.server.app import Terms
from onbrief_sandbox.server.bill import Bill
from tests.aws_lambda.envelopes import put
from tests.aws_lambda.events import Invocation, handled
from tests.buckets import BUCKET, Service
from tests.deploy.templates import BUCKET as DEPLOYED
from tests.deploy.templates import REGION, Template
from tests.permissions import InBucket, Right, Role, guarded, rights_of
from tests.sandbox.server.serving import CORE, lines, served

TEMPLATE = Template({"BriefsPrefix": "briefs/", "Queue": "on"})
RIGHTS = rights_of(TEMPLATE.statements("FunctionRole").values())
OF_LAMBDA = {
    "logs:CreateLogStream",
    "logs:PutLogEvents",
    "sqs:SendMessage",
    "sqs:ReceiveMessage",
    "sqs:DeleteMessage",
    "sqs:GetQueueAttributes",
}
"""What Lambda itself does in the name of the role, and no code of the function."""

OWN = [right for right in RIGHTS if right.action not in OF_LAMBDA]
PREFIX = "generated-images"


@dataclass(frozen=True, slots=True)
class Account:
    """A bucket and Bedrock's stand-in, for a role."""

    s3: Service
    role: Role
    bill: Path

    def without(self, right: Right | None) -> None:
        """Give the role all its rights but this one."""
        self.role.rights[:] = [one for one in OWN if one != right]
        self.s3.rights = InBucket(self.role, DEPLOYED)

    def paid(self) -> list[str]:
        """Return the digests of the requests that are paid for, none of which is there twice."""
        digests = [line["sha256"] for line in lines(self.bill)] if self.bill.exists() else []
        assert len(set(digests)) == len(digests)
        return digests


@pytest.fixture
def account(s3: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Generator[Account]:
    role, bill = Role(list(OWN)), tmp_path / "bill.jsonl"
    variables: dict[str, str] = TEMPLATE.properties("Function")["Environment"]["Variables"]
    for name, value in (variables | {"AWS_REGION": REGION}).items():
        monkeypatch.setenv(name, value.replace(DEPLOYED, BUCKET))
    with served(Terms(bill=Bill(bill))) as server, guarded(server.port, role) as port:
        monkeypatch.setenv("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", f"http://127.0.0.1:{port}")
        yield Account(s3, role, bill)


def named(right: Right, words: str) -> bool:
    """Return whether a message names a right: its action, and a resource that it is for."""
    resource = re.escape(right.resource.replace(DEPLOYED, BUCKET)).replace(r"\*", r"[^\s:]*")
    return re.search(rf"(allow|need) {re.escape(right.action)} on {resource}", words) is not None


def test_every_right_is_one_that_the_function_or_lambda_itself_uses() -> None:
    assert {right.action for right in RIGHTS} == OF_LAMBDA | {"bedrock:InvokeModel", "s3:GetObject", "s3:PutObject"}
    assert {right.statement for right in OWN} == {"DrawAndAsk", "AskThroughProfile", "StoreRuns", "ReadLists", "ReadBriefs"}


def test_without_any_one_of_its_rights_a_brief_is_not_lost_and_the_message_names_that_right(account: Account) -> None:
    stored = account.s3.client.put_object(Bucket=BUCKET, Key="briefs/red circle.txt", Body=b"a red circle")
    brief = put(BUCKET, "briefs/red+circle.txt", etag=stored["ETag"].strip('"'))
    # That of the image model last: a run needs it only after its checklist, which is not made again.
    needed = {right for right in OWN if right.statement != "ReadLists"}
    for right in sorted(needed, key=lambda right: right.resource.endswith(CORE)):
        account.without(right)
        before = account.paid()
        with pytest.raises(NotCarriedOut) as caught:
            handler(brief, Invocation())
        assert named(right, str(caught.value)), (right, str(caught.value))
        assert len(account.paid()) - len(before) <= (right.resource.endswith(CORE))  # the checklist, before the first picture
    account.without(None)
    account.role.used.clear()
    answer: Any = handler(brief, Invocation())
    usage = answer["records"][0]["usage"]
    assert answer["records"][0]["outcome"] == "passed"
    assert (usage["images"] + usage["judge_calls"] + usage["text_calls"], usage["unknown_calls"]) == (len(account.paid()), 0)
    assert account.role.used == needed


def test_a_picture_that_may_not_be_judged_is_kept_and_judged_once_the_right_is_there(account: Account) -> None:
    wanted = {"prompt": "a red circle", "output_s3_bucket_name": BUCKET, "judging": "whole", "run_id": "whole"}
    right = next(right for right in OWN if ":inference-profile/" in right.resource)
    account.without(right)
    status, body = handled(wanted, Invocation())
    assert (status, body["outcome"], len(account.paid())) == (500, "failed", 1)
    assert named(right, body["error"])
    account.without(None)
    status, body = handled(wanted, Invocation())
    assert (status, body["usage"]["images"] + body["usage"]["judge_calls"]) == (200, len(account.paid()))


def test_a_batch_is_gathered_with_the_right_to_read_its_list_and_not_without(account: Account) -> None:
    out = f"s3://{BUCKET}/{PREFIX}/batch"
    account.s3.client.put_object(Bucket=BUCKET, Key="lists/one.csv", Body=b"text\na red circle\n")
    event = {"gather": {"list": f"s3://{BUCKET}/lists/one.csv", "batch": {"out": out}}}
    (right,) = (right for right in OWN if right.statement == "ReadLists")
    account.without(right)
    with pytest.raises(ConfigError) as caught:
        handler(event, Invocation())
    assert named(right, str(caught.value))
    account.without(None)
    account.role.used.clear()
    answer: Any = handler(event, Invocation())
    assert (answer["status"], answer["briefs"], account.paid()) == ("ended", 1, [])
    assert {one.statement for one in account.role.used} == {"StoreRuns", "ReadLists"}


@pytest.mark.parametrize("right", [right for right in OWN if right.statement in {"StoreRuns", "DrawAndAsk"}])
def test_a_row_of_a_batch_names_the_right_by_an_error_that_a_state_machine_can_catch(account: Account, right: Right) -> None:
    out = f"s3://{BUCKET}/{PREFIX}/rows-{OWN.index(right)}"
    row = {"row": {"text": "a red circle", "id": "red"}, "batch": {"out": out, "policy": "classic"}}
    account.without(right)
    with pytest.raises(ConfigError) as caught:
        handler(row, Invocation())
    assert named(right, str(caught.value))
    assert len(account.paid()) == right.resource.endswith(CORE), lines(account.bill)
