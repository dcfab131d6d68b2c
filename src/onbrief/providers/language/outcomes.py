"""What an exception of pydantic-ai's says about a call. For what the service answered, the table of providers/http.py decides;
here are the exceptions without an answer, and where the provider's words stand in an answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from pydantic_ai.exceptions import ModelConnectionError, ModelHTTPError, UserError

from onbrief.errors import ConfigError, OnbriefError, Refused, Unknown
from onbrief.providers import http


def classify(error: Exception) -> OnbriefError:
    """The error of ours that says what the outcome of the call is."""
    match error:
        case UserError():
            return ConfigError(str(error))
        case ModelHTTPError():
            return _answered(error)
        case ModelConnectionError() if error.phase in ("pool", "connect"):
            return Refused(f"no connection: {error}")
        case _:
            return Unknown(f"sent, and no whole answer came: {error}")


def words(error: ModelHTTPError) -> str:
    """What the provider says, without what the client adds to it."""
    about = _about(error)
    return str(about.get("Message", about.get("message", error.body)))


def _answered(error: ModelHTTPError) -> OnbriefError:
    message, about = words(error), _about(error)
    code = str(about.get("Code") or about.get("code") or about.get("type") or "")
    outcome = http.classify(error.status_code, message, code, error.headers or {}, words=message)
    if isinstance(outcome, ConfigError):
        refusal = f"{error.model_name} refused the request ({error.status_code}): {outcome}"
        return ConfigError(refusal, hint=outcome.hint)
    return outcome


def _about(error: ModelHTTPError) -> Mapping[str, object]:
    """The fields of an error: boto3 writes Error and Message, the others error and message."""
    body = _fields(error.body)
    return _fields(body.get("Error", body.get("error", body)))


def _fields(value: object) -> Mapping[str, object]:
    return cast("Mapping[str, object]", value) if isinstance(value, Mapping) else {}
