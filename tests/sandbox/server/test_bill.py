"""The bill: each accepted call is written before it is answered, and no other calls are."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
from botocore.exceptions import BotoCoreError, ReadTimeoutError

from onbrief.errors import UsageError
from onbrief_sandbox.server.app import Terms
from onbrief_sandbox.server.bill import Bill
from onbrief_sandbox.server.faults import Fault, Script
from tests.sandbox.server.serving import CORE, HAIKU, NOVA, bedrock, lines, served, user

PROMPT = {"prompt": "a circle"}


def test_each_accepted_call_is_a_line(tmp_path: Path) -> None:
    path = tmp_path / "bill.jsonl"
    with served(Terms(bill=Bill(path))) as server:
        reply = server.bedrock.invoke_model(modelId=CORE, body=json.dumps(PROMPT))
        reply["body"].read()
        server.invoke(
            NOVA,
            {
                "taskType": "TEXT_IMAGE",
                "textToImageParams": {"text": "a circle"},
                "imageGenerationConfig": {"numberOfImages": 2, "width": 512, "height": 512},
            },
        )
        server.bedrock.converse(modelId=HAIKU, messages=user("x" * 4000))
        server.invalid(lambda: server.invoke(CORE, {}))
    first, second, third = lines(path)
    assert first.keys() == {"time", "id", "model", "operation", "sha256", "usd", "answer"}
    assert first["id"] == reply["ResponseMetadata"]["RequestId"]
    assert (first["model"], first["operation"], first["usd"], first["answer"]) == (CORE, "InvokeModel", 0.04, "picture")
    assert first["sha256"] == hashlib.sha256(json.dumps(PROMPT).encode()).hexdigest()
    assert second["usd"] == 0.08
    assert (third["model"], third["operation"], third["answer"]) == (HAIKU, "Converse", "text")
    assert third["usd"] >= 1000 * 0.10 / 1e6


def test_a_call_stands_on_the_bill_before_it_is_answered(tmp_path: Path) -> None:
    path = tmp_path / "bill.jsonl"
    with served(Terms(bill=Bill(path), latency={"": 30.0})) as server:
        impatient = bedrock(server.port, read_timeout=4.0)
        with pytest.raises(ReadTimeoutError):
            impatient.invoke_model(modelId=CORE, body=json.dumps(PROMPT))
        impatient.close()
        assert [line["answer"] for line in lines(path)] == ["picture"]


def test_faults_are_on_the_bill_where_the_call_was_accepted(tmp_path: Path) -> None:
    path = tmp_path / "bill.jsonl"
    faults = [
        Fault(calls=(1,), does="status", status=429, type="ThrottlingException"),
        Fault(calls=(2,), does="status", status=500, type="InternalServerException"),
        Fault(calls=(3,), does="reset"),
        Fault(calls=(4,), does="cut", byte=5),
        Fault(calls=(5,), does="filtered"),
        Fault(calls=(6,), delay=0.1),
    ]
    with served(Terms(bill=Bill(path), script=Script(tuple(faults)))) as server:
        for _ in range(3):
            with pytest.raises((server.bedrock.exceptions.ClientError, BotoCoreError)):
                server.invoke(CORE, PROMPT)
        with pytest.raises(BotoCoreError):
            server.invoke(CORE, PROMPT)
        server.invoke(CORE, PROMPT)
        server.invoke(CORE, PROMPT)
    assert [(line["answer"], line["usd"]) for line in lines(path)] == [
        ("status", 0.0), ("reset", 0.04), ("cut", 0.04), ("filtered", 0.04), ("picture", 0.04),
    ]  # fmt: skip


def test_a_bill_goes_on_where_it_ended(tmp_path: Path) -> None:
    path = tmp_path / "bill.jsonl"
    for _ in range(2):
        with served(Terms(bill=Bill(path))) as server:
            server.bedrock.converse(modelId=HAIKU, messages=user("x"))
    assert len(lines(path)) == 2


def test_a_bill_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"^bill: .*a file that can be written \(Is a directory\)"):
        Bill(tmp_path)
