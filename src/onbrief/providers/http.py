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
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Literal

from onbrief.errors import Blocked, CallError, ConfigError, Failed, Refused
from onbrief.ports import Allowance, turns
from onbrief.redaction import redacted

DAY_QUOTA_WAIT = 3600.0  # seconds; no provider says when the day of its quota begins
MAX_RETRY_AFTER = 86_400.0  # seconds; a longer wait is a mistake, or a quota that no run can wait for
MAX_WORDS = 500  # characters of a provider's message that are kept

_REFUSED = frozenset({429, 503, 529})
_FAILED = frozenset({408, 424})  # and every other one from 500
_REFUSED_CODES = frozenset(
    {"ThrottlingException", "Throttling", "TooManyRequestsException", "ModelNotReadyException", "ServiceUnavailableException"}
)
_LIMITED_CODES = frozenset({"ThrottlingException", "Throttling", "TooManyRequestsException"})
_UNLIMITED_CODES = frozenset({"ModelNotReadyException"})  # has status 429, and is no limit
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
_LIMIT_HEADER = re.compile(
    r"(?:[a-z]+-)?ratelimit-(?:(?P<what>limit|remaining|reset)-(?P<counted>requests|tokens)"
    r"|(?P<first>requests|tokens)-(?P<last>limit|remaining|reset))"
)
_DURATION = re.compile(r"(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:([\d.]+)s)?(?:([\d.]+)ms)?")
_UNITS = (86_400.0, 3600.0, 60.0, 1.0, 0.001)
_MINUTE = 65.0  # seconds; some round up
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
        wait = retry_after(headers)
        limited = (status == 429 or code in _LIMITED_CODES) and code not in _UNLIMITED_CODES
        return Refused(words, retry_after=_until_reset(headers) if wait is None else wait, limited=limited)
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


def hear(headers: Mapping[str, str], tokens: int = 0) -> None:
    """Tell whoever makes the call what the headers of an answer say about limits, and how many tokens the call has used."""
    turns.hear(allowances(headers), tokens)


def allowances(headers: Mapping[str, str]) -> tuple[Allowance, ...]:
    """Return what headers say about limits of requests and tokens a minute: `x-ratelimit-limit-requests`, `…-remaining-…` and
    `…-reset-…`, or, where the kind comes before the word, as in `MAKER-ratelimit-requests-limit`. Limits that are renewed later
    than in a minute are of a longer time, and left out.
    """
    found: dict[str, dict[str, str]] = {}
    for name, value in headers.items():
        if match := _LIMIT_HEADER.fullmatch(name.lower()):
            what, counted = match["what"] or match["last"], match["counted"] or match["first"]
            found.setdefault(counted, {})[what] = value
    said = (_allowance(counted, found[counted]) for counted in ("requests", "tokens") if counted in found)
    return tuple(one for one in said if one)


def _allowance(counted: Literal["requests", "tokens"], said: Mapping[str, str]) -> Allowance | None:
    most, left = (int(number) if (number := said.get(word, "")).isdecimal() else None for word in ("limit", "remaining"))
    seconds = _duration(said.get("reset", ""))
    return None if seconds is not None and seconds > _MINUTE else Allowance(counted, most, left, seconds)


def _until_reset(headers: Mapping[str, str]) -> float | None:
    """Return in how many seconds a limit that is used up is renewed, if there is one."""
    return max((one.seconds for one in allowances(headers) if one.left == 0 and one.seconds is not None), default=None)


def _duration(text: str) -> float | None:
    """Return the seconds of a text such as "6m0s", "12ms" or "1.5", or until a time such as "2026-11-29T06:00:00Z"."""
    if (number := _number(text)) is not None:
        return number if 0 <= number <= MAX_RETRY_AFTER else None  # not the seconds since 1970
    if parts := _DURATION.fullmatch(text):
        return (
            sum(float(amount) * unit for amount, unit in zip(parts.groups(default="0"), _UNITS, strict=True)) if text else None
        )
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return max(0.0, (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() - time.time())


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
