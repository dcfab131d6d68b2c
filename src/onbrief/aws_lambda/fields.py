"""Reading the fields of a JSON object one by one, and remembering everything that is wrong with them."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import TypeGuard, TypeVar, cast

from onbrief.errors import UsageError

T = TypeVar("T")


class Fields:
    """The fields of an object. Each method answers the value of one of them, or its default when it is not given (null is
    not given); what cannot be used is added to `wrong`, and the default stands in for it.
    """

    def __init__(self, document: Mapping[str, object]) -> None:
        self._given = {name: value for name, value in document.items() if value is not None}
        self._known: set[str] = set()
        self.wrong: list[str] = []

    def text(self, name: str, default: str | None = None) -> str:
        """Some text; without a default, it must be given."""
        value = self._value(name, default)
        if isinstance(value, str) and value.strip():
            return value
        return self._refuse(name, value, "some text", default or "")

    def choice(self, name: str, allowed: tuple[str, ...], default: str) -> str:
        """One of these words."""
        value = self._value(name, default)
        return (
            value if isinstance(value, str) and value in allowed else self._refuse(name, value, " or ".join(allowed), default)
        )

    def whole(self, name: str, low: int, high: int, default: int) -> int:
        """A whole number in this range; 5.0 is one, as some writers of JSON have it."""
        value = self._value(name, default)
        if isinstance(value, (int, float)) and not isinstance(value, bool) and low <= value <= high and value == int(value):
            return int(value)
        return self._refuse(name, value, f"a whole number from {low} to {high}", default)

    def number(self, name: str, low: float, high: float, default: float) -> float:
        """A number in this range."""
        value = self._value(name, default)
        return value if _is_number(value) and low <= value <= high else self._refuse(name, value, _range(low, high), default)

    def amount(self, name: str, high: float) -> float | None:
        """A number from 0 to `high`, or None when it is not given."""
        value = self._value(name, None)
        if value is None or (_is_number(value) and 0 <= value <= high):
            return value
        return self._refuse(name, value, _range(0, high), None)

    def each(self, name: str, read: Callable[[object], T]) -> tuple[T, ...]:
        """A list, each item of which `read` makes something of, or raises UsageError."""
        value = self._value(name, [])
        if not isinstance(value, list):
            return self._refuse(name, value, "a list", ())
        made: list[T] = []
        for number, item in enumerate(cast("list[object]", value)):
            if (one := self.checked(f"{name}[{number}]", lambda item=item: read(item))) is not None:
                made.append(one)
        return tuple(made)

    def checked(self, name: str, make: Callable[[], T]) -> T | None:
        """What `make` makes; when it raises UsageError, that is wrong with the field of this name."""
        try:
            return make()
        except UsageError as error:
            self.wrong.append(f"{name}: {error}")
            return None

    def has(self, name: str) -> bool:
        """Whether it is given."""
        self._known.add(name)
        return name in self._given

    def refuse_unknown(self) -> None:
        """Have every field be wrong that nothing has asked for: one that is misspelt would be ignored otherwise."""
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
