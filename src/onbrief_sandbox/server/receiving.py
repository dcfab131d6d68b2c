"""Read requests: only from this machine, not from web pages, and with a whole body of a size that is allowed."""

from __future__ import annotations

import asyncio
from ipaddress import ip_address
from urllib.parse import urlsplit

from starlette.requests import Request

from onbrief_sandbox.server.refusals import Refusal, invalid

MAX_BODY = 25_000_000
"""The limit of Bedrock for a request body, in bytes."""

_DRAINED = 8 * MAX_BODY  # bytes read and discarded, so that a client that sends the whole body first receives the error
_PATIENCE = 60.0  # seconds to wait for the next bytes of the body


def refuse_web_pages(request: Request) -> None:
    """Refuse what a page in a browser can send: any of its requests has an Origin; the name of its own site may lead to this
    address (DNS rebinding), so the Host must be a name of this machine; and without asking first, it can send neither JSON
    nor an Authorization. Clients of AWS send JSON, but boto3 may not say so.

    Raises:
        Refusal: the request may come from a web page.
    """
    if "origin" in request.headers:
        raise Refusal("AccessDeniedException", "Requests of web pages are not served.")
    if not _is_loopback(request.headers.get("host", "")):
        raise Refusal("AccessDeniedException", "The Host must be localhost or a loopback address.")
    kind = request.headers.get("content-type")
    if kind.partition(";")[0].strip().lower() != "application/json" if kind else "authorization" not in request.headers:
        raise invalid("The provided Content-Type is not supported. Supported: application/json")


def require_key(request: Request) -> None:
    """Refuse a request to Anthropic's own API that has no key at all, neither of Anthropic nor of AWS.

    Raises:
        Refusal: it has none.
    """
    if not (request.headers.get("x-api-key") or request.headers.get("authorization")):
        raise Refusal("AccessDeniedException", "x-api-key header is required", status=401)


def _is_loopback(host: str) -> bool:
    """Return whether a Host header, with a port or without, names this machine."""
    try:
        name = urlsplit(f"//{host}").hostname or ""
        return name == "localhost" or ip_address(name).is_loopback
    except ValueError:
        return False


async def whole_body(request: Request) -> bytes:
    """Read the whole body.

    Raises:
        Refusal: the body is too large, or the client stopped sending it.
        ClientDisconnect: the client closed the connection.
    """
    chunks: list[bytes] = []
    size = 0
    stream = request.stream()
    while True:
        try:
            async with asyncio.timeout(_PATIENCE):
                chunk = await anext(stream, None)
        except TimeoutError as error:
            raise Refusal("RequestTimeoutException", "The body did not come in time.") from error
        if chunk is None:
            break
        size += len(chunk)
        if size > MAX_BODY:
            chunks.clear()
        else:
            chunks.append(chunk)
        if size > _DRAINED:
            break
    if size > MAX_BODY:
        raise invalid(
            "1 validation error detected: Value at 'body' failed to satisfy constraint: "
            f"Member must have length less than or equal to {MAX_BODY}"
        )
    return b"".join(chunks)
