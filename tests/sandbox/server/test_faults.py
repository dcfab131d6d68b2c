"""Scripted faults as seen by a client, and scripts that are rejected at the start."""

from __future__ import annotations

import base64
import io
import json
from pathlib import Path
from typing import Any, cast

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError, HTTPClientError, ReadTimeoutError, ResponseStreamingError
from PIL import Image

from onbrief.errors import PictureError, UsageError
from onbrief.pictures import inspect
from onbrief_sandbox.server.app import Terms
from onbrief_sandbox.server.faults import Fault, Script, load
from tests.sandbox.server.serving import CORE, HAIKU, NOVA, SDXL, Served, bedrock, served, user

PROMPT = {"prompt": "a circle", "seed": 1}
NOVA_BODY = {"taskType": "TEXT_IMAGE", "textToImageParams": {"text": "a circle"}}


def scripted(**fault: Any) -> Terms:
    return Terms(script=Script((Fault(**fault),)))


def outcome(server: Served, model: str = CORE) -> str:
    """Return `fine`, or the code of the error."""
    try:
        server.invoke(model, PROMPT)
    except ClientError as error:
        return str(error.response["Error"]["Code"])  # pyright: ignore[reportUnknownArgumentType, reportUnknownMemberType]
    return "fine"


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (403, "AccessDeniedException"),
        (408, "ModelTimeoutException"),
        (424, "ModelErrorException"),
        (429, "ThrottlingException"),
        (429, "ModelNotReadyException"),
        (500, "InternalServerException"),
        (503, "ServiceUnavailableException"),
        (400, "ServiceQuotaExceededException"),
    ],
)
def test_an_error_of_the_service(tmp_path: Path, status: int, code: str) -> None:
    fault = {"does": "status", "status": status, "type": code, "message": "So it is.", "headers": {"Retry-After": "7"}}
    (tmp_path / "faults.json").write_text(json.dumps({"faults": [fault]}))
    with served(Terms(script=load(tmp_path / "faults.json"))) as server, pytest.raises(ClientError) as caught:
        server.invoke(CORE, PROMPT)
    response = cast("dict[str, Any]", caught.value.response)  # pyright: ignore[reportUnknownMemberType]
    assert response["ResponseMetadata"]["HTTPStatusCode"] == status
    assert response["Error"] == {"Code": code, "Message": "So it is."}
    assert response["ResponseMetadata"]["HTTPHeaders"]["retry-after"] == "7"


def test_the_calls_that_a_script_names_fail_and_no_others() -> None:
    script = Script(
        (
            Fault(model="stability.*", calls=(2, 4), does="status", status=429, type="ThrottlingException"),
            Fault(model="stability.*", every=3, does="status", status=503, type="ServiceUnavailableException"),
            Fault(operation="Converse", does="status", status=500, type="InternalServerException"),
        )
    )
    with served(Terms(script=script)) as server:
        outcomes = [outcome(server) for _ in range(6)]
        assert server.refused(lambda: server.bedrock.converse(modelId=HAIKU, messages=user("x")))[0] == 500
        assert server.invoke(NOVA, NOVA_BODY)["error"] is None
    assert outcomes == [
        "fine", "ThrottlingException", "ServiceUnavailableException", "ThrottlingException", "fine",
        "ServiceUnavailableException",
    ]  # fmt: skip


def test_a_call_that_is_refused_for_what_it_asks_does_not_count() -> None:
    with served(scripted(calls=(1,), does="status", status=429, type="ThrottlingException")) as server:
        server.invalid(lambda: server.invoke(CORE, {}))
        assert [outcome(server), outcome(server)] == ["ThrottlingException", "fine"]


def test_a_reset_comes_before_any_byte() -> None:
    with served(scripted(calls=(1,), does="reset")) as server:
        with pytest.raises((ConnectionClosedError, HTTPClientError), match=r"reset|closed"):
            server.invoke(CORE, PROMPT)
        assert outcome(server) == "fine"


