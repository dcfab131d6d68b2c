"""Errors of the service: an error type with its HTTP status, and a message worded as by the service."""

from __future__ import annotations

from collections.abc import Mapping

STATUS = {
    "ValidationException": 400,
    "ServiceQuotaExceededException": 400,
    "AccessDeniedException": 403,
    "ResourceNotFoundException": 404,
    "UnknownOperationException": 404,
    "ModelTimeoutException": 408,
    "RequestTimeoutException": 408,
    "ModelErrorException": 424,
    "ThrottlingException": 429,
    "ModelNotReadyException": 429,
    "InternalServerException": 500,
    "ServiceUnavailableException": 503,
}
"""The error types of Bedrock's runtime and of the HTTP layer in front of it, with their HTTP status."""


class Refusal(Exception):
    """The service does not accept a request. `type` is the name of the error in SDKs; it determines the status."""

    def __init__(
        self,
        type: str,  # noqa: A002 - the service's term
        message: str,
        *,
        status: int | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.headers = headers or {}
        self.type = type
        self.status = STATUS[type] if status is None else status
        self.message = message


def invalid(message: str) -> Refusal:
    """Return a ValidationException with this message."""
    return Refusal("ValidationException", message)
