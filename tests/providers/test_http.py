from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from onbrief.errors import Blocked, ConfigError, Failed, OnbriefError, Refused
from onbrief.ports import Allowance
from onbrief.providers.http import (
    DAY_QUOTA_WAIT,
    MAX_RETRY_AFTER,
    MAX_WORDS,
    allowances,
    classify,
    retry_after,
    short,
    speaks_of_content,
)


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        *((status, Refused) for status in (429, 503, 529)),
        *((status, Failed) for status in (408, 424, 500, 501, 502, 504, 520, 599)),
        *((status, ConfigError) for status in (0, 301, 400, 401, 402, 403, 404, 409, 413, 422)),
    ],
)
def test_each_status_has_its_class(status: int, outcome: type[OnbriefError]) -> None:
    assert type(classify(status, "no")) is outcome


@pytest.mark.parametrize(
    ("status", "code", "outcome"),
    [
        *((400, code, Refused) for code in ("ThrottlingException", "TooManyRequestsException", "ModelNotReadyException")),
        *((400, code, Failed) for code in ("ModelTimeoutException", "ModelErrorException", "InternalServerException")),
        *((400, code, Blocked) for code in ("moderation_blocked", "content_policy_violation", "content_filter")),
        (429, "insufficient_quota", ConfigError),
        (500, "content_filter", Failed),
        (403, "AccessDeniedException", ConfigError),
    ],
)
def test_a_code_takes_precedence_over_a_status(status: int, code: str, outcome: type[OnbriefError]) -> None:
    assert type(classify(status, "no", code)) is outcome


@pytest.mark.parametrize(
    "message", ["blocked by our content filters", "This violates our usage policy", "failed Responsible AI checks"]
)
def test_a_message_about_content_makes_only_refusals_blocked(message: str) -> None:
    assert speaks_of_content(message)
    assert type(classify(400, message)) is Blocked
    assert type(classify(500, message)) is Failed
    assert type(classify(429, message)) is Refused
    assert not speaks_of_content("The content type is not supported")


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ("One or more prompts contains filtered words.", "ValidationException"),
        ("One or more prompts contains filtered words.", "invalid_prompts"),
        ("no", "invalid_prompts"),
        ("no", "ResponsibleAIPolicyViolation"),
        ("no", "Request Moderated"),
        ("Your request was flagged by our content moderation system.", ""),
        ("Your request was rejected as a result of our safety system.", "invalid_request_error"),
        ("Content in the input has been blocked and has been filtered from the response.", "ValidationException"),
        ("The prompt contains sensitive words.", "BadRequest"),
        ("Output blocked by content filtering policy", "invalid_request_error"),
    ],
)
def test_a_refusal_of_the_content_is_known_by_its_code_or_else_by_its_words(message: str, code: str) -> None:
    assert type(classify(400, message, code)) is Blocked


@pytest.mark.parametrize(
    ("status", "message", "code"),
    [
        (400, "Malformed input request: #/filters: extraneous key [content_filter] is not permitted", "ValidationException"),
        (
            400,
            "1 validation error detected: Value 'violates policy' at 'prompt' failed to satisfy constraint",
            "ValidationException",
        ),
        (400, "content_policy: Extra inputs are not permitted", "invalid_request_error"),
        (400, "moderation: 'none' is not a valid enum value", ""),
        (400, "the noise filter is not supported by this sampler", ""),
        (403, "Access blocked by a service control policy", "AccessDeniedException"),
        (403, "The request violates a policy of your organization", ""),
        (404, "the model was not found; the content policy is at https://example.com", "ResourceNotFoundException"),
    ],
)
def test_an_error_that_merely_mentions_a_filter_or_a_policy_is_no_refusal(status: int, message: str, code: str) -> None:
    assert type(classify(status, message, code)) is ConfigError


