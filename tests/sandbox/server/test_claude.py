"""Claude through boto3, with Converse and with the Messages body: replies, and errors worded as by the service."""

from __future__ import annotations

import base64
import io
import json
import zlib
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ParamValidationError
from PIL import Image

from onbrief_sandbox.server.app import Terms
from tests.sandbox.server.serving import HAIKU, SONNET, Served, served, user

OPUS = "global.anthropic.claude-opus-5-5"
SONNET_5_5 = "global.anthropic.claude-sonnet-5-5"
SONNET_5 = "us.anthropic.claude-sonnet-5"
HAIKU_4_5 = "eu.anthropic.claude-haiku-4-5-20251001-v1:0"
SONNET_3_5 = "anthropic.claude-3-5-sonnet-20240620-v1:0"
MODELS = (HAIKU, SONNET_5_5, OPUS, SONNET_5, SONNET, HAIKU_4_5, SONNET_3_5)

SCHEMA = {"type": "object", "properties": {"result": {"type": "string"}}, "required": ["result"]}
TOOLS = [{"toolSpec": {"name": "answer", "inputSchema": {"json": SCHEMA}}}]
OUTPUT = {"textFormat": {"type": "json_schema", "structure": {"jsonSchema": {"schema": json.dumps(SCHEMA), "name": "x"}}}}


def picture(kind: str = "PNG", size: tuple[int, int] = (64, 64)) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, (200, 10, 10)).save(out, kind)
    return out.getvalue()


def image(data: bytes, kind: str = "png") -> dict[str, object]:
    return {"image": {"format": kind, "source": {"bytes": data}}}


def converse(server: Served, model: str = HAIKU, /, **given: object) -> Callable[[], dict[str, Any]]:
    return lambda: server.bedrock.converse(**{"modelId": model, "messages": user("hello")} | given)


def messages(server: Served, model: str = HAIKU, /, **given: object) -> Callable[[], dict[str, Any]]:
    plain = {"anthropic_version": "bedrock-2023-05-31", "max_tokens": 100, "messages": [{"role": "user", "content": "hello"}]}
    body = {name: value for name, value in (plain | given).items() if value is not None}
    return lambda: server.invoke(model, body)


# -- Converse --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("model", MODELS)
def test_every_model_answers_in_text(server: Served, model: str) -> None:
    reply = converse(server, model, system=[{"text": "be brief"}], inferenceConfig={"maxTokens": 500})()
    assert reply["stopReason"] == "end_turn"
    assert reply["output"]["message"]["role"] == "assistant"
    assert reply["output"]["message"]["content"][0]["text"]
    usage = reply["usage"]
    assert usage["inputTokens"] == 2 + 2
    assert usage["totalTokens"] == usage["inputTokens"] + usage["outputTokens"]
    assert reply["metrics"]["latencyMs"] >= 0


@pytest.mark.parametrize("choice", [{"tool": {"name": "answer"}}, {"any": {}}])
def test_a_forced_tool_is_used(server: Served, choice: dict[str, object]) -> None:
    reply = converse(server, toolConfig={"tools": TOOLS, "toolChoice": choice})()
    assert reply["stopReason"] == "tool_use"
    (use,) = [block["toolUse"] for block in reply["output"]["message"]["content"] if "toolUse" in block]
    assert use["name"] == "answer"
    assert isinstance(use["input"], dict)


def test_a_tool_may_be_offered_and_its_result_told(server: Served) -> None:
    use = {"toolUse": {"toolUseId": "t1", "name": "answer", "input": {"result": "x"}}}
    result = {"toolResult": {"toolUseId": "t1", "content": [{"json": {"ok": True}}, {"text": "done"}], "status": "success"}}
    turns = [*user("hello"), {"role": "assistant", "content": [use]}, *user(result)]
    reply = converse(server, OPUS, messages=turns, toolConfig={"tools": TOOLS, "toolChoice": {"auto": {}}})()
    assert reply["stopReason"] in ("end_turn", "tool_use")


