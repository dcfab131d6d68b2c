"""The official clients in their newest versions work with the server unchanged: Anthropic's in all its ways, and boto3."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import anthropic
import pytest
from anthropic.lib.bedrock import AnthropicBedrock, AnthropicBedrockMantle, AsyncAnthropicBedrock
from anthropic.types import MessageParam, ToolParam
from pydantic import BaseModel
from urllib3.exceptions import ProtocolError

from onbrief_sandbox.server.app import Terms
from onbrief_sandbox.server.bill import Bill
from onbrief_sandbox.server.catalogue import MODELS
from onbrief_sandbox.server.faults import Fault, Script
from tests.claude import reach
from tests.sandbox.server.serving import CORE, HAIKU, HOST, SONNET, Served, lines, served, user
from tests.sandbox.server.test_mind import FAULTS, PROMPT, picture

BASE = HAIKU.removeprefix("global.")
ASKED = f'Does this image match the following prompt?\n\n{PROMPT}\n\n{{"result":"", "reason":""}}'
KEYS: Any = {"aws_access_key": "sandbox", "aws_secret_key": "sandbox", "aws_region": "us-west-2"}
HELLO: list[MessageParam] = [{"role": "user", "content": "hello"}]
TOOL: ToolParam = {
    "name": "report",
    "description": "Report the verdict.",
    "input_schema": {"type": "object", "properties": {"match": {"type": "boolean"}}, "required": ["match"]},
}

Ways = AnthropicBedrock | AnthropicBedrockMantle | anthropic.Anthropic


class Verdict(BaseModel):
    """A verdict as a client may ask for it."""

    result: Literal["match", "mismatch"]
    reason: str


@pytest.fixture(params=["bedrock", "bedrock with a key", "mantle", "anthropic"])
def way(request: pytest.FixtureRequest, server: Served) -> Generator[tuple[Ways, str]]:
    """A client of Anthropic's package, and the name of a model for it."""
    with client(server, request.param) as (each, model):
        yield each, model


@contextmanager
def client(server: Served, name: str) -> Generator[tuple[Ways, str]]:
    url = f"http://{HOST}:{server.port}"
    match name:
        case "bedrock":
            each, model = AnthropicBedrock(**KEYS, base_url=url, max_retries=0), HAIKU
        case "bedrock with a key":
            each, model = (
                AnthropicBedrock(api_key="sandbox", aws_region="us-west-2", base_url=url, max_retries=0),
                SONNET,
            )
        case "mantle":
            each, model = AnthropicBedrockMantle(**KEYS, base_url=f"{url}/anthropic", max_retries=0), BASE
        case _:
            model = BASE.removeprefix("anthropic.")
            each = anthropic.Anthropic(api_key="sandbox", base_url=f"{url}/anthropic", max_retries=0)
    with each:
        yield each, model


