"""AWS through boto3: clients that send everything once, and what an exception of theirs says about a paid call.

Nothing here sends anything again. Whether a call may be sent again is decided by the class of the error that `classify`
makes of an exception (reliability.md, "Outcome classes of a paid call"); the ledger's account is the only retry layer.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from functools import cache
from importlib.util import find_spec
from typing import Any, cast

from onbrief.errors import Blocked, CallError, ConfigError, Failed, Refused, Unknown

TIMEOUT = 300.0  # seconds for a whole call; a picture or a long answer can take minutes, and giving up does not unpay it
CONNECT_TIMEOUT = 10.0  # seconds; within a region a connection takes milliseconds
CONNECTIONS = 50
MAX_BODY = 96 * 1024 * 1024  # bytes; the largest picture that onbrief opens, in base64, and some JSON around it
_DAY_QUOTA_WAIT = 3600.0  # seconds; no provider says when the day of its quota begins
_CHUNK = 1024 * 1024
_MAX_WORDS = 500  # characters of the provider's own words that are kept

_REFUSED_STATUS = frozenset({429, 503, 529})
_FAILED_STATUS = frozenset({408, 424})  # and every other one from 500
_REFUSED_CODES = frozenset(
    {"ThrottlingException", "Throttling", "TooManyRequestsException", "ModelNotReadyException", "ServiceUnavailableException"}
)
_FAILED_CODES = frozenset(
    {"ModelTimeoutException", "ModelErrorException", "InternalServerException", "ModelStreamErrorException"}
)
_CONTENT = re.compile(r"content (filter|polic|moderation)|blocked by|responsible ai|violates?\b.*\bpolic", re.IGNORECASE)
_PER_DAY = re.compile(r"\b(per|a) day\b|\bdaily\b", re.IGNORECASE)
_CERTIFICATE = re.compile(r"CERTIFICATE_VERIFY_FAILED|WRONG_VERSION_NUMBER|HANDSHAKE_FAILURE|UNKNOWN_CA", re.IGNORECASE)
_ENDED = re.compile(r"end of its life|marked by provider as legacy", re.IGNORECASE)
_HINTS: tuple[tuple[re.Pattern[str], str], ...] = (
    (_ENDED, "name a model that is active; `onbrief models` lists them"),
    (re.compile(r"expired|SSO|login", re.IGNORECASE), "get new credentials, with `aws sso login` for instance"),
    (re.compile(r"signature|skewed", re.IGNORECASE), "check the secret key, and the clock of this machine"),
    (re.compile(r"security token|UnrecognizedClient|credential", re.IGNORECASE), "check AWS_PROFILE or the AWS keys"),
    (re.compile(r"AccessDenied", re.IGNORECASE), "allow bedrock:InvokeModel for this model, and its subscription in Bedrock"),
    (re.compile(r"on-demand throughput", re.IGNORECASE), "name the inference profile, which begins with us. or global."),
    (re.compile(r"ResourceNotFound|model identifier", re.IGNORECASE), "check the model's id, and the region"),
    (re.compile(r"ServiceQuotaExceeded", re.IGNORECASE), "raise the quota in the console of Service Quotas"),
)


def require() -> None:
    """Make sure that boto3 is installed, without the time that importing it takes.

    Raises:
        ConfigError: it is not.
    """
    if find_spec("boto3") is None:
        raise ConfigError("models on Bedrock need boto3, which is not installed", hint="pip install onbrief[aws]")


def client(service: str, region: str | None = None, timeout: float = TIMEOUT) -> Any:
    """A boto3 client that sends each call once, whatever the environment says about retries. `timeout` is in seconds, between
    two bytes of an answer; without a `region`, it is the one of AWS's own settings. The first one of a service takes a tenth of
    a second to make, and the next ones a sixth of that.

    Raises:
        ConfigError: no boto3, no region, a profile that is not there.
    """
    require()
    from botocore.config import Config
    from botocore.exceptions import BotoCoreError
    from botocore.session import Session

    config = Config(
        retries={"total_max_attempts": 1, "mode": "standard"},  # "adaptive" would hold calls back as well
        connect_timeout=min(CONNECT_TIMEOUT, timeout),
        read_timeout=timeout,
        max_pool_connections=CONNECTIONS,
        tcp_keepalive=True,
    )
    try:
        # A session of its own, as none may be used by two threads at once; the descriptions of services are read once for all.
        session = cast("Any", Session())  # botocore has no types
        session.register_component("data_loader", _descriptions())
        return session.create_client(service, region_name=region, config=config)
    except (BotoCoreError, ValueError) as error:
        raise _config(f"{type(error).__name__}: {error}") from error


@cache
def _descriptions() -> Any:
    """What botocore knows of services, from its own files."""
    from botocore.loaders import create_loader  # pyright: ignore[reportUnknownVariableType] - botocore has no types

    return create_loader(os.environ.get("AWS_DATA_PATH"))


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
            raise Unknown(f"what came is no JSON document, so it may be part of one: {_short(data[:80])}") from error
        if not isinstance(document, dict):
            raise Failed(f"what came is no JSON object: {_short(data[:80])}")
        return Answer(cast("dict[str, Any]", document), str(told["ResponseMetadata"].get("RequestId", "")))

    def _connected(self) -> Any:
        with self._making:
            if self._client is None:
                self._client = client("bedrock-runtime", self.region, self.timeout)
            return self._client


def classify(error: BaseException) -> CallError | ConfigError:
    """What an exception of boto3's or of the layers below it says about the call that raised it.

    What is not known to be anything better is Unknown: the call may have been paid for.
    """
    from botocore import exceptions as botocore

    words = _short(f"{type(error).__name__}: {error}")
    match error:
        case botocore.ClientError():
            return _answered(cast("dict[str, Any]", error.response))  # pyright: ignore[reportUnknownMemberType]
        case botocore.SSLError() if _CERTIFICATE.search(words):
            return _config(words)
        case botocore.SSLError():
            return Unknown(words)
        case botocore.ConnectionError():  # could not connect: nothing was sent
            return Refused(words)
        case botocore.HTTPClientError() | botocore.IncompleteReadError() | botocore.ChecksumError():
            return Unknown(words)
        case botocore.FlexibleChecksumError():
            return Unknown(words)
        case botocore.BotoCoreError():  # the rest is raised before anything is sent: credentials, region, parameters
            return _config(words)
        case _:
            return Unknown(words)


def speaks_of_content(words: str) -> bool:
    """Whether a provider's words say that it refuses the content."""
    return _CONTENT.search(words) is not None


