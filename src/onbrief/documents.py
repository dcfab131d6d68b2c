"""Documents that people write: briefs in .toml and .json files, and the one form of the message where one is wrong."""

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
    """The document in a .toml or .json file, for `brief_of`; `size` may be "1024x768".

    Raises:
        UsageError: a file that cannot be read, or is broken (with line and column).
    """
    document = read_toml(path) if path.suffix.lower() == ".toml" else _read_json(path)
    if isinstance(size := document.get("size"), str):
        document["size"] = parse_size(size)
    return document


def brief_of(document: Mapping[str, object], where: str = "brief") -> Brief:
    """The brief that a document describes.

    Raises:
        UsageError: a field that is missing, unknown or not allowed.
    """
    return validated(_briefs(), document, where)


def read_toml(path: Path) -> dict[str, Any]:
    """The document in a TOML file.

    Raises:
        UsageError: a file that cannot be read, or is broken (with line and column).
    """
    try:
        return tomllib.loads(_read(path))
    except (ValueError, RecursionError) as error:  # not only TOMLDecodeError: numbers of 5000 digits, 1000 nested lists
        raise UsageError(f"{path} is not valid TOML: {error}") from error


def _read_json(path: Path) -> dict[str, Any]:
    try:
        document = json.loads(_read(path))
    except json.JSONDecodeError as error:
        raise UsageError(f"{path} is not valid JSON: {error.msg} (at line {error.lineno}, column {error.colno})") from error
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{path} is not valid JSON: {error}") from error
    if not isinstance(document, dict):
        raise UsageError.of(str(path), document, "an object with the fields of a brief")
    return document  # pyright: ignore[reportUnknownVariableType] - what is in it is checked by the caller


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} cannot be read: {error}") from error


def validated(adapter: TypeAdapter[T], document: Mapping[str, object], where: str) -> T:
    """What the document describes.

    Raises:
        UsageError: the first thing that is wrong with it.
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