def asked(*images: bytes) -> list[MessageParam]:
    """Return the messages that ask about pictures."""
    blocks: list[Any] = [
        {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": base64.b64encode(image).decode()}}
        for image in images
    ]
    return [{"role": "user", "content": [*blocks, {"type": "text", "text": ASKED}]}]


# -- Anthropic's package ---------------------------------------------------------------------------------------------------


def test_messages_are_answered(way: tuple[Ways, str]) -> None:
    each, model = way
    for image, result in ((picture(PROMPT), "YES"), (picture(FAULTS[0]), "NO")):
        reply = each.messages.create(model=model, max_tokens=500, messages=asked(image), system="Be strict.")
        (block,) = reply.content
        assert block.type == "text"
        assert json.loads(block.text)["result"] == result
        assert (reply.stop_reason, reply.role) == ("end_turn", "assistant")
        assert reply.usage.output_tokens > 0


def test_messages_are_streamed(way: tuple[Ways, str]) -> None:
    each, model = way
    whole = each.messages.create(model=model, max_tokens=500, messages=asked(picture(PROMPT)))
    with each.messages.stream(model=model, max_tokens=500, messages=asked(picture(PROMPT))) as stream:
        text = "".join(stream.text_stream)
        final = stream.get_final_message()
    assert text == getattr(whole.content[0], "text", None)
    assert getattr(final.content[0], "text", None) == text
    assert final.stop_reason == "end_turn"
    assert final.usage.output_tokens == whole.usage.output_tokens
    events = each.messages.create(model=model, max_tokens=5, messages=HELLO, stream=True)
    kinds = [event.type for event in events]
    assert kinds[:3] == ["message_start", "content_block_start", "content_block_delta"]
    assert kinds[-3:] == ["content_block_stop", "message_delta", "message_stop"]


def test_tools_are_used_streamed_or_not(way: tuple[Ways, str]) -> None:
    each, model = way
    given: dict[str, Any] = {"tools": [TOOL], "tool_choice": {"type": "tool", "name": "report"}}
    create: Any = each.messages.create
    reply = create(model=model, max_tokens=500, messages=asked(picture(PROMPT)), **given)
    with each.messages.stream(model=model, max_tokens=500, messages=asked(picture(PROMPT)), **given) as stream:
        streamed: Any = stream.get_final_message()
    for message in (reply, streamed):
        (block,) = message.content
        assert block.type == "tool_use"
        assert (block.name, block.input, message.stop_reason) == ("report", {"match": True}, "tool_use")


def test_answers_are_parsed_by_a_schema(way: tuple[Ways, str]) -> None:
    each, model = way
    parsed = each.messages.parse(model=model, max_tokens=500, messages=asked(picture(FAULTS[0])), output_format=Verdict)
    assert parsed.parsed_output is not None
    assert parsed.parsed_output.result == "mismatch"


def test_what_is_refused_is_an_error_of_the_client(way: tuple[Ways, str]) -> None:
    each, model = way
    with pytest.raises(anthropic.BadRequestError, match="max_tokens: Input should be greater than or equal to 1"):
        each.messages.create(model=model, max_tokens=0, messages=HELLO)
    with pytest.raises(anthropic.BadRequestError, match="max_tokens: Input should be greater than or equal to 1"):
        each.messages.create(model=model, max_tokens=0, messages=HELLO, stream=True)
    with pytest.raises(anthropic.NotFoundError):
        each.messages.create(model="us.anthropic.claude-nope", max_tokens=5, messages=HELLO)
    with pytest.raises(anthropic.BadRequestError, match="Extra inputs are not permitted"):
        each.messages.create(model=model, max_tokens=5, messages=HELLO, extra_body={"made_up": 1})


def test_betas_and_asynchronous_clients_work(server: Served) -> None:
    with client(server, "bedrock") as (each, model):
        reply = each.beta.messages.create(
            model=model, max_tokens=500, messages=[{"role": "user", "content": "hello"}], betas=["x"]
        )
        assert reply.stop_reason == "end_turn"

    async def streamed() -> str:
        url = f"http://{HOST}:{server.port}"
        async with (
            AsyncAnthropicBedrock(**KEYS, base_url=url, max_retries=0) as bedrock,
            bedrock.messages.stream(model=HAIKU, max_tokens=500, messages=asked(picture(PROMPT))) as stream,
        ):
            return "".join([text async for text in stream.text_stream])

    assert json.loads(asyncio.run(streamed()))["result"] == "YES"


def test_the_environment_leads_to_the_server(server: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    reach(server, monkeypatch)
    url = f"http://{HOST}:{server.port}"
    monkeypatch.setenv("ANTHROPIC_BEDROCK_BASE_URL", url)
    monkeypatch.setenv("ANTHROPIC_BEDROCK_MANTLE_BASE_URL", f"{url}/anthropic")
    with AnthropicBedrock() as bedrock, AnthropicBedrockMantle() as mantle:
        assert bedrock.messages.create(model=HAIKU, max_tokens=5, messages=HELLO).type == "message"
        assert mantle.messages.create(model=BASE, max_tokens=5, messages=HELLO).type == "message"


def test_tokens_are_counted_where_the_client_can(server: Served) -> None:
    for name in ("mantle", "anthropic"):
        with client(server, name) as (each, model):
            assert each.messages.count_tokens(model=model, messages=HELLO).input_tokens == 2
            with pytest.raises(anthropic.BadRequestError, match="counting tokens"):
                each.messages.count_tokens(model=CORE, messages=HELLO)
    with client(server, "bedrock") as (each, model), pytest.raises(anthropic.AnthropicError, match="not supported"):
        each.messages.count_tokens(model=model, messages=HELLO)


@pytest.mark.parametrize("version", ["2023-01-01", "latest", None])
def test_an_unknown_version_of_the_api_is_refused(server: Served, version: str | None) -> None:
    headers = {"Content-Type": "application/json", "x-api-key": "sandbox"}
    headers |= {"anthropic-version": version} if version else {}
    body = json.dumps({"model": BASE, "max_tokens": 5, "messages": HELLO}).encode()
    status, _, document = server.raw("/anthropic/v1/messages", body, headers=headers)
    assert (status, document["error"]["type"]) == (400, "invalid_request_error")
    assert document["error"]["message"].startswith("anthropic-version: ")
    assert server.raw("/anthropic/v1/messages", body, headers=headers | {"anthropic-version": "2023-06-01"})[0] == 200


def test_anthropics_own_api_needs_a_key_and_has_its_own_names(server: Served) -> None:
    body = json.dumps({"model": "claude-haiku-4-5", "max_tokens": 5, "messages": HELLO}).encode()
    headers = {"Content-Type": "application/json", "anthropic-version": "2023-06-01"}
    status, _, document = server.raw("/anthropic/v1/messages", body, headers=headers)
    assert (status, document["error"]["type"]) == (401, "authentication_error")
    status, _, document = server.raw("/anthropic/v1/messages", body, headers=headers | {"x-api-key": "sandbox"})
    assert (status, document["model"]) == (200, "claude-haiku-4-5-20251001")
    body = json.dumps({"model": "claude-nope", "max_tokens": 5, "messages": HELLO}).encode()
    status, _, document = server.raw("/anthropic/v1/messages", body, headers=headers | {"x-api-key": "sandbox"})
    assert (status, document["error"]) == (404, {"type": "not_found_error", "message": "model: claude-nope"})


@pytest.mark.parametrize("version", ["2026-10-21", "2027-02-03"])
def test_bodies_for_bedrock_may_name_a_newer_version(server: Served, version: str) -> None:
    reply = server.invoke(HAIKU, {"anthropic_version": version, "max_tokens": 5, "messages": HELLO})
    assert reply["type"] == "message"


# -- boto3 -----------------------------------------------------------------------------------------------------------------


def test_converse_streams(server: Served) -> None:
    call: dict[str, Any] = {
        "modelId": HAIKU,
        "messages": user({"image": {"format": "png", "source": {"bytes": picture(PROMPT)}}}, ASKED),
    }
    whole = server.bedrock.converse(**call)
    events = list(server.bedrock.converse_stream(**call)["stream"])
    assert [next(iter(event)) for event in events][:2] == ["messageStart", "contentBlockDelta"]
    assert [next(iter(event)) for event in events][-3:] == ["contentBlockStop", "messageStop", "metadata"]
    text = "".join(event["contentBlockDelta"]["delta"]["text"] for event in events if "contentBlockDelta" in event)
    assert text == whole["output"]["message"]["content"][0]["text"]
    assert events[-2]["messageStop"]["stopReason"] == "end_turn"
    assert events[-1]["metadata"]["usage"] == whole["usage"]
    tools = [{"toolSpec": {"name": "report", "inputSchema": {"json": TOOL["input_schema"]}}}]
    call["toolConfig"] = {"tools": tools, "toolChoice": {"any": {}}}
    events = list(server.bedrock.converse_stream(**call)["stream"])
    assert events[1]["contentBlockStart"]["start"]["toolUse"]["name"] == "report"
    arguments = "".join(
        event["contentBlockDelta"]["delta"]["toolUse"]["input"] for event in events if "contentBlockDelta" in event
    )
    assert json.loads(arguments) == {"match": True}


def test_invoke_model_streams(server: Served) -> None:
    body = {"anthropic_version": "bedrock-2023-05-31", "max_tokens": 500, "messages": asked(picture(PROMPT))}
    whole = server.invoke(HAIKU, body)
    answer = server.bedrock.invoke_model_with_response_stream(modelId=HAIKU, body=json.dumps(body))
    assert answer["contentType"] == "application/json"
    events = [json.loads(event["chunk"]["bytes"]) for event in answer["body"]]
    text = "".join(event["delta"]["text"] for event in events if event["type"] == "content_block_delta")
    assert text == whole["content"][0]["text"]
    metrics = events[-1]["amazon-bedrock-invocationMetrics"]
    assert metrics["inputTokenCount"] == whole["usage"]["input_tokens"]
    assert metrics["outputTokenCount"] == whole["usage"]["output_tokens"]


def test_image_models_do_not_stream(server: Served) -> None:
    for model in (name for name, facts in MODELS.items() if facts.speaks != "claude" and facts.on_demand):
        call = {"modelId": model, "body": json.dumps({"prompt": "a red circle"})}
        message = server.invalid(lambda call=call: server.bedrock.invoke_model_with_response_stream(**call))
        assert message == "The model is unsupported for streaming."
    message = server.invalid(lambda: server.bedrock.converse_stream(modelId=CORE, messages=user("hello")))
    assert message.startswith("This action doesn't support the model")


def test_what_the_calls_refuse_their_streams_refuse(server: Served) -> None:
    message = server.invalid(lambda: server.bedrock.converse_stream(modelId=BASE, messages=user("hello")))
    assert "on-demand throughput isn’t supported" in message
    body = json.dumps({"anthropic_version": "bedrock-2023-05-31", "max_tokens": 5, "messages": HELLO, "temperature": 0.5})
    message = server.invalid(lambda: server.bedrock.invoke_model_with_response_stream(modelId=HAIKU, body=body))
    assert message == "`temperature` is deprecated for this model"


def test_boto3_counts_tokens(server: Served) -> None:
    body = json.dumps({"anthropic_version": "bedrock-2023-05-31", "max_tokens": 5, "messages": HELLO})
    given: list[dict[str, object]] = [{"converse": {"messages": user("hello")}}, {"invokeModel": {"body": body}}]
    for each in given:
        assert server.bedrock.count_tokens(modelId=BASE, input=each)["inputTokens"] == 2
    message = server.invalid(lambda: server.bedrock.count_tokens(modelId=CORE, input=given[0]))
    assert message == "The provided model doesn't support counting tokens."


def test_streams_are_billed_and_fail_by_script(tmp_path: Path) -> None:
    throttled = Fault(operation="ConverseStream", calls=(1,), does="status", status=429, type="ThrottlingException")
    cut = Fault(operation="ConverseStream", calls=(2,), does="cut", byte=200)
    busy = Fault(operation="Messages", calls=(2,), does="status", status=529)
    bill = tmp_path / "bill"
    with served(Terms(script=Script((throttled, cut, busy)), bill=Bill(bill))) as server:
        call = {"modelId": HAIKU, "messages": user("hello")}
        assert server.refused(lambda: server.bedrock.converse_stream(**call))[:2] == (429, "ThrottlingException")
        with pytest.raises(ProtocolError):
            list(server.bedrock.converse_stream(**call)["stream"])
        assert list(server.bedrock.converse_stream(**call)["stream"])
        with client(server, "mantle") as (each, model):
            assert each.messages.create(model=model, max_tokens=50, messages=HELLO, stream=True).response.status_code == 200
            with pytest.raises(anthropic.InternalServerError) as overloaded:
                each.messages.create(model=model, max_tokens=50, messages=HELLO)
            assert overloaded.value.status_code == 529
            each.messages.count_tokens(model=model, messages=HELLO)
    assert [(entry["operation"], entry["answer"]) for entry in lines(bill)] == [
        ("ConverseStream", "cut"),
        ("ConverseStream", "text"),
        ("Messages", "text"),
    ]