def _answered(response: dict[str, Any]) -> CallError | ConfigError:
    """The class of an error that the service answered."""
    told, about = response.get("Error", {}), response.get("ResponseMetadata", {})
    code, status = str(told.get("Code", "")), int(about.get("HTTPStatusCode", 0))
    message = str(told.get("Message", ""))
    words = _short(f"{code}: {message}" if code else f"HTTP {status}")
    if status in _REFUSED_STATUS or code in _REFUSED_CODES:
        if _PER_DAY.search(message):
            return Refused(words, hint="wait until the quota of the day is renewed, or raise it", retry_after=_DAY_QUOTA_WAIT)
        return Refused(words, retry_after=_retry_after(about.get("HTTPHeaders", {})))
    if status in _FAILED_STATUS or status >= 500 or code in _FAILED_CODES:
        return Failed(words)
    if speaks_of_content(message):
        return Blocked(words)
    return _config(words)


def _retry_after(headers: dict[str, str]) -> float | None:
    """Seconds to wait, from `x-amz-retry-after` (milliseconds) or `Retry-After` (seconds, or a date)."""
    try:
        if milliseconds := headers.get("x-amz-retry-after"):
            return max(0.0, float(milliseconds) / 1000)
        value = headers.get("retry-after")
        if value is None:
            return None
        if value.strip().isdigit():
            return float(value)
        return max(0.0, parsedate_to_datetime(value).timestamp() - time.time())
    except ValueError:
        return None


def _config(words: str) -> ConfigError:
    hint = next((hint for pattern, hint in _HINTS if pattern.search(words)), "")
    return ConfigError(_short(words), hint=hint)


def _whole(stream: Any) -> bytes:
    """All bytes of a body, read in pieces so that one without an end does not fill the memory."""
    data = bytearray()
    while chunk := stream.read(_CHUNK):
        data += chunk
        if len(data) > MAX_BODY:
            stream.close()
            raise Failed(f"the answer is longer than {MAX_BODY} bytes")
    return bytes(data)


def _short(words: str | bytes) -> str:
    text = words.decode("utf-8", "replace") if isinstance(words, bytes) else words
    return text if len(text) <= _MAX_WORDS else f"{text[: _MAX_WORDS - 1]}…"
