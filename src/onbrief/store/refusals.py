"""Errors of object storage services, read from the text that obstore raises.

That text contains the service's whole XML answer and obstore's internal state. Here it becomes one line with advice.
"""

from __future__ import annotations

import re
from typing import Final

from obstore.exceptions import NotSupportedError

from onbrief.redaction import redacted

_RIGHTS: Final = (
    (r"list-type=2", "s3:ListBucket"),
    (r"performing PUT", "s3:PutObject"),
    (r"performing GET", "s3:GetObject"),
    (r"performing (POST|DELETE)|DeleteObjects", "s3:DeleteObject"),
)
_ADVICE: Final = (
    (r"NoSuchBucket", "create the bucket first, or correct its name"),
    (r"ExpiredToken|TokenRefreshRequired", "these credentials have expired: renew them, for example with aws sso login"),
    (r"RequestTimeTooSkewed", "the clock of this machine is wrong: correct it"),
    (r"InvalidAccessKeyId|SignatureDoesNotMatch|InvalidToken", "these credentials are not valid: use others"),
    (
        r"configured region|PermanentRedirect|AuthorizationHeaderMalformed",
        "the bucket is in another region: set s3.region to that region",
    ),
    (r"SlowDown", "too many requests to the bucket: wait a while"),
)


def explain(error: Exception) -> str:
    """Return the service's error in one line, followed by advice where there is some."""
    text = redacted(str(error))
    status = re.search(r"status code: (\d{3} [A-Za-z ]+)", text)
    code, message = (re.search(rf"<{tag}>(.*?)</{tag}>", text, re.DOTALL) for tag in ("Code", "Message"))
    if status:
        words = [match[1].strip() for match in (status, code, message) if match]
        return ", ".join(dict.fromkeys(words)) + _advice(text)
    return re.sub(r"Error performing .*? - ", "", text.splitlines()[0])[:200] + _advice(text)


def is_missing(error: Exception) -> bool:
    """Return whether the bucket does not exist."""
    return "NoSuchBucket" in str(error)


def is_refused(error: Exception) -> bool:
    """Return whether the service rejected the request itself, so that a retry cannot succeed."""
    return re.search(r"status code: [34]\d\d|redirect", str(error)) is not None


def is_denied(error: Exception) -> bool:
    """Return whether a permission is missing. The status alone does not show it: a wrong clock or key is also a 403."""
    return "AccessDenied" in str(error)


def is_conflict(error: Exception) -> bool:
    """Return whether another put for the same key was in progress."""
    return "status code: 409" in str(error)


def is_unsupported(error: Exception) -> bool:
    """Return whether the service does not know the condition of a request."""
    return isinstance(error, NotSupportedError) or "NotImplemented" in str(error)


def may_pass(error: Exception) -> bool:
    """Return whether a retry may succeed: the connection broke, or the service is overloaded. A timeout does not count: it has
    already used up the time for retries.
    """
    text = str(error)
    return bool(re.search(r"status code: (429|5\d\d)", text) and not is_unsupported(error)) or (
        "HTTP error: " in text and "kind: Timeout" not in text
    )


def _advice(text: str) -> str:
    advice = next((advice for pattern, advice in _ADVICE if re.search(pattern, text)), "")
    if not advice and "AccessDenied" in text:
        right = next((right for pattern, right in _RIGHTS if re.search(pattern, text)), "more permissions")
        advice = f"these credentials need {right}"
    return f" ({advice})" if advice else ""
