"""Messages for invalid fields, as worded by the three validators behind Bedrock's two operations.

`SCHEMA` validates the bodies of image models against a JSON schema, `MEMBERS` validates the members of Converse requests,
`INPUTS` validates the body of Anthropic's Messages API.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, Protocol

Path = tuple[str | int, ...]
Kind = Literal["string", "integer", "number", "boolean", "object", "array"]


class Wording(Protocol):
    """The messages of one validator. `nulls`: null is a value of the wrong type; otherwise it is the same as a missing field.
    `strict`: unknown fields are rejected.
    """

    nulls: bool
    strict: bool

    def missing(self, path: Path) -> str: ...  # noqa: D102 - its name says it
    def unknown(self, path: Path) -> str: ...  # noqa: D102 - its name says it
    def kind(self, path: Path, value: object, kind: Kind) -> str: ...  # noqa: D102 - its name says it
    def choice(self, path: Path, value: object, allowed: Sequence[str]) -> str: ...  # noqa: D102 - its name says it
    def bound(self, path: Path, value: float, limit: float, *, upper: bool) -> str: ...  # noqa: D102 - its name says it
    def length(self, path: Path, value: str | Sequence[object], limit: int, *, upper: bool) -> str: ...  # noqa: D102 - its name says it


_SCHEMA_TYPES: dict[Kind, str] = {
    "string": "String", "integer": "Integer", "number": "Number", "boolean": "Boolean",
    "object": "JSONObject", "array": "JSONArray",
}  # fmt: skip
_INPUT_TYPES: dict[Kind, str] = {
    "string": "string", "integer": "integer", "number": "number", "boolean": "boolean",
    "object": "dictionary", "array": "list",
}  # fmt: skip


class _Schema:
    nulls = True
    strict = True

    def missing(self, path: Path) -> str:
        return self._message(path[:-1], f"required key [{path[-1]}] not found")

    def unknown(self, path: Path) -> str:
        return self._message(path[:-1], f"extraneous key [{_short(path[-1])}] is not permitted")

    def kind(self, path: Path, value: object, kind: Kind) -> str:
        return self._message(path, f"expected type: {_SCHEMA_TYPES[kind]}, found: {_found(value)}")

    def choice(self, path: Path, value: object, allowed: Sequence[str]) -> str:
        return self._message(path, f"{_short(value)} is not a valid enum value")

    def bound(self, path: Path, value: float, limit: float, *, upper: bool) -> str:
        return self._message(path, f"{_short(value)} is not {'less' if upper else 'greater'} or equal to {limit}")

    def length(self, path: Path, value: str | Sequence[object], limit: int, *, upper: bool) -> str:
        what = "Length" if isinstance(value, str) else " item count"
        return self._message(path, f"expected {'max' if upper else 'min'}{what}: {limit}, actual: {len(value)}")

    def _message(self, path: Path, what: str) -> str:
        return f"Malformed input request: {'/'.join(('#', *map(str, path)))}: {what}, please reformat your input and try again."


class _Members:
    nulls = False
    strict = False

    def missing(self, path: Path) -> str:
        return self._message(path, None, "Member must not be null")

    def unknown(self, path: Path) -> str:
        return self._message(path, None, "Member is not known")

    def kind(self, path: Path, value: object, kind: Kind) -> str:
        return self._message(path, value, f"Member must be of type {kind}")

    def choice(self, path: Path, value: object, allowed: Sequence[str]) -> str:
        return self._message(path, value, f"Member must satisfy enum value set: [{', '.join(sorted(allowed))}]")

    def bound(self, path: Path, value: float, limit: float, *, upper: bool) -> str:
        return self._message(path, value, f"Member must have value {'less' if upper else 'greater'} than or equal to {limit}")

    def length(self, path: Path, value: str | Sequence[object], limit: int, *, upper: bool) -> str:
        return self._message(path, value, f"Member must have length {'less' if upper else 'greater'} than or equal to {limit}")

    def _message(self, path: Path, value: object, what: str) -> str:
        where = ".".join(f"{step + 1}.member" if isinstance(step, int) else step for step in path)
        shown = "null" if value is None else f"'{_short(value)}'"
        return f"1 validation error detected: Value {shown} at '{where}' failed to satisfy constraint: {what}"


class _Inputs:
    nulls = False
    strict = True

    def missing(self, path: Path) -> str:
        return self._message(path, "Field required")

    def unknown(self, path: Path) -> str:
        return self._message(path, "Extra inputs are not permitted")

    def kind(self, path: Path, value: object, kind: Kind) -> str:
        return self._message(path, f"Input should be a valid {_INPUT_TYPES[kind]}")

    def choice(self, path: Path, value: object, allowed: Sequence[str]) -> str:
        *first, last = [f"'{one}'" for one in allowed]
        return self._message(path, f"Input should be {', '.join(first)} or {last}" if first else f"Input should be {last}")

    def bound(self, path: Path, value: float, limit: float, *, upper: bool) -> str:
        return self._message(path, f"Input should be {'less' if upper else 'greater'} than or equal to {limit}")

    def length(self, path: Path, value: str | Sequence[object], limit: int, *, upper: bool) -> str:
        what, unit = ("String", "character") if isinstance(value, str) else ("List", "item")
        return self._message(path, f"{what} should have at {'most' if upper else 'least'} {limit} {unit}{'s'[: limit != 1]}")

    def _message(self, path: Path, what: str) -> str:
        return f"{'.'.join(_short(step) for step in path)}: {what}"


SCHEMA: Wording = _Schema()
MEMBERS: Wording = _Members()
INPUTS: Wording = _Inputs()


def _found(value: object) -> str:
    kinds: dict[type, Kind] = {
        str: "string", bool: "boolean", int: "integer", float: "number", dict: "object", list: "array",
    }  # fmt: skip
    return "Null" if value is None else _SCHEMA_TYPES[kinds[type(value)]]


def _short(value: object) -> str:
    text = str(value)
    return text if len(text) <= 80 else f"{text[:77]}..."
