"""The service's refusals: an error type with its HTTP status, and a message in the service's words."""

from __future__ import annotations

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
"""Error types of Bedrock's runtime and of the layer before it, with the status that each one has."""


class Refusal(Exception):
    """A request that the service does not accept: `type` is the name that SDKs raise, the status follows from it."""

    def __init__(self, type: str, message: str, *, status: int | None = None) -> None:  # noqa: A002 - the service's word
        super().__init__(message)
        self.type = type
        self.status = STATUS[type] if status is None else status
        self.message = message


def invalid(message: str) -> Refusal:
    """A ValidationException with this message."""
    return Refusal("ValidationException", message)
