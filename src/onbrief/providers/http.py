"""Map HTTP error responses to the outcome of a paid call: one table for all providers.

    Refused      429, 503, 529, throttling codes: not accepted, nothing spent; may be sent again
    Failed       408, 424, every other status from 500: accepted, but failed
    Blocked      moderation codes, messages about a content policy: never sent again unchanged
    ConfigError  everything else: access, credentials, a retired model, a parameter that is not accepted

Nothing here retries. The class of the error decides whether a call may be retried, and the ledger's account is the only retry
layer. A call without a complete response is Unknown; the exceptions of each client show that, not a status.
"""

from __future__ import annotations

import math
import re
import time
from collections.abc import Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime

from onbrief.errors import Blocked, CallError, ConfigError, Failed, Refused
from onbrief.redaction import redacted

DAY_QUOTA_WAIT = 3600.0  # seconds; no provider says when the day of its quota begins
MAX_RETRY_AFTER = 86_400.0  # seconds; a longer wait is a mistake, or a quota that no run can wait for
MAX_WORDS = 500  # characters of a provider's message that are kept

_REFUSED = frozenset({429, 503, 529})
_FAILED = frozenset({408, 424})  # and every other one from 500
_REFUSED_CODES = frozenset(
    {"ThrottlingException", "Throttling", "TooManyRequestsException", "ModelNotReadyException", "ServiceUnavailableException"}
)
_FAILED_CODES = frozenset(
    {"ModelTimeoutException", "ModelErrorException", "InternalServerException", "ModelStreamErrorException"}
)
_BLOCKED_CODES = frozenset(
    {
        *(
            "moderation_blocked",
            "content_policy_violation",
            "content_filter",
            "content_moderation",
            "responsibleaipolicyviolation",
        ),
        *("invalid_prompt", "invalid_prompts", "request moderated", "content moderated", "safety", "prohibited_content"),
        *("image_safety", "image_prohibited_content", "blocklist", "guardrail_intervened", "content_filtered", "refusal"),
    }
)
_UNPAID_CODES = frozenset({"insufficient_quota", "billing_hard_limit_reached"})  # have status 429, but waiting does not help
_WORDED = frozenset({0, 400, 422})  # statuses of refusals that only their words tell from invalid requests
_CONTENT = re.compile(
    r"content[ _-]?(filter|polic|moderation)|filtered (words?|content|prompts?)|blocked by|responsible ai|violat\w*\b.*\bpolic"
    r"|safety (system|filter|polic|check)|(sensitive|inappropriate|prohibited|unsafe|nsfw|harmful) (words?|content|material)"
    r"|(request|content|prompt|text|image)s?( \w+){0,4} (was|were|has been|have been) (blocked|flagged|filtered|moderated)",
    re.IGNORECASE,
)
_INVALID = re.compile(
    r"validation errors? detected|malformed input|extraneous key|failed to satisfy|not a valid|expected type|extra inputs"
    r"|field required|input should|invalid value|unknown (parameter|field)|unrecognized",
    re.IGNORECASE,
)
_PER_DAY = re.compile(r"\b(per|a) day\b|\bdaily\b", re.IGNORECASE)
_NO_HEADERS: Mapping[str, str] = {}


def classify(
    status: int, message: str, code: str = "", headers: Mapping[str, str] = _NO_HEADERS, *, words: str = ""
) -> CallError | ConfigError:
    """Return the error for a response with this status (0 if unknown), message, error code and headers. The error's message is
    `words`, or the provider's message by default.
    """
    words = short(words or message or code or f"HTTP {status}")
    if code in _UNPAID_CODES:
        return ConfigError(words, hint="check the plan and the billing of the account")
    if status in _REFUSED or code in _REFUSED_CODES:
        if _PER_DAY.search(message):
            return Refused(words, hint="wait until the quota of the day is renewed, or raise it", retry_after=DAY_QUOTA_WAIT)
        return Refused(words, retry_after=retry_after(headers))
    if status in _FAILED or status >= 500 or code in _FAILED_CODES:
        return Failed(words)
    if code.lower() in _BLOCKED_CODES or (status in _WORDED and speaks_of_content(message)):
        return Blocked(words)
    return ConfigError(words)


def speaks_of_content(words: str) -> bool:
    """Return whether a provider's message says that it refuses the content. One about the form of a request never does,
    whatever names of fields or values it quotes.
    """
    return _CONTENT.search(words) is not None and not _INVALID.search(words)


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Return the seconds to wait, from 0 to MAX_RETRY_AFTER: `x-amz-retry-after` and `retry-after-ms` are in milliseconds,
    `Retry-After` in seconds or a date. None if there is no such header that can be read.
    """
    lower = {name.lower(): value for name, value in headers.items()}
    waits = (_number(lower.get("x-amz-retry-after"), 0.001), _number(lower.get("retry-after-ms"), 0.001))
    of_standard = _number(lower.get("retry-after")), _until(lower.get("retry-after"))
    wait = next((wait for wait in (*waits, *of_standard) if wait is not None), None)
    return None if wait is None else min(max(wait, 0.0), MAX_RETRY_AFTER)


def _number(text: str | None, unit: float = 1.0) -> float | None:
    try:
        number = math.nan if text is None else float(text) * unit
    except ValueError:
        return None
    return None if math.isnan(number) else number


def _until(date: str | None) -> float | None:
    """Return the seconds until a date, which is in UTC unless it says otherwise."""
    try:
        at = None if date is None else parsedate_to_datetime(date)
        return None if at is None else (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() - time.time()
    except (ValueError, OverflowError):  # not a date; a year or an offset that no clock has
        return None


def short(words: str | bytes) -> str:
    """Return a provider's message without secrets, cut to 500 characters."""
    text = redacted(words.decode("utf-8", "replace") if isinstance(words, bytes) else words)
    return text if len(text) <= MAX_WORDS else f"{text[: MAX_WORDS - 1]}…"
