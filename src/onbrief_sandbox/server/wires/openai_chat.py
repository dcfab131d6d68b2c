"""Requests and replies of OpenAI's Chat Completions."""

from __future__ import annotations

import json
import re
import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass

from onbrief_sandbox.server.conversation import Conversation, Tool, Turn
from onbrief_sandbox.server.form import Form
from onbrief_sandbox.server.wires import openai_models as models
from onbrief_sandbox.server.wires.openai_errors import declined, where
from onbrief_sandbox.server.wires.openai_models import Asked, Completion

EFFORTS = ("none", "minimal", "low", "medium", "high", "xhigh", "max")
PIECE = re.compile(r"\s*\S+\s*|\s+")
_NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")
_UNKNOWN = "The model `{}` does not exist or you do not have access to it."
_TOO_LONG = (
    "This model's maximum context length is {} tokens. However, your messages resulted in {} tokens. "
    "Please reduce the length of the messages."
)
_UNUSED = (
    *("frequency_penalty", "logit_bias", "logprobs", "metadata", "modalities", "moderation", "parallel_tool_calls"),
    *("prediction", "presence_penalty", "prompt_cache_key", "prompt_cache_options", "prompt_cache_retention"),
    *("safety_identifier", "seed", "service_tier", "store", "top_logprobs", "user", "verbosity"),
)


@dataclass(frozen=True, slots=True)
class Chat:
    """One request. `usage`: a streamed answer ends with the number of tokens."""

    asked: Asked
    stream: bool
    usage: bool


def read(form: Form) -> Chat:
    """Parse a body.

    Raises:
        Refusal, Declined: the service or the model does not accept it.
    """
    model = models.find(form.text("model", least=1), 404, _UNKNOWN)
    if not model.facts.get("chat", True):
        said = "This model is only supported in v1/responses and not in v1/chat/completions."
        raise declined(said, None, "model", 404)
    system, turns, low = read_messages(form)
    tools, forced = _tools(form)
    schema, as_json = _format(form)
    effort = str(form.choice("reasoning_effort", EFFORTS)) if form.has("reasoning_effort") else None
    models.check_effort(model, effort, "reasoning_effort")
    thinks = models.thinks(model, effort)
    most = _most(form, thinks=thinks)
    sampling = {name: form.number(name, 0, top) for name, top in (("temperature", 2), ("top_p", 1)) if form.has(name)}
    stops = (form.text("stop"),) if isinstance(form.any("stop"), str) else form.texts("stop")
    if form.has("n"):
        form.whole("n", 1, 1)  # one choice is all that the stand-in gives
    stream, usage = form.flag("stream"), False
    if form.has("stream_options"):
        if not stream:
            raise declined("The 'stream_options' parameter is only allowed when 'stream' is enabled.", None, "stream_options")
        usage = form.form("stream_options").flag("include_usage")
    for name in _UNUSED:
        form.any(name)
    form.end()
    talk = Conversation(model.id, system, turns, tools, forced, schema)
    asked = Asked(model, talk, most, stops, thinks, as_json, low)
    models.check_sampling(asked, sampling)
    models.check_most(asked, "max_tokens")
    models.check(asked, _TOO_LONG)
    return Chat(asked, stream, usage)


def reply(model: str, completion: Completion) -> dict[str, object]:
    """Return the response body for an answer."""
    choice = {
        "index": 0,
        "message": _message(completion),
        "logprobs": None,
        "finish_reason": completion.finish,
    }
    return {**_head(model, "chat.completion"), "choices": [choice], "usage": usage(completion)}


def streamed(model: str, completion: Completion, *, with_usage: bool) -> Iterator[bytes]:
    """Yield the events of a streamed answer."""
    head = _head(model, "chat.completion.chunk")
    message = _message(completion)
    deltas: list[dict[str, object]] = [{"role": "assistant", "content": None if completion.tool else "", "refusal": None}]
    deltas += [{"content": piece} for piece in PIECE.findall(completion.text)]
    if completion.refusal:
        deltas.append({"refusal": completion.refusal})
    for call in [call for call in _calls(message) if completion.tool]:
        deltas.append({"tool_calls": [{"index": 0, **call, "function": {"name": completion.tool, "arguments": ""}}]})
        for piece in PIECE.findall(completion.arguments):
            deltas.append({"tool_calls": [{"index": 0, "function": {"arguments": piece}}]})
    more: dict[str, object] = {"usage": None} if with_usage else {}
    for delta in deltas:
        yield _event({**head, "choices": [_choice(delta, None)], **more})
    yield _event({**head, "choices": [_choice({}, completion.finish)], **more})
    if with_usage:
        yield _event({**head, "choices": list[object](), "usage": usage(completion)})
    yield b"data: [DONE]\n\n"


