"""Google's Gemini API: generateContent of models that draw and of models that write, countTokens and the list of models."""

from __future__ import annotations

import asyncio
import base64
import io
import json
import re
import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from PIL import Image
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from onbrief_sandbox.language import editing
from onbrief_sandbox.server import answers, claude, easel, mind
from onbrief_sandbox.server.conversation import Answer
from onbrief_sandbox.server.limits import Standing
from onbrief_sandbox.server.tokens import tokens
from onbrief_sandbox.server.wires import gemini
from onbrief_sandbox.server.wires.catalogue import SERVICES, WireModel
from onbrief_sandbox.server.wires.desk import Declined, Desk, Wire, WireCall
from onbrief_sandbox.server.wires.gemini import Ask

_MODELS = SERVICES["google"].models
_STATUSES = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    402: "RESOURCE_EXHAUSTED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    409: "ABORTED",
    429: "RESOURCE_EXHAUSTED",
    499: "CANCELLED",
    501: "UNIMPLEMENTED",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}
_NO_KEY = (
    "Method doesn't allow unregistered callers (callers without established identity). Please use API Key or other form of API "
    "consumer identity to call this API."
)
_PICTURE_IN = 1120  # tokens of a picture in a request
_STOPS = {"max_tokens": "MAX_TOKENS"}
_PIECES = 3  # of an answer that is streamed

Document = dict[str, object]


@dataclass(frozen=True, slots=True)
class _Usage:
    """The tokens of a call: of the request, in it of pictures, and of the answer in words, in thoughts and in a picture."""

    prompt: int
    shown: int = 0
    words: int = 0
    thoughts: int = 0
    picture: int = 0

    def usd(self, model: WireModel) -> float:
        facts = model.facts
        written = facts["usd_out"] * (self.words + self.thoughts) + facts.get("usd_image", 0.0) * self.picture
        return round((facts["usd_in"] * self.prompt + written) / 1e6, 9)

    @property
    def total(self) -> int:
        return self.prompt + self.words + self.picture + self.thoughts

    def document(self) -> Document:
        out = self.words + self.picture
        document: Document = {"promptTokenCount": self.prompt, "totalTokenCount": self.total}
        parts = {"TEXT": self.prompt - self.shown, "IMAGE": self.shown}
        document["promptTokensDetails"] = [{"modality": name, "tokenCount": count} for name, count in parts.items() if count]
        if out:
            document["candidatesTokenCount"] = out
        if self.picture:
            document["candidatesTokensDetails"] = [{"modality": "IMAGE", "tokenCount": self.picture}]
        if self.thoughts:
            document["thoughtsTokenCount"] = self.thoughts
        return document


@dataclass(frozen=True, slots=True)
class _Reply:
    """What a model answers: the parts of its content, why it stopped, and the tokens; or why the prompt is blocked."""

    parts: Sequence[Document]
    stop: str
    usage: _Usage
    blocked: str = ""

    def document(self, call: WireCall) -> Document:
        document: Document = {} if self.blocked else {"candidates": [_candidate(self.parts, self.stop)]}
        if self.blocked:
            document["promptFeedback"] = {"blockReason": self.blocked}
        return document | {"usageMetadata": self.usage.document(), "modelVersion": call.model.id, "responseId": call.id}


def _sorry(status: int, message: str) -> Response:
    named = _STATUSES.get(status, "INTERNAL" if status >= 500 else "INVALID_ARGUMENT")
    return _json({"error": {"code": status, "message": message, "status": named}}, status)


