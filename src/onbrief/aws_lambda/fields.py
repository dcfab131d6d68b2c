"""Reads the fields of a JSON object one by one and collects all errors."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import TypeGuard, TypeVar, cast

from onbrief.errors import UsageError

T = TypeVar("T")


class Fields:
    """The fields of an object. Each method returns the value of one field, or the default if the field is missing or null. For
    a value that is not allowed, it adds a line to `wrong` and returns the default.
    """

    def __init__(self, document: Mapping[str, object]) -> None:
        self._given = {name: value for name, value in document.items() if value is not None}
        self._known: set[str] = set()
        self.wrong: list[str] = []

    def text(self, name: str, default: str | None = None) -> str:
        """Return a text that is not blank. Without a default, the field is required."""
        value = self._value(name, default)
        if isinstance(value, str) and value.strip():
            return value
        return self._refuse(name, value, "some text", default or "")

    def choice(self, name: str, allowed: tuple[str, ...], default: str) -> str:
        """Return one of the allowed words."""
        value = self._value(name, default)
        return (
            value if isinstance(value, str) and value in allowed else self._refuse(name, value, " or ".join(allowed), default)
        )

    def whole(self, name: str, low: int, high: int, default: int) -> int:
        """Return a whole number in this range. 5.0 counts as one, because some JSON writers have no integers."""
        value = self._value(name, default)
        if isinstance(value, (int, float)) and not isinstance(value, bool) and low <= value <= high and value == int(value):
            return int(value)
        return self._refuse(name, value, f"a whole number from {low} to {high}", default)

    def number(self, name: str, low: float, high: float, default: float) -> float:
        """Return a number in this range."""
        value = self._value(name, default)
        return value if _is_number(value) and low <= value <= high else self._refuse(name, value, _range(low, high), default)

    def amount(self, name: str, high: float) -> float | None:
        """Return a number from 0 to `high`, or None if the field is missing."""
        value = self._value(name, None)
        if value is None or (_is_number(value) and 0 <= value <= high):
            return value
        return self._refuse(name, value, _range(0, high), None)

    def each(self, name: str, read: Callable[[object], T]) -> tuple[T, ...]:
        """Return a list whose items `read` has converted; `read` raises UsageError for an item that is not allowed."""
        value = self._value(name, [])
        if not isinstance(value, list):
            return self._refuse(name, value, "a list", ())
        made: list[T] = []
        for number, item in enumerate(cast("list[object]", value)):
            if (one := self.checked(f"{name}[{number}]", lambda item=item: read(item))) is not None:
                made.append(one)
        return tuple(made)

    def texts(self, name: str, read: Callable[[object], str]) -> tuple[str, ...]:
        """Return a text or a list of texts, as `each` does. A blank text is no text."""
        value = self._value(name, [])
        if isinstance(value, str):
            return (value,) if value.strip() else ()
        return self.each(name, read)

    def checked(self, name: str, make: Callable[[], T]) -> T | None:
        """Return the result of `make`; if it raises UsageError, add it to `wrong` under this name and return None."""
        try:
            return make()
        except UsageError as error:
            self.wrong.append(f"{name}: {error}")
            return None

    def has(self, name: str) -> bool:
        """Return whether the field is present and not null."""
        self._known.add(name)
        return name in self._given

    def refuse_unknown(self) -> None:
        """Add an error for every field that no method has read: a misspelt field would otherwise be ignored."""
        for name in self._given.keys() - self._known:
            self._refuse(name, self._given[name], f"one of the fields {' '.join(sorted(self._known))}", None)

    def _value(self, name: str, default: object) -> object:
        self._known.add(name)
        return self._given.get(name, default)

    def _refuse(self, name: str, value: object, allowed: str, instead: T) -> T:
        self.wrong.append(f"{name}: expected {allowed}" if value is None else str(UsageError.of(name, value, allowed)))
        return instead


def _is_number(value: object) -> TypeGuard[float]:
    whole = isinstance(value, int) and not isinstance(value, bool)
    return whole or (isinstance(value, float) and math.isfinite(value))


def _range(low: float, high: float) -> str:
    return f"a number from {low:g} to {high:g}"