def test_an_answer_longer_than_max_tokens_is_cut(server: Served) -> None:
    asked = user("tell me of everything that there is, as long as you like")
    whole = converse(server, messages=asked)()
    reply = converse(server, messages=asked, inferenceConfig={"maxTokens": 2})()
    assert reply["stopReason"] == "max_tokens"
    assert reply["usage"]["outputTokens"] == 2
    assert reply["output"]["message"]["content"][0]["text"] == whole["output"]["message"]["content"][0]["text"][:8]


def test_images_of_every_format_are_taken_and_counted(server: Served) -> None:
    blocks = [image(picture(kind, (300, 250)), kind.lower()) for kind in ("PNG", "JPEG", "WEBP", "GIF")]
    reply = converse(server, messages=user("what is this?", *blocks))()
    assert reply["usage"]["inputTokens"] == 4 + 4 * 100


def test_converse_refuses_jpg(server: Served) -> None:
    body = {"messages": [{"role": "user", "content": [{"image": {"format": "jpg", "source": {"bytes": "aGk="}}}]}]}
    assert server.raw(f"/model/{HAIKU}/converse", json.dumps(body).encode()) == (
        400,
        "ValidationException",
        {
            "message": "1 validation error detected: Value 'jpg' at 'messages.1.member.content.1.member.image.format' failed "
            "to satisfy constraint: Member must satisfy enum value set: [gif, jpeg, png, webp]"
        },
    )


@pytest.mark.parametrize(
    ("data", "kind", "what"),
    [
        (picture("PNG"), "jpeg", "using the image/jpeg media type, but the image appears to be a image/png image"),
        (picture("JPEG"), "webp", "using the image/webp media type, but the image appears to be a image/jpeg image"),
        (b"no picture at all", "png", "Could not process image"),
        (picture("PNG", (400, 400))[:200], "png", "Could not process image"),
        (picture("PNG", (8001, 8)), "png", "At least one of the image dimensions exceed max allowed size: 8000 pixels"),
        (picture("PNG", (8, 20_000)), "png", "At least one of the image dimensions exceed max allowed size: 8000 pixels"),
        (picture("PNG") + bytes(3_932_160), "png", "image exceeds 5 MB maximum: "),
    ],
    ids=["a PNG as JPEG", "a JPEG as WebP", "text", "cut", "wide", "high", "large"],
)
def test_images_that_claude_does_not_take(server: Served, data: bytes, kind: str, what: str) -> None:
    message = server.invalid(converse(server, messages=user("x", image(data, kind))))
    assert message.startswith("messages.0.content.1.image.source.bytes: ")
    assert what in message
    source = {"type": "base64", "media_type": f"image/{kind}", "data": base64.b64encode(data).decode()}
    turns = [{"role": "user", "content": [{"type": "image", "source": source}]}]
    message = server.invalid(messages(server, messages=turns))
    assert message.startswith("messages.0.content.0.source.base64: ")
    assert what in message


def test_a_picture_bomb_is_refused_by_its_header(server: Served) -> None:
    """A picture with sides of 20,000 pixels in a few bytes is rejected without decoding it."""
    bomb = bytearray(picture())
    bomb[16:24] = (20_000).to_bytes(4) * 2
    bomb[29:33] = zlib.crc32(bomb[12:29]).to_bytes(4)
    message = server.invalid(converse(server, messages=user("x", image(bytes(bomb)))))
    assert message.endswith("At least one of the image dimensions exceed max allowed size: 8000 pixels")


def test_twenty_images_are_taken_and_one_more_is_not(server: Served) -> None:
    twenty = [image(picture())] * 20
    assert converse(server, messages=user("x", *twenty))()["stopReason"] == "end_turn"
    message = server.invalid(converse(server, messages=user("x", *twenty, twenty[0])))
    assert message == "too many images and documents: 21 + 0 > 20"


