"""HTTP responses: replies and errors in the format of the service, and two kinds of broken responses."""

from __future__ import annotations

import asyncio
import json
import socket
import struct
from collections.abc import Iterable
from typing import cast

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from onbrief_sandbox.server.refusals import Refusal

_ANTHROPIC_TYPES = {
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    408: "timeout_error",
    413: "request_too_large",
    429: "rate_limit_error",
    503: "overloaded_error",
    529: "overloaded_error",
}


def reply(request_id: str, document: dict[str, object]) -> Response:
    """Return a successful response."""
    return Response(_json(document), headers={"x-amzn-RequestId": request_id}, media_type="application/json")


def refusal(request_id: str, refused: Refusal, headers: dict[str, str] | None = None) -> Response:
    """Return an error response."""
    sent = {"x-amzn-RequestId": request_id, "x-amzn-ErrorType": refused.type, **(headers or {})}
    return Response(_json({"message": refused.message}), refused.status, sent, "application/json")


def refusal_of_anthropic(request_id: str, refused: Refusal, headers: dict[str, str] | None = None) -> Response:
    """Return an error response of the Messages API."""
    kind = _ANTHROPIC_TYPES.get(refused.status, "api_error" if refused.status >= 500 else "invalid_request_error")
    error = {"type": kind, "message": refused.message}
    document: dict[str, object] = {"type": "error", "error": error, "request_id": request_id}
    return Response(_json(document), refused.status, {"request-id": request_id, **(headers or {})}, "application/json")


class Streamed(Response):
    """A successful response whose body is sent in pieces."""

    def __init__(self, request_id: str, pieces: Iterable[bytes], media_type: str) -> None:
        self._pieces = tuple(pieces)
        headers = {"x-amzn-RequestId": request_id, "X-Amzn-Bedrock-Content-Type": "application/json"}
        super().__init__(b"".join(self._pieces), headers=headers, media_type=media_type)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See Starlette's Response."""
        await send({"type": "http.response.start", "status": self.status_code, "headers": _unmeasured(self)})
        for piece in self._pieces:
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b""})


class Reset(Response):
    """No response: the connection is reset before the first byte."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See Starlette's Response."""
        transport = _transport(scope)
        plug = cast("socket.socket", transport.get_extra_info("socket"))
        plug.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()
        await _gone(receive)


class Cut(Response):
    """A response, with a Content-Length unless it is streamed, whose connection closes after `byte` bytes of the body."""

    def __init__(self, whole: Response, byte: int) -> None:
        super().__init__(whole.body, whole.status_code, dict(whole.headers))
        self._sent = _unmeasured(whole) if isinstance(whole, Streamed) else whole.raw_headers
        self._byte = byte

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See Starlette's Response."""
        await send({"type": "http.response.start", "status": self.status_code, "headers": self._sent})
        await send({"type": "http.response.body", "body": bytes(self.body)[: self._byte], "more_body": True})
        _transport(scope).close()
        await _gone(receive)


def _unmeasured(response: Response) -> list[tuple[bytes, bytes]]:
    return [(name, value) for name, value in response.raw_headers if name != b"content-length"]


def _transport(scope: Scope) -> asyncio.Transport:
    """Return the connection of a request, which connections.py stored in the scope."""
    return cast("asyncio.Transport", scope["state"]["transport"])


async def _gone(receive: Receive) -> None:
    """Wait until the connection is closed; otherwise the server would log an incomplete response."""
    while (await receive())["type"] != "http.disconnect":
        pass


def _json(document: dict[str, object]) -> bytes:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
