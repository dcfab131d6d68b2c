"""A bucket of S3 for tests: moto on real HTTP in this process, with a wire in front of it that can be made to fail."""

from __future__ import annotations

import itertools
import re
import threading
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import boto3
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import WSGIRequestHandler, make_server

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

BUCKET = "pictures"
HOST = "127.0.0.1"
_SIGNED_FOR = re.compile(r"Credential=[^/]+/\d{8}/([^/]+)/s3/")
_numbers = itertools.count()

Fault = Callable[[str, str], str | None]
"""What goes wrong with a request, of which it is told method and path: "503 SlowDown", "404 NoSuchBucket"; "lost" answers 500
to what has been done, "unconditional" does it whatever its conditions. None: nothing."""


@dataclass(slots=True)
class Service:
    """A running service. `requests` are those that came, as `PUT /bucket/key`; `regions` those that they were signed for."""

    url: str
    fault: Fault = lambda method, path: None
    requests: list[str] = field(default_factory=list[str])
    regions: set[str] = field(default_factory=set[str])

    @property
    def environment(self) -> dict[str, str]:
        """The variables with which the tools of AWS find it."""
        return {
            "AWS_ENDPOINT_URL_S3": self.url,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_REGION": "us-east-1",
            "AWS_DEFAULT_REGION": "us-east-1",
        }

    @property
    def client(self) -> Any:
        """boto3's view of it."""
        return boto3.client(  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
            "s3",
            endpoint_url=self.url,
            region_name="us-east-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",  # noqa: S106
        )

    def keys(self, out: str) -> list[str]:
        """The keys of all objects under a place, without its prefix."""
        prefix = out.removeprefix(f"s3://{BUCKET}/") + "/"
        pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix=prefix)
        return [item["Key"].removeprefix(prefix) for page in pages for item in page.get("Contents", ())]


def new_place() -> str:
    """A place that no other test knows."""
    return f"s3://{BUCKET}/some/place-{next(_numbers)}"


@contextmanager
def service() -> Generator[Service]:
    """A service with one bucket."""
    moto = DomainDispatcherApplication(create_backend_app)

    def answer(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"]
        running.requests.append(f"{method} {path}")
        if signed := _SIGNED_FOR.search(environ.get("HTTP_AUTHORIZATION", "")):
            running.regions.add(signed[1])
        wrong = running.fault(method, path) or ""
        if wrong == "unconditional":
            environ.pop("HTTP_IF_NONE_MATCH", None)
        if wrong in {"", "unconditional"}:
            return moto(environ, start)
        if wrong == "lost":
            list(moto(environ, _say_nothing))
        else:
            environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        status, _, code = ("500 InternalError" if wrong == "lost" else wrong).partition(" ")
        start(f"{status} {code}", [("Content-Type", "application/xml")])
        return [f"<Error><Code>{code}</Code><Message>as the test wants it</Message></Error>".encode()]

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


def _say_nothing(status: str, headers: list[tuple[str, str]], error: object = None) -> Callable[[bytes], None]:
    return lambda data: None


class _Quiet(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        pass
