"""Rows of documents: JSON lines, JSON and TOML, and texts with one brief a line."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from typing import BinaryIO, cast

from onbrief.batches.incoming import lines_of, whole_text
from onbrief.batches.rows import Broken, Cells, Head
from onbrief.batches.table import no_brief
from onbrief.errors import UsageError

MAX_TOML = 10_000_000  # bytes; it is read slowly
BRIEFS = "briefs"
_EXPECTED = "an object with the fields of a brief, or a text"


def json_lines(file: BinaryIO, where: str) -> Iterator[Cells | Broken]:
    """Yield the rows of a file with one JSON object, or one JSON text, a line.

    Raises:
        UsageError: it cannot be read, or has no rows.
    """
    return json_lines_of(lines_of(file, where), where)


def json_lines_of(lines: Iterable[str], where: str) -> Iterator[Cells | Broken]:
    """As `json_lines`, from its lines."""
    empty = True
    for number, line in enumerate(lines, 1):
        if line.strip():
            empty = False
            try:
                yield _row(number, _parsed(line), "line")
            except UsageError as error:
                yield Broken(number, str(error))
    if empty:
        raise no_brief(where)


def json_document(file: BinaryIO, where: str) -> Iterator[Head | Cells | Broken]:
    """Yield the rows of a JSON file: a list of objects or texts, or an object with such a list as `briefs`, whose other fields
    are the defaults of all.

    Raises:
        UsageError: it cannot be read, or has no rows.
    """
    return json_document_of(whole_text(file, where), where)


def json_document_of(text: str, where: str) -> Iterator[Head | Cells | Broken]:
    """As `json_document`, from its text."""
    if not text.strip():
        raise no_brief(where)
    try:
        document = _parsed(text)
    except UsageError as error:
        hint = "a file with one object a line is named .jsonl" if "Extra data" in str(error) else ""
        raise UsageError(f"{where}: {error}", hint=hint) from error
    yield from _rows(cast("Mapping[str, object]", document) if isinstance(document, Mapping) else {BRIEFS: document}, where)


def toml_document(file: BinaryIO, where: str) -> Iterator[Head | Cells | Broken]:
    """Yield the rows of a TOML file: its tables `[[briefs]]`. What is above them are the defaults of all.

    Raises:
        UsageError: it cannot be read, or has no rows.
    """
    try:
        document = tomllib.loads(whole_text(file, where, MAX_TOML))
    except (ValueError, RecursionError) as error:
        if isinstance(error, UsageError):
            raise
        raise UsageError(f"{where} is not valid TOML: {error}") from error
    yield from _rows(document, where)


def text_lines(file: BinaryIO, where: str) -> Iterator[Cells]:
    """Yield the lines of a text: each is a brief.

    Raises:
        UsageError: it cannot be read, or has no rows.
    """
    empty = True
    for number, line in enumerate(lines_of(file, where), 1):
        if text := line.strip():
            empty = False
            yield Cells(number, (("text", text),))
    if empty:
        raise no_brief(where)


def _rows(document: Mapping[str, object], where: str) -> Iterator[Head | Cells | Broken]:
    listed = document.get(BRIEFS)
    if listed is None:
        hint = "for a single brief: onbrief run" if {"text", "prompt"} & document.keys() else ""
        raise UsageError(f"{where}: there is no list of {BRIEFS} in it", hint=hint)
    if not isinstance(listed, list):
        raise UsageError.of(f"{BRIEFS} in {where}", listed, "a list")
    if not listed:
        raise no_brief(where)
    yield Head(1, (), where, tuple(_fields({name: value for name, value in document.items() if name != BRIEFS})))
    for number, one in enumerate(cast("list[object]", listed), 1):
        try:
            yield _row(number, one, "brief")
        except UsageError as error:
            yield Broken(number, str(error), unit="brief")


def _row(number: int, document: object, unit: str) -> Cells:
    if isinstance(document, str):
        return Cells(number, (("text", document),), unit)
    if not isinstance(document, Mapping):
        raise UsageError.of("brief", document, _EXPECTED)
    return Cells(number, tuple(_fields(cast("Mapping[str, object]", document))), unit)


def _fields(document: Mapping[str, object]) -> Iterator[tuple[str, object]]:
    """Yield the fields that are not blank."""
    return ((name, value) for name, value in document.items() if value is not None and value != "")


def _parsed(text: str) -> object:
    try:
        return json.loads(text, object_pairs_hook=_unique)
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}" if "\n" in text.strip() else f"column {error.colno}"
        raise UsageError(f"not valid JSON: {error.msg} (at {place})") from error
    except (ValueError, RecursionError) as error:
        raise UsageError(f"not valid JSON: {error}") from error


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    document = dict(pairs)
    if len(document) < len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"the field {next(name for name in names if names.count(name) > 1)!r} is there twice")
    return document
