"""The fields of messages of the Gemini API, and what its validators say about those that are wrong."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Sequence
from typing import NoReturn

from onbrief_sandbox.server.form import Form
from onbrief_sandbox.server.refusals import invalid
from onbrief_sandbox.server.wording import Kind, Path, Wording


class _Fields:
    """The messages of the validator in front of the API, and of the API itself."""

    nulls = False
    strict = True

    def missing(self, path: Path) -> str:
        return f"* GenerateContentRequest.{where(path)}: {where(path[-1:])} is not specified"

    def unknown(self, path: Path) -> str:
        at = f" at '{where(path[:-1])}'" if path[:-1] else ""
        return f'Invalid JSON payload received. Unknown name "{path[-1]}"{at}: Cannot find field.'

    def kind(self, path: Path, value: object, kind: Kind) -> str:
        named = {"string": "TYPE_STRING", "integer": "TYPE_INT32", "number": "TYPE_FLOAT", "boolean": "TYPE_BOOL"}
        shown = json.dumps(value, ensure_ascii=False)[:80]
        return f"Invalid value at '{where(path)}' ({named.get(kind, kind)}), {shown}"

    def choice(self, path: Path, value: object, allowed: Sequence[str]) -> str:
        return f"Invalid value at '{where(path)}' (TYPE_ENUM), {json.dumps(value)[:80]}; expected {', '.join(allowed)}"

    def bound(self, path: Path, value: float, limit: float, *, upper: bool) -> str:
        side = "at most" if upper else "at least"
        return f"* GenerateContentRequest.{where(path)}: must be {side} {limit:g}, but is {value:g}"

    def length(self, path: Path, value: str | Sequence[object], limit: int, *, upper: bool) -> str:
        if not value:
            return f"* GenerateContentRequest.{where(path)}: {where(path[-1:])} must not be empty."
        return f"* GenerateContentRequest.{where(path)}: must have {'at most' if upper else 'at least'} {limit} items"


FIELDS: Wording = _Fields()
"""The messages of the Gemini API."""


class Message(Form):
    """A message of the API. Its fields can be written in camelCase or snake_case, and bytes in either kind of base64."""

    def __init__(self, fields: object, wording: Wording, path: Path = ()) -> None:
        super().__init__(fields, wording, path)
        self.fields = {_camel(name): value for name, value in self.fields.items()}

    def bytes(self, name: str) -> bytes:
        """See Form."""
        text = self.text(name, least=1).translate(str.maketrans("-_", "+/"))
        try:
            return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
        except (binascii.Error, ValueError) as error:
            raise invalid(f"Invalid value at '{where((*self.path, name))}' (TYPE_BYTES), Base64 decoding failed") from error

    def refuse(self, name: str, what: str) -> NoReturn:
        """See Form."""
        raise invalid(f"* GenerateContentRequest.{where((*self.path, name))}: {what}")


def _camel(name: str) -> str:
    first, *rest = name.lstrip("_").split("_")
    return first + "".join(word.capitalize() for word in rest)


def where(path: Path) -> str:
    """Return a path as the API writes it: generation_config.stop_sequences[0]."""
    steps = [
        f"[{step}]" if isinstance(step, int) else "." + re.sub(r"[A-Z]", lambda c: f"_{c[0].lower()}", step) for step in path
    ]
    return "".join(steps).lstrip(".")
