"""What became of a call to a language model, from the error that pydantic-ai raised: by the classes of errors.py."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from pydantic_ai.exceptions import ModelAPIError, ModelConnectionError, ModelHTTPError, UserError

from onbrief.errors import ConfigError, Failed, OnbriefError, Refused, Unknown

_REFUSED = {429, 503, 529}
_FAILED = {408, 424, 500, 502, 504}


def classify(error: Exception) -> OnbriefError:
    """The error of ours that says what became of the call."""
    if amazon := _amazon(error):
        return amazon
    match error:
        case UserError():
            return ConfigError(str(error))
        case ModelHTTPError() if error.status_code in _REFUSED:
            return Refused(words(error), retry_after=error.retry_after)
        case ModelHTTPError() if error.status_code in _FAILED:
            return Failed(words(error))
        case ModelHTTPError():
            return ConfigError(f"{error.model_name} refused the request ({error.status_code}): {words(error)}")
        case ModelConnectionError() if error.phase in ("pool", "connect"):
            return Refused(f"no connection: {error}")
        case _:
            return Unknown(f"sent, and no whole answer came: {error}")


def words(error: ModelHTTPError) -> str:
    """What the provider says, without what the client adds to it."""
    body = _fields(error.body)
    told = _fields(body.get("Error", body.get("error", body)))  # boto3 writes Error and Message, the others error and message
    return str(told.get("Message", told.get("message", error.body)))


def _fields(value: object) -> Mapping[str, object]:
    return cast("Mapping[str, object]", value) if isinstance(value, Mapping) else {}


def _amazon(error: Exception) -> OnbriefError | None:
    """The class of an error that comes from boto3, where it does."""
    cause = error.__cause__ if isinstance(error, ModelAPIError) else error
    if not isinstance(cause, Exception) or not type(cause).__module__.startswith(("botocore", "urllib3")):
        return None
    from onbrief.providers.bedrock.outcomes import classify as of_amazon

    return of_amazon(cause)
