"""Plain requests to the services that the server answers as."""

from __future__ import annotations

import http.client
import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from onbrief_sandbox.server.serve import HOST


@dataclass(frozen=True, slots=True)
class Told:
    """An answer."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict[str, str])

    @property
    def json(self) -> Any:
        return json.loads(self.body)


def ask(port: int, path: str, document: object = None, headers: Mapping[str, str] = {}, method: str = "POST") -> Told:
    """Send JSON, or nothing."""
    body = b"" if document is None else json.dumps(document).encode()
    return _sent(port, path, body, {"content-type": "application/json", **headers}, method)


def form(port: int, path: str, fields: Mapping[str, str | bytes], headers: Mapping[str, str] = {}) -> Told:
    """Send a form; bytes are files."""
    boundary = uuid.uuid4().hex
    parts: list[bytes] = []
    for name, value in fields.items():
        file = f'; filename="{name}.png"' if isinstance(value, bytes) else ""
        head = f'--{boundary}\r\ncontent-disposition: form-data; name="{name}"{file}\r\n\r\n'
        parts += [head.encode(), value if isinstance(value, bytes) else value.encode(), b"\r\n"]
    body = b"".join([*parts, f"--{boundary}--\r\n".encode()])
    return _sent(port, path, body, {"content-type": f"multipart/form-data; boundary={boundary}", **headers}, "POST")


def _sent(port: int, path: str, body: bytes, headers: Mapping[str, str], method: str) -> Told:
    connection = http.client.HTTPConnection(HOST, port, timeout=60)
    try:
        connection.request(method, path, body, dict(headers))
        answer = connection.getresponse()
        return Told(answer.status, answer.read(), {name.lower(): value for name, value in answer.getheaders()})
    finally:
        connection.close()
