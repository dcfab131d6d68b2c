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
    told = classify(error)
    assert type(told) is expected
    assert "no" in str(told)
    if isinstance(told, Refused):
        assert told.retry_after == 7


@pytest.mark.parametrize(
    ("phase", "expected"), [("pool", Refused), ("connect", Refused), ("write", Unknown), ("read", Unknown), (None, Unknown)]
)
def test_what_was_never_sent_is_refused_and_what_may_have_been_is_unknown(
    phase: Literal["pool", "connect", "write", "read"] | None, expected: type[OnbriefError]
) -> None:
    assert type(classify(ModelConnectionError("a-model", "gone", phase=phase))) is expected


def test_what_nobody_knows_is_unknown() -> None:
    assert type(classify(ModelAPIError("a-model", "strange"))) is Unknown
    assert type(classify(KeyError("usage"))) is Unknown


def test_what_the_client_refuses_to_send_is_a_matter_of_settings() -> None:
    assert type(classify(UserError("no such thing"))) is ConfigError


@pytest.mark.parametrize(
    "body",
    [{"Error": {"Message": "no"}}, {"error": {"message": "no"}}, {"message": "no"}, {"error": {"message": "no"}, "x": 1}, "no"],
)
def test_the_providers_words_are_found_in_every_shape(body: object) -> None:
    assert words(ModelHTTPError(400, "a-model", body)) == "no"
