"""What a service says when it refuses: obstore tells it as text, with whole documents and the state of its internals."""

from __future__ import annotations

import re
from typing import Final

_RIGHTS: Final = (
    (r"list-type=2", "s3:ListBucket"),
    (r"performing PUT", "s3:PutObject"),
    (r"performing GET", "s3:GetObject"),
    (r"performing (POST|DELETE)|DeleteObjects", "s3:DeleteObject"),
)
_ADVICE: Final = (
    (r"NoSuchBucket", "make the bucket first, or mend its name"),
    (r"ExpiredToken|TokenRefreshRequired", "these credentials have expired: get new ones, as with aws sso login"),
    (r"RequestTimeTooSkewed", "the clock of this machine is wrong: set it"),
    (r"InvalidAccessKeyId|SignatureDoesNotMatch|InvalidToken", "these credentials are not valid: give others"),
    (
        r"configured region|PermanentRedirect|AuthorizationHeaderMalformed",
        "the bucket is in another region: set bucket_region to its own",
    ),
    (r"SlowDown", "the bucket is asked too often: wait a while"),
)


def said(error: Exception) -> str:
    """What a service said, in one line, and what to do about it where that is known."""
    text = str(error)
    status = re.search(r"status code: (\d{3} [A-Za-z ]+)", text)
    code, message = (re.search(rf"<{tag}>(.*?)</{tag}>", text, re.DOTALL) for tag in ("Code", "Message"))
    if status:
        words = [match[1].strip() for match in (status, code, message) if match]
        return ", ".join(dict.fromkeys(words)) + _advice(text)
    return re.sub(r"Error performing .*? - ", "", text.splitlines()[0])[:200] + _advice(text)


def is_missing(error: Exception) -> bool:
    """Whether there is no such bucket."""
    return "NoSuchBucket" in str(error)


def is_refused(error: Exception) -> bool:
    """Whether the service understood and will not: nothing gets better by asking again."""
    return re.search(r"status code: [34]\d\d|redirect", str(error)) is not None


def is_denied(error: Exception) -> bool:
    """Whether a right is missing; a 403 is said of a wrong clock or key as well."""
    return "AccessDenied" in str(error)


def may_pass(error: Exception) -> bool:
    """Whether it is trouble of a kind that is soon over: a connection that broke, or a service that has too much to do. What
    was not answered in time is none: the time for trying is over with it.
    """
    text = str(error)
    return bool(re.search(r"status code: (429|5\d\d)", text)) or ("HTTP error: " in text and "kind: Timeout" not in text)


def _advice(text: str) -> str:
    told = next((told for pattern, told in _ADVICE if re.search(pattern, text)), "")
    if not told and "AccessDenied" in text:
        right = next((right for pattern, right in _RIGHTS if re.search(pattern, text)), "more rights")
        told = f"these credentials need {right} for it"
    return f" ({told})" if told else ""
