"""The server's application: handles each call from the request body to the response."""

from __future__ import annotations

import asyncio
import os
import sys
import time
import uuid
from collections.abc import AsyncGenerator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from onbrief_sandbox.server import (
    answers,
    claude,
    converse,
    easel,
    images,
    limits,
    messages,
    mind,
    receiving,
    requests,
    streams,
)
from onbrief_sandbox.server.bill import Entry, digest
from onbrief_sandbox.server.catalogue import Called, find
from onbrief_sandbox.server.claude import Asked, Completion
from onbrief_sandbox.server.conversation import Answer
from onbrief_sandbox.server.faults import Fault, Operation
from onbrief_sandbox.server.images import Order
from onbrief_sandbox.server.refusals import Refusal
from onbrief_sandbox.server.terms import Terms as Terms
from onbrief_sandbox.server.wires.mounting import mounts

Endpoint = Callable[[Request], Awaitable[Response]]
_THROTTLED = {
    "requests": "Too many requests, please wait before trying again.",
    "tokens": "Too many tokens, please wait before trying again.",
}
Work = Callable[["Terms", Request, Operation, str], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class Call:
    """One valid call."""

    id: str
    called: Called
    operation: Operation
    sha256: str
    fault: Fault | None
    began: float
    seconds: float
    """The minimum duration, from `began`."""

    def entry(self, usd: float, answer: str) -> Entry:
        """Return the call's line on the bill."""
        outcome = answer if self.fault is None or self.fault.does == "delay" else self.fault.does
        return Entry(self.id, self.called.id, self.operation, self.sha256, usd, outcome)


def application(terms: Terms) -> Starlette:
    """Return the application for these settings."""

    def doing(work: Work, operation: Operation) -> Endpoint:
        async def endpoint(request: Request) -> Response:
            return await _served(terms, request, operation, work)

        return endpoint

    @asynccontextmanager
    async def working(_: Starlette) -> AsyncGenerator[None]:
        """Paint and read pictures in as many threads as there are processors."""
        threads = ThreadPoolExecutor(os.cpu_count())
        asyncio.get_running_loop().set_default_executor(threads)
        try:
            yield
        finally:
            threads.shutdown(wait=False, cancel_futures=True)

    return Starlette(
        routes=[
            Route(f"/model/{{model_id:path}}/{name}", endpoint, methods=["POST"])
            for name, endpoint in (
                ("invoke", doing(_answered, "InvokeModel")),
                ("invoke-with-response-stream", doing(_answered, "InvokeModelWithResponseStream")),
                ("converse", doing(_answered, "Converse")),
                ("converse-stream", doing(_answered, "ConverseStream")),
                ("count-tokens", doing(_counted, "Converse")),
            )
        ]
        + [
            Route("/logging/modelinvocations", partial(_logging, terms)),
            Route("/anthropic/v1/messages", doing(_answered, "Messages"), methods=["POST"]),
            Route("/anthropic/v1/messages/count_tokens", doing(_counted, "Messages"), methods=["POST"]),
        ]
        + mounts(terms),
        exception_handlers={HTTPException: _elsewhere},
        lifespan=working,
    )


async def _served(terms: Terms, request: Request, operation: Operation, work: Work) -> Response:
    request_id = str(uuid.uuid4())
    refusal = answers.refusal_of_anthropic if operation == "Messages" else answers.refusal
    try:
        return await work(terms, request, operation, request_id)
    except Refusal as refused:
        return refusal(request_id, refused, dict(refused.headers))
    except ClientDisconnect:
        return Response()  # the client is gone
    except asyncio.CancelledError:  # the server is shutting down during the call
        return refusal(request_id, Refusal("InternalServerException", "The service is shutting down."))
    except Exception as error:  # noqa: BLE001 - clients always get an error in the service's format
        print(f"sandbox: {type(error).__name__}: {error}", file=sys.stderr)
        failed = Refusal("InternalServerException", "The system encountered an unexpected error during processing.")
        return refusal(request_id, failed)


async def _received(terms: Terms, request: Request, *, by_profile: bool) -> tuple[Called, bytes]:
    """Return the model of a request, named in its path or its body, and the body."""
    receiving.refuse_web_pages(request)
    if "model_id" not in request.path_params:
        receiving.require_key(request)
    body = await receiving.whole_body(request)
    identifier = request.path_params.get("model_id") or await asyncio.to_thread(requests.model_named, body)
    return find(identifier, terms.ended, by_profile=by_profile), body


async def _logging(terms: Terms, request: Request) -> Response:
    """Answer GetModelInvocationLoggingConfiguration."""
    return answers.reply(str(uuid.uuid4()), terms.log.config if terms.log else {})


async def _counted(terms: Terms, request: Request, operation: Operation, request_id: str) -> Response:
    """Count tokens, which costs nothing."""
    called, body = await _received(terms, request, by_profile=False)
    version = request.headers.get("anthropic-version")
    counted = await asyncio.to_thread(requests.count, called, operation, body, version)
    return answers.reply(request_id, {"input_tokens" if operation == "Messages" else "inputTokens": counted})


async def _answered(terms: Terms, request: Request, operation: Operation, request_id: str) -> Response:
    began = time.monotonic()
    called, body = await _received(terms, request, by_profile=operation != "Messages")
    version = request.headers.get("anthropic-version")
    asked = await asyncio.to_thread(requests.read, called, operation, body, version)
    fault = terms.script.next(called, operation)
    seconds = terms.seconds(called) + (fault.delay if fault else 0.0)
    call = Call(request_id, called, operation, digest(body), fault, began, seconds)
    logged = terms.log is not None and isinstance(asked, Order)
    if fault and (fault.does == "status" or (fault.does == "reset" and not logged)):
        return await _failed(terms, call, fault)
    if isinstance(asked, Order):
        _admit(terms, call)
        terms.bill.add(call.entry(called.model.usd * len(asked.seeds), "picture"))
        whole = answers.reply(request_id, await _pictures(asked, fault))
        if terms.log:  # after a minute or so in the service; an answer that is lost is in it all the same
            await _wait(call)
            await asyncio.to_thread(terms.log.add, request_id, called.id, request.headers, body, bytes(whole.body))
    else:
        whole = await _completed(terms, call, asked)
    await _wait(call)
    if fault and fault.does == "reset":
        return answers.Reset()
    return answers.Cut(whole, fault.byte_of(len(whole.body))) if fault and fault.does == "cut" else whole


async def _failed(terms: Terms, call: Call, fault: Fault) -> Response:
    """Handle a call with a scripted reset or error."""
    if fault.accepted:
        terms.bill.add(call.entry(call.called.model.usd if fault.does == "reset" else 0.0, fault.does))
    await _wait(call)
    if fault.does == "reset":
        return answers.Reset()
    refusal = answers.refusal_of_anthropic if call.operation == "Messages" else answers.refusal
    return refusal(call.id, Refusal(fault.type, fault.message, status=fault.status), fault.headers)


async def _pictures(order: Order, fault: Fault | None) -> dict[str, object]:
    match fault.does if fault else None:
        case "filtered":
            assert fault is not None
            return images.filtered(order, fault.reason)
        case "empty":
            return images.reply(order, [])
        case ("blank" | "truncated" | "text") as how:
            return images.reply(order, [easel.spoil(picture, how) for picture in await images.paint(order)])
        case _:
            return images.reply(order, await images.paint(order))


async def _completed(terms: Terms, call: Call, asked: Asked) -> Response:
    completion = claude.ended(asked, await mind.answer(asked.conversation))
    if call.fault:
        completion = _with_fault(completion, call.fault)
    told = _admit(terms, call, completion.tokens_in + completion.tokens_out)
    terms.bill.add(
        call.entry(call.called.price(completion.tokens_in, completion.tokens_out), "tool" if completion.answer.tool else "text")
    )
    latency = max(call.seconds, time.monotonic() - call.began)
    match call.operation:
        case "Converse":
            return answers.reply(call.id, converse.reply(completion, latency))
        case "ConverseStream":
            events = streams.of_converse(converse.reply(completion, latency))
            return answers.Streamed(call.id, streams.as_messages(events), streams.EVENT_STREAM)
        case "InvokeModelWithResponseStream":
            events = streams.of_message(messages.reply(call.called, completion), latency)
            return answers.Streamed(call.id, streams.as_chunks(events), streams.EVENT_STREAM)
        case "Messages" if asked.stream:
            events = streams.of_message(messages.reply(call.called, completion), latency)
            return answers.Streamed(call.id, streams.as_server_sent(events), streams.SERVER_SENT)
        case _:
            whole = answers.reply(call.id, messages.reply(call.called, completion))
            whole.headers.update(told)
            return whole


def _admit(terms: Terms, call: Call, tokens: int = 0) -> dict[str, str]:
    """Count a call that uses so many tokens. Return the headers in which the service tells where its limits stand; Bedrock
    tells nothing.

    Raises:
        Refusal: it exceeds a limit.
    """
    called, of_anthropic = call.called, call.operation == "Messages"
    standings = terms.limits.take(called, call.operation, tokens, terms.clock, called.id)
    told = limits.headers(standings, "anthropic-ratelimit") if of_anthropic else {}
    if late := limits.exceeded(standings):
        words = f"This request would exceed your rate limit of {late.rate}." if of_anthropic else _THROTTLED[late.rate.counted]
        headers = told | limits.retry_after(late) if of_anthropic else {}
        raise Refusal("ThrottlingException", words, headers=headers)
    return told


def _with_fault(completion: Completion, fault: Fault) -> Completion:
    """Return an answer with a fault applied."""
    match fault.does:
        case "filtered":
            completion = replace(completion, answer=Answer(), stop="content_filtered")
        case "empty" | "blank":
            completion = replace(completion, answer=Answer())
        case "truncated":
            completion = claude.halved(completion)
        case "text":
            completion = replace(completion, answer=Answer(fault.text), stop="end_turn")
        case _:
            pass
    return replace(completion, stop=fault.stop_reason) if fault.stop_reason else completion


async def _wait(call: Call) -> None:
    await asyncio.sleep(max(0.0, call.began + call.seconds - time.monotonic()))


async def _elsewhere(request: Request, error: Exception) -> Response:
    """Respond to paths and methods that the service does not have."""
    assert isinstance(error, HTTPException)
    refused = Refusal("UnknownOperationException", f"There is no {request.method} here.", status=error.status_code)
    return answers.refusal(str(uuid.uuid4()), refused, dict(error.headers or {}))