@pytest.mark.parametrize("byte", [0, 1, 1000, 10_000])
def test_a_body_is_cut_at_this_byte(byte: int) -> None:
    with served(scripted(calls=(1,), does="cut", byte=byte)) as server:
        reply = server.bedrock.invoke_model(modelId=CORE, body=json.dumps(PROMPT))
        assert int(reply["ResponseMetadata"]["HTTPHeaders"]["content-length"]) > 10_000
        with pytest.raises(ResponseStreamingError, match=rf"IncompleteRead\({byte} bytes read"):
            reply["body"].read()
        assert outcome(server) == "fine"


def test_a_delay_outlasts_a_read_timeout_and_nothing_else() -> None:
    with served(scripted(calls=(1,), delay=30.0)) as server:
        impatient = bedrock(server.port, read_timeout=1.0)
        with pytest.raises(ReadTimeoutError):
            impatient.invoke_model(modelId=CORE, body=json.dumps(PROMPT))
        impatient.close()
        assert outcome(server) == "fine"


def test_latency_is_that_of_the_longest_beginning() -> None:
    with served(Terms(latency={"stability.": 30.0, CORE: 0.0, "anthropic.": 30.0})) as server:
        assert outcome(server) == "fine"
        impatient = bedrock(server.port, read_timeout=1.0)
        with pytest.raises(ReadTimeoutError):
            impatient.converse(modelId=HAIKU, messages=user("x"))
        impatient.close()


@pytest.mark.parametrize("reason", ["prompt", "output image", "input image", "Inference error"])
def test_filters_say_so_in_each_family_s_words(reason: str) -> None:
    with served(scripted(does="filtered", reason=reason)) as server:
        finish_reason = reason if reason == "Inference error" else f"Filter reason: {reason}"
        assert server.invoke(CORE, PROMPT) == {"finish_reasons": [finish_reason]}
        (artifact,) = server.invoke(SDXL, {"text_prompts": [{"text": "x"}]})["artifacts"]
        assert artifact["finishReason"] == ("ERROR" if reason == "Inference error" else "CONTENT_FILTERED")
        if reason == "prompt":
            assert "blocked by our content filters" in server.invalid(lambda: server.invoke(NOVA, NOVA_BODY))
        else:
            reply = server.invoke(NOVA, NOVA_BODY)
            assert reply["images"] == []
            assert "blocked" in reply["error"]
        assert server.bedrock.converse(modelId=HAIKU, messages=user("x"))["stopReason"] == "content_filtered"


def test_a_blank_picture_is_of_one_colour() -> None:
    with served(scripted(does="blank")) as server:
        facts = inspect(server.picture(CORE, PROMPT | {"aspect_ratio": "16:9", "output_format": "jpeg"}))
    assert (facts.blank, facts.width, facts.height, facts.media_type) == (True, 1344, 768, "image/jpeg")


