"""Runs the server on the loopback interface until a signal."""

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

_IDLE = 60  # seconds after which idle connections are closed, as in the service
_LEAVE = 2  # seconds for open calls to finish when the server shuts down


class _Server(uvicorn.Server):
    """Shuts down on Ctrl-C and SIGTERM without raising the signal again, because that is the normal way to end it."""

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None]:
        with super().capture_signals():
            yield
            self._captured_signals.clear()


def listen(port: int) -> socket.socket:
    """Return a listening socket on the loopback interface. Port 0 selects a free port.

    Raises:
        UsageError: the port is in use or not allowed.
    """
    # asyncio sets TCP_NODELAY only on sockets with an explicit protocol; without it, each response is delayed by 40 ms.
    plug = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    plug.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        plug.bind((HOST, port))
        plug.listen(2048)
    except (OSError, OverflowError) as error:
        plug.close()
        reason = error.strerror if isinstance(error, OSError) else "not a port number"
        raise UsageError.of("port", port, f"a free port from 1 to 65535, or 0 for any ({reason})") from error
    return plug


def serve(plug: socket.socket, terms: Terms, *, started: Callable[[uvicorn.Server], None] = lambda server: None) -> None:
    """Answer calls on this socket until a signal arrives. `started` receives the server, whose `should_exit` also stops it."""
    warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # such pictures are rejected with an error
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
