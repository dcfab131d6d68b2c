"""A server that keeps the bodies it is sent, and answers each with the next of its replies: for what the sandbox server does
not show or say.
"""

from __future__ import annotations

import base64
import io
import json
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from PIL import Image


def _png() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (64, 64), "red").save(out, "PNG")
    return out.getvalue()


PNG = _png()
PICTURE = base64.b64encode(PNG).decode()


@dataclass(frozen=True, slots=True)
class Reply:
    """An HTTP answer. `hangs_up`: the connection is closed after it, and nothing says so before. `stalls`: its body has no
    end. `endless_head`: its head has no end, and it has no body.
    """

    document: object = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict[str, str])
    raw: bytes | None = None
    hangs_up: bool = False
    stalls: bool = False
    endless_head: bool = False


@dataclass(slots=True)
class Recorder:
    """A running server. `paths`, `bodies` and `headers` are those of the requests, oldest first. The last reply is
    repeated; it may be a function of the body.
    """

    replies: tuple[Reply | Callable[[Any], Reply], ...]
    port: int = 0
    paths: list[str] = field(default_factory=list[str])
    bodies: list[Any] = field(default_factory=list[Any])
    headers: list[dict[str, str]] = field(default_factory=list[dict[str, str]])
    over: threading.Event = field(default_factory=threading.Event)
    cut: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    """Released for each endless answer that the client did not wait for."""

    def will(self, *replies: Reply) -> None:
        """Forget what was sent, and give these replies from now on."""
        self.replies = replies
        self.paths.clear()
        self.bodies.clear()
        self.headers.clear()


@contextmanager
def recording(*replies: Reply | Callable[[Any], Reply]) -> Generator[Recorder]:
    """A server with these replies."""
    recorder = Recorder(replies)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"] or 0))
            recorder.paths.append(self.path)
            recorder.headers.append({name.lower(): value for name, value in self.headers.items()})
            recorder.bodies.append(json.loads(body) if body.startswith(b"{") else body)
            reply = recorder.replies[min(len(recorder.bodies), len(recorder.replies)) - 1]
            if not isinstance(reply, Reply):
                reply = reply(recorder.bodies[-1])
            data = json.dumps(reply.document).encode() if reply.raw is None else reply.raw
            self.send_response(reply.status)
            for name, value in {"Content-Type": "application/json", **reply.headers}.items():
                self.send_header(name, value)
            if reply.endless_head:
                self.flush_headers()
                self.trickle(b"X")
                return
            self.send_header("Content-Length", str(len(data) + (100_000 if reply.stalls else 0)))
            self.end_headers()
            self.wfile.write(data)
            if reply.stalls:
                self.trickle(b" ")
            self.close_connection = reply.hangs_up or reply.stalls

        do_GET = do_PUT = do_POST  # noqa: N815

        def trickle(self, drop: bytes) -> None:
            """Send drop by drop, so that no single read takes too long, until the client closes the connection."""
            self.close_connection = True
            try:
                while not recorder.over.wait(0.02):
                    self.wfile.write(drop)
            except OSError:
                recorder.cut.release()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        recorder.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield recorder
        finally:
            recorder.over.set()
            server.shutdown()
            thread.join()
