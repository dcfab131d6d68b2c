"""Starts the server on loopback and ends it on a signal."""

from __future__ import annotations

import contextlib
import socket
import warnings
from collections.abc import Callable, Generator

import uvicorn
from PIL import Image

from onbrief.errors import UsageError
from onbrief_sandbox.server.app import Terms, application
from onbrief_sandbox.server.connections import Connection

HOST = "127.0.0.1"

_IDLE = 60  # seconds after which an idle connection is closed, as the service does
_LEAVE = 2  # seconds that calls under way get when the server ends


class _Server(uvicorn.Server):
    """Ends on Ctrl-C and SIGTERM and leaves it at that: it has done what it was for."""

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None]:
        with super().capture_signals():
            yield
            self._captured_signals.clear()


def listen(port: int) -> socket.socket:
    """A socket on loopback; port 0 is a free one.

    Raises:
        UsageError: a port that is taken or not allowed.
    """
    # With the protocol spelt out, asyncio sends small packets at once; otherwise each answer waits 40 ms for the client.
    plug = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    plug.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        plug.bind((HOST, port))
        plug.listen(2048)
    except (OSError, OverflowError) as error:
        plug.close()
        told = error.strerror if isinstance(error, OSError) else "no port"
        raise UsageError.of("port", port, f"a free port from 1 to 65535, or 0 for any ({told})") from error
    return plug


def serve(plug: socket.socket, terms: Terms, *, started: Callable[[uvicorn.Server], None] = lambda server: None) -> None:
    """Answer calls on this socket until a signal comes, or until the server that `started` is told of should exit."""
    warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # such pictures are refused in words
    config = uvicorn.Config(
        application(terms),
        http=Connection,
        ws="none",
        lifespan="on",
        loop="asyncio",
        log_config=None,
        log_level="critical",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=_IDLE,
        timeout_graceful_shutdown=_LEAVE,
    )
    server = _Server(config)
    started(server)
    try:
        server.run(sockets=[plug])
    finally:
        plug.close()
        terms.bill.close()
