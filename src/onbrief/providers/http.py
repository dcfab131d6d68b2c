"""What an exception of boto3's says about a paid call: by the classes of errors.py.

Nothing here sends anything again. Whether a call may be sent again is decided by the class of the error that `classify`
makes of an exception (reliability.md, "Outcome classes of a paid call"); the ledger's account is the only retry layer.
"""

from __future__ import annotations

import re
import time
from email.utils import parsedate_to_datetime
from typing import Any, cast

from onbrief.errors import Blocked, CallError, ConfigError, Failed, Refused, Unknown

_DAY_QUOTA_WAIT = 3600.0  # seconds; no provider says when the day of its quota begins
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


def classify(error: BaseException) -> CallError | ConfigError:
    """What an exception of boto3's or of the layers below it says about the call that raised it.

    What is not known to be anything better is Unknown: the call may have been paid for.
    """
    from botocore import exceptions as botocore

    words = short(f"{type(error).__name__}: {error}")
    match error:
        case botocore.ClientError():
            return _answered(cast("dict[str, Any]", error.response))  # pyright: ignore[reportUnknownMemberType]
        case botocore.SSLError() if _CERTIFICATE.search(words):
            return config_error(words)
        case botocore.SSLError():
            return Unknown(words)
        case botocore.ConnectionError():  # could not connect: nothing was sent
            return Refused(words)
        case botocore.HTTPClientError() | botocore.IncompleteReadError() | botocore.ChecksumError():
            return Unknown(words)
        case botocore.FlexibleChecksumError():
            return Unknown(words)
        case botocore.BotoCoreError():  # the rest is raised before anything is sent: credentials, region, parameters
            return config_error(words)
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
    words = short(f"{code}: {message}" if code else f"HTTP {status}")
    if status in _REFUSED_STATUS or code in _REFUSED_CODES:
        if _PER_DAY.search(message):
            return Refused(words, hint="wait until the quota of the day is renewed, or raise it", retry_after=_DAY_QUOTA_WAIT)
        return Refused(words, retry_after=_retry_after(about.get("HTTPHeaders", {})))
    if status in _FAILED_STATUS or status >= 500 or code in _FAILED_CODES:
        return Failed(words)
    if speaks_of_content(message):
        return Blocked(words)
    return config_error(words)


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


def config_error(words: str) -> ConfigError:
    """The error for what must be changed before any call can succeed, with a hint where one is known."""
    hint = next((hint for pattern, hint in _HINTS if pattern.search(words)), "")
    return ConfigError(short(words), hint=hint)


def short(words: str | bytes) -> str:
    """At most 500 characters of what a provider said."""
    text = words.decode("utf-8", "replace") if isinstance(words, bytes) else words
    return text if len(text) <= _MAX_WORDS else f"{text[: _MAX_WORDS - 1]}…"
