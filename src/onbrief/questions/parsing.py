"""Reading answers field by field. A value that is not as requested is refused, naming its place and what is allowed."""

from __future__ import annotations

import math
from typing import cast

from onbrief.errors import Unreadable, UsageError


def refusal(place: str, value: object, allowed: str) -> Unreadable:
    """Return the error for a value at this place of an answer."""
    return Unreadable(str(UsageError.of(place, value, allowed)))


def mapping(value: object, place: str) -> dict[str, object]:
    """Return the value as a JSON object, or refuse it."""
    if not isinstance(value, dict):
        raise refusal(place, value, "an object")
    return cast("dict[str, object]", value)


def items(parent: dict[str, object], name: str, place: str = "") -> list[tuple[str, object]]:
    """Return the items of a list in an object, each with its place."""
    value = _field(parent, name, place)
    if not isinstance(value, list):
        raise refusal(place + name, value, "a list")
    return [(f"{place}{name}[{number}]", item) for number, item in enumerate(cast("list[object]", value))]


def text(parent: dict[str, object], name: str, place: str = "", *, empty: bool = False) -> str:
    """Return a text of an object. A text that is blank is refused unless it may be `empty`."""
    value = _field(parent, name, place)
    if not isinstance(value, str) or not (empty or value.strip()):
        raise refusal(place + name, value, "a text" if empty else "a text that is not empty")
    return value


def texts(parent: dict[str, object], name: str, place: str) -> list[tuple[str, str]]:
    """Return the texts of a list in an object, each with its place."""
    found: list[tuple[str, str]] = []
    for at, item in items(parent, name, place):
        if not isinstance(item, str) or not item.strip():
            raise refusal(at, item, "a text that is not empty")
        found.append((at, item))
    return found


def choice(parent: dict[str, object], name: str, place: str, allowed: tuple[str, ...]) -> str:
    """Return a text of an object that is one of the allowed words."""
    value = _field(parent, name, place)
    if not isinstance(value, str) or value not in allowed:
        raise refusal(place + name, value, " or ".join(allowed))
    return value


def flag(parent: dict[str, object], name: str, place: str) -> bool:
    """Return a boolean of an object."""
    value = _field(parent, name, place)
    if not isinstance(value, bool):
        raise refusal(place + name, value, "true or false")
    return value


def probability(parent: dict[str, object], name: str, place: str) -> float:
    """Return a number from 0 to 1 of an object."""
    value = _field(parent, name, place)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not (0 <= value <= 1 and math.isfinite(value)):
        raise refusal(place + name, value, "a number from 0 to 1")
    return float(value)


def count(parent: dict[str, object], name: str, place: str) -> int | None:
    """Return a whole number of an object, 0 or more, or None."""
    value = _field(parent, name, place)
    if value is None:
        return None
    if isinstance(value, float) and value.is_integer():
        value = int(value)  # JSON does not distinguish 3.0 from 3
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise refusal(place + name, value, "a whole number from 0, or null")
    return value


def _field(parent: dict[str, object], name: str, place: str) -> object:
    if name not in parent:
        raise refusal(place + name, None, "this field in the answer")
    return parent[name]
