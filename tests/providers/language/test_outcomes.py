from __future__ import annotations

from typing import Literal

import pytest
from pydantic_ai.exceptions import ModelAPIError, ModelConnectionError, ModelHTTPError, UserError

from onbrief.errors import ConfigError, Failed, OnbriefError, Refused, Unknown
from onbrief.providers.language.outcomes import classify, words


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        *((status, Refused) for status in (429, 503, 529)),
        *((status, Failed) for status in (408, 424, 500, 502, 504)),
        *((status, ConfigError) for status in (400, 401, 403, 404, 413, 422)),
    ],
)
def test_a_status_of_any_provider_has_its_class(status: int, expected: type[OnbriefError]) -> None:
    error = ModelHTTPError(status, "a-model", {"error": {"message": "no"}}, headers={"Retry-After": "7"})
    found = classify(error)
    assert type(found) is expected
    assert "no" in str(found)
    if isinstance(found, Refused):
        assert found.retry_after == 7


@pytest.mark.parametrize(
    ("phase", "expected"), [("pool", Refused), ("connect", Refused), ("write", Unknown), ("read", Unknown), (None, Unknown)]
)
def test_a_request_that_was_never_sent_is_refused_and_one_that_may_have_been_is_unknown(
    phase: Literal["pool", "connect", "write", "read"] | None, expected: type[OnbriefError]
) -> None:
    assert type(classify(ModelConnectionError("a-model", "gone", phase=phase))) is expected


def test_an_unexpected_exception_is_unknown() -> None:
    assert type(classify(ModelAPIError("a-model", "strange"))) is Unknown
    assert type(classify(KeyError("usage"))) is Unknown


def test_a_complete_answer_that_says_that_the_call_failed_is_a_failure() -> None:
    error = ModelAPIError("a-model", "server_error: sorry", provider_error_code="server_error")
    assert type(classify(error)) is Failed


def test_a_request_that_the_client_refuses_is_a_configuration_error() -> None:
    assert type(classify(UserError("no such thing"))) is ConfigError


@pytest.mark.parametrize(
    "body",
    [{"Error": {"Message": "no"}}, {"error": {"message": "no"}}, {"message": "no"}, {"error": {"message": "no"}, "x": 1}, "no"],
)
def test_the_providers_message_is_found_in_every_form(body: object) -> None:
    assert words(ModelHTTPError(400, "a-model", body)) == "no"
