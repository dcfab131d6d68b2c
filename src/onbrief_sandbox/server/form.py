"""Reads and validates the fields of a JSON object one by one; the first invalid one raises an error."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterator, Sequence
from typing import NoReturn, Self, TypeVar, cast

from onbrief_sandbox.server.refusals import invalid
from onbrief_sandbox.server.wording import Kind, Path, Wording

Chosen = TypeVar("Chosen", bound=str)
Number = TypeVar("Number", int, float)

_TYPES: dict[Kind, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "object": (dict,),
    "array": (list,),
}
MALFORMED = "Malformed input request, please reformat your input and try again."


def parse(body: bytes) -> dict[str, object]:
    """Return the JSON object in a body.

    Raises:
        Refusal: the body is not a JSON object, or has invalid JSON or UTF-8, NaN, an unpaired surrogate, or extreme nesting.
    """
    try:
        document = json.loads(body.decode(), parse_constant=_no_number)
        if b"\\ud" in body.lower():
            json.dumps(document, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        raise invalid(MALFORMED) from error
    if not isinstance(document, dict):
        raise invalid(MALFORMED)
    return cast("dict[str, object]", document)


def _no_number(name: str) -> NoReturn:
    raise ValueError(name)


class Form:
    """One JSON object. A field that is read without a default is required; `end` rejects fields that were not read.

    All methods that read a field raise Refusal, worded as by the service's validator, if the field is missing or invalid.
    """

    def __init__(self, fields: object, wording: Wording, path: Path = ()) -> None:
        self.path = path
        self.wording = wording
        self.fields: dict[str, object] = cast("dict[str, object]", self._checked(fields, "object", path))
        self._known: set[str] = set()

    def has(self, name: str) -> bool:
        """Return whether the object has this field."""
        self._known.add(name)
        return name in self.fields and (self.wording.nulls or self.fields[name] is not None)

    def any(self, name: str) -> object:
        """Return a value of any type, or None if the field is missing."""
        return self.fields[name] if self.has(name) else None

    def text(self, name: str, *, least: int = 0, most: int | None = None, default: str | None = None) -> str:
        """Return a string of `least` to `most` characters."""
        if not self.has(name) and default is not None:
            return default
        value = cast("str", self._value(name, "string"))
        self._measure(name, value, least, most)
        return value

    def choice(self, name: str, allowed: Sequence[Chosen], default: str | None = None) -> Chosen:
        """Return a string that must be one of these."""
        value = self.text(name, default=default)
        for one in allowed:
            if value == one:
                return one
        raise invalid(self.wording.choice((*self.path, name), value, allowed))

    def whole(self, name: str, low: int, high: int | None = None, default: int | None = None) -> int:
        """Return an integer from `low` to `high`, both included."""
        if not self.has(name) and default is not None:
            return default
        return self._bounded(name, cast("int", self._value(name, "integer")), low, high)

    def number(self, name: str, low: float, high: float, default: float | None = None) -> float:
        """Return a number from `low` to `high`, both included."""
        if not self.has(name) and default is not None:
            return default
        return self._bounded(name, cast("float", self._value(name, "number")), low, high)

    def flag(self, name: str) -> bool:
        """Return a boolean; False if the field is missing."""
        return self.has(name) and cast("bool", self._value(name, "boolean"))

    def bytes(self, name: str) -> bytes:
        """Return the bytes that a base64 string encodes."""
        try:
            return base64.b64decode(self.text(name, least=1), validate=True)
        except (binascii.Error, ValueError) as error:
            raise invalid(f"{'.'.join(map(str, (*self.path, name)))}: Invalid base64 data") from error

    def form(self, name: str) -> Self:
        """Return a nested object."""
        return type(self)(self._value(name, "object"), self.wording, (*self.path, name))

    def forms(self, name: str, *, least: int = 0, most: int | None = None) -> Iterator[Self]:
        """Yield the objects in a list."""
        for place, value in enumerate(self.items(name, least=least, most=most)):
            yield type(self)(value, self.wording, (*self.path, name, place))

    def items(self, name: str, *, least: int = 0, most: int | None = None) -> list[object]:
        """Return the values in a list, of any type."""
        values = cast("list[object]", self._value(name, "array"))
        self._measure(name, values, least, most)
        return values

    def texts(self, name: str) -> tuple[str, ...]:
        """Return the strings in a list; an empty tuple if the field is missing."""
        values = self.items(name) if self.has(name) else []
        return tuple(cast("str", self._checked(value, "string", (*self.path, name, i))) for i, value in enumerate(values))

    def end(self) -> None:
        """Reject the first field that was not read, if the validator rejects unknown fields."""
        for name in self.fields:
            if self.wording.strict and name not in self._known:
                raise invalid(self.wording.unknown((*self.path, name)))

    def refuse(self, name: str, what: str) -> NoReturn:
        """Reject this field with a specific message.

        Raises:
            Refusal: always.
        """
        raise invalid(f"{'.'.join(map(str, (*self.path, name)))}: {what}")

    def _value(self, name: str, kind: Kind) -> object:
        if not self.has(name):
            raise invalid(self.wording.missing((*self.path, name)))
        return self._checked(self.fields[name], kind, (*self.path, name))

    def _checked(self, value: object, kind: Kind, path: Path) -> object:
        if not isinstance(value, _TYPES[kind]) or (isinstance(value, bool) and kind != "boolean"):
            if not path:
                raise invalid(MALFORMED)
            raise invalid(self.wording.kind(path, value, kind))
        return value

    def _bounded(self, name: str, value: Number, low: float, high: float | None) -> Number:
        for limit, upper in ((low, False), (high, True)):
            if limit is not None and (value > limit if upper else value < limit):
                raise invalid(self.wording.bound((*self.path, name), value, limit, upper=upper))
        return value

    def _measure(self, name: str, value: str | Sequence[object], least: int, most: int | None) -> None:
        for limit, upper in ((least, False), (most, True)):
            if limit is not None and (len(value) > limit if upper else len(value) < limit):
                raise invalid(self.wording.length((*self.path, name), value, limit, upper=upper))
