"""Errors of object storage services, read from the text that obstore raises.

That text contains the service's whole XML answer and obstore's internal state. Here it becomes one line with advice.
"""

from __future__ import annotations

import re
from html import unescape
from typing import Final
from urllib.parse import unquote

from obstore.exceptions import NotSupportedError

from onbrief.redaction import redacted

_RIGHTS: Final = (
    (r"list-type=2", "s3:ListBucket"),
    (r"performing PUT", "s3:PutObject"),
    (r"performing GET", "s3:GetObject"),
    (r"performing (POST|DELETE)|DeleteObjects", "s3:DeleteObject"),
)
_NAMED: Final = re.compile(
    r"not authorized to perform: (?P<action>[\w:-]+)"
    r"(?: on (?:the )?resource: \"?(?P<resource>arn:[^\"<>]+?)\"?(?= because| with|<|$))?"
)
"""How AWS names a missing right, where it does: within an account, and for the keys of encryption too."""

_URL: Final = re.compile(r"performing \w+ https?://(?P<host>[^/\s]+)/(?P<path>[^\s?]*)")
_HOST_OF_BUCKET: Final = re.compile(r"(?P<bucket>.+?)\.s3[.-]")
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
    text = redacted(unescape(str(error)))
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
        advice = _right(text)
    return f" ({advice})" if advice else ""


def _right(text: str) -> str:
    """Return what to allow: the right that the service names, else that of the request."""
    named = _NAMED.search(text)
    action = named["action"] if named else next((right for pattern, right in _RIGHTS if re.search(pattern, text)), "")
    if not action:
        return "these credentials need more permissions"
    resource = (named and named["resource"]) or _resource(text, action)
    right = f"{action} on {resource}" if resource else action
    if "explicit deny" in text:
        return f"a policy denies {right} explicitly: change that policy"
    return f"these credentials need {right}: allow it in the policy of their role or user"


def _resource(text: str, action: str) -> str:
    """Return the ARN of the object of a request, or of the bucket if it lists; empty if it is not one of S3."""
    found = _URL.search(text)
    if not found or not action.startswith("s3:"):
        return ""
    of_host = _HOST_OF_BUCKET.match(found["host"])
    bucket, _, key = f"{of_host['bucket']}/{found['path']}".partition("/") if of_host else found["path"].partition("/")
    return f"arn:aws:s3:::{bucket}" + (f"/{unquote(key)}" if key and action != "s3:ListBucket" else "")
