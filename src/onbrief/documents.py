"""Read documents that people write, such as briefs in .toml and .json files, with uniform error messages."""

from __future__ import annotations

import codecs
import json
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeVar, cast

from onbrief.brief import Brief, Requirement
from onbrief.errors import UsageError

if TYPE_CHECKING:
    from pydantic import TypeAdapter

T = TypeVar("T")
MAX_BYTES = 1_000_000  # of a file, or of standard input
_MARKS = (  # the longer ones first: that of UTF-16 begins that of UTF-32
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def brief_of(document: Mapping[str, object], where: str = "brief", names: Mapping[str, str] = MappingProxyType({})) -> Brief:
    """Return the brief that a document describes. `names` are those that its fields have for whoever wrote it, for messages.

    Raises:
        UsageError: a field is missing or unknown, or its value is not allowed.
    """
    return validated(_briefs(), document, where, names)


def requirement_tables(requirements: Iterable[Requirement]) -> str:
    """Return requirements as the tables of a .toml file: in a brief, or alone."""
    return "\n".join(
        "\n".join(f"{name} = {_toml(value)}" for name, value in fields) + "\n"
        for requirement in requirements
        if (fields := [("[[requirements]]\nid", requirement.id), *_fields_of(requirement)])
    )


def brief_toml(brief: Brief, requirements: Iterable[Requirement]) -> str:
    """Return a brief with these requirements as a .toml file, for intake.read."""
    about = {
        "text": brief.text,
        "size": "x".join(map(str, brief.size)),
        **({"avoid": list(brief.avoid)} if brief.avoid else {}),
    }
    return "".join(f"{name} = {_toml(value)}\n" for name, value in about.items()) + "\n" + requirement_tables(requirements)


def _fields_of(requirement: Requirement) -> Iterator[tuple[str, object]]:
    yield "text", requirement.text
    yield "kind", requirement.kind
    yield "must", requirement.must
    if requirement.weight != 1.0:
        yield "weight", requirement.weight
    if requirement.parents:
        yield "parents", list(requirement.parents)


def _toml(value: object) -> str:
    """Return a value as TOML: like JSON, but a delete character has to be escaped."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def read_requirements(text: str, where: str, former: Iterable[str] = ()) -> tuple[Requirement, ...]:
    """Return the requirements in a text with the tables of a .toml file. Parents that are among the `former` ids and no longer
    there are dropped.

    Raises:
        UsageError: it is broken or has something else, or a field is not allowed.
    """
    try:
        document = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{where} is not valid TOML: {error}") from error
    if unknown := document.keys() - {"requirements"}:
        raise UsageError.of(f"field in {where}", min(unknown), "[[requirements]] and nothing else")
    tables: Any = document.get("requirements", [])
    if isinstance(tables, list):
        listed = [cast("dict[str, Any]", table) for table in cast("list[Any]", tables) if isinstance(table, dict)]
        gone = set(former) - {table.get("id") for table in listed}
        for table in listed:
            if isinstance(parents := table.get("parents"), list):
                table["parents"] = [parent for parent in cast("list[Any]", parents) if parent not in gone]
    return brief_of({"text": "-", **document}, where).requirements


def read_toml(path: Path) -> dict[str, Any]:
    """Return the document in a TOML file.

    Raises:
        UsageError: the file cannot be read, or is broken; the message has the line and column.
    """
    text = read_text(path)
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # numbers of 5000 digits and 1000 nested lists do not raise TOMLDecodeError
        raise UsageError(f"{path} is not valid TOML: {error}") from error


def read_json(path: Path, kind: str) -> dict[str, Any]:
    """Return the object in a JSON file. `kind` says what it describes, for error messages.

    Raises:
        UsageError: the file cannot be read, or is broken; the message has the line and column.
    """
    text = read_text(path)
    try:
        document = json.loads(text)
    except json.JSONDecodeError as error:
        raise UsageError(f"{path} is not valid JSON: {error.msg} (at line {error.lineno}, column {error.colno})") from error
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{path} is not valid JSON: {error}") from error
    if not isinstance(document, dict):
        raise UsageError.of(str(path), document, f"an object with the fields of a {kind}")
    return document  # pyright: ignore[reportUnknownVariableType] - the caller checks its content


def read_text(path: Path, most: int = MAX_BYTES) -> str:
    """Return the text of a file of at most `most` bytes; see `decoded`.

    Raises:
        UsageError: the file cannot be read, is larger, or is not text.
    """
    try:
        with path.open("rb") as file:
            data = file.read(most + 1)
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror or error}") from error
    if len(data) > most:
        raise UsageError(f"{path} cannot be read: it has more than {most} bytes")
    return decoded(data, str(path))


def decoded(data: bytes, where: str) -> str:
    """Return a text from its bytes: in UTF-8, or in UTF-16 or UTF-32 with a byte order mark, which is no part of the text. Line
    ends are those of Python.

    Raises:
        UsageError: it is in another encoding, or no text.
    """
    try:
        text = data.decode(encoding_of(data))
    except UnicodeDecodeError as error:
        raise UsageError(f"{where} cannot be read: {error}", hint="save it as UTF-8") from error
    if "\0" in text:
        raise UsageError(f"{where} cannot be read: it has zero bytes, as no text in UTF-8 has", hint="save it as UTF-8")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def encoding_of(data: bytes) -> str:
    """Return the encoding of a text from its first four bytes: that of its byte order mark, or UTF-8."""
    return next((name for mark, name in _MARKS if data.startswith(mark)), "utf-8")


def validated(
    adapter: TypeAdapter[T], document: Mapping[str, object], where: str, names: Mapping[str, str] = MappingProxyType({})
) -> T:
    """Return the value that a document describes. `where` names the document in error messages, and `names` its fields.

    Raises:
        UsageError: the document is invalid; the message describes the first problem.
    """
    from pydantic import ValidationError

    try:
        return adapter.validate_python(document)
    except ValidationError as error:
        wrong = error.errors(include_url=False)[0]
        if isinstance(cause := wrong.get("ctx", {}).get("error"), UsageError):
            field, _, rest = str(cause).partition(": ")
            named = names.get(field.removeprefix("brief."), field)
            raise UsageError(f"{'' if field.startswith(f'{where}.') else f'{where}: '}{named}: {rest}") from error
        field = ".".join(names.get(str(part), str(part)) for part in wrong["loc"])
        match wrong["type"]:
            case "missing":
                value, allowed = None, "a value"
            case "unexpected_keyword_argument":
                known = fields(Brief if len(wrong["loc"]) == 1 else Requirement)
                value, allowed = wrong["input"], "one of the fields " + " ".join(field.name for field in known)
            case _:
                expected = wrong["msg"].removeprefix("Input should be ")
                value, allowed = wrong["input"], expected.replace("a valid tuple", "a list")
        raise UsageError.of(f"{field} in {where}", value, allowed) from error


@cache
def _briefs() -> TypeAdapter[Brief]:
    from pydantic import TypeAdapter

    return TypeAdapter(Brief)
