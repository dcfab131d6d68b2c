"""Read documents that people write, such as briefs in .toml and .json files, with uniform error messages."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from dataclasses import fields
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from onbrief.brief import Brief, Requirement, parse_size
from onbrief.errors import UsageError

if TYPE_CHECKING:
    from pydantic import TypeAdapter

T = TypeVar("T")


def read_brief(path: Path) -> dict[str, Any]:
    """Return the document in a .toml or .json file, for `brief_of`. Its `size` may be a text such as "1024x768".

    Raises:
        UsageError: the file cannot be read, or is broken; the message has the line and column.
    """
    document = read_toml(path) if path.suffix.lower() == ".toml" else read_json(path, "brief")
    if isinstance(size := document.get("size"), str):
        document["size"] = parse_size(size)
    return document


def brief_of(document: Mapping[str, object], where: str = "brief") -> Brief:
    """Return the brief that a document describes.

    Raises:
        UsageError: a field is missing or unknown, or its value is not allowed.
    """
    return validated(_briefs(), document, where)


def read_toml(path: Path) -> dict[str, Any]:
    """Return the document in a TOML file.

    Raises:
        UsageError: the file cannot be read, or is broken; the message has the line and column.
    """
    text = _read(path)
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # numbers of 5000 digits and 1000 nested lists do not raise TOMLDecodeError
        raise UsageError(f"{path} is not valid TOML: {error}") from error


def read_json(path: Path, kind: str) -> dict[str, Any]:
    """Return the object in a JSON file. `kind` says what it describes, for error messages.

    Raises:
        UsageError: the file cannot be read, or is broken; the message has the line and column.
    """
    text = _read(path)
    try:
        document = json.loads(text)
    except json.JSONDecodeError as error:
        raise UsageError(f"{path} is not valid JSON: {error.msg} (at line {error.lineno}, column {error.colno})") from error
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{path} is not valid JSON: {error}") from error
    if not isinstance(document, dict):
        raise UsageError.of(str(path), document, f"an object with the fields of a {kind}")
    return document  # pyright: ignore[reportUnknownVariableType] - the caller checks its content


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} cannot be read: {error}") from error


def validated(adapter: TypeAdapter[T], document: Mapping[str, object], where: str) -> T:
    """Return the value that a document describes. `where` names the document in error messages.

    Raises:
        UsageError: the document is invalid; the message describes the first problem.
    """
    from pydantic import ValidationError

    try:
        return adapter.validate_python(document)
    except ValidationError as error:
        wrong = error.errors(include_url=False)[0]
        if isinstance(cause := wrong.get("ctx", {}).get("error"), UsageError):
            raise UsageError(f"{where}: {cause}") from error
        field = ".".join(str(part) for part in wrong["loc"])
        match wrong["type"]:
            case "missing":
                value, allowed = None, "a value"
            case "unexpected_keyword_argument":
                known = fields(Brief if len(wrong["loc"]) == 1 else Requirement)
                value, allowed = wrong["input"], "one of the fields " + " ".join(field.name for field in known)
            case _:
                value, allowed = wrong["input"], wrong["msg"].removeprefix("Input should be ")
        raise UsageError.of(f"{field} in {where}", value, allowed) from error


@cache
def _briefs() -> TypeAdapter[Brief]:
    from pydantic import TypeAdapter

    return TypeAdapter(Brief)
