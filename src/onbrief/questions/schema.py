"""JSON schemas of answers, in the small part of the language that every provider takes: no bounds, no patterns, no references.

What they cannot say stands in the descriptions, and is checked when the answer is read.
"""

from __future__ import annotations

from collections.abc import Sequence

Schema = dict[str, object]


def record(**fields: Schema) -> Schema:
    """An object with these fields, all required, in this order: models answer in it, so what a field rests on comes first."""
    return {"type": "object", "properties": dict(fields), "required": list(fields), "additionalProperties": False}


def many(item: Schema, description: str) -> Schema:
    """A list."""
    return {"type": "array", "items": item, "description": description}


def words(description: str) -> Schema:
    """A text."""
    return {"type": "string", "description": description}


def one_of(choices: Sequence[str], description: str) -> Schema:
    """One of these words."""
    return {"type": "string", "enum": list(choices), "description": description}


def yes_or_no(description: str) -> Schema:
    """True or false."""
    return {"type": "boolean", "description": description}


def share(description: str) -> Schema:
    """A number from 0 to 1."""
    return {"type": "number", "description": f"{description} From 0 to 1."}


def whole_number(description: str) -> Schema:
    """A whole number from 0, or null."""
    return {"anyOf": [{"type": "integer"}, {"type": "null"}], "description": description}
