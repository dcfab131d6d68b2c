"""An S3 bucket for tests: moto over real HTTP in this process, with faults that tests can inject."""

from __future__ import annotations

import io
import itertools
import re
import struct
import threading
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from dataclasses import dataclass, field
from html import escape
from socket import SHUT_RD, SHUT_RDWR, SO_LINGER, SOL_SOCKET, socket
from typing import TYPE_CHECKING, Any, NoReturn

import boto3
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import WSGIRequestHandler, make_server

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

BUCKET = "pictures"
HOST = "127.0.0.1"
_SIGNED_FOR = re.compile(r"Credential=[^/]+/\d{8}/([^/]+)/s3/")
_numbers = itertools.count()

Fault = Callable[[str, str], str | None]
"""Chooses the fault of a request from its method and path; None means no fault. The request is not carried out with "503
SlowDown", "404 NoSuchBucket" and the like, which are the answer, nor with "reset", which resets the connection. The request is
carried out, but not answered properly, with "lost" (answers 500), "gone" (closes the connection), "silent" (sends nothing until
the client gives up) and "cut" (closes the connection after a tenth of the answer). "idle" closes the connection after the whole
answer. "unconditional" ignores the conditions of the request."""


@dataclass(frozen=True, slots=True)
class Rights:
    """The caller's permissions, as in IAM: these actions, on keys that start with `under`. Without s3:ListBucket, S3 gives the
    same answer to a read of a missing object as to a read that is not allowed.
    """

    actions: frozenset[str]
    under: str = ""

    def allow(self, action: str, key: str) -> bool:
        """Return whether the action is allowed on the key."""
        return action in self.actions and (action == LIST or key.startswith(self.under))


PUT, GET, LIST, DELETE = "s3:PutObject", "s3:GetObject", "s3:ListBucket", "s3:DeleteObject"
LEAST = frozenset({PUT, GET})
ALL = Rights(frozenset({PUT, GET, LIST, DELETE}))


@dataclass(slots=True)
class Service:
    """A running service. `requests` are those received, as `PUT /bucket/key`; `regions` are those that they were signed for."""

    url: str
    fault: Fault = lambda method, path: None
    rights: Rights = ALL
    requests: list[str] = field(default_factory=list[str])
    regions: set[str] = field(default_factory=set[str])

    @property
    def environment(self) -> dict[str, str]:
        """The environment variables with which AWS clients find the service."""
        return {
            "AWS_ENDPOINT_URL_S3": self.url,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_REGION": "us-east-1",
            "AWS_DEFAULT_REGION": "us-east-1",
        }

    @property
    def client(self) -> Any:
        """A boto3 client of the service."""
        return boto3.client(  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
            "s3",
            endpoint_url=self.url,
            region_name="us-east-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",  # noqa: S106
        )

    def keys(self, out: str) -> list[str]:
        """Return the keys of all objects under a place, without its prefix."""
        prefix = out.removeprefix(f"s3://{BUCKET}/") + "/"
        pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix=prefix)
        return [item["Key"].removeprefix(prefix) for page in pages for item in page.get("Contents", ())]

    def read(self, out: str, key: str) -> bytes:
        """Return the bytes of one of these objects."""
        prefix = out.removeprefix(f"s3://{BUCKET}/")
        return self.client.get_object(Bucket=BUCKET, Key=f"{prefix}/{key}")["Body"].read()


def new_place() -> str:
    """Return a place that no other test uses."""
    return f"s3://{BUCKET}/some/place-{next(_numbers)}"


