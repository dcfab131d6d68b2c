"""Requests and replies of InvokeModel with the body of Anthropic's Messages API."""

from __future__ import annotations

import json
import re
import secrets
from dataclasses import replace
from typing import Literal

from onbrief_sandbox.server import claude
from onbrief_sandbox.server.catalogue import Called
from onbrief_sandbox.server.claude import IMAGE_FORMATS, Asked, Completion
from onbrief_sandbox.server.conversation import Conversation, Tool, Turn
from onbrief_sandbox.server.form import Form
from onbrief_sandbox.server.refusals import invalid

VERSION = "bedrock-2023-05-31"
OWN_VERSION = "2023-06-01"
"""The version of Anthropic's own API; newer clients name it by a later date, also in a body for Bedrock."""

_NEWER = "2026-10-21"
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_VERSION = re.compile(r"-v\d+:\d+$")  # of a model on Bedrock
_NAME = re.compile(r"[a-zA-Z0-9_-]{1,128}")
_MEDIA_TYPES = tuple(f"image/{name}" for name in IMAGE_FORMATS)
_RESULTS = ("text", "image")
_BLOCKS = (*_RESULTS, "tool_use", "tool_result", "thinking", "redacted_thinking")
_UNUSED = ("thinking", "metadata", "anthropic_beta", "user_profile_id")
_STOPS = {"content_filtered": "refusal"}  # stop reasons with a different name than in Converse


def read(called: Called, form: Form) -> Asked:
    """Parse a body of InvokeModel.

    Raises:
        Refusal: the operation or the model does not accept the request.
    """
    if not _is_newer(form.any("anthropic_version")):
        form.choice("anthropic_version", (VERSION,))
    return _read(called, form, counting=False)


def read_own(called: Called, form: Form, version: str | None, *, counting: bool = False) -> Asked:
    """Parse a body of Anthropic's own API, whose version is in a header. To count tokens, fields for the answer may be missing.

    Raises:
        Refusal: the operation or the model does not accept the request.
    """
    if version is None:
        raise invalid("anthropic-version: header is required")
    if version != OWN_VERSION and not _is_newer(version):
        raise invalid(f'anthropic-version: "{version}" is not a valid version')
    form.text("model", least=1)
    stream = not counting and form.flag("stream")
    return replace(_read(called, form, counting=counting), stream=stream)


def _read(called: Called, form: Form, *, counting: bool) -> Asked:
    max_tokens = None if counting else form.whole("max_tokens", 1)
    turns = tuple(_turn(message) for message in form.forms("messages", least=1))
    sampling = frozenset(name for name in ("temperature", "top_p", "top_k") if form.has(name))
    for name in sampling - {"top_k"}:
        form.number(name, 0, 1)
    if "top_k" in sampling:
        form.whole("top_k", 0)
    tools, forced = _tools(form)
    schema = _schema(form)
    stops = tuple(text for text in form.texts("stop_sequences") if text)
    system = _system(form)
    for name in _UNUSED:
        form.any(name)
    form.end()
    asked = Asked(Conversation(called.id, system, turns, tools, forced, schema), max_tokens, stops, sampling)
    claude.check(called, asked)
    return asked


def _is_newer(version: object) -> bool:
    return isinstance(version, str) and bool(_DATE.fullmatch(version)) and version >= _NEWER


def reply(called: Called, completion: Completion) -> dict[str, object]:
    """Return the response body for an answer."""
    content: list[object] = [{"type": "text", "text": completion.answer.text}] if completion.answer.text else []
    if completion.answer.tool:
        use = {
            "id": f"toolu_bdrk_{secrets.token_hex(12)}",
            "name": completion.answer.tool,
            "input": completion.answer.arguments,
        }
        content.append({"type": "tool_use", **use})
    return {
        "id": f"msg_bdrk_{secrets.token_hex(12)}",
        "type": "message",
        "role": "assistant",
        "model": _VERSION.sub("", called.model.id.removeprefix("anthropic.")),
        "content": content,
        "stop_reason": _STOPS.get(completion.stop, completion.stop),
        "stop_sequence": completion.sequence,
        "usage": {
            "input_tokens": completion.tokens_in,
            "cache_creation_input_tokens": 0,
            "cache_read_input_tokens": 0,
            "output_tokens": completion.tokens_out,
        },
    }


def _turn(message: Form) -> Turn:
    role: Literal["user", "assistant"] = message.choice("role", ("user", "assistant"))
    texts: list[str] = []
    images: list[bytes] = []
    _content(message, _BLOCKS, texts, images)
    message.end()
    return Turn(role, claude.joined(texts), tuple(images))


def _content(holder: Form, kinds: tuple[str, ...], texts: list[str], images: list[bytes]) -> None:
    if isinstance(holder.any("content"), str):
        texts.append(holder.text("content", least=1))
        return
    for block in holder.forms("content"):
        block.any("cache_control")
        match block.choice("type", kinds):
            case "text":
                texts.append(block.text("text", least=1))
                block.any("citations")
            case "image":
                images.append(_image(block.form("source")))
            case "tool_use":
                block.text("id")
                texts.append(f"{block.text('name')} {json.dumps(block.form('input').fields, ensure_ascii=False)}")
            case "tool_result":
                block.text("tool_use_id")
                block.flag("is_error")
                if block.has("content"):
                    _content(block, _RESULTS, texts, images)
            case _:
                continue  # earlier thinking blocks do not affect the answer
        block.end()


def _image(source: Form) -> bytes:
    source.choice("type", ("base64",))
    format = source.choice("media_type", _MEDIA_TYPES).removeprefix("image/")  # noqa: A001 - the service's term
    data = claude.picture(source.bytes("data"), format, ".".join(map(str, (*source.path, "base64"))))
    source.end()
    return data


def _system(form: Form) -> str:
    if not form.has("system"):
        return ""
    if isinstance(form.any("system"), str):
        return form.text("system")
    texts: list[str] = []
    for block in form.forms("system"):
        block.choice("type", ("text",))
        block.any("cache_control")
        texts.append(block.text("text", least=1))
        block.end()
    return claude.joined(texts)


def _tools(form: Form) -> tuple[tuple[Tool, ...], str | None]:
    tools: list[Tool] = []
    for entry in form.forms("tools") if form.has("tools") else ():
        entry.choice("type", ("custom",), "custom")
        name = entry.text("name", least=1)
        if not _NAME.fullmatch(name):
            entry.refuse("name", "String should match pattern '^[a-zA-Z0-9_-]{1,128}$'")
        schema = entry.form("input_schema")
        if schema.any("type") != "object":
            schema.choice("type", ("object",))
        for name_of_rest in ("description", "cache_control", "strict"):
            entry.any(name_of_rest)
        entry.end()
        tools.append(Tool(name, schema.fields))
    return tuple(tools), _forced(form)


def _forced(form: Form) -> str | None:
    if not form.has("tool_choice"):
        return None
    choice = form.form("tool_choice")
    kind = choice.choice("type", ("auto", "any", "tool", "none"))
    name = choice.text("name") if kind == "tool" else None
    choice.flag("disable_parallel_tool_use")
    choice.end()
    return "*" if kind == "any" else name


def _schema(form: Form) -> dict[str, object] | None:
    if not form.has("output_config"):
        return None
    config = form.form("output_config")
    config.any("effort")
    schema: dict[str, object] | None = None
    if config.has("format"):
        wanted = config.form("format")
        wanted.choice("type", ("json_schema",))
        schema = wanted.form("schema").fields
        wanted.any("name")
        wanted.end()
    config.end()
    return schema
