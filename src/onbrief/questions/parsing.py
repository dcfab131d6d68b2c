"""Reading answers field by field. What has one meaning is read, however it is written: JSON in a text, a number or a truth
value in words, one item instead of a list of one, an id in capitals. Anything else is refused, naming its place and what is
allowed.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from typing import Any, cast

from onbrief.attempt import Box
from onbrief.errors import Unreadable, UsageError
from onbrief.questions.claims import NUMBERS

_MOST_WRAPPERS = 4  # objects or lists of one around an answer
_FLAGS = {"true": True, "yes": True, "false": False, "no": False}
_PERCENT = re.compile(r"(\d{1,3}(?:\.\d+)?)\s*%")
_WORD = re.compile(r"[^\W\d_]+")
_SIDES = ("left", "top", "right", "bottom")
_NUMBER = re.compile(r"\d{1,9}(?:\.\d+)?|\.\d+")


def refusal(place: str, value: object, allowed: str) -> Unreadable:
    """Return the error for a value at this place of an answer. Its correction does not quote the value."""
    return Unreadable(
        str(UsageError.of(place, value, allowed)), correction=f"`{place}` was not as requested: expected {allowed}"
    )


def body(answer: object, *fields: str) -> dict[str, object]:
    """Return the object with these fields in an answer, which may be wrapped in another one. With a single field, its value may
    stand alone.
    """
    value = _decoded(answer)
    for _ in range(_MOST_WRAPPERS):
        inside: list[object] = []
        if isinstance(value, list):
            inside = cast("list[object]", value)
        elif isinstance(value, dict) and not _has_any(cast("object", value), fields):
            inside = list(cast("dict[str, object]", value).values())
        if isinstance(value, list) and len(fields) == 1 and not (len(inside) == 1 and _has_any(inside[0], fields)):
            return {fields[0]: inside}
        if len(inside) != 1:
            break
        value = _decoded(inside[0])
    return mapping(cast("object", value), "the answer")


def mapping(value: object, place: str) -> dict[str, object]:
    """Return the value as a JSON object, or refuse it."""
    value = _decoded(value)
    if not isinstance(value, dict):
        raise refusal(place, value, "an object")
    return cast("dict[str, object]", value)


def items(parent: Mapping[str, object], name: str, place: str = "") -> list[tuple[str, object]]:
    """Return the items of a list in an object, each with its place. The list may be an object of items by their id."""
    value = _decoded(_field(parent, name, place))
    if isinstance(value, dict):
        entries = cast("dict[str, object]", value)
        by_id = entries and all(isinstance(entry, dict) for entry in entries.values())
        value = [{"id": id_, **cast("dict[str, object]", e)} for id_, e in entries.items()] if by_id else [entries]
    if not isinstance(value, list):
        raise refusal(place + name, cast("object", value), "a list")
    return [(f"{place}{name}[{number}]", item) for number, item in enumerate(cast("list[object]", value))]


def text(parent: Mapping[str, object], name: str, place: str = "", *, empty: bool = False) -> str:
    """Return a text of an object. One that is blank or missing is refused unless it may be `empty`."""
    value = parent.get(_named(parent, name) or "") if empty else _field(parent, name, place)
    if value is None and empty:
        return ""
    if empty and isinstance(value, list) and all(isinstance(line, str) for line in cast("list[object]", value)):
        return "; ".join(cast("list[str]", value))
    if not isinstance(value, str) or not (empty or value.strip()):
        raise refusal(place + name, cast("object", value), "a text" if empty else "a text that is not empty")
    return value


def texts(parent: Mapping[str, object], name: str, place: str) -> list[tuple[str, str]]:
    """Return the texts of a list in an object, each with its place. Without a list, there is one text or none."""
    value = _decoded(_field(parent, name, place))
    if value is None or isinstance(value, str):
        return [(f"{place}{name}", value)] if value and value.strip() else []
    found: list[tuple[str, str]] = []
    for at, item in items(parent, name, place):
        if not isinstance(item, str) or not item.strip():
            raise refusal(at, item, "a text that is not empty")
        found.append((at, item))
    return found


def choice(parent: Mapping[str, object], name: str, place: str, allowed: Sequence[str]) -> str:
    """Return a text of an object that is one of the allowed words."""
    value = _field(parent, name, place)
    plain = _plain(value) if isinstance(value, str) else None
    if plain is None or plain not in allowed:
        raise refusal(place + name, value, " or ".join(allowed))
    return plain


def id_among(parent: Mapping[str, object], place: str, allowed: Sequence[str]) -> str | None:
    """Return the one of the allowed ids that the field `id` of an object means, or None if it means none of them."""
    value = _field(parent, "id", place)
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        raise refusal(f"{place}id", value, " or ".join(allowed))
    if value in allowed:
        return str(value)
    if isinstance(value, int) and value < 0:
        return None
    wanted = _letters(str(value))
    same = [id_ for id_ in allowed if _letters(id_) == wanted] or [id_ for id_ in allowed if wanted == _digits(id_)]
    return same[0] if len(same) == 1 else None


def flag(parent: Mapping[str, object], name: str, place: str) -> bool:
    """Return a boolean of an object."""
    value = _field(parent, name, place)
    found = value if isinstance(value, bool) else _FLAGS.get(_plain(value)) if isinstance(value, str) else None
    if found is None:
        raise refusal(place + name, value, "true or false")
    return found


def probability(parent: Mapping[str, object], name: str, place: str) -> float:
    """Return a number from 0 to 1 of an object."""
    value = _field(parent, name, place)
    number = _number(value)
    if number is None or not (0 <= number <= 1 and math.isfinite(number)):
        raise refusal(place + name, value, "a number from 0 to 1")
    return float(number)


def count(parent: Mapping[str, object], name: str, place: str) -> int | None:
    """Return a whole number of an object, 0 or more, or None."""
    value = _field(parent, name, place)
    if value is None:
        return None
    number = NUMBERS.get(_plain(value)) if isinstance(value, str) else None
    number = _number(value) if number is None else number
    if isinstance(number, float) and number.is_integer():
        number = int(number)  # JSON does not distinguish 3.0 from 3
    if not isinstance(number, int) or number < 0:
        raise refusal(place + name, value, "a whole number from 0, or null")
    return number


def box(parent: Mapping[str, object], name: str) -> Box | None:
    """Return the part of a picture that an object names: left, top, right and bottom, as shares of its sides. None if there is
    none, or not one of this form: it is a help, and no answer is refused over it.
    """
    value = _decoded(parent.get(_named(parent, name) or ""))
    if isinstance(value, dict):
        named = cast("dict[str, object]", value)
        value = [named.get(side) for side in _SIDES]
    if not isinstance(value, list) or len(cast("list[object]", value)) != len(_SIDES):
        return None
    sides = [_number(side) for side in cast("list[object]", value)]
    left, top, right, bottom = (side if side is not None and 0 <= side <= 1 else math.nan for side in sides)
    return (float(left), float(top), float(right), float(bottom)) if left < right and top < bottom else None


def has(parent: Mapping[str, object], name: str) -> bool:
    """Return whether an object has a field with a value."""
    return parent.get(_named(parent, name) or "") is not None


def words(parent: Mapping[str, object], name: str) -> list[str]:
    """Return the words of a list of texts, or of one text, in an object: in lower case, in order. Whatever else stands there is
    left out.
    """
    value = _decoded(parent.get(_named(parent, name) or ""))
    texts = cast("list[object]", value) if isinstance(value, list) else [cast("object", value)]
    return [word.casefold() for each in texts if isinstance(each, str) for word in _WORD.findall(each)]


def _number(value: object) -> float | int | None:
    """Return a number that may be written as a text, such as "0.9" or "90%"."""
    if isinstance(value, bool):
        return None
    if isinstance(value, (int, float)):
        return value
    plain = value.strip() if isinstance(value, str) else ""
    if percent := _PERCENT.fullmatch(plain):
        return float(percent[1]) / 100
    return float(plain) if _NUMBER.fullmatch(plain) and plain.isascii() else None


def _decoded(value: object) -> Any:
    """Return the list or object that a text is the JSON of, or the value itself."""
    if isinstance(value, str) and value.strip()[:1] in ("[", "{"):
        try:
            return json.loads(value)
        except (ValueError, RecursionError):
            return value
    return value


def _has_any(value: object, names: Sequence[str]) -> bool:
    return isinstance(value, dict) and any(_named(cast("dict[str, object]", value), name) for name in names)


def _field(parent: Mapping[str, object], name: str, place: str) -> object:
    key = _named(parent, name)
    if key is None:
        raise refusal(place + name, None, "this field in the answer")
    return parent[key]


def _named(parent: Mapping[str, object], name: str) -> str | None:
    """Return the key of a field, which may be in capitals; None if there is none, or several that differ in case only."""
    if name in parent:
        return name
    alike = [key for key in parent if key.strip().casefold() == name]
    return alike[0] if len(alike) == 1 else None


def _plain(text: str) -> str:
    """Return a word without case, and without the spaces, quotes and full stop around it."""
    return text.strip(" \t\n\"'“”.").casefold()


def _letters(id_: str) -> str:
    return "".join(c for c in id_.casefold() if c.isalnum())


def _digits(id_: str) -> str:
    return "".join(c for c in id_ if c.isdigit())
