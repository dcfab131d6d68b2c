"""Finds the fields that a client wants in the answer, from a JSON skeleton, a schema, or a sentence that names them."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from typing import Literal

from onbrief_sandbox.server.mind import schemas
from onbrief_sandbox.server.mind.words import SENSE_ORDER, SENSES, VERDICTS, Sense

Form = Literal["text", "flag", "number", "integer", "list"]

_OBJECT = re.compile(r"\{([^{}]{1,2000})\}")
_KEY = r"""(?:["'“”「]([^"'“”「」{}:：\n]{1,40})["'“”」]|(?<![\w"'])([A-Za-z_]\w{0,39}))\s*[:：]"""
_ENTRY = re.compile(rf"""{_KEY}\s*(.*?)\s*(?=,?\s*(?:(?://|#)[^\n]*)?\s*{_KEY}|\Z)""", re.DOTALL)
_HELD = re.compile(r"""\{\s*["'](\w{1,40})["']\s*:\s*\Z""")
_NAMED = re.compile(r"\b(?:keys?|fields?|propert(?:y|ies)|attributes?)\b([^.\n]{2,160})", re.IGNORECASE)
_IN_PARENTHESES = re.compile(r"""([A-Za-z_]\w*)["'`”]?\s*\(([^()]*)\)""")
_PARENTHESES = re.compile(r"\([^()]*\)")
_IDENTIFIER = re.compile(r"[A-Za-z_]\w*")


@dataclass(frozen=True, slots=True)
class Field:
    """A field of the answer. `sense` is its purpose, `shown` its value in the skeleton, `choices` the values that a schema
    allows.
    """

    name: str
    sense: Sense
    form: Form
    shown: str = ""
    choices: tuple[str, ...] = ()


def skeletons(text: str) -> list[tuple[int, int]]:
    """Return the positions of JSON skeletons in the text: objects with at least one key for a verdict, score or prompt."""
    return [match.span() for match in _OBJECT.finditer(text) if _is_skeleton(match[1])]


def masked(text: str) -> str:
    """Return the text without its skeletons, whose quotation marks do not quote a prompt."""
    for start, end in reversed(skeletons(text)):
        text = f"{text[:start]} {text[end:]}"
    return text


def of_text(text: str) -> tuple[Field, ...]:
    """Return the fields of a schema in the text, else of the last skeleton (with the values of all skeletons with the same
    keys or some of them), else those that a sentence names.
    """
    if schema := _schema(text):
        return of_schema(schema)
    found = [_fields(match[1]) for match in _OBJECT.finditer(text) if _is_skeleton(match[1])]
    if not found:
        return _named(text)
    last = found[-1]
    names = {field.name for field in last}
    alike = [
        fields for fields in found if {field.name for field in fields} <= names or {field.name for field in fields} >= names
    ]
    return tuple(replace(f, shown=" | ".join(g.shown for fields in alike for g in fields if g.name == f.name)) for f in last)


def around(text: str) -> str | None:
    """Return the name of the field that holds the last skeleton in the text: `{"evaluation": {"match": true}}`; None if it
    stands alone.
    """
    spans = [] if _schema(text) else skeletons(text)
    held = _HELD.search(text, 0, spans[-1][0]) if spans else None
    return held[1] if held and text[spans[-1][1] :].lstrip().startswith(("}", ",")) else None


def of_schema(schema: schemas.Schema) -> tuple[Field, ...]:
    """Return the fields of the JSON schema of an object."""
    return tuple(_of_property(name, schemas.resolved(part, schema)) for name, part in schemas.properties(schema).items())


def sense(name: str) -> Sense:
    """Return the purpose of a field with this name."""
    parts = re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|[^\x00-\x7f]+", name)
    senses = [SENSES[part.lower()] for part in parts if part.lower() in SENSES]
    for known in SENSE_ORDER:
        if known in senses:
            return known
    return "other"


def _of_property(name: str, part: schemas.Schema) -> Field:
    kinds = schemas.types(part)
    enum = part.get("enum")
    choices = tuple(word for word in enum if isinstance(word, str)) if isinstance(enum, list) else ()  # pyright: ignore[reportUnknownVariableType]
    form: Form = "text"
    if "boolean" in kinds:
        form = "flag"
    elif "number" in kinds or "integer" in kinds:
        form = "number" if "number" in kinds else "integer"
    elif "array" in kinds:
        form = "list"
    shown = str(part.get("description", ""))
    if "minimum" in part and "maximum" in part:
        shown = f"{part['minimum']} to {part['maximum']} {shown}"
    return Field(name, sense(name), form, shown, choices)


def _is_skeleton(inner: str) -> bool:
    return any(field.sense in ("verdict", "score", "prompt") for field in _fields(inner))


def _fields(inner: str) -> list[Field]:
    found: dict[str, Field] = {}
    for match in _ENTRY.finditer(inner):
        name, shown = (match[1] or match[2]).strip(), match[3].rstrip(", \n")
        found.setdefault(name, Field(name, sense(name), _form(name, shown), shown))
    fields = list(found.values())
    if not any(field.sense in ("verdict", "prompt") for field in fields):  # a value that offers both verdicts asks for one
        fields = [replace(field, sense="verdict") if _offers(field) else field for field in fields]
    return fields


def _offers(field: Field) -> bool:
    offered = set(re.findall(r"\w+", field.shown.lower()))
    return any({yes.lower(), no.lower()} <= offered for yes, no in VERDICTS)


def _schema(text: str) -> schemas.Schema | None:
    """Return the JSON schema that the text contains, or None."""
    at = text.find('"properties"')
    start = text.rfind("{", 0, at) if at > 0 else -1
    if start < 0:
        return None
    try:
        found, _ = json.JSONDecoder().raw_decode(text, start)
    except (ValueError, RecursionError):
        return None
    return found if schemas.properties(found) else None


def _form(name: str, shown: str) -> Form:
    bare = shown.strip()
    if bare.startswith("["):
        return "list"
    if bare.startswith(('"', "'", "“")):
        return "text"
    if re.fullmatch(r"<?[01]\s*(?:\||/|,|or)\s*[01]>?|[01]", bare) and sense(name) == "verdict":
        return "integer"
    if re.search(r"\btrue\b|\bfalse\b|bool", bare, re.IGNORECASE):
        return "flag"
    if re.search(r"\bint\b|integer", bare) and sense(name) == "score":
        return "integer"
    if re.search(r"\d|number|float", bare) and sense(name) == "score":
        return "number"
    return "text"


def _named(text: str) -> tuple[Field, ...]:
    """Return the fields that a sentence names: `JSON with the keys "result" (OK or NG) and "reason"`."""
    for match in _NAMED.finditer(text):
        values = dict(_IN_PARENTHESES.findall(match[1]))
        plain = _PARENTHESES.sub(" ", match[1])
        names = [name for name in _IDENTIFIER.findall(plain) if _is_name(name, plain)]
        fields = tuple(_named_field(name, values.get(name, "")) for name in dict.fromkeys(names))
        if any(field.sense in ("verdict", "prompt") for field in fields):
            return fields
    return ()


def _named_field(name: str, shown: str) -> Field:
    """Return a field that a sentence names, with the text in the parentheses after it as its value."""
    return Field(name, sense(name), _form(name, shown), re.sub(r"^\s*(?:string|str|text)\b[,:;]?", "", shown))


def _is_name(name: str, text: str) -> bool:
    """Return whether this word names a field: it is in quotation marks or, if no word is, has a known purpose."""
    marked = re.findall(r"""["'`“]([A-Za-z_]\w*)["'`”]""", text)
    return name in marked if marked else sense(name) != "other"
