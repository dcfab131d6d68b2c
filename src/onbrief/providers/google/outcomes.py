"""Map exceptions of Google's client to the outcome of a paid call. The table in providers/http.py decides for most error
responses; this module reads what Google adds to them, and handles exceptions without a response.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import Any, cast

import httpx2
from google.genai.errors import APIError

from onbrief.errors import CallError, ConfigError, Failed, Refused, Unknown
from onbrief.providers import http
from onbrief.providers.http import DAY_QUOTA_WAIT, MAX_RETRY_AFTER, short

_CERTIFICATE = re.compile(r"CERTIFICATE_VERIFY_FAILED|WRONG_VERSION_NUMBER")
_NO_QUOTA = re.compile(r"\blimit: 0\b")
_HINTS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"api key", re.IGNORECASE), "check the key in GOOGLE_API_KEY or GEMINI_API_KEY"),
    (re.compile(r"is not found for API version"), "choose an active model; `onbrief models` lists them"),
    (re.compile(r"billing|free tier|prepay|credit", re.IGNORECASE), "enable billing at https://aistudio.google.com/apikey"),
    (re.compile(r"location is not supported", re.IGNORECASE), "Google does not offer the Gemini API where this machine is"),
    (re.compile(r"PERMISSION_DENIED|UNAUTHENTICATED"), "check that the key's project may use the Gemini API"),
)


def classify(error: Exception) -> CallError | ConfigError:
    """Return the outcome of the call that raised an exception of Google's client, or of the layers below it. An exception
    without a definite outcome becomes Unknown, because the call may have been paid for.
    """
    words = short(f"{type(error).__name__}: {error}")
    match error:
        case APIError():
            return _answered(error)
        case httpx2.InvalidURL() | httpx2.UnsupportedProtocol() | httpx2.LocalProtocolError():
            return ConfigError(words, hint="check the address of the service")
        case httpx2.ConnectError() | httpx2.ConnectTimeout() | httpx2.PoolTimeout() | httpx2.ProxyError():
            if _CERTIFICATE.search(words):
                return ConfigError(words, hint="check the address of the service, and the certificates of this machine")
            return Refused(f"no connection: {words}")
        case _:
            return Unknown(f"no complete answer: {words}")


def _answered(error: APIError) -> CallError | ConfigError:
    """Return the outcome of an error response."""
    status, message, named = error.code, str(error.message or ""), str(error.status or "")
    words = short(": ".join(filter(None, (named, message))) or f"HTTP {status}")
    details = list(_details(cast("Any", error.details)))  # pyright: ignore[reportUnknownMemberType]
    if status == 429:
        response = cast("httpx2.Response | None", error.response)  # pyright: ignore[reportUnknownMemberType]
        return _quota(words, message, details, {} if response is None else dict(response.headers))
    if status == 499:
        return Failed(words)
    outcome = http.classify(status, message, named, words=words)
    if isinstance(outcome, ConfigError):
        return _config_error(words)
    if isinstance(outcome, Failed) and (status, named) == (500, "INTERNAL"):
        outcome.usd = 0.0  # Google: "If your request fails with a 400 or 500 error, you won't be charged for the tokens used."
    return outcome


def _quota(words: str, message: str, details: list[dict[str, Any]], headers: dict[str, str]) -> CallError | ConfigError:
    """Return the outcome of a request above a quota. Google says which quota, and how long to wait, in details alone."""
    if _NO_QUOTA.search(message):  # the plan has none for this model: waiting does not help
        return ConfigError(words, hint="enable billing at https://aistudio.google.com/apikey: the free tier has no such model")
    quotas = [str(violation.get("quotaId", "")) for detail in details for violation in _objects(detail.get("violations"))]
    if any("PerDay" in quota for quota in quotas):
        return Refused(words, hint="wait until the quota of the day is renewed, or raise it", retry_after=DAY_QUOTA_WAIT)
    waits = [wait for detail in details if (wait := _seconds(detail.get("retryDelay"))) is not None]
    return (
        Refused(words, retry_after=waits[0], limited=True)
        if waits
        else http.classify(429, message, headers=headers, words=words)
    )


def _config_error(words: str) -> ConfigError:
    """Return the error for what must be changed before any call can succeed, with a hint if one fits."""
    return ConfigError(words, hint=next((hint for pattern, hint in _HINTS if pattern.search(words)), ""))


def _details(document: object) -> Iterator[dict[str, Any]]:
    """Yield the details of an error response."""
    if isinstance(document, dict) and isinstance(error := cast("dict[str, Any]", document).get("error"), dict):
        yield from _objects(cast("dict[str, Any]", error).get("details"))


def _objects(value: object) -> list[dict[str, Any]]:
    return (
        [cast("dict[str, Any]", one) for one in cast("list[object]", value) if isinstance(one, dict)]
        if isinstance(value, list)
        else []
    )


def _seconds(duration: object) -> float | None:
    """Return the seconds of a duration such as "14.5s"; None if it is none."""
    try:
        seconds = float(duration[:-1]) if isinstance(duration, str) and duration.endswith("s") else math.nan
    except ValueError:
        return None
    return min(max(seconds, 0.0), MAX_RETRY_AFTER) if math.isfinite(seconds) else None
