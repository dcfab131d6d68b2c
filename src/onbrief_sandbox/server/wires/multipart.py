"""Reads the bodies of forms, multipart/form-data: a field can be text or a file."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from email.message import Message

from starlette.requests import Request

from onbrief_sandbox.server.refusals import invalid

_NAME = re.compile(r'[; ]name="([^"]*)"')
_FILE = re.compile(r'[; ]filename="')


@dataclass(frozen=True, slots=True)
class Part:
    """One field of a form: a text or a file."""

    name: str
    data: bytes = field(repr=False)
    is_file: bool


def parts(request: Request, body: bytes) -> list[Part]:
    """Return the fields of a form in their order; a name can occur more than once.

    Raises:
        Refusal: it is not a complete form.
    """
    about = Message()
    about["content-type"] = request.headers.get("content-type", "")
    boundary = about.get_boundary()
    if about.get_content_type() != "multipart/form-data" or not boundary:
        raise invalid("content-type: must be multipart/form-data")
    found: list[Part] = []
    first, *pieces = (b"\r\n" + body).split(f"\r\n--{boundary}".encode())
    if first or not pieces or not pieces[-1].startswith(b"--"):
        raise invalid("body: is not a complete form")
    for piece in pieces[:-1]:
        head, blank, data = piece.partition(b"\r\n\r\n")
        lines = head.decode("utf-8", "replace")
        named = _NAME.search(lines)
        if not blank or named is None:
            raise invalid("body: every field must have a name of its own")
        found.append(Part(named[1], data, _FILE.search(lines) is not None))
    return found


def fields(request: Request, body: bytes) -> dict[str, bytes]:
    """Return the fields of a form by name.

    Raises:
        Refusal: it is not a form, or a field occurs twice.
    """
    found: dict[str, bytes] = {}
    for part in parts(request, body):
        if part.name in found:
            raise invalid("body: every field must have a name of its own")
        found[part.name] = part.data
    return found
