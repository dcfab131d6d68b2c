"""Bedrock's InvokeModel: send a request body once, and read the complete response."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass
from typing import Any, cast

from onbrief.errors import Failed, Unknown
from onbrief.providers.bedrock.client import TIMEOUT, client
from onbrief.providers.bedrock.outcomes import classify
from onbrief.providers.http import short

MAX_BODY = 96 * 1024 * 1024  # bytes; the largest picture that onbrief opens, in base64, and some JSON around it
_CHUNK = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Answer:
    """The document that a model answered with, and the request id of AWS."""

    document: dict[str, Any]
    request_id: str


class Runtime:
    """Bedrock's InvokeModel in one region; connects on the first call. `timeout` is in seconds, for a complete call."""

    def __init__(self, region: str, timeout: float = TIMEOUT) -> None:
        self.region = region
        self.timeout = timeout
        self._client: Any = None
        self._making = threading.Lock()

    async def invoke(self, model: str, body: dict[str, object], tag: str = "") -> Answer:
        """Send a request body to a model once, and return its answer. `tag` is metadata as JSON, for the log of invocations.

        Raises:
            CallError: one of its four classes, if there is no answer.
            ConfigError: access or credentials are wrong, the model has ended, or it does not accept the body.
        """
        from onbrief.providers.bedrock.connections import in_thread, within

        async with within(self.timeout):
            return await in_thread(lambda: self._invoke(model, json.dumps(body).encode(), tag))

    def _invoke(self, model: str, body: bytes, tag: str) -> Answer:
        bedrock = self._connected()
        from botocore.exceptions import BotoCoreError, ClientError
        from botocore.parsers import ResponseParserError
        from urllib3.exceptions import HTTPError

        try:
            tagged = {"requestMetadata": tag} if tag else {}
            types = {"contentType": "application/json", "accept": "application/json"}
            reply = bedrock.invoke_model(modelId=model, body=body, **types, **tagged)
            data = _whole(reply["body"])
        except (BotoCoreError, ClientError, ResponseParserError, HTTPError, OSError) as error:
            raise classify(error) from error
        try:
            document = json.loads(data)
        except (ValueError, RecursionError) as error:
            raise Unknown(f"the answer is not a JSON document, and may be incomplete: {short(data[:80])}") from error
        if not isinstance(document, dict):
            raise Failed(f"the answer is not a JSON object: {short(data[:80])}")
        return Answer(cast("dict[str, Any]", document), str(reply["ResponseMetadata"].get("RequestId", "")))

    def _connected(self) -> Any:
        with self._making:
            if self._client is None:
                self._client = client("bedrock-runtime", self.region, self.timeout)
            return self._client


def _whole(stream: Any) -> bytes:
    """Return all bytes of a body, read in chunks so that an endless body does not fill the memory."""
    data = bytearray()
    while chunk := stream.read(_CHUNK):
        data += chunk
        if len(data) > MAX_BODY:
            stream.close()
            raise Failed(f"the answer is longer than {MAX_BODY} bytes")
    return bytes(data)
