"""OpenAI's language models, at Chat Completions and at Responses, below the path of OpenAI."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import replace

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from onbrief_sandbox.server import answers, receiving
from onbrief_sandbox.server.form import Form, parse
from onbrief_sandbox.server.streams import SERVER_SENT
from onbrief_sandbox.server.wires import openai_chat, openai_errors, openai_models, openai_responses
from onbrief_sandbox.server.wires.desk import Declined, Desk, WireCall
from onbrief_sandbox.server.wires.openai_errors import PARAMETERS
from onbrief_sandbox.server.wires.openai_models import Asked, Completion

_NO_KEY = (
    "You didn't provide an API key. You need to provide your API key in an Authorization header using Bearer auth "
    "(i.e. Authorization: Bearer YOUR_KEY)."
)


def language_routes(desk: Desk) -> Sequence[BaseRoute]:
    """Return the routes of the language models; the errors of `desk` are made here."""
    desk = replace(desk, sorry=openai_errors.response)

    async def chat(request: Request, body: bytes) -> Response:
        receiving.refuse_web_pages(request)
        admit(request)
        asked = await asyncio.to_thread(lambda: openai_chat.read(Form(parse(body), PARAMETERS)))

        def said(completion: Completion) -> Response:
            model = asked.asked.model.id
            if asked.stream:
                return streamed(openai_chat.streamed(model, completion, with_usage=asked.usage))
            return openai_errors.document(openai_chat.reply(model, completion))

        return await _answered(desk, "chat", asked.asked, body, said)

    async def respond(request: Request, body: bytes) -> Response:
        receiving.refuse_web_pages(request)
        admit(request)
        asked = await asyncio.to_thread(lambda: openai_responses.read(Form(parse(body), PARAMETERS)))

        def said(completion: Completion) -> Response:
            document = openai_responses.reply(asked.asked.model.id, completion)
            return streamed(openai_responses.streamed(document)) if asked.stream else openai_errors.document(document)

        return await _answered(desk, "respond", asked.asked, body, said)

    return [
        Route("/v1/chat/completions", desk.endpoint(chat), methods=["POST"]),
        Route("/v1/responses", desk.endpoint(respond), methods=["POST"]),
    ]


def streamed(pieces: Iterable[bytes]) -> Response:
    """Return a response of server-sent events."""
    response = answers.Streamed("", pieces, SERVER_SENT)
    for name in ("x-amzn-RequestId", "X-Amzn-Bedrock-Content-Type"):
        del response.headers[name]
    return response


def coded(desk: Desk, call: WireCall) -> Desk:
    """Return the desk whose errors have the code that a script gives to this call."""
    kind = call.fault.type if call.fault else ""
    if not kind or kind.endswith("Exception"):  # the names of another service, which scripts have by default
        return desk

    def sorry(status: int, message: str) -> Response:
        return openai_errors.response(status, message, kind)

    return replace(desk, sorry=sorry)


async def _answered(desk: Desk, operation: str, asked: Asked, body: bytes, said: Callable[[Completion], Response]) -> Response:
    call = desk.call(operation, asked.model, body)
    completion = await openai_models.complete(asked, call.fault)

    async def make() -> Response:
        return said(completion)

    made: Callable[[], Awaitable[Response]] = make
    kind = "tool" if completion.tool else "text"
    usd, used = openai_models.price(asked.model, completion), completion.tokens_in + completion.tokens_out
    return await coded(desk, call).answered(call, made, usd, kind, used)


def admit(request: Request) -> None:
    """Decline requests without a key; pages in a browser cannot send one without asking first.

    Raises:
        Declined: it has none.
    """
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not key.strip():
        raise Declined(openai_errors.response(401, _NO_KEY))
