"""JSON schemas of answers, in the subset that every provider accepts: no bounds, no patterns, no references.

Other constraints are in the descriptions, and are checked when the answer is read.
"""

from __future__ import annotations

from collections.abc import Sequence

Schema = dict[str, object]


def record(**fields: Schema) -> Schema:
    """An object with these fields, all required. Models answer in this order, so what a field depends on comes before it."""
    return {"type": "object", "properties": dict(fields), "required": list(fields), "additionalProperties": False}


def many(item: Schema, description: str) -> Schema:
    """A list of these items."""
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


def box(description: str) -> Schema:
    """A part of a picture as four shares, or null."""
    sides = {"type": "array", "items": {"type": "number"}}
    return {
        "anyOf": [sides, {"type": "null"}],
        "description": f"{description} As [left, top, right, bottom], each from 0 to 1.",
    }
