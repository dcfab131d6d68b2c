"""Map pydantic-ai's exceptions to the outcome of a call. The table in providers/http.py decides for error responses; this
module handles exceptions without a response, and finds the provider's message in a response.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from pydantic_ai.exceptions import ModelAPIError, ModelConnectionError, ModelHTTPError, ModelQuotaExceededError, UserError

from onbrief.errors import ConfigError, Failed, OnbriefError, Refused, Unknown
from onbrief.providers import http


def classify(error: Exception) -> OnbriefError:
    """Return the outcome of the call that raised this exception."""
    match error:
        case UserError():
            return ConfigError(str(error))
        case ModelHTTPError():
            return _answered(error)
        case ModelConnectionError() if error.phase in ("pool", "connect"):
            return Refused(f"no connection: {error}")
        case ModelAPIError() if error.provider_error_code:  # a complete answer, which says that the call failed
            return Failed(str(error))
        case _:
            return Unknown(f"sent, but no complete answer was received: {error}")


def words(error: ModelHTTPError) -> str:
    """Return the provider's message, without what the client adds to it."""
    about = _about(error)
    return str(about.get("Message", about.get("message", error.body)))


def _answered(error: ModelHTTPError) -> OnbriefError:
    message, about = words(error), _about(error)
    code = str(about.get("Code") or about.get("code") or about.get("type") or "")
    outcome = http.classify(error.status_code, message, code, error.headers or {}, words=message)
    if isinstance(outcome, ConfigError):
        refusal = f"{error.model_name} refused the request ({error.status_code}): {outcome}"
        return ConfigError(refusal, hint=outcome.hint)
    if isinstance(outcome, Refused) and outcome.retry_after is None:  # some say it in the body, which the client has read
        of_day = isinstance(error, ModelQuotaExceededError)
        outcome.retry_after = http.DAY_QUOTA_WAIT if of_day else error.retry_after
    return outcome


def _about(error: ModelHTTPError) -> Mapping[str, object]:
    """Return the fields of an error. boto3 names them Error and Message, other clients error and message."""
    body = _fields(error.body)
    return _fields(body.get("Error", body.get("error", body)))


def _fields(value: object) -> Mapping[str, object]:
    return cast("Mapping[str, object]", value) if isinstance(value, Mapping) else {}