def test_a_base_id_without_a_prefix_answers_only_where_it_may(server: Served) -> None:
    message = server.invalid(converse(server, "anthropic.claude-haiku-5-5"))
    assert message == (
        "Invocation of model ID anthropic.claude-haiku-5-5 with on-demand throughput isn’t supported. Retry your request "
        "with the ID or ARN of an inference profile that contains this model."
    )
    arn = "arn:aws:bedrock:us-west-2:123456789012:inference-profile/jp.anthropic.claude-haiku-5-5"
    assert converse(server, arn)()["stopReason"] == "end_turn"


def test_a_claude_that_has_ended_says_so() -> None:
    with served(Terms(ended=(SONNET_3_5,))) as server:
        expected = (404, "ResourceNotFoundException", "This model version has reached the end of its life.")
        assert server.refused(converse(server, SONNET_3_5)) == expected
        assert server.refused(messages(server, SONNET_3_5)) == expected
        assert server.refused(converse(server, "us.anthropic.claude-nope"))[:2] == (404, "ResourceNotFoundException")


# -- parameters that models reject, in both formats ------------------------------------------------------------------------


@pytest.mark.parametrize("model", [HAIKU, SONNET_5_5, OPUS, SONNET_5])
def test_sampling_parameters_are_refused(server: Served, model: str) -> None:
    expected = "`temperature` is deprecated for this model"
    assert server.invalid(converse(server, model, inferenceConfig={"temperature": 0.0})) == expected
    assert server.invalid(messages(server, model, temperature=0.0)) == expected
    assert server.invalid(messages(server, model, top_p=0.5)) == "`top_p` is deprecated for this model"
    assert server.invalid(converse(server, model, additionalModelRequestFields={"top_k": 5})) == (
        "`top_k` is deprecated for this model"
    )


@pytest.mark.parametrize("model", [SONNET, HAIKU_4_5])
def test_one_of_temperature_and_top_p_is_taken(server: Served, model: str) -> None:
    expected = "`temperature` and `top_p` cannot both be specified for this model. Please use only one."
    assert server.invalid(converse(server, model, inferenceConfig={"temperature": 0.1, "topP": 0.9})) == expected
    assert server.invalid(messages(server, model, temperature=0.1, top_p=0.9)) == expected
    assert converse(server, model, inferenceConfig={"temperature": 0.1})()["stopReason"] == "end_turn"
    assert messages(server, model, top_p=0.9)()["stop_reason"] == "end_turn"


def test_the_oldest_takes_all_of_them(server: Served) -> None:
    assert messages(server, SONNET_3_5, temperature=0.1, top_p=0.9, top_k=40)()["stop_reason"] == "end_turn"


@pytest.mark.parametrize("model", [SONNET_5_5, OPUS])
def test_a_forced_tool_is_refused(server: Served, model: str) -> None:
    expected = 'tool_choice: type "tool" and "any" are not supported for this model.'
    choices: list[dict[str, object]] = [{"tool": {"name": "answer"}}, {"any": {}}]
    for choice in choices:
        assert server.invalid(converse(server, model, toolConfig={"tools": TOOLS, "toolChoice": choice})) == expected
    tools = [{"name": "answer", "input_schema": SCHEMA}]
    assert server.invalid(messages(server, model, tools=tools, tool_choice={"type": "tool", "name": "answer"})) == expected


def test_native_json_is_refused_where_the_model_has_none(server: Served) -> None:
    expected = "output_config.format: Extra inputs are not permitted"
    native = {"format": {"type": "json_schema", "schema": SCHEMA}}
    for model in (OPUS, SONNET_5):
        assert server.invalid(converse(server, model, outputConfig=OUTPUT)) == expected
        assert server.invalid(messages(server, model, output_config=native)) == expected
        added = {"output_config": native}
        assert server.invalid(converse(server, model, additionalModelRequestFields=added)) == expected
    for model in (HAIKU, SONNET_5_5, SONNET, HAIKU_4_5):
        assert converse(server, model, outputConfig=OUTPUT)()["stopReason"] == "end_turn"
        assert messages(server, model, output_config=native)()["stop_reason"] == "end_turn"


def test_a_prompt_above_the_context_is_refused(server: Served) -> None:
    text = "word " * 170_000
    assert server.invalid(converse(server, HAIKU_4_5, messages=user(text))) == (
        "prompt is too long: 212500 tokens > 200000 maximum"
    )


