"""A server that keeps the bodies it is sent, and answers each with the next of its replies: for what the sandbox server does
not show or say.
"""

from __future__ import annotations

import base64
import io
import json
import threading
from collections.abc import Generator
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
    end.
    """

    document: object = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict[str, str])
    raw: bytes | None = None
    hangs_up: bool = False
    stalls: bool = False


@dataclass(slots=True)
class Recorder:
    """A running server. `paths` and `bodies` are those of the requests, oldest first. The last reply is repeated."""

    replies: tuple[Reply, ...]
    port: int = 0
    paths: list[str] = field(default_factory=list[str])
    bodies: list[Any] = field(default_factory=list[Any])
    over: threading.Event = field(default_factory=threading.Event)

    def will(self, *replies: Reply) -> None:
        """Forget what was sent, and give these replies from now on."""
        self.replies = replies
        self.paths.clear()
        self.bodies.clear()


@contextmanager
def recording(*replies: Reply) -> Generator[Recorder]:
    """A server with these replies."""
    recorder = Recorder(replies)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            recorder.paths.append(self.path)
            recorder.bodies.append(json.loads(body))
            reply = recorder.replies[min(len(recorder.bodies), len(recorder.replies)) - 1]
            data = json.dumps(reply.document).encode() if reply.raw is None else reply.raw
            self.send_response(reply.status)
            for name, value in {"Content-Type": "application/json", **reply.headers}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(data) + (1000 if reply.stalls else 0)))
            self.end_headers()
            self.wfile.write(data)
            while reply.stalls and not recorder.over.wait(0.02):  # drop by drop, so that no single read takes too long
                try:
                    self.wfile.write(b" ")
                except OSError:
                    break
            self.close_connection = reply.hangs_up or reply.stalls

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