def test_a_truncated_picture_breaks_off() -> None:
    with served(scripted(calls=(1,), does="truncated")) as server:
        half, whole = server.picture(CORE, PROMPT), server.picture(CORE, PROMPT)
    assert half == whole[: len(whole) // 2]
    with pytest.raises(PictureError):
        inspect(half)


def test_text_comes_instead_of_a_picture_and_no_picture_at_all() -> None:
    with served(scripted(does="text")) as server:
        assert server.picture(CORE, PROMPT).startswith(b"<html>")
    with served(scripted(does="empty")) as server:
        assert server.invoke(CORE, PROMPT)["images"] == []
        assert server.bedrock.converse(modelId=HAIKU, messages=user("x"))["output"]["message"]["content"] == []


def test_claude_s_answer_is_replaced_cut_or_ends_for_any_reason() -> None:
    with served(scripted(does="text", text="```json\n{}\n```", stop_reason="malformed_model_output")) as server:
        reply = server.bedrock.converse(modelId=HAIKU, messages=user("x"))
        assert reply["output"]["message"]["content"] == [{"text": "```json\n{}\n```"}]
        assert reply["stopReason"] == "malformed_model_output"
    with served(scripted(calls=(2,), does="truncated")) as server:
        asked = user("say something long enough that it can be cut in the middle")
        whole, half = (server.bedrock.converse(modelId=HAIKU, messages=asked) for _ in range(2))
        text = whole["output"]["message"]["content"][0]["text"]
        assert half["output"]["message"]["content"][0]["text"] == text[: len(text) // 2]
        assert half["stopReason"] == "max_tokens"


def test_a_script_is_read_from_toml(tmp_path: Path) -> None:
    path = tmp_path / "faults.toml"
    path.write_text(
        '[[faults]]\nmodel = "stability.*"\noperation = "InvokeModel"\ncalls = [2]\ndoes = "status"\nstatus = 429\n'
        '[[faults]]\ndelay = 0.5\nevery = 3\n[[faults]]\ndoes = "cut"\nbyte = 10\n'
    )
    with served(Terms(script=load(path))) as server:
        with pytest.raises(ResponseStreamingError):
            outcome(server)
        assert outcome(server) == "ThrottlingException"


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ({}, "fault 1: has no effect; expected does, one of "),
        ({"does": "explode"}, "fault 1: does: 'explode' is not allowed; expected one of delay, status, reset"),
        ({"dose": "reset"}, "fault 1: unknown field 'dose'; expected model, operation,"),
        ({"does": "status", "status": 200}, "fault 1: status: 200 is not allowed; expected an HTTP status from 400 to 599"),
        ({"does": "reset", "status": 500}, "fault 1: status is only allowed if does is status, not reset"),
        (
            {"does": "reset", "model": "dall-*"},
            "fault 1: model: 'dall-*' is not allowed; expected a shell pattern that matches",
        ),
        ({"does": "reset", "operation": "Invoke"}, "fault 1: operation: 'Invoke' is not allowed; expected one of InvokeModel,"),
        ({"does": "reset", "calls": [0]}, "fault 1: calls: [0] is not allowed; expected a list of call numbers, from 1"),
        ({"does": "reset", "calls": [1], "every": 2}, "fault 1: calls and every cannot be combined"),
        ({"delay": -1}, "fault 1: delay: -1 is not allowed; expected seconds from 0 to 3600"),
        ({"does": "status", "headers": {"a": "b\r\nc"}}, "fault 1: headers: {'a': 'b\\r\\nc'} is not allowed"),
        ({"does": "cut", "byte": True}, "fault 1: byte: True is not allowed; expected a number of bytes"),
        ("reset", "fault 1: 'reset' is not allowed; expected a table"),
    ],
)
def test_a_wrong_script_is_refused_in_one_line(tmp_path: Path, entry: object, expected: str) -> None:
    path = tmp_path / "faults.json"
    path.write_text(json.dumps({"faults": [entry]}))
    with pytest.raises(UsageError) as caught:
        load(path)
    assert str(caught.value).startswith(f"{path}: {expected}")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "text"), [("a.toml", "faults = ["), ("a.json", "{"), ("a.json", "[]"), ("a.toml", "fault = 1")]
)
def test_a_file_that_is_no_script_is_refused(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(UsageError, match=r"^faults: "):
        load(tmp_path / name)
    with pytest.raises(UsageError, match=r"^faults: .* a file that can be read"):
        load(tmp_path / "none.toml")


def test_what_a_fault_spoils_is_still_a_reply(tmp_path: Path) -> None:
    """A blank picture of SDXL has SDXL's response format."""
    with served(scripted(does="blank")) as server:
        (artifact,) = server.invoke(SDXL, {"text_prompts": [{"text": "x"}]})["artifacts"]
    assert Image.open(io.BytesIO(base64.b64decode(artifact["base64"]))).getcolors(1) == [(1024 * 1024, (127, 127, 127))]
