"""OpenAI's own client, unchanged, with the server's language models: at Chat Completions, at Responses, and at Ollama."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any, Literal

import openai
import pytest
from pydantic import BaseModel

from onbrief_sandbox.server.app import Terms
from onbrief_sandbox.server.bill import Bill
from onbrief_sandbox.server.faults import Fault
from tests.sandbox.server.serving import HOST, Play, Served, lines, served
from tests.sandbox.server.test_mind import FAULTS, PROMPT, picture

ASKED = f'Does this image match the following prompt?\n\n{PROMPT}\n\n{{"result":"", "reason":""}}'
Client = Any  # openai.OpenAI, whose overloads take no arguments from a dict
HELLO: Any = [{"role": "user", "content": "hello"}]
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {"match": {"type": "boolean"}},
    "required": ["match"],
    "additionalProperties": False,
}


class Verdict(BaseModel):
    """A verdict as a client may ask for it."""

    result: Literal["match", "mismatch"]
    reason: str


@pytest.fixture(scope="module")
def client(server: Served) -> Generator[Client]:
    with openai.OpenAI(api_key="sandbox", base_url=f"http://{HOST}:{server.port}/openai/v1", max_retries=0) as made:
        yield made


@pytest.fixture(scope="module")
def ollama(server: Served) -> Generator[Client]:
    with openai.OpenAI(api_key="ollama", base_url=f"http://{HOST}:{server.port}/ollama/v1", max_retries=0) as made:
        yield made


def url(image: bytes) -> str:
    return f"data:image/png;base64,{base64.b64encode(image).decode()}"


def chat(image: bytes) -> Any:
    """Return the messages that ask about a picture."""
    seen = {"type": "image_url", "image_url": {"url": url(image)}}
    return [
        {"role": "system", "content": "Be strict."},
        {"role": "user", "content": [seen, {"type": "text", "text": ASKED}]},
    ]


def items(image: bytes) -> Any:
    """Return the input that asks about a picture."""
    content = [
        {"type": "input_image", "image_url": url(image), "detail": "auto"},
        {"type": "input_text", "text": ASKED},
    ]
    return [{"role": "user", "content": content}]


def test_answers_about_pictures_are_parsed_by_a_schema(client: Client, ollama: Client) -> None:
    for image, result in ((picture(PROMPT), "match"), (picture(FAULTS[0]), "mismatch")):
        for each, model in ((client, "gpt-4o"), (client, "gpt-5-mini"), (ollama, "llava")):
            said = each.chat.completions.parse(model=model, messages=chat(image), response_format=Verdict)
            assert said.choices[0].message.parsed is not None
            assert said.choices[0].message.parsed.result == result
            assert said.usage is not None
            assert said.usage.completion_tokens > 0
        answer = client.responses.parse(model="gpt-5", input=items(image), instructions="Be strict.", text_format=Verdict)
        assert answer.output_parsed is not None
        assert answer.output_parsed.result == result
        assert answer.usage is not None
        assert answer.usage.output_tokens_details.reasoning_tokens > 0


@pytest.mark.parametrize("choice", ["required", "auto", "named"])
def test_tools_are_used_streamed_or_not(client: Client, choice: str) -> None:
    function = {"name": "report", "description": "Report the verdict.", "parameters": SCHEMA, "strict": True}
    named: Any = {"type": "function", "function": {"name": "report"}}
    given: Any = {"tools": [{"type": "function", "function": function}], "tool_choice": named if choice == "named" else choice}
    said = client.chat.completions.create(model="gpt-4o", messages=chat(picture(PROMPT)), **given)
    call: Any
    (call,) = said.choices[0].message.tool_calls
    assert call.type == "function"
    assert (call.function.name, json.loads(call.function.arguments)) == ("report", {"match": True})
    assert said.choices[0].finish_reason == ("stop" if choice == "named" else "tool_calls")
    with client.chat.completions.stream(model="gpt-4o", messages=chat(picture(PROMPT)), **given) as stream:
        final: Any = stream.get_final_completion()
    assert final.choices[0].message.tool_calls[0].function.arguments == call.function.arguments
    given = {"tools": [{"type": "function", **function}], "tool_choice": "required" if choice == "auto" else choice}
    if choice == "named":
        given["tool_choice"] = {"type": "function", "name": "report"}
    answer = client.responses.create(model="gpt-4o", input=items(picture(PROMPT)), **given)
    with client.responses.stream(model="gpt-4o", input=items(picture(PROMPT)), **given) as streamed:
        later: Any = streamed.get_final_response()
    for each in (answer, later):
        (item,) = each.output
        assert (item.type, json.loads(item.arguments), each.status) == ("function_call", {"match": True}, "completed")


def test_texts_are_streamed(client: Client, ollama: Client) -> None:
    for each, model in ((client, "gpt-4o"), (ollama, "gemma3")):
        whole = each.chat.completions.create(model=model, messages=HELLO)
        options: Any = {"stream": True, "stream_options": {"include_usage": True}}
        chunks = list(each.chat.completions.create(model=model, messages=HELLO, **options))
        text = "".join(choice.delta.content or "" for chunk in chunks for choice in chunk.choices)
        assert text == whole.choices[0].message.content
        assert chunks[-1].usage == whole.usage
    answer = client.responses.create(model="gpt-4o", input="hello")
    events = list(client.responses.create(model="gpt-4o", input="hello", stream=True))
    assert "".join(event.delta for event in events if event.type == "response.output_text.delta") == answer.output_text
    assert [event.type for event in events[:2]] == ["response.created", "response.in_progress"]
    assert events[-1].type == "response.completed"


def chatting(model: str = "gpt-4o", **given: Any) -> Callable[[Client], object]:
    return lambda client: client.chat.completions.create(**{"model": model, "messages": HELLO, **given})


def responding(model: str = "gpt-4o", **given: Any) -> Callable[[Client], object]:
    return lambda client: client.responses.create(**{"model": model, "input": "hello", **given})


LOOSE = {"type": "object", "properties": {"match": {"type": "boolean"}}}
REFUSED: dict[str, tuple[Callable[[Client], object], int, str | None, str]] = {
    "unknown model": (chatting("gpt-9"), 404, "model_not_found", "The model `gpt-9` does not exist"),
    "unknown model of Responses": (responding("gpt-9"), 400, "model_not_found", "The requested model 'gpt-9'"),
    "another API": (chatting("gpt-5-pro"), 404, None, "only supported in v1/responses"),
    "unknown field": (chatting(extra_body={"made_up": 1}), 400, "unknown_parameter", "Unknown parameter: 'made_up'."),
    "unknown field inside": (
        responding(input=[{"role": "user", "content": "hello", "made_up": 1}]),
        400,
        "unknown_parameter",
        "Unknown parameter: 'input[0].made_up'.",
    ),
    "wrong type": (chatting(temperature="hot"), 400, "invalid_type", "Invalid type for 'temperature': expected a decimal"),
    "no messages": (chatting(messages=[]), 400, "empty_array", "Invalid 'messages': empty array"),
    "temperature too high": (responding(temperature=3), 400, "integer_above_max_value", "Invalid 'temperature'"),
    "no content": (chatting(messages=[{"role": "user"}]), 400, "missing_required_parameter", "'messages[0].content'"),
    "no such role": (chatting(messages=[{"role": "me", "content": ""}]), 400, "invalid_value", "Invalid value: 'me'"),
    "old limit of a model that thinks": (
        chatting("o4-mini", max_tokens=5),
        400,
        "unsupported_parameter",
        "Use 'max_completion_tokens' instead",
    ),
    "two limits": (chatting(max_tokens=5, max_completion_tokens=5), 400, "invalid_parameter_combination", "at the same time"),
    "limit too high": (chatting(max_tokens=99_999), 400, "invalid_value", "supports at most 16384 completion tokens"),
    "limit too low": (responding(max_output_tokens=5), 400, "integer_below_min_value", "Expected a value >= 16"),
    "sampling": (chatting("gpt-5", temperature=0.5), 400, "unsupported_value", "Only the default (1) value is supported"),
    "sampling in Responses": (
        responding("gpt-5", temperature=0.5),
        400,
        "unsupported_parameter",
        "Unsupported parameter: 'temperature' is not supported with this model.",
    ),
    "top_p": (chatting("o4-mini", top_p=0.5), 400, "unsupported_parameter", "'top_p' is not supported"),
    "effort": (responding("gpt-4o", reasoning={"effort": "low"}), 400, "unsupported_parameter", "'reasoning.effort'"),
    "no effort": (chatting("gpt-5", reasoning_effort="none"), 400, "unsupported_value", "does not support 'none'"),
    "include": (responding(include=["reasoning.encrypted_content"]), 400, None, "Encrypted content is not supported"),
    "a picture for the blind": (
        chatting("gpt-3.5-turbo", messages=chat(picture(PROMPT))),
        400,
        None,
        "image_url is only supported by certain models",
    ),
    "a picture elsewhere": (
        chatting(
            messages=[{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "https://a.example/b.png"}}]}]
        ),
        400,
        "invalid_image_url",
        "Error while downloading",
    ),
    "no picture": (responding(input=items(b"no picture")), 400, "invalid_image_format", "unsupported image"),
    "a schema for the old": (
        chatting("gpt-3.5-turbo", response_format={"type": "json_schema", "json_schema": {"name": "a", "schema": SCHEMA}}),
        400,
        None,
        "'response_format' of type 'json_schema' is not supported",
    ),
    "a schema that is not strict": (
        chatting(response_format={"type": "json_schema", "json_schema": {"name": "a", "schema": LOOSE, "strict": True}}),
        400,
        "invalid_json_schema",
        "'additionalProperties' is required to be supplied and to be false",
    ),
    "a tool that is not strict": (
        responding(
            tools=[{"type": "function", "name": "a", "parameters": LOOSE | {"additionalProperties": False}, "strict": True}]
        ),
        400,
        "invalid_function_parameters",
        "Missing 'match'",
    ),
    "no tool to choose": (chatting(tool_choice="required"), 400, "invalid_value", "only allowed when 'tools' are specified"),
    "no JSON": (chatting(response_format={"type": "json_object"}), 400, None, "must contain the word 'json'"),
    "too long": (
        chatting("gpt-3.5-turbo", messages=[{"role": "user", "content": "5" * 40_000}]),
        400,
        "context_length_exceeded",
        "maximum context length is 16385",
    ),
    "too long for Responses": (responding(input="5" * 300_000), 400, "context_length_exceeded", "context window"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_the_service_refuses_is_an_error_of_its_client(name: str, client: Client) -> None:
    call, status, code, words = REFUSED[name]
    with pytest.raises(openai.APIStatusError) as caught:
        call(client)
    error = caught.value
    assert (error.status_code, error.code) == (status, code), error
    assert words in error.message
    assert error.type == "invalid_request_error"
    assert error.request_id


def test_a_missing_key_and_requests_of_web_pages_are_refused(server: Served) -> None:
    body = json.dumps({"model": "gpt-4o", "messages": HELLO}).encode()
    json_only = {"Content-Type": "application/json"}
    for path in ("/openai/v1/chat/completions", "/openai/v1/responses"):
        status, _, document = server.raw(path, body)
        assert (status, document["error"]["code"]) == (401, "invalid_api_key")
        page = {**json_only, "Authorization": "Bearer sandbox", "Origin": "https://a.example"}
        assert server.raw(path, body, headers=page)[0] == 403
    assert server.raw("/ollama/v1/chat/completions", body, headers={**json_only, "Origin": "https://a.example"})[0] == 403
    assert server.raw("/openai/v1/responses", b"{", headers={**json_only, "Authorization": "Bearer a"})[0] == 400


def test_ollama_takes_no_notice_of_what_it_does_not_know(server: Served, ollama: Client) -> None:
    made_up: Any = {"max_completion_tokens": 1, "extra_body": {"made_up": 1}, "top_p": 7}
    assert ollama.chat.completions.create(model="llava", messages=HELLO, **made_up).choices[0].finish_reason == "stop"
    assert ollama.chat.completions.create(model="llava", messages=HELLO, max_tokens=1).choices[0].finish_reason == "length"
    with pytest.raises(openai.NotFoundError, match="model 'gpt-4o' not found"):
        ollama.chat.completions.create(model="gpt-4o", messages=HELLO)
    tool: Any = {"type": "function", "function": {"name": "report", "parameters": SCHEMA}}
    with pytest.raises(openai.BadRequestError, match="llava:latest does not support tools"):
        ollama.chat.completions.create(model="llava", messages=HELLO, tools=[tool])
    said = ollama.chat.completions.create(model="mistral-small3.1", messages=HELLO, tools=[tool], tool_choice="required")
    assert said.choices[0].message.tool_calls is None  # it heeds no choice
    status, _, document = server.raw("/ollama/api/tags", method="GET", headers={})
    assert (status, {model["name"] for model in document["models"]} >= {"llava:latest", "gemma3:12b"}) == (200, True)
    assert "qwen2.5vl:7b" in {model.id for model in ollama.models.list()}


def test_answers_fail_by_script_and_are_billed(tmp_path: Path) -> None:
    play, bill = Play(), tmp_path / "bill"
    with (
        served(Terms(script=play, bill=Bill(bill))) as server,
        openai.OpenAI(api_key="a", base_url=f"http://{HOST}:{server.port}/openai/v1", max_retries=0) as client,
    ):
        play.now(Fault(operation="openai.chat", does="status", status=429, type="insufficient_quota"))
        with pytest.raises(openai.RateLimitError) as caught:
            chatting()(client)
        assert caught.value.code == "insufficient_quota"
        play.now(Fault(model="gpt-4o", does="filtered"))
        refused: Any = chatting()(client), responding()(client)
        assert refused[0].choices[0].message.refusal.startswith("I'm sorry")
        assert refused[1].output[0].content[0].refusal.startswith("I'm sorry")
        play.now(Fault(operation="openai.respond", does="truncated"))
        cut: Any = responding()(client)
        assert (cut.status, cut.incomplete_details.reason) == ("incomplete", "max_output_tokens")
        play.now(Fault(stop_reason="content_filter"))
        filtered: Any = chatting()(client), responding()(client)
        assert filtered[0].choices[0].finish_reason == filtered[1].incomplete_details.reason == "content_filter"
        play.now(Fault(does="cut", byte=20))
        with pytest.raises(openai.APIConnectionError):
            chatting()(client)
        play.now()
        short: Any = chatting("gpt-5", max_completion_tokens=20)(client)  # all of it is thought
        assert (short.choices[0].message.content, short.choices[0].finish_reason) == ("", "length")
        assert short.usage.completion_tokens_details.reasoning_tokens == short.usage.completion_tokens == 20
    billed = lines(bill)
    assert [line["answer"] for line in billed] == ["filtered", "filtered", "truncated", "text", "text", "cut", "text"]
    assert billed[-1]["usd"] == pytest.approx((1.25 * short.usage.prompt_tokens + 10 * 20) / 1e6)
    assert {line["operation"] for line in billed} == {"openai.chat", "openai.respond"}
