"""The server's connections: requests that are not valid HTTP also get errors in the format of the service."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import h11
from uvicorn.config import Config
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState


class Connection(H11Protocol):
    """One connection. It stores its transport in the state of each request, for the broken responses in answers.py."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, dict(app_state), _loop)

    def connection_made(self, transport: asyncio.Transport) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        """See asyncio.Protocol."""
        super().connection_made(transport)
        self.app_state["transport"] = transport

    def send_400_response(self, msg: str) -> None:
        """Respond to a request that is not valid HTTP."""
        if self.conn.our_state not in (h11.IDLE, h11.SEND_RESPONSE):  # another response is already being sent
            self.transport.close()
            return
        body = json.dumps({"message": msg}).encode()
        headers = [
            ("content-type", "application/json"),
            ("content-length", str(len(body))),
            ("x-amzn-errortype", "ValidationException"),
            ("connection", "close"),
        ]
        for event in (h11.Response(status_code=400, headers=headers), h11.Data(data=body), h11.EndOfMessage()):
            self.transport.write(self.conn.send(event) or b"")
        self.transport.close()
