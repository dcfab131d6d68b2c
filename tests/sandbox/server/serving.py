"""A sandbox server for tests, over real HTTP in this process, and its clients."""

from __future__ import annotations

import base64
import http.client
import json
import threading
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import boto3
import pytest
import uvicorn
from botocore.config import Config
from botocore.exceptions import ClientError

from onbrief_sandbox.server.app import Terms
from onbrief_sandbox.server.faults import Fault, Script
from onbrief_sandbox.server.serve import HOST, listen, serve

CORE = "stability.stable-image-core-v1:1"
SD3 = "stability.sd3-5-large-v1:0"
ULTRA = "stability.stable-image-ultra-v1:1"
SDXL = "stability.stable-diffusion-xl-v1"
NOVA = "amazon.nova-canvas-v1:0"
TITAN = "amazon.titan-image-generator-v2:0"
HAIKU = "global.anthropic.claude-haiku-5-5"
SONNET = "us.anthropic.claude-sonnet-4-6"
_JSON = {"Content-Type": "application/json"}


@dataclass(frozen=True, slots=True)
class Served:
    """A running server. `bedrock` is a boto3 client without retries."""

    port: int
    bedrock: Any = field(repr=False)

    def invoke(self, model: str, body: object) -> dict[str, Any]:
        """Return the answer of InvokeModel."""
        return json.loads(self.bedrock.invoke_model(modelId=model, body=json.dumps(body))["body"].read())

    def picture(self, model: str, body: object) -> bytes:
        """Return the single picture in the answer of InvokeModel."""
        (text,) = self.invoke(model, body)["images"]
        return base64.b64decode(text)

    def refused(self, call: Callable[[], object]) -> tuple[int, str, str]:
        """Return the status, code and message of the error that a call raises."""
        with pytest.raises(ClientError) as caught:
            call()
        response = cast("dict[str, Any]", caught.value.response)  # pyright: ignore[reportUnknownMemberType]
        status = response["ResponseMetadata"]["HTTPStatusCode"]
        return status, response["Error"]["Code"], response["Error"]["Message"]

    def invalid(self, call: Callable[[], object]) -> str:
        """Return the message of the ValidationException that a call raises."""
        status, code, message = self.refused(call)
        assert (status, code) == (400, "ValidationException")
        return message

    def raw(
        self, path: str, body: bytes = b"", method: str = "POST", headers: Mapping[str, str] = _JSON
    ) -> tuple[int, str | None, Any]:
        """Send any HTTP request, by default with a body of JSON. Return the status, error type and JSON of the response."""
        connection = http.client.HTTPConnection(HOST, self.port, timeout=60)
        try:
            connection.request(method, path, body, dict(headers))
            answer = connection.getresponse()
            return answer.status, answer.getheader("x-amzn-ErrorType"), json.loads(answer.read())
        finally:
            connection.close()


class Play(Script):
    """A script that can be changed while the server runs."""

    def now(self, *faults: Fault) -> None:
        """Set the fault for all following calls."""
        super().__init__(faults)


@contextmanager
def served(terms: Terms | None = None) -> Generator[Served]:
    """Run a server with these terms."""
    plug = listen(0)
    port = plug.getsockname()[1]
    servers: list[uvicorn.Server] = []
    thread = threading.Thread(target=serve, args=(plug, terms or Terms()), kwargs={"started": servers.append})
    thread.start()
    client = bedrock(port)
    try:
        yield Served(port, client)
    finally:
        client.close()
        servers[0].should_exit = servers[0].force_exit = True  # without waiting for open calls
        thread.join()


def bedrock(port: int, read_timeout: float = 60) -> Any:
    """Return a boto3 client configured as in production: no retries."""
    return boto3.client(  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
        "bedrock-runtime",
        endpoint_url=f"http://{HOST}:{port}",
        region_name="us-west-2",
        aws_access_key_id="sandbox",
        aws_secret_access_key="sandbox",  # noqa: S106
        config=Config(retries={"total_max_attempts": 1}, max_pool_connections=60, read_timeout=read_timeout),
    )


def user(*blocks: object) -> list[dict[str, object]]:
    """Return the messages of a conversation of one turn. Strings become text blocks."""
    return [{"role": "user", "content": [{"text": block} if isinstance(block, str) else block for block in blocks]}]


def lines(bill: Path) -> list[dict[str, Any]]:
    """Return the entries of a bill."""
    return [json.loads(line) for line in bill.read_text().splitlines()]