def _limited(model: str, standing: Standing) -> Response:
    """Answer a call above a limit: which one, and how long to wait, is said in details alone."""
    counted = "Requests" if standing.rate.counted == "requests" else "InputTokens"
    quota = f"GenerateContent{counted}PerMinutePerProjectPerModel"
    details: list[object] = [
        {
            "@type": "type.googleapis.com/google.rpc.QuotaFailure",
            "violations": [{"quotaId": quota, "quotaDimensions": {"model": model}}],
        },
        {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": f"{standing.wait:.3f}s"},
    ]
    message = f"You exceeded your current quota. Please retry in {standing.wait:.3f}s."
    return _json({"error": {"code": 429, "message": message, "status": _STATUSES[429], "details": details}}, 429)


def _routes(desk: Desk) -> Sequence[BaseRoute]:
    def route(path: str, work: Callable[[Desk, Request, bytes], Awaitable[Response]], method: str = "POST") -> list[Route]:
        async def known(request: Request, body: bytes) -> Response:
            if not (request.headers.get("x-goog-api-key") or request.query_params.get("key")):
                raise Declined(_sorry(403, _NO_KEY))
            return await work(desk, request, body)

        endpoint = desk.endpoint(known)
        return [Route(f"/{version}/models{path}", endpoint, methods=[method]) for version in ("v1beta", "v1")]

    return [
        *route("/{model}:generateContent", _generated),
        *route("/{model}:streamGenerateContent", _generated),
        *route("/{model}:countTokens", _counted),
        *route("", _listed, "GET"),
        *route("/{model}", _described, "GET"),
    ]


async def _generated(desk: Desk, request: Request, body: bytes) -> Response:
    model = _model(desk, request)
    ask = await asyncio.to_thread(gemini.read, model, body)
    operation = ("edit" if ask.pictures else "draw") if gemini.draws(model) else "ask"
    call = desk.call(operation, model, body)
    if call.has("status"):
        return await desk.answered(call, _nothing, 0.0)
    reply = await _drawn(call, ask) if gemini.draws(model) else await _written(call, ask)
    if call.fault and call.fault.stop_reason:
        reply = replace(reply, stop=call.fault.stop_reason)

    async def made() -> Response:
        if ":stream" in request.url.path:
            return _streamed(call, reply, as_events=request.query_params.get("alt") == "sse")
        return _json(reply.document(call))

    kind = "picture" if gemini.draws(model) else "tool" if any("functionCall" in part for part in reply.parts) else "text"
    return await desk.answered(call, made, reply.usage.usd(model), kind, reply.usage.total)


async def _counted(desk: Desk, request: Request, body: bytes) -> Response:
    model = _model(desk, request)
    ask = await asyncio.to_thread(gemini.counted, model, body)

    async def made() -> Response:
        return _json({"totalTokens": _size(ask)})

    return await desk.answered(desk.call("count", model, body), made)


async def _listed(desk: Desk, request: Request, body: bytes) -> Response:
    return _json({"models": [_about(model) for model in _MODELS.values() if not _ended(desk, model)]})


async def _described(desk: Desk, request: Request, body: bytes) -> Response:
    return _json(_about(_model(desk, request)))


async def _nothing() -> Response:
    return Response()


def _model(desk: Desk, request: Request) -> WireModel:
    name = request.path_params["model"]
    model = _MODELS.get(name)
    if model is None or _ended(desk, model):
        missing = (
            f"models/{name} is not found for API version v1beta, or is not supported for generateContent. Call ListModels to"
        )
        raise Declined(_sorry(404, f"{missing} see the list of available models and their supported methods."))
    return model


def _ended(desk: Desk, model: WireModel) -> bool:
    return bool(model.facts.get("ended")) or any(model.fits(pattern) for pattern in desk.terms.ended)


async def _drawn(call: WireCall, ask: Ask) -> _Reply:
    """Draw, or edit the first picture of the request as its words ask for."""
    model, usage = call.model, _Usage(_size(ask), _PICTURE_IN * len(ask.pictures))
    thoughts = replace(usage, thoughts=model.facts.get("thoughts", 0))
    if call.has("filtered"):
        assert call.fault is not None
        match call.fault.reason:
            case "prompt" | "input image":
                return _Reply((), "", usage, "PROHIBITED_CONTENT" if call.fault.reason == "prompt" else "IMAGE_SAFETY")
            case "output image":
                return _Reply((), "IMAGE_SAFETY", thoughts)
            case _:
                return _Reply((), "IMAGE_OTHER", thoughts)
    if call.has("empty"):
        return _Reply((), "NO_IMAGE", thoughts)
    usage = replace(thoughts, picture=model.facts["images"][ask.size])
    if usage.thoughts + usage.picture > (gemini.MAX_OUTPUT if ask.max_tokens is None else ask.max_tokens):
        return _Reply((), "MAX_TOKENS", replace(thoughts, words=ask.max_tokens or 0, thoughts=0))
    size, seed = gemini.pixels(model, ask), secrets.randbelow(2**31) if ask.seed is None else ask.seed
    if ask.pictures:
        picture = await easel.edit(ask.pictures[0], _instruction(ask.text), seed)
        picture = await asyncio.to_thread(_resized, picture, size)
    else:
        picture = await easel.draw(ask.text, "", size, seed)
    kind = model.facts.get("format", "png")
    data = call.spoilt(await easel.encoded(picture, kind))
    part: Document = {"inlineData": {"mimeType": f"image/{kind}", "data": base64.b64encode(data).decode()}}
    parts = [part | ({"thoughtSignature": secrets.token_urlsafe(24)} if usage.thoughts else {})]
    if "TEXT" in (ask.modalities or ("TEXT",)):
        parts.insert(0, {"text": "Here is the picture."})
        usage = replace(usage, words=5)
    return _Reply(parts, "STOP", usage)


async def _written(call: WireCall, ask: Ask) -> _Reply:
    """Answer as a language model."""
    thoughts = call.model.facts.get("thoughts", 0)
    usage = _Usage(_size(ask), _PICTURE_IN * len(ask.pictures))
    if call.has("filtered"):
        assert call.fault is not None
        if call.fault.reason in ("prompt", "input image"):
            return _Reply((), "", usage, "PROHIBITED_CONTENT")
        return _Reply((), "SAFETY", replace(usage, thoughts=thoughts))
    room = gemini.MAX_OUTPUT if ask.max_tokens is None else ask.max_tokens
    if room <= thoughts:
        return _Reply((), "MAX_TOKENS", replace(usage, thoughts=room))
    asked = claude.Asked(ask.conversation, room - thoughts, ask.stops)
    done = claude.ended(asked, await mind.answer(ask.conversation))
    if call.has("empty") or call.has("blank"):
        done = replace(done, answer=Answer())
    if call.has("truncated"):
        done = claude.halved(done)
    if call.has("text"):
        assert call.fault is not None
        done = replace(done, answer=Answer(call.fault.text), stop="end_turn")
    parts: list[Document] = [{"text": done.answer.text}] if done.answer.text else []
    if done.answer.tool and done.stop != "max_tokens":
        arguments = {"name": done.answer.tool, "args": done.answer.arguments, "id": secrets.token_hex(4)}
        parts.append({"functionCall": arguments, "thoughtSignature": base64.b64encode(secrets.token_bytes(24)).decode()})
    return _Reply(parts, _STOPS.get(done.stop, "STOP"), replace(usage, words=done.tokens_out, thoughts=thoughts))


def _size(ask: Ask) -> int:
    """Return the tokens of a request."""
    talk = ask.conversation
    schemas = [*(tool.schema for tool in talk.tools), *([talk.schema] if talk.schema else [])]
    texts = [talk.system, *(turn.text for turn in talk.turns), *map(json.dumps, schemas)]
    return sum(map(tokens, texts)) + _PICTURE_IN * len(ask.pictures)


def _instruction(text: str) -> str:
    """Return the sentence of a text that asks for a change of the picture, or the whole text."""
    sentences = [text, *filter(str.strip, re.split(r"(?<=[.!?])\s+|\n", text))]
    return next((sentence for sentence in sentences if editing.read(sentence)), text)


def _resized(picture: bytes, size: tuple[int, int]) -> bytes:
    out = io.BytesIO()
    Image.open(io.BytesIO(picture)).convert("RGB").resize(size, Image.Resampling.LANCZOS).save(out, "PNG", compress_level=3)
    return out.getvalue()


def _candidate(parts: Sequence[Document], stop: str) -> Document:
    content: Document = {"content": {"parts": list(parts), "role": "model"}} if parts else {}
    return content | ({"finishReason": stop} if stop else {}) | {"index": 0}


def _streamed(call: WireCall, reply: _Reply, *, as_events: bool) -> Response:
    """Return an answer in pieces: as server-sent events, or as one JSON array."""
    whole = reply.document(call)
    chunks = [whole] if reply.blocked else [whole | {"candidates": [_candidate([part], "")]} for part in _split(reply.parts)]
    if not reply.blocked:
        chunks.append(whole | {"candidates": [_candidate([{"text": ""}] if reply.parts else (), reply.stop)]})
    texts = [json.dumps(chunk, ensure_ascii=False) for chunk in chunks]
    pieces = [f"data: {text}\r\n\r\n" for text in texts] if as_events else [f"[{','.join(texts)}]"]
    media = "text/event-stream" if as_events else "application/json"
    answer = answers.Streamed(call.id, [piece.encode("utf-8", "replace") for piece in pieces], media)
    for name in ("x-amzn-RequestId", "X-Amzn-Bedrock-Content-Type"):
        del answer.headers[name]
    return answer


def _split(parts: Sequence[Document]) -> Sequence[Document]:
    """Return the parts with long texts in pieces."""
    found: list[Document] = []
    for part in parts:
        match part.get("text"):
            case str(text):
                step = max(1, -(-len(text) // _PIECES))
                found.extend({"text": text[at : at + step]} for at in range(0, len(text), step))
            case _:
                found.append(part)
    return found


def _about(model: WireModel) -> Document:
    return {
        "name": f"models/{model.id}",
        "version": model.id.split("-")[1],
        "displayName": model.facts["title"],
        "inputTokenLimit": 131_072 if gemini.draws(model) else 1_048_576,
        "outputTokenLimit": gemini.MAX_OUTPUT // 2 if gemini.draws(model) else gemini.MAX_OUTPUT,
        "supportedGenerationMethods": ["generateContent", "countTokens"],
    }


def _json(document: Document, status: int = 200) -> Response:
    text = json.dumps(document, ensure_ascii=False, indent=None if status == 200 else 2)
    return Response(text.encode("utf-8", "replace"), status, media_type="application/json; charset=UTF-8")


def _exports(url: str) -> Mapping[str, str]:
    return {"GOOGLE_GEMINI_BASE_URL": url, "GEMINI_API_KEY": "sandbox"}


WIRE: Final = Wire("google", _sorry, _routes, _exports, limited=_limited)
