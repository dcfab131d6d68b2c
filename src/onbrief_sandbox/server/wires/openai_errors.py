"""Errors of OpenAI's API, and of servers that speak like it: a message with its type, its parameter and its code."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Sequence

from starlette.responses import Response

from onbrief_sandbox.server.form import MALFORMED
from onbrief_sandbox.server.limits import Standing
from onbrief_sandbox.server.wires.desk import Declined
from onbrief_sandbox.server.wording import Kind, Path, Wording

_TYPES = {404: "invalid_request_error", 429: "requests", 503: "service_unavailable_error"}
_CODES = {401: "invalid_api_key", 429: "rate_limit_exceeded"}
_NOT_JSON = "We could not parse the JSON body of your request. The OpenAI API expects a JSON payload."
_BEGINNINGS = (
    (re.compile(r"Missing required parameter: '(.+?)'"), "missing_required_parameter"),
    (re.compile(r"Unknown parameter: '(.+?)'"), "unknown_parameter"),
    (re.compile(r"Invalid type for '(.+?)'"), "invalid_type"),
    (re.compile(r"Invalid '(.+?)': (?:integer|decimal) below"), "integer_below_min_value"),
    (re.compile(r"Invalid '(.+?)': (?:integer|decimal) above"), "integer_above_max_value"),
    (re.compile(r"Invalid '(.+?)': string too long"), "string_above_max_length"),
    (re.compile(r"Invalid '(.+?)': empty array"), "empty_array"),
    (re.compile(r"Unsupported parameter: '(.+?)'"), "unsupported_parameter"),
    (re.compile(r"Unsupported value: '(.+?)'"), "unsupported_value"),
    (re.compile(r"Invalid value()"), "invalid_value"),
)
_NAMES: dict[Kind, str] = {
    "string": "a string", "integer": "an integer", "number": "a decimal", "boolean": "a boolean",
    "object": "an object", "array": "an array",
}  # fmt: skip
_FOUND: dict[type, str] = {
    str: "a string",
    bool: "a boolean",
    int: "an integer",
    float: "a decimal",
    dict: "an object",
    list: "an array",
}


def response(status: int, message: str, code: str | None = None, param: str | None = None, kind: str = "") -> Response:
    """Return an error response. What the message begins with says code and parameter, unless they are given."""
    if message == MALFORMED:
        message = _NOT_JSON
    if code is None:
        found = ((match[1] or None, name) for pattern, name in _BEGINNINGS if (match := pattern.match(message)))
        param, code = next(found, (param, _CODES.get(status)))
    kind = kind or _TYPES.get(status, "server_error" if status >= 500 else "invalid_request_error")
    error = {"message": message, "type": kind, "param": param, "code": code or None}
    return document({"error": error}, status)


def limited(model: str, standing: Standing) -> Response:
    """Return the response to a call above a limit."""
    counted, short = ("requests", "RPM") if standing.rate.counted == "requests" else ("tokens", "TPM")
    used = standing.rate.most - standing.left
    message = (
        f"Rate limit reached for {model} in organization org-sandbox on {counted} per min ({short}): "
        f"Limit {standing.rate.most}, Used {used}. Please try again in {standing.wait:.3g}s."
    )
    return response(429, message, "rate_limit_exceeded", kind=counted)


def document(content: dict[str, object], status: int = 200) -> Response:
    """Return a response with this document."""
    body = json.dumps(content, ensure_ascii=False).encode("utf-8", "replace")
    return Response(body, status, {"x-request-id": f"req_{secrets.token_hex(16)}"}, "application/json")


def declined(message: str, code: str | None = None, param: str | None = None, status: int = 400) -> Declined:
    """Return the exception for a request that is not accepted."""
    return Declined(response(status, message, code, param))


class _Parameters:
    """The wording of the validator in front of all models."""

    nulls = False
    strict = True

    def missing(self, path: Path) -> str:
        return f"Missing required parameter: '{where(path)}'."

    def unknown(self, path: Path) -> str:
        return f"Unknown parameter: '{where(path)}'."

    def kind(self, path: Path, value: object, kind: Kind) -> str:
        found = _FOUND.get(type(value), "null")
        return f"Invalid type for '{where(path)}': expected {_NAMES[kind]}, but got {found} instead."

    def choice(self, path: Path, value: object, allowed: Sequence[str]) -> str:
        *first, last = [f"'{one}'" for one in allowed]
        return f"Invalid value: '{str(value)[:80]}'. Supported values are: {', '.join(first)}{' and ' if first else ''}{last}."

    def bound(self, path: Path, value: float, limit: float, *, upper: bool) -> str:
        kind = "integer" if isinstance(value, int) else "decimal"
        side, sign = ("above maximum", "<=") if upper else ("below minimum", ">=")
        return f"Invalid '{where(path)}': {kind} {side} value. Expected a value {sign} {limit}, but got {value} instead."

    def length(self, path: Path, value: str | Sequence[object], limit: int, *, upper: bool) -> str:
        what = "string" if isinstance(value, str) else "array"
        if not value and what == "array":
            return f"Invalid '{where(path)}': empty array. Expected an array with minimum length {limit}."
        side = "too long" if upper else "too short"
        return f"Invalid '{where(path)}': {what} {side}. Expected a length of {limit}, but got {len(value)} instead."


PARAMETERS: Wording = _Parameters()


def where(path: Path) -> str:
    """Return the name of a parameter, as in messages[0].content."""
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path).lstrip(".")
