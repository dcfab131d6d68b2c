"""Reads the bodies of forms, multipart/form-data: a field can be text or a file."""

from __future__ import annotations

import re
from email.message import Message

from starlette.requests import Request

from onbrief_sandbox.server.refusals import invalid

_NAME = re.compile(r'name="([^"]*)"')


def fields(request: Request, body: bytes) -> dict[str, bytes]:
    """Return the fields of a form by name.

    Raises:
        Refusal: it is not a form, or a field occurs twice.
    """
    about = Message()
    about["content-type"] = request.headers.get("content-type", "")
    boundary = about.get_boundary()
    if about.get_content_type() != "multipart/form-data" or not boundary:
        raise invalid("content-type: must be multipart/form-data")
    found: dict[str, bytes] = {}
    first, *parts = (b"\r\n" + body).split(f"\r\n--{boundary}".encode())
    if first or not parts or not parts[-1].startswith(b"--"):
        raise invalid("body: is not a complete form")
    for part in parts[:-1]:
        head, blank, data = part.partition(b"\r\n\r\n")
        named = _NAME.search(head.decode("utf-8", "replace"))
        if not blank or named is None or named[1] in found:
            raise invalid("body: every field must have a name of its own")
        found[named[1]] = data
    return found