def usage(completion: Completion) -> dict[str, object]:
    """Return the numbers of tokens of an answer."""
    return {
        "prompt_tokens": completion.tokens_in,
        "completion_tokens": completion.tokens_out,
        "total_tokens": completion.tokens_in + completion.tokens_out,
        "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
        "completion_tokens_details": {
            "reasoning_tokens": completion.thought,
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
    }


def read_tool(function: Form) -> Tool:
    """Return a function that the model may call."""
    name = function.text("name", least=1)
    if not _NAME.fullmatch(name):
        said = f"Invalid '{where((*function.path, 'name'))}': string does not match pattern. "
        raise declined(f"{said}Expected a string that matches the pattern '^[a-zA-Z0-9_-]+$'.", "invalid_value")
    schema = function.form("parameters").fields if function.has("parameters") else {}
    function.any("description")
    if function.flag("strict"):
        models.check_strict(schema, f"function '{name}'")
    function.end()
    return Tool(name, schema)


def read_messages(form: Form) -> tuple[str, tuple[Turn, ...], bool]:
    """Return the instructions and the turns of a conversation, and whether its pictures are to be seen at low resolution."""
    system: list[str] = []
    turns: list[Turn] = []
    low = False
    for message in form.forms("messages", least=1):
        role = message.choice("role", ("system", "developer", "user", "assistant", "tool"))
        texts: list[str] = []
        images: list[bytes] = []
        low |= _content(message, role, texts, images)
        message.any("name")
        if role == "tool":
            message.text("tool_call_id")
        message.end()
        if role in ("system", "developer"):
            system += texts
        else:
            turns.append(Turn("assistant" if role == "assistant" else "user", "\n".join(texts), tuple(images)))
    return "\n".join(system), tuple(turns), low


def _content(message: Form, role: str, texts: list[str], images: list[bytes]) -> bool:
    low = False
    for name in ("refusal", "audio", "annotations", "reasoning", "reasoning_content") if role == "assistant" else ():
        message.any(name)
    if role == "assistant" and message.has("tool_calls"):
        for call in message.forms("tool_calls", least=1):
            function = call.form("function")
            texts.append(f"{function.text('name')} {function.text('arguments')}")
        if not message.has("content"):
            return low
    if isinstance(message.any("content"), str):
        texts.append(message.text("content"))
        return low
    for part in message.forms("content", least=1):
        match part.choice("type", ("text", "image_url", "refusal")):
            case "text":
                texts.append(part.text("text"))
            case "image_url":
                if role != "user":
                    raise declined("Invalid value: 'image_url'. Image URLs are only allowed for messages with role 'user'.")
                image = part.form("image_url")
                images.append(models.picture(image.text("url", least=1), where((*image.path, "url"))))
                low |= image.has("detail") and image.choice("detail", ("auto", "low", "high", "original")) == "low"
                image.end()
            case _:
                texts.append(part.text("refusal"))
        part.any("prompt_cache_breakpoint")
        part.end()
    return low


def _tools(form: Form) -> tuple[tuple[Tool, ...], str | None]:
    tools: list[Tool] = []
    for entry in form.forms("tools", least=1) if form.has("tools") else ():
        entry.choice("type", ("function",))
        tools.append(read_tool(entry.form("function")))
        entry.end()
    if not form.has("tool_choice"):
        return tuple(tools), None
    if isinstance(form.any("tool_choice"), str):
        return choose(form.choice("tool_choice", ("none", "auto", "required")), tools)
    choice = form.form("tool_choice")
    choice.choice("type", ("function",))
    name = choice.form("function").text("name", least=1)
    choice.end()
    return tuple(tools), name


def choose(word: str, tools: list[Tool]) -> tuple[tuple[Tool, ...], str | None]:
    """Return the tools that may be used, and whether one must be."""
    return (() if word == "none" else tuple(tools)), "*" if word == "required" else None


def _format(form: Form) -> tuple[dict[str, object] | None, bool]:
    if not form.has("response_format"):
        return None, False
    wanted = form.form("response_format")
    kind = wanted.choice("type", ("text", "json_object", "json_schema"))
    schema = read_schema(wanted.form("json_schema")) if kind == "json_schema" else None
    wanted.end()
    return schema, kind == "json_object"


def read_schema(wanted: Form) -> dict[str, object]:
    """Return the JSON schema of an answer."""
    name = wanted.text("name", least=1, most=64)
    wanted.any("description")
    schema = wanted.form("schema").fields
    if wanted.flag("strict"):
        models.check_strict(schema, f"response_format '{name}'")
    if schema.get("type") != "object":
        said = f"Invalid schema for response_format '{name}': schema must be a JSON Schema of 'type: \"object\"'"
        raise declined(f"{said}, got 'type: \"{schema.get('type')}\"'.", "invalid_json_schema")
    wanted.end()
    return schema


def _most(form: Form, *, thinks: bool) -> int | None:
    both = [name for name in ("max_tokens", "max_completion_tokens") if form.has(name)]
    if len(both) == 2:
        raise declined(
            "Setting 'max_tokens' and 'max_completion_tokens' at the same time is not supported.",
            "invalid_parameter_combination",
        )
    if not both:
        return None
    if thinks and both == ["max_tokens"]:
        said = "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead."
        raise declined(said)
    return form.whole(both[0], 1)


def _head(model: str, kind: str) -> dict[str, object]:
    return {
        "id": f"chatcmpl-{secrets.token_urlsafe(21)}",
        "object": kind,
        "created": int(time.time()),
        "model": model,
        "service_tier": "default",
        "system_fingerprint": None,
    }


def _message(completion: Completion) -> dict[str, object]:
    message: dict[str, object] = {"role": "assistant", "content": completion.text, "refusal": None, "annotations": []}
    if completion.refusal:
        message |= {"content": None, "refusal": completion.refusal}
    if completion.tool:
        function = {"name": completion.tool, "arguments": completion.arguments}
        calls = [{"id": f"call_{secrets.token_hex(12)}", "type": "function", "function": function}]
        message |= {"content": completion.text or None, "tool_calls": calls}
    return message


def _calls(message: dict[str, object]) -> list[dict[str, object]]:
    calls = message.get("tool_calls", [])
    assert isinstance(calls, list)
    return calls  # pyright: ignore[reportUnknownVariableType]


def _choice(delta: dict[str, object], finish: str | None) -> dict[str, object]:
    return {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}


def _event(document: dict[str, object]) -> bytes:
    return b"data: " + json.dumps(document, ensure_ascii=False).encode("utf-8", "replace") + b"\n\n"
