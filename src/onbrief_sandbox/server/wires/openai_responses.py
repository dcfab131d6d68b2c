"""Requests and replies of OpenAI's Responses."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass

from onbrief_sandbox.server.conversation import Conversation, Tool, Turn
from onbrief_sandbox.server.form import Form
from onbrief_sandbox.server.wires import openai_models as models
from onbrief_sandbox.server.wires.openai_chat import EFFORTS, PIECE, choose, read_schema, read_tool
from onbrief_sandbox.server.wires.openai_errors import declined, where
from onbrief_sandbox.server.wires.openai_models import Asked, Completion

_UNKNOWN = "The requested model '{}' does not exist."
_TOO_LONG = "Your input exceeds the context window of this model. Please adjust your input and try again."
_LEAST = 16  # tokens of an answer
_INCOMPLETE = {"length": "max_output_tokens"}
_COMPLETE = ("stop", "tool_calls")
_UNUSED = (
    *("metadata", "moderation", "parallel_tool_calls", "prompt_cache_key", "prompt_cache_options", "prompt_cache_retention"),
    *("max_tool_calls", "safety_identifier", "service_tier", "store", "stream_options", "top_logprobs", "truncation", "user"),
)
_INCLUDABLE = ("reasoning.encrypted_content", "message.output_text.logprobs", "message.input_image.image_url")

Document = dict[str, object]


@dataclass(frozen=True, slots=True)
class Request:
    """One request."""

    asked: Asked
    stream: bool


def read(form: Form) -> Request:
    """Parse a body.

    Raises:
        Refusal, Declined: the service or the model does not accept it.
    """
    model = models.find(form.text("model", least=1), 400, _UNKNOWN)
    system = [form.text("instructions")] if form.has("instructions") else []
    turns, low = _input(form, system)
    tools, forced = _tools(form)
    schema, as_json = _format(form)
    effort = _effort(form)
    models.check_effort(model, effort, "reasoning.effort")
    thinks = models.thinks(model, effort)
    for name in form.texts("include"):
        if name not in _INCLUDABLE:
            raise declined(form.wording.choice(("include",), name, _INCLUDABLE), "invalid_value", "include")
        if name == "reasoning.encrypted_content" and "thinks" not in model.facts:
            raise declined("Encrypted content is not supported with this model.", None, "include")
    most = form.whole("max_output_tokens", _LEAST) if form.has("max_output_tokens") else None
    sampling = {name: form.number(name, 0, top) for name, top in (("temperature", 2), ("top_p", 1)) if form.has(name)}
    for name, value in sampling.items():
        if thinks and value != 1:
            raise declined(f"Unsupported parameter: '{name}' is not supported with this model.")
    stream = form.flag("stream")
    if form.flag("background"):
        raise declined("The stand-in answers no requests in the background.", "unsupported_value", "background")
    for name in _UNUSED:
        form.any(name)
    form.end()
    asked = Asked(
        model, Conversation(model.id, "\n".join(system), turns, tools, forced, schema), most, (), thinks, as_json, low
    )
    models.check_most(asked, "max_output_tokens")
    models.check(asked, _TOO_LONG)
    return Request(asked, stream)


def reply(model: str, completion: Completion) -> Document:
    """Return the response body for an answer."""
    finish = _INCOMPLETE.get(completion.finish, completion.finish)
    failed = finish == "failed"
    whole = finish in _COMPLETE
    error = {"code": "server_error", "message": "The server had an error while processing your request."}
    return {
        **_head(model),
        "status": "completed" if whole else "failed" if failed else "incomplete",
        "error": error if failed else None,
        "incomplete_details": None if whole or failed else {"reason": finish},
        "output": [] if failed else _output(completion, whole=whole),
        "usage": {
            "input_tokens": completion.tokens_in,
            "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
            "output_tokens": completion.tokens_out,
            "output_tokens_details": {"reasoning_tokens": completion.thought},
            "total_tokens": completion.tokens_in + completion.tokens_out,
        },
    }


def streamed(document: Document) -> Iterator[bytes]:
    """Yield the events of a streamed answer."""
    begun = {**document, "status": "in_progress", "output": list[object](), "usage": None, "incomplete_details": None}
    number = 0

    def event(kind: str, **fields: object) -> bytes:
        nonlocal number
        text = json.dumps({"type": kind, "sequence_number": number, **fields}, ensure_ascii=False)
        number += 1
        return f"event: {kind}\ndata: {text}\n\n".encode("utf-8", "replace")

    yield event("response.created", response=begun)
    yield event("response.in_progress", response=begun)
    for index, item in enumerate(_items(document["output"])):
        at: Document = {"output_index": index, "item_id": item["id"]}
        empty = {"arguments": ""} if "arguments" in item else {"content": list[object]()} if "content" in item else {}
        yield event("response.output_item.added", output_index=index, item={**item, **empty, "status": "in_progress"})
        if "arguments" in item:
            for piece in PIECE.findall(str(item["arguments"])):
                yield event("response.function_call_arguments.delta", **at, delta=piece)
            yield event("response.function_call_arguments.done", **at, arguments=item["arguments"], name=item["name"])
        for part in _items(item.get("content", [])):
            at["content_index"] = 0
            kind = "refusal" if "refusal" in part else "output_text"
            word = "refusal" if "refusal" in part else "text"
            more: Document = {} if kind == "refusal" else {"logprobs": list[object]()}
            yield event("response.content_part.added", **at, part={**part, word: ""})
            for piece in PIECE.findall(str(part[word])):
                yield event(f"response.{kind}.delta", **at, delta=piece, **more)
            yield event(f"response.{kind}.done", **at, **{word: part[word]}, **more)
            yield event("response.content_part.done", **at, part=part)
        yield event("response.output_item.done", output_index=index, item=item)
    yield event(f"response.{document['status']}", response=document)


def _head(model: str) -> Document:
    return {
        "id": f"resp_{secrets.token_hex(24)}",
        "object": "response",
        "created_at": int(time.time()),
        "background": False,
        "instructions": None,
        "max_output_tokens": None,
        "model": model,
        "parallel_tool_calls": True,
        "previous_response_id": None,
        "reasoning": {"effort": None, "summary": None},
        "service_tier": "default",
        "store": True,
        "temperature": 1.0,
        "text": {"format": {"type": "text"}},
        "tool_choice": "auto",
        "tools": [],
        "top_p": 1.0,
        "truncation": "disabled",
        "user": None,
        "metadata": {},
    }


def _output(completion: Completion, *, whole: bool) -> list[Document]:
    status = "completed" if whole else "incomplete"
    items: list[Document] = []
    if completion.thought:
        items.append({"id": f"rs_{secrets.token_hex(24)}", "type": "reasoning", "summary": []})
    if completion.text or completion.refusal or (not completion.tool and whole):
        part: Document = {"type": "output_text", "text": completion.text, "annotations": [], "logprobs": []}
        if completion.refusal:
            part = {"type": "refusal", "refusal": completion.refusal}
        message = {"type": "message", "status": status, "role": "assistant", "content": [part]}
        items.append({"id": f"msg_{secrets.token_hex(24)}", **message})
    if completion.tool:
        call = {"call_id": f"call_{secrets.token_hex(12)}", "name": completion.tool, "arguments": completion.arguments}
        items.append({"id": f"fc_{secrets.token_hex(24)}", "type": "function_call", "status": status, **call})
    return items


def _input(form: Form, system: list[str]) -> tuple[tuple[Turn, ...], bool]:
    if isinstance(form.any("input"), str):
        return (Turn("user", form.text("input")),), False
    turns: list[Turn] = []
    low = False
    for item in form.forms("input", least=1):
        match item.choice("type", ("message", "function_call", "function_call_output", "reasoning"), "message"):
            case "message":
                role = item.choice("role", ("user", "assistant", "system", "developer"))
                texts: list[str] = []
                images: list[bytes] = []
                low |= _content(item, texts, images)
                if role in ("system", "developer"):
                    system += texts
                else:
                    turns.append(Turn("assistant" if role == "assistant" else "user", "\n".join(texts), tuple(images)))
                for name in ("id", "status"):
                    item.any(name)
                item.end()
            case "function_call":
                turns.append(Turn("assistant", f"{item.text('name')} {item.text('arguments')}"))
            case "function_call_output":
                turns.append(Turn("user", item.text("output")))
            case _:
                continue
    return tuple(turns), low


def _content(item: Form, texts: list[str], images: list[bytes]) -> bool:
    low = False
    if isinstance(item.any("content"), str):
        texts.append(item.text("content"))
        return low
    for part in item.forms("content"):
        match part.choice("type", ("input_text", "input_image", "output_text", "refusal")):
            case "input_image":
                images.append(models.picture(part.text("image_url", least=1), where((*part.path, "image_url"))))
                low |= part.has("detail") and part.choice("detail", ("auto", "low", "high", "original")) == "low"
            case "refusal":
                texts.append(part.text("refusal"))
            case _:
                texts.append(part.text("text"))
                for name in ("annotations", "logprobs"):
                    part.any(name)
        part.any("prompt_cache_breakpoint")
        part.end()
    return low


def _tools(form: Form) -> tuple[tuple[Tool, ...], str | None]:
    tools: list[Tool] = []
    for entry in form.forms("tools") if form.has("tools") else ():
        entry.choice("type", ("function",))
        tools.append(read_tool(entry))
    if not form.has("tool_choice"):
        return tuple(tools), None
    if isinstance(form.any("tool_choice"), str):
        return choose(form.choice("tool_choice", ("none", "auto", "required")), tools)
    choice = form.form("tool_choice")
    choice.choice("type", ("function",))
    name = choice.text("name", least=1)
    choice.end()
    return tuple(tools), name


def _format(form: Form) -> tuple[Document | None, bool]:
    if not form.has("text"):
        return None, False
    text = form.form("text")
    schema, kind = None, "text"
    if text.has("format"):
        wanted = text.form("format")
        kind = wanted.choice("type", ("text", "json_object", "json_schema"))
        if kind == "json_schema":
            schema = read_schema(wanted)
    text.any("verbosity")
    text.end()
    return schema, kind == "json_object"


def _effort(form: Form) -> str | None:
    if not form.has("reasoning"):
        return None
    reasoning = form.form("reasoning")
    for name in ("summary", "generate_summary", "context", "mode"):
        reasoning.any(name)
    effort = str(reasoning.choice("effort", EFFORTS)) if reasoning.has("effort") else None
    reasoning.end()
    return effort


def _items(value: object) -> list[Document]:
    assert isinstance(value, list)
    return value  # pyright: ignore[reportUnknownVariableType]