@contextmanager
def service() -> Generator[Service]:
    """Start a service with one bucket."""
    moto = DomainDispatcherApplication(create_backend_app)

    def answer(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"]
        running.requests.append(f"{method} {path}")
        if signed := _SIGNED_FOR.search(environ.get("HTTP_AUTHORIZATION", "")):
            running.regions.add(signed[1])
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        environ["wsgi.input"] = io.BytesIO(body)
        wrong = running.fault(method, path) or ""
        if wrong[:1].isdigit():
            return _refused(wrong, start)
        if wrong == "reset":
            _reset(environ["werkzeug.socket"])
        if wrong == "unconditional":
            environ.pop("HTTP_IF_NONE_MATCH", None)
        if denied := _denied(running.rights, environ, body):
            return _answer("200 OK" if denied.startswith("<DeleteResult") else "403 Forbidden", denied, start)
        status, headers, done = _done(moto, environ)
        if status.startswith("404") and b"NoSuchKey" in done and LIST not in running.rights.actions:
            return _refused("403 AccessDenied", start)
        if wrong == "lost":
            return _refused("500 InternalError", start)
        if wrong in {"gone", "silent", "cut", "idle"}:
            _break_off(environ["werkzeug.socket"], wrong, status, headers, done)
        start(status, headers)
        return [done]

    server = make_server(HOST, 0, answer, threaded=True, request_handler=_Quiet)
    running = Service(f"http://{HOST}:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        running.client.create_bucket(Bucket=BUCKET)
        yield running
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _done(app: WSGIApplication, environ: WSGIEnvironment) -> tuple[str, list[tuple[str, str]], bytes]:
    """Carry out a request and return the answer: status, headers and body."""
    started: list[tuple[str, list[tuple[str, str]]]] = []

    def start(status: str, headers: list[tuple[str, str]], error: object = None) -> Callable[[bytes], object]:
        started.append((status, headers))
        return lambda data: None

    body = b"".join(app(environ, start))
    return (*started[-1], body)


def _refused(wrong: str, start: StartResponse) -> list[bytes]:
    code = wrong.partition(" ")[2]
    return _answer(wrong, f"<Error><Code>{code}</Code><Message>as the test wants it</Message></Error>", start)


def _answer(status: str, document: str, start: StartResponse) -> list[bytes]:
    start(status, [("Content-Type", "application/xml")])
    return [document.encode()]


def _denied(rights: Rights, environ: WSGIEnvironment, body: bytes) -> str | None:
    """Return None if the request is allowed, else the answer: for keys to delete, with each that may not be deleted."""
    method, query = environ["REQUEST_METHOD"], environ.get("QUERY_STRING", "")
    if "/s3/" not in environ.get("HTTP_AUTHORIZATION", "/s3/"):
        return None
    key = environ["PATH_INFO"].removeprefix(f"/{BUCKET}").removeprefix("/")
    if method == "POST" and query.startswith("delete"):
        named = re.findall(r"<Key>(.*?)</Key>", body.decode())
        if all(rights.allow(DELETE, name) for name in named):
            return None
        errors = (f"<Error><Key>{name}</Key><Code>AccessDenied</Code><Message>no</Message></Error>" for name in named)
        return f'<DeleteResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">{"".join(errors)}</DeleteResult>'
    action = {"PUT": PUT, "GET": GET if key else LIST, "HEAD": GET, "DELETE": DELETE}[method]
    resource = f"arn:aws:s3:::{BUCKET}" + (f"/{key}" if key else "")
    return (
        None
        if rights.allow(action, key)
        else f"<Error><Code>AccessDenied</Code><Message>{denial(action, resource)}</Message></Error>"
    )


def denial(action: str, resource: str) -> str:
    """Return the words in which AWS says that no policy of a role allows an action. S3 puts the resource in quotation marks."""
    named = f"&quot;{escape(resource)}&quot;" if action.startswith("s3:") else resource
    return (
        f"User: arn:aws:sts::111122223333:assumed-role/onbrief/onbrief is not authorized to perform: {action} on resource: "
        f"{named} because no identity-based policy allows the {action} action"
    )


def _break_off(connection: socket, how: str, status: str, headers: list[tuple[str, str]], body: bytes) -> NoReturn:
    """Send all, a tenth or nothing of an answer to a client that expects a persistent connection, then close it."""
    if how == "silent":
        connection.recv(1)  # until the client goes away
    elif how != "gone":
        lines = [f"HTTP/1.1 {status}", *(f"{name}: {value}" for name, value in headers if name.lower() != "content-length")]
        lines += [f"Content-Length: {len(body)}", "", ""]
        connection.sendall("\r\n".join(lines).encode() + (body[: len(body) // 10] if how == "cut" else body))
    connection.shutdown(SHUT_RDWR)
    raise ConnectionAbortedError


def _reset(connection: socket) -> NoReturn:
    connection.setsockopt(SOL_SOCKET, SO_LINGER, struct.pack("ii", 1, 0))
    connection.shutdown(SHUT_RD)  # no further request is waited for
    connection.close()
    raise ConnectionAbortedError


class _Quiet(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        pass
