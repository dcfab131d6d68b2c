"""Requests and replies of Converse."""

from __future__ import annotations

import json
import re
import secrets
from itertools import pairwise

from onbrief_sandbox.server import claude
from onbrief_sandbox.server.catalogue import Called
from onbrief_sandbox.server.claude import IMAGE_FORMATS, Asked, Completion
from onbrief_sandbox.server.conversation import Conversation, Tool, Turn
from onbrief_sandbox.server.form import Form
from onbrief_sandbox.server.refusals import invalid

_NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")
_ADDED = {"temperature", "top_p", "top_k"}


def read(called: Called, form: Form) -> Asked:
    """Parse a body.

    Raises:
        Refusal: the operation or the model does not accept the request.
    """
    turns = tuple(_turn(message) for message in form.forms("messages", least=1))
    for earlier, later in pairwise(turns):
        if earlier.role == later.role:
            raise invalid(
                "A conversation must alternate between user and assistant roles. Make sure the conversation alternates "
                "between user and assistant roles and try again."
            )
    system = [text for part in form.forms("system") for text in _system(part)] if form.has("system") else []
    max_tokens, stops, sampling = _inference(form)
    tools, forced = _tools(form)
    schema = _schema(form)
    if form.has("additionalModelRequestFields"):
        added = form.form("additionalModelRequestFields")
        sampling |= {name for name in _ADDED if added.has(name)}
        if added.has("output_config") and (config := added.form("output_config")).has("format"):
            schema = config.form("format").form("schema").fields
    talk = Conversation(called.id, claude.joined(system), turns, tools, forced, schema)
    asked = Asked(talk, max_tokens, stops, sampling)
    claude.check(called, asked)
    return asked


def reply(completion: Completion, latency: float) -> dict[str, object]:
    """Return the response body for an answer; `latency` is in seconds."""
    content: list[object] = [{"text": completion.answer.text}] if completion.answer.text else []
    if completion.answer.tool:
        use = {
            "toolUseId": f"tooluse_{secrets.token_urlsafe(16)}",
            "name": completion.answer.tool,
            "input": completion.answer.arguments,
        }
        content.append({"toolUse": use})
    usage = {
        "inputTokens": completion.tokens_in,
        "outputTokens": completion.tokens_out,
        "totalTokens": completion.tokens_in + completion.tokens_out,
    }
    return {
        "output": {"message": {"role": "assistant", "content": content}},
        "stopReason": completion.stop,
        "usage": usage,
        "metrics": {"latencyMs": round(latency * 1000)},
    }


def _turn(message: Form) -> Turn:
    role = message.choice("role", ("user", "assistant"))
    texts: list[str] = []
    images: list[bytes] = []
    for block in message.forms("content", least=1):
        _block(block, texts, images)
    return Turn(role, claude.joined(texts), tuple(images))


def _block(block: Form, texts: list[str], images: list[bytes]) -> None:
    if block.has("text"):
        text = block.text("text")
        if not text.strip():
            raise invalid(
                f"The text field in the ContentBlock object at {_where(block)} is blank. "
                "Add text to the text field, and try again."
            )
        texts.append(text)
    elif block.has("image"):
        images.append(_image(block.form("image")))
    elif block.has("toolUse"):
        use = block.form("toolUse")
        use.text("toolUseId", least=1, most=64)
        texts.append(f"{use.text('name')} {json.dumps(use.form('input').fields, ensure_ascii=False)}")
    elif block.has("toolResult"):
        result = block.form("toolResult")
        result.text("toolUseId", least=1, most=64)
        for part in result.forms("content"):
            if part.has("json"):
                texts.append(json.dumps(part.any("json"), ensure_ascii=False))
            elif part.has("text"):
                texts.append(part.text("text"))
            else:
                images.append(_image(part.form("image")))
    elif not (block.has("cachePoint") or block.has("reasoningContent")):
        raise invalid(f"The content block at {_where(block)} is of a kind that this model doesn't support.")


def _image(image: Form) -> bytes:
    format = image.choice("format", IMAGE_FORMATS)  # noqa: A001 - the service's term
    source = image.form("source")
    return claude.picture(source.bytes("bytes"), format, ".".join(map(str, (*source.path, "bytes"))))


def _system(part: Form) -> list[str]:
    return [] if part.has("cachePoint") else [part.text("text", least=1)]


def _inference(form: Form) -> tuple[int | None, tuple[str, ...], frozenset[str]]:
    if not form.has("inferenceConfig"):
        return None, (), frozenset()
    config = form.form("inferenceConfig")
    sampling: set[str] = set()
    for name, meant in (("temperature", "temperature"), ("topP", "top_p")):
        if config.has(name):
            config.number(name, 0, 1)
            sampling.add(meant)
    max_tokens = config.whole("maxTokens", 1) if config.has("maxTokens") else None
    return max_tokens, tuple(text for text in config.texts("stopSequences") if text), frozenset(sampling)


def _tools(form: Form) -> tuple[tuple[Tool, ...], str | None]:
    if not form.has("toolConfig"):
        return (), None
    config = form.form("toolConfig")
    tools: list[Tool] = []
    for entry in config.forms("tools", least=1):
        if entry.has("cachePoint"):
            continue
        spec = entry.form("toolSpec")
        name = spec.text("name", least=1, most=64)
        if not _NAME.fullmatch(name):
            spec.refuse("name", "String should match pattern '^[a-zA-Z0-9_-]{1,64}$'")
        tools.append(Tool(name, spec.form("inputSchema").form("json").fields))
    if not config.has("toolChoice"):
        return tuple(tools), None
    choice = config.form("toolChoice")
    if choice.has("tool"):
        return tuple(tools), choice.form("tool").text("name", least=1, most=64)
    if not (choice.has("any") or choice.has("auto")):
        raise invalid("The toolChoice field must be one of auto, any and tool.")
    return tuple(tools), "*" if choice.has("any") else None


def _schema(form: Form) -> dict[str, object] | None:
    if not form.has("outputConfig") or not (config := form.form("outputConfig")).has("textFormat"):
        return None
    wanted = config.form("textFormat")
    wanted.choice("type", ("json_schema",))
    definition = wanted.form("structure").form("jsonSchema")
    try:
        schema = json.loads(definition.text("schema"))
    except (ValueError, RecursionError):
        definition.refuse("schema", "The schema is not valid JSON.")
    return Form(schema, form.wording, (*definition.path, "schema")).fields


def _where(block: Form) -> str:
    return ".".join(map(str, block.path))
