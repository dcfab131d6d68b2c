"""The part of JSON Schema that clients use for the arguments of tools: validates values, and builds minimal ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

from onbrief_sandbox.server.mind.words import VERDICTS

Schema = dict[str, object]

_TYPES: dict[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "boolean": (bool,),
    "integer": (int,),
    "number": (int, float),
    "null": (type(None),),
}
_STEPS = 5000  # maximum number of parts to visit, because schemas can be recursive
_DEEPEST = 32
_AGREEING = {yes.lower() for yes, _ in VERDICTS}
_REFUSING = {no.lower() for _, no in VERDICTS} | {"unclear", "unknown", "undecided", "unsure", "none"}


def fits(value: object, schema: Schema) -> bool:
    """Return whether the value is valid under the schema. Only types, fields, enums and alternatives are checked."""
    return _Walk(schema).fits(value, schema, 0)


def least(schema: Schema) -> object:
    """Return a minimal value for the schema that confirms nothing: false, 0, empty, or the negative word of an enum."""
    return _Walk(schema).least(schema, 0)


def properties(schema: Schema) -> dict[str, Schema]:
    """Return the schemas of an object's fields."""
    found = schema.get("properties")
    fields = cast("dict[str, object]", found) if isinstance(found, dict) else {}
    return {name: cast("Schema", part) for name, part in fields.items() if isinstance(part, dict)}


def types(schema: Schema) -> tuple[str, ...]:
    """Return the types that a schema names."""
    named = schema.get("type")
    return (named,) if isinstance(named, str) else tuple(str(kind) for kind in _list(named))


def resolved(schema: Schema, root: Schema) -> Schema:
    """Return the schema after resolving references within `root`; of several alternatives, the first that is not null."""
    schema = _resolved(schema, root)
    real = [way for way in _ways(schema) if types(way) != ("null",)]
    return _resolved(real[0], root) if real else schema


@dataclass(slots=True)
class _Walk:
    root: Schema
    steps: int = _STEPS

    def fits(self, value: object, schema: Schema, depth: int) -> bool:
        self.steps -= 1
        if self.steps < 0 or depth > _DEEPEST:
            return False
        schema = _resolved(schema, self.root)
        if "const" in schema and value != schema["const"]:
            return False
        if "enum" in schema and value not in _list(schema["enum"]):
            return False
        if not all(self.fits(value, part, depth + 1) for part in _schemas(schema.get("allOf"))):
            return False
        if (ways := _ways(schema)) and not any(self.fits(value, way, depth + 1) for way in ways):
            return False
        kinds = types(schema)
        if kinds and not any(_is(value, kind) for kind in kinds):
            return False
        if isinstance(value, dict):
            return self._fields_fit(cast("dict[str, object]", value), schema, depth)
        item = schema.get("items")
        if isinstance(value, list) and isinstance(item, dict):
            entries = cast("list[object]", value)
            return all(self.fits(entry, cast("Schema", item), depth + 1) for entry in entries)
        return True

    def _fields_fit(self, value: dict[str, object], schema: Schema, depth: int) -> bool:
        fields = properties(schema)
        if not all(name in value for name in _list(schema.get("required"))):
            return False
        if schema.get("additionalProperties") is False and not value.keys() <= fields.keys():
            return False
        return all(self.fits(value[name], part, depth + 1) for name, part in fields.items() if name in value)

    def least(self, schema: Schema, depth: int) -> object:
        self.steps -= 1
        schema = _resolved(schema, self.root)
        if "const" in schema:
            return schema["const"]
        if choices := _list(schema.get("enum")):
            refusing = [choice for choice in choices if str(choice).lower() in _REFUSING]
            neutral = [choice for choice in choices if str(choice).lower() not in _AGREEING]
            return (refusing or neutral or choices)[0]
        deeper = self.steps > 0 and depth < _DEEPEST
        if (ways := [*_ways(schema), *_schemas(schema.get("allOf"))]) and deeper:
            return self.least(ways[0], depth + 1)
        kind = (types(schema) or ("object" if "properties" in schema else "null",))[0]
        match kind:
            case "object":
                fields = properties(schema)
                names = [str(name) for name in _list(schema.get("required"))] if deeper else []
                return {name: self.least(fields.get(name, {}), depth + 1) for name in names}
            case "array":
                item = schema.get("items")
                one = self.least(cast("Schema", item) if isinstance(item, dict) else {}, depth + 1) if deeper else None
                return [one] * _bound(schema.get("minItems"), 100)
            case "string":
                return "-" * _bound(schema.get("minLength"), 1000)
            case "boolean":
                return False
            case "integer" | "number":
                lowest = schema.get("minimum", 0)
                return lowest if isinstance(lowest, int | float) else 0
            case _:
                return None


def _resolved(schema: Schema, root: Schema) -> Schema:
    for _ in range(_DEEPEST):
        reference = schema.get("$ref")
        if not isinstance(reference, str) or not reference.startswith("#"):
            return schema
        found: Any = root
        for step in filter(None, reference[1:].split("/")):
            found = found.get(step) if isinstance(found, dict) else None  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
        if not isinstance(found, dict):
            return {}
        schema = cast("Schema", found)
    return {}


def _is(value: object, kind: str) -> bool:
    if isinstance(value, bool):
        return kind == "boolean"
    return isinstance(value, _TYPES.get(kind, ()))


def _bound(number: object, most: int) -> int:
    return max(0, min(number, most)) if isinstance(number, int) else 0


def _ways(schema: Schema) -> list[Schema]:
    return [*_schemas(schema.get("anyOf")), *_schemas(schema.get("oneOf"))]


def _schemas(value: object) -> list[Schema]:
    return [cast("Schema", part) for part in _list(value) if isinstance(part, dict)]


def _list(value: object) -> list[object]:
    return cast("list[object]", value) if isinstance(value, list) else []