@pytest.mark.parametrize("message", ["Too many tokens per day", "the daily limit is reached", "5 requests a day"])
def test_a_quota_of_a_day_waits_longer_than_any_header_says(message: str) -> None:
    error = classify(429, message, headers={"Retry-After": "2"})
    assert isinstance(error, Refused)
    assert error.retry_after == DAY_QUOTA_WAIT
    assert error.hint


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"Retry-After": "7"}, 7),
        ({"retry-after": " 7 "}, 7),
        ({"x-amz-retry-after": "1500", "Retry-After": "7"}, 1.5),
        ({"Retry-After-Ms": "250"}, 0.25),
        ({"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"}, 0),
        ({"Retry-After": "soon"}, None),
        ({"x-amz-retry-after": "-3"}, 0),
        ({"Retry-After": "-1"}, 0),
        ({"Retry-After": "1.5"}, 1.5),
        ({"Retry-After": "nan"}, None),
        ({"x-amz-retry-after": "NaN", "Retry-After": "7"}, 7),
        ({"x-amz-retry-after": "soon", "Retry-After": "7"}, 7),
        ({"x-amz-retry-after": "inf"}, MAX_RETRY_AFTER),
        ({"Retry-After-Ms": "1e300"}, MAX_RETRY_AFTER),
        ({"Retry-After": "9" * 400}, MAX_RETRY_AFTER),
        ({"Retry-After": "Fri, 31 Dec 9999 23:59:59 GMT"}, MAX_RETRY_AFTER),
        ({"Retry-After": "Fri, 31 Dec 9999 23:59:59 -9999999999"}, None),
        ({"Retry-After": "Mon, 01 Jan 0001 00:00:00 +2359"}, 0),
        ({"Retry-After": "Fri, 31 Dec 2015 23:59:59 +99999999999999"}, None),
        ({"Retry-After": "Wed, 99 Oct 2015 07:28:00 GMT"}, None),
        ({"Retry-After": "\N{SUPERSCRIPT TWO}"}, None),
    ],
)
def test_the_wait_is_what_the_headers_say(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after(headers) == seconds
    error = classify(503, "busy", headers=headers)
    assert isinstance(error, Refused)
    assert error.retry_after == seconds


@pytest.mark.parametrize("zone", ["GMT", "-0000", "+0000"])
def test_a_date_is_converted_to_seconds_from_now(zone: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Asia/Tokyo")  # the zone of this machine must not matter
    time.tzset()
    try:
        at = format_datetime(datetime.now(UTC) + timedelta(hours=1)).replace("+0000", zone)
        assert 3500 < (retry_after({"Retry-After": at}) or 0) <= 3600
    finally:
        monkeypatch.undo()
        time.tzset()


def test_an_error_says_what_the_provider_wrote_at_a_bounded_length() -> None:
    assert str(classify(400, "no", "Code")) == "no"
    assert str(classify(400, "no", "Code", words="Code: no")) == "Code: no"
    assert str(classify(400, "", "Code")) == "Code"
    assert str(classify(418, "")) == "HTTP 418"
    assert len(str(classify(400, "a" * 10_000))) == MAX_WORDS
    assert short(b"\xff" + b"a" * 10_000) == "\ufffd" + "a" * (MAX_WORDS - 2) + "…"


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, ()),
        (
            {
                "X-RateLimit-Limit-Requests": "5000",
                "x-ratelimit-remaining-requests": "4999",
                "x-ratelimit-reset-requests": "12ms",
                "x-ratelimit-limit-tokens": "160000",
                "x-ratelimit-reset-tokens": "1m0.5s",
                "x-ratelimit-remaining-tokens_usage_based": "1",
            },
            (Allowance("requests", 5000, 4999, 0.012), Allowance("tokens", 160_000, None, 60.5)),
        ),
        ({"x-ratelimit-limit-requests": "200", "x-ratelimit-reset-requests": "7m12s"}, ()),  # a limit of a day
        ({"maker-ratelimit-requests-limit": "50", "maker-ratelimit-requests-remaining": "x"}, (Allowance("requests", 50),)),
        ({"ratelimit-reset-requests": "1763000000"}, (Allowance("requests"),)),
        ({"x-ratelimit-limit": "24", "x-ratelimit-limit-images": "5"}, ()),
    ],
)
def test_headers_say_where_limits_of_a_minute_stand(headers: dict[str, str], expected: tuple[Allowance, ...]) -> None:
    assert allowances(headers) == expected


def test_a_time_in_a_header_is_that_until_which_a_limit_is_used_up() -> None:
    at = (datetime.now(UTC) + timedelta(seconds=30)).isoformat()
    headers = {"maker-ratelimit-tokens-remaining": "0", "maker-ratelimit-tokens-reset": at}
    refused = classify(429, "slow down", headers=headers)
    assert isinstance(refused, Refused)
    assert refused.limited
    assert refused.retry_after == pytest.approx(30, abs=5)
    overloaded, loading = classify(503, "busy"), classify(429, "it loads", "ModelNotReadyException")
    assert isinstance(overloaded, Refused)
    assert isinstance(loading, Refused)
    assert (overloaded.limited, loading.limited) == (False, False)
