"""Ollama, at its OpenAI-compatible paths: it takes no notice of what it does not know, and checks little of the rest."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, cast

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from onbrief_sandbox.server import receiving
from onbrief_sandbox.server.conversation import Conversation, Tool, Turn
from onbrief_sandbox.server.form import parse
from onbrief_sandbox.server.refusals import Refusal
from onbrief_sandbox.server.tokens import cut, tokens
from onbrief_sandbox.server.wires import openai_chat, openai_errors, openai_models
from onbrief_sandbox.server.wires.catalogue import SERVICES, WireModel
from onbrief_sandbox.server.wires.desk import Declined, Desk, Wire
from onbrief_sandbox.server.wires.openai_language import coded, streamed
from onbrief_sandbox.server.wires.openai_models import Asked

_TYPES = {400: "invalid_request_error", 404: "not_found_error"}
_PICTURE = 768  # tokens, whatever its size
_SEEN = {"base": _PICTURE, "tile": 0}


def _sorry(status: int, message: str) -> Response:
    return openai_errors.response(status, message, "", None, _TYPES.get(status, "api_error"))


def _routes(desk: Desk) -> Sequence[BaseRoute]:
    async def chat(request: Request, body: bytes) -> Response:
        _admit(request)
        asked, stream, usage = await asyncio.to_thread(_read, body)
        call = desk.call("chat", asked.model, body)
        completion = await openai_models.complete(asked, call.fault)
        if completion.refusal:  # no model of these has a field for it
            completion = replace(completion, text=completion.refusal, refusal="")

        async def make() -> Response:
            if stream:
                return streamed(openai_chat.streamed(asked.model.id, completion, with_usage=usage))
            return openai_errors.document(openai_chat.reply(asked.model.id, completion))

        return await coded(desk, call).answered(call, make, 0.0, "tool" if completion.tool else "text")

    async def tags(request: Request, body: bytes) -> Response:
        _admit(request)
        return openai_errors.document({"models": [{"name": name, "model": name} for name in _models()]})

    async def models(request: Request, body: bytes) -> Response:
        _admit(request)
        listed = [{"id": name, "object": "model", "created": 0, "owned_by": "library"} for name in _models()]
        return openai_errors.document({"object": "list", "data": listed})

    return [
        Route("/v1/chat/completions", desk.endpoint(chat), methods=["POST"]),
        Route("/v1/models", desk.endpoint(models), methods=["GET"]),
        Route("/api/tags", desk.endpoint(tags), methods=["GET"]),
    ]


def _admit(request: Request) -> None:
    """Refuse what a web page can send. There are no keys."""
    if request.method == "POST" or "origin" in request.headers:
        receiving.refuse_web_pages(request)


def _models() -> Mapping[str, WireModel]:
    return SERVICES["ollama"].models


def _read(body: bytes) -> tuple[Asked, bool, bool]:
    try:
        return _asked(cast("dict[str, Any]", parse(body)))
    except Refusal as error:
        raise Declined(_sorry(400, "invalid character in the body")) from error
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise Declined(_sorry(400, str(error))) from error


def _asked(document: dict[str, Any]) -> tuple[Asked, bool, bool]:
    name = document.get("model") or ""
    model = _models().get(name) or _models().get(f"{name}:latest")
    model = model or next((found for found in _models().values() if found.id.partition(":")[0] == name), None)
    if model is None:
        raise Declined(_sorry(404, f"model '{name}' not found"))
    if not document.get("messages"):
        raise Declined(_sorry(400, "[] is too short - 'messages'"))
    tools = tuple(
        Tool(tool["function"]["name"], tool["function"].get("parameters") or {}) for tool in document.get("tools") or ()
    )
    if tools and not model.facts["tools"]:
        raise Declined(_sorry(400, f"registry.ollama.ai/library/{model.id} does not support tools"))
    wanted: dict[str, Any] = document.get("response_format") or {}
    schema = wanted["json_schema"]["schema"] if wanted.get("type") == "json_schema" else None
    system, turns = _turns(document["messages"], sees=model.facts["sees"])
    turns = _shortened(turns, model.facts["context"] - tokens(system))
    talk = Conversation(model.id, system, turns, tools, None, schema)  # it never heeds a choice of tools
    facts = {**model.facts, "answer": model.facts["context"], **({"pictures": _SEEN} if model.facts["sees"] else {})}
    most = document.get("max_tokens")  # and not max_completion_tokens
    if not isinstance(most, int | None):
        raise TypeError("json: cannot unmarshal into Go struct field ChatCompletionRequest.max_tokens of type int")
    asked = Asked(replace(model, facts=facts), talk, most, (), json=wanted.get("type") == "json_object")
    options: dict[str, Any] = document.get("stream_options") or {}
    return asked, bool(document.get("stream")), bool(options.get("include_usage"))


def _turns(messages: Sequence[dict[str, Any]], *, sees: bool) -> tuple[str, tuple[Turn, ...]]:
    system: list[str] = []
    turns: list[Turn] = []
    for message in messages:
        content: Any = message.get("content") or ""
        parts: list[dict[str, Any]] = [{"type": "text", "text": content}] if isinstance(content, str) else content
        texts = [str(part["text"]) for part in parts if part["type"] == "text"]
        urls = [part["image_url"] for part in parts if part["type"] == "image_url"]
        images = [_picture(url if isinstance(url, str) else url["url"]) for url in urls]
        if message["role"] == "system":
            system += texts
        else:
            role = "assistant" if message["role"] == "assistant" else "user"
            turns.append(Turn(role, "\n".join(texts), tuple(images) if sees else ()))
    return "\n".join(system), tuple(turns)


def _picture(url: str) -> bytes:
    if not url.startswith("data:"):
        raise Declined(_sorry(400, "invalid image input"))
    try:
        return openai_models.picture(url, "")
    except Declined as error:
        raise Declined(_sorry(400, "invalid image input")) from error


def _shortened(turns: tuple[Turn, ...], room: int) -> tuple[Turn, ...]:
    """Return the newest turns that fit, and of a single one that does not, its end."""
    while len(turns) > 1 and sum(tokens(turn.text) for turn in turns) > room:
        turns = turns[1:]
    return tuple(turn if tokens(turn.text) <= room else replace(turn, text=cut(turn.text[::-1], room)[::-1]) for turn in turns)


WIRE = Wire("ollama", _sorry, _routes, lambda url: {"OLLAMA_BASE_URL": f"{url}/v1"})
