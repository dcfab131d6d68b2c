"""Bedrock's InvokeModel: one body is sent once, and its answer read whole."""

from __future__ import annotations

import asyncio
import json
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, cast

from onbrief.errors import Failed, Unknown
from onbrief.providers.bedrock.client import CONNECTIONS, TIMEOUT, client
from onbrief.providers.bedrock.outcomes import classify
from onbrief.providers.http import short

MAX_BODY = 96 * 1024 * 1024  # bytes; the largest picture that onbrief opens, in base64, and some JSON around it
_CHUNK = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Answer:
    """The document that a model answered, and the id under which AWS knows the call."""

    document: dict[str, Any]
    request_id: str


class Runtime:
    """Bedrock's InvokeModel in one region; connects on the first call. `timeout` is in seconds, for a whole call."""

    def __init__(self, region: str, timeout: float = TIMEOUT) -> None:
        self.region = region
        self.timeout = timeout
        self._client: Any = None
        self._making = threading.Lock()
        # Not asyncio's own threads: those are few, and the ledger writes and renews its lease in them.
        self._threads = ThreadPoolExecutor(CONNECTIONS, thread_name_prefix="bedrock")

    async def invoke(self, model: str, body: dict[str, object]) -> Answer:
        """What a model answers to a body, asked exactly once.

        Raises:
            CallError: one of its four classes, when no answer came.
            ConfigError: access, credentials, an ended model, a body that the model does not take.
        """
        asked = asyncio.get_running_loop().run_in_executor(self._threads, self._invoke, model, json.dumps(body).encode())
        try:
            async with asyncio.timeout(self.timeout):
                return await asked
        except TimeoutError:
            raise Unknown(f"no whole answer came within {self.timeout:g} seconds") from None

    def _invoke(self, model: str, body: bytes) -> Answer:
        bedrock = self._connected()
        from botocore.exceptions import BotoCoreError, ClientError
        from botocore.parsers import ResponseParserError
        from urllib3.exceptions import HTTPError

        try:
            told = bedrock.invoke_model(modelId=model, body=body, contentType="application/json", accept="application/json")
            data = _whole(told["body"])
        except (BotoCoreError, ClientError, ResponseParserError, HTTPError, OSError) as error:
            raise classify(error) from error
        try:
            document = json.loads(data)
        except (ValueError, RecursionError) as error:
            raise Unknown(f"what came is no JSON document, so it may be part of one: {short(data[:80])}") from error
        if not isinstance(document, dict):
            raise Failed(f"what came is no JSON object: {short(data[:80])}")
        return Answer(cast("dict[str, Any]", document), str(told["ResponseMetadata"].get("RequestId", "")))

    def _connected(self) -> Any:
        with self._making:
            if self._client is None:
                self._client = client("bedrock-runtime", self.region, self.timeout)
            return self._client


def _whole(stream: Any) -> bytes:
    """All bytes of a body, read in pieces so that one without an end does not fill the memory."""
    data = bytearray()
    while chunk := stream.read(_CHUNK):
        data += chunk
        if len(data) > MAX_BODY:
            stream.close()
            raise Failed(f"the answer is longer than {MAX_BODY} bytes")
    return bytes(data)
