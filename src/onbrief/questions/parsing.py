"""How answers are read, field by field. What is not as it was asked for is refused: its place, its value, what is allowed."""

from __future__ import annotations

import math
from typing import cast

from onbrief.errors import Unreadable, UsageError


def refusal(place: str, value: object, allowed: str) -> Unreadable:
    """The error for a value at this place of an answer, in the one form of the message."""
    return Unreadable(str(UsageError.of(place, value, allowed)), hint="the model may be asked once more")


def mapping(value: object, place: str) -> dict[str, object]:
    """A JSON object."""
    if not isinstance(value, dict):
        raise refusal(place, value, "an object")
    return cast("dict[str, object]", value)


def items(parent: dict[str, object], name: str, place: str = "") -> list[tuple[str, object]]:
    """The items of a list in an object, each with its place."""
    value = _field(parent, name, place)
    if not isinstance(value, list):
        raise refusal(place + name, value, "a list")
    return [(f"{place}{name}[{number}]", item) for number, item in enumerate(cast("list[object]", value))]


def text(parent: dict[str, object], name: str, place: str = "", *, empty: bool = False) -> str:
    """A text in an object; one of nothing but spaces only where it may be `empty`."""
    value = _field(parent, name, place)
    if not isinstance(value, str) or not (empty or value.strip()):
        raise refusal(place + name, value, "a text" if empty else "a text that is not empty")
    return value


def texts(parent: dict[str, object], name: str, place: str) -> list[tuple[str, str]]:
    """The texts of a list in an object, each with its place."""
    found: list[tuple[str, str]] = []
    for at, item in items(parent, name, place):
        if not isinstance(item, str) or not item.strip():
            raise refusal(at, item, "a text that is not empty")
        found.append((at, item))
    return found


def choice(parent: dict[str, object], name: str, place: str, allowed: tuple[str, ...]) -> str:
    """One of these words."""
    value = _field(parent, name, place)
    if not isinstance(value, str) or value not in allowed:
        raise refusal(place + name, value, " or ".join(allowed))
    return value


def flag(parent: dict[str, object], name: str, place: str) -> bool:
    """True or false."""
    value = _field(parent, name, place)
    if not isinstance(value, bool):
        raise refusal(place + name, value, "true or false")
    return value


def probability(parent: dict[str, object], name: str, place: str) -> float:
    """A number from 0 to 1."""
    value = _field(parent, name, place)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not (0 <= value <= 1 and math.isfinite(value)):
        raise refusal(place + name, value, "a number from 0 to 1")
    return float(value)


def count(parent: dict[str, object], name: str, place: str) -> int | None:
    """A whole number from 0 up, or None."""
    value = _field(parent, name, place)
    if value is None:
        return None
    if isinstance(value, float) and value.is_integer():
        value = int(value)  # JSON does not tell 3.0 from 3
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise refusal(place + name, value, "a whole number from 0, or null")
    return value


def _field(parent: dict[str, object], name: str, place: str) -> object:
    if name not in parent:
        raise refusal(place + name, None, "this field in the answer")
    return parent[name]
