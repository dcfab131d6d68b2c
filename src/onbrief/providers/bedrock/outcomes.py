"""Map boto3's exceptions to the outcome of a paid call. The table in providers/http.py decides for error responses; this module
handles exceptions without a response, and adds hints for errors of AWS.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, cast

from onbrief.errors import CallError, ConfigError, Refused, Unknown
from onbrief.providers import http
from onbrief.providers.http import short

_CERTIFICATE = re.compile(r"CERTIFICATE_VERIFY_FAILED|WRONG_VERSION_NUMBER|HANDSHAKE_FAILURE|UNKNOWN_CA", re.IGNORECASE)
_ENDED = re.compile(r"end of its life|marked by provider as legacy", re.IGNORECASE)
_RIGHT = re.compile(r"not authorized to perform: (?P<action>[\w:-]+)(?: on (?:the )?resource: (?P<resource>\S+))?")
_HINTS: tuple[tuple[re.Pattern[str], str], ...] = (
    (_ENDED, "choose an active model; `onbrief models` lists them"),
    (re.compile(r"NoRegion|Invalid endpoint"), "set AWS_REGION, such as us-west-2"),
    (re.compile(r"ProfileNotFound"), "check AWS_PROFILE"),
    (re.compile(r"expired|SSO|login", re.IGNORECASE), "get new credentials, for example with `aws sso login`"),
    (re.compile(r"signature|skewed", re.IGNORECASE), "check the secret key, and the clock of this machine"),
    (re.compile(r"security token|UnrecognizedClient|credential", re.IGNORECASE), "check AWS_PROFILE or the AWS keys"),
    (re.compile(r"AccessDenied", re.IGNORECASE), "allow bedrock:InvokeModel for this model, and its subscription in Bedrock"),
    (re.compile(r"on-demand throughput", re.IGNORECASE), "use its inference profile, whose id begins with us. or global."),
    (re.compile(r"ResourceNotFound|model identifier", re.IGNORECASE), "check the model's id, and the region"),
    (re.compile(r"ServiceQuotaExceeded", re.IGNORECASE), "raise the quota in the Service Quotas console"),
)


def classify(error: BaseException) -> CallError | ConfigError:
    """Return the outcome of the call that raised an exception of boto3 or of the layers below it.

    Every exception without a definite outcome becomes Unknown, because the call may have been paid for.
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
        case botocore.BotoCoreError():  # all others are raised before a request is sent: credentials, region, parameters
            return config_error(words)
        case _:
            return Unknown(words)


def _answered(response: Mapping[str, Any]) -> CallError | ConfigError:
    """Return the outcome of an error response of the service."""
    error, about = response.get("Error", {}), response.get("ResponseMetadata", {})
    code, message, status = str(error.get("Code", "")), str(error.get("Message", "")), int(about.get("HTTPStatusCode", 0))
    words = short(": ".join(filter(None, (code, message))) or f"HTTP {status}")
    outcome = http.classify(status, message, code, about.get("HTTPHeaders", {}), words=words)
    return config_error(words) if isinstance(outcome, ConfigError) else outcome


def config_error(words: str) -> ConfigError:
    """Return the error for what must be changed before any call can succeed, with a hint if one fits."""
    hint = next((hint for pattern, hint in _HINTS if pattern.search(words)), "")
    return ConfigError(short(words), hint=_allow(words) or hint)


def _allow(words: str) -> str:
    """Return what to allow, if the service says which right is missing; it does not if the account has no access to a model."""
    named = _RIGHT.search(words)
    if not named:
        return ""
    right = f"{named['action']} on {named['resource']}" if named["resource"] else named["action"]
    if "explicit deny" in words:
        return f"a policy denies {right} explicitly: change that policy"
    return f"allow {right} in the policy of the role or user"