def test_conversations_that_are_none(server: Served) -> None:
    assistant = [{"role": "assistant", "content": [{"text": "hello"}]}]
    assert server.invalid(converse(server, messages=assistant)).startswith("A conversation must start with a user message.")
    twice = server.invalid(converse(server, messages=user("a") + user("b")))
    assert twice.startswith("A conversation must alternate between user and assistant roles.")
    assert "is blank" in server.invalid(converse(server, messages=user(" ")))
    named = {"tools": TOOLS, "toolChoice": {"tool": {"name": "other"}}}
    assert server.invalid(converse(server, toolConfig=named)) == "Tool 'other' not found in provided tools"
    assert server.invalid(converse(server, toolConfig={"tools": TOOLS * 2})) == "tools: Tool names must be unique."
    with pytest.raises(ParamValidationError):
        converse(server, inferenceConfig={"maxTokens": 0})()
    reply = server.raw(f"/model/{HAIKU}/converse", b'{"messages": [{"role": "user", "content": [{"text": 5}]}]}')
    assert reply[2]["message"] == (
        "1 validation error detected: Value '5' at 'messages.1.member.content.1.member.text' failed to satisfy constraint: "
        "Member must be of type string"
    )


# -- Messages --------------------------------------------------------------------------------------------------------------


def test_the_messages_body_is_answered_in_its_own_shape(server: Served) -> None:
    reply = messages(server, system="be brief", stop_sequences=["###"], metadata={"user_id": "u"})()
    assert reply["id"].startswith("msg_bdrk_")
    assert (reply["type"], reply["role"], reply["model"]) == ("message", "assistant", "claude-haiku-5-5")
    assert reply["content"][0]["type"] == "text"
    assert (reply["stop_reason"], reply["stop_sequence"]) == ("end_turn", None)
    assert reply["usage"]["input_tokens"] == 4


def test_messages_use_tools(server: Served) -> None:
    tools = [{"name": "answer", "description": "…", "input_schema": SCHEMA}]
    reply = messages(server, tools=tools, tool_choice={"type": "any"})()
    assert reply["stop_reason"] == "tool_use"
    (use,) = [block for block in reply["content"] if block["type"] == "tool_use"]
    assert use["name"] == "answer"
    turns = [
        {"role": "user", "content": "hello"},
        {"role": "assistant", "content": [use]},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": use["id"], "content": "fine"}]},
    ]
    assert messages(server, tools=tools, messages=turns)()["type"] == "message"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"max_tokens": None}, "max_tokens: Field required"),
        ({"max_tokens": 0}, "max_tokens: Input should be greater than or equal to 1"),
        ({"max_tokens": "many"}, "max_tokens: Input should be a valid integer"),
        ({"anthropic_version": None}, "anthropic_version: Field required"),
        ({"anthropic_version": "2023-06-01"}, "anthropic_version: Input should be 'bedrock-2023-05-31'"),
        ({"messages": None}, "messages: Field required"),
        ({"messages": []}, "messages: List should have at least 1 item"),
        ({"messages": [{"role": "user"}]}, "messages.0.content: Field required"),
        ({"messages": [{"role": "bot", "content": "x"}]}, "messages.0.role: Input should be 'user' or 'assistant'"),
        ({"model": HAIKU}, "model: Extra inputs are not permitted"),
        ({"tools": [{"name": "a"}]}, "tools.0.input_schema: Field required"),
        ({"tools": [{"name": "a b", "input_schema": SCHEMA}]}, "tools.0.name: String should match pattern"),
        ({"tool_choice": {"type": "any"}}, "tool_choice may only be specified while providing tools"),
        ({"temperature": 1.5}, "temperature: Input should be less than or equal to 1"),
    ],
)
def test_a_messages_body_that_is_wrong_is_refused_in_words(server: Served, given: dict[str, object], expected: str) -> None:
    assert server.invalid(messages(server, SONNET, **given)).startswith(expected)
