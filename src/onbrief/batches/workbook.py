"""Reads the sheets of spreadsheets: XLSX, XLS and ODS."""

from __future__ import annotations

import datetime
import re
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from html import unescape
from typing import BinaryIO
from xml.parsers.expat import ExpatError, ParserCreate

from python_calamine import CalamineError, CalamineWorkbook, PasswordError, SheetMetadata, SheetTypeEnum, SheetVisibleEnum

from onbrief.errors import UsageError

Value = int | float | str | bool | datetime.time | datetime.date | datetime.datetime | datetime.timedelta

MAX_UNPACKED = 500_000_000  # bytes
MAX_CELLS = 20_000_000  # of the area with cells, which is read as a whole: a single cell far below would take all memory

_ZIP, _OLD = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
_AGAIN = "save it as XLSX, or export it as CSV"
_NO_VALUE = "its formula has no value in the file; open it in a spreadsheet, and save it again"

_TAG = r"<(?:\w+:)?"
_SHEET = re.compile(rf"{_TAG}sheet\b[^>]*>")
_RELATION = re.compile(r"<(?:\w+:)?Relationship\b[^>]*>")
_ATTRIBUTE = re.compile(r"([\w:-]+)\s*=\s*(?:\"([^\"]*)\"|'([^']*)')")
_CELL = re.compile(rf"{_TAG}c\b([^>]*?)(?:/>|>(.*?)</(?:\w+:)?c>)", re.DOTALL)
_PLACE = re.compile(r"([A-Z]{1,3})(\d{1,7})")
_FORMULA = re.compile(rf"{_TAG}f\b")
_CONTENT = re.compile(rf"{_TAG}v\b[^>]*>([^<]+)<")
_ODS_TABLE = re.compile(r"<table:table\s[^>]*>")
_ODS_TAG = re.compile(r"<table:(table-row|(?:covered-)?table-cell)\b([^>]*?)(/?)>")
_ODS_SHOWN = re.compile(r"<text:p[^>]*>([^<]*)<")


@dataclass(slots=True)
class Sheet:
    """A sheet: its rows as texts, the first one with the number 1, and what cells have instead of a value, by row and column,
    both from 1. `name` is that of the sheet, and `others` are those beside it that can be seen.
    """

    name: str
    others: tuple[str, ...]
    rows: Iterator[list[str]]
    faults: dict[int, dict[int, str]] = field(default_factory=dict[int, dict[int, str]])


def open_sheet(file: BinaryIO, where: str, name: str = "") -> Sheet:
    """Open the sheet of a name, or the first one that can be seen.

    Raises:
        UsageError: it is no spreadsheet, has a password, is too large, or has no such sheet.
    """
    start = file.read(8)
    file.seek(0)
    if not start.startswith((_ZIP, _OLD)):
        what = "there is no spreadsheet in it" if start else "it is empty"
        raise UsageError(f"{where} cannot be read: {what}", hint="if it is a text, name it .csv" if start else "")
    zipped = start.startswith(_ZIP)
    try:
        if zipped:
            _check_archive(file, where)
        with CalamineWorkbook.from_filelike(file) as book:
            sheets = [sheet for sheet in book.sheets_metadata if sheet.typ == SheetTypeEnum.WorkSheet]
            wanted = _wanted(sheets, name, where)
            found = Sheet(wanted.name, tuple(s.name for s in sheets if s is not wanted and _seen(s)), iter(()))
            if zipped:
                found.faults = _faults(file, where, wanted.name)
            values = book.get_sheet_by_name(wanted.name).to_python(skip_empty_area=False)
    except PasswordError as error:
        raise UsageError(f"{where} cannot be read: it has a password", hint="save it without one") from error
    except (CalamineError, zipfile.BadZipFile, zlib.error, LookupError, ValueError, NotImplementedError, EOFError) as error:
        if isinstance(error, UsageError):
            raise
        reason = f"a part is missing: {error}" if isinstance(error, KeyError) else error
        raise UsageError(f"{where} cannot be read: {reason}", hint=_AGAIN) from error
    found.rows = ([shown(value) for value in row] for row in values)
    return found


def shown(value: Value) -> str:
    """Return a value as a text: a whole number without its point, dates and times in their shortest ISO form."""
    match value:
        case str():
            return value.replace("\r\n", "\n").replace("\r", "\n").strip()
        case bool():
            return str(value).lower()
        case int() | float():
            return f"{value:.15g}" if abs(value) < 1e15 else repr(value)
        case datetime.datetime():
            return value.isoformat(" ").removesuffix(" 00:00:00")
        case datetime.time():
            return value.isoformat().removesuffix(":00")  # 16:9, which a spreadsheet takes for a time, is 16:09
        case datetime.timedelta():
            minutes, seconds = divmod(round(value.total_seconds()), 60)
            return f"{minutes // 60:02}:{minutes % 60:02}" + (f":{seconds:02}" if seconds else "")
        case _:
            return value.isoformat()


def place(row: int, column: int) -> str:
    """Return what a spreadsheet calls a cell, such as B7."""
    letters = ""
    while column:
        column, letter = divmod(column - 1, 26)
        letters = chr(ord("A") + letter) + letters
    return f"{letters}{row}"


def _wanted(sheets: Sequence[SheetMetadata], name: str, where: str) -> SheetMetadata:
    if found := next((sheet for sheet in sheets if (sheet.name == name if name else _seen(sheet))), None):
        return found
    names = ", ".join(sheet.name for sheet in sheets)
    if name:
        raise UsageError.of(f"sheet of {where}", name, f"one of its sheets: {names}")
    raise UsageError(f"{where} cannot be read: no sheet of it can be seen", hint=f"name one: {where}#{names}" if names else "")


def _seen(sheet: SheetMetadata) -> bool:
    return sheet.visible == SheetVisibleEnum.Visible


def _check_archive(file: BinaryIO, where: str) -> None:
    """Check the size of a zipped spreadsheet and the form of its parts: with some that are damaged, its reader never ends."""
    with zipfile.ZipFile(file) as archive:
        size = sum(part.file_size for part in archive.infolist())
        if size > MAX_UNPACKED:
            raise UsageError(f"{where} cannot be read: it has {size} bytes unpacked, and {MAX_UNPACKED} are allowed")
        for name in archive.namelist():
            if name.endswith((".xml", ".rels")):
                parser = ParserCreate()
                parser.StartDoctypeDeclHandler = _refuse_entities
                try:
                    parser.Parse(archive.read(name), True)
                except ExpatError as error:
                    raise UsageError(f"{where} cannot be read: {name} is damaged: {error}", hint=_AGAIN) from error
    file.seek(0)


def _refuse_entities(*_: object) -> None:
    raise ExpatError("it declares entities")


def _faults(file: BinaryIO, where: str, name: str) -> dict[int, dict[int, str]]:
    """Return what cells have instead of a value: errors, and formulas without a result. To the reader of the values, they are
    blank. Check, before it reads them, how far the cells reach.
    """
    faults: dict[int, dict[int, str]] = {}
    rows = columns = 0
    with zipfile.ZipFile(file) as archive:
        cells = _ods_cells(archive, name) if "content.xml" in archive.namelist() else _xlsx_cells(archive, name)
        for row, column, fault in cells:
            rows, columns = max(rows, row), max(columns, column)
            if fault:
                faults.setdefault(row, {})[column] = fault
    file.seek(0)
    if rows * columns > MAX_CELLS:
        raise UsageError(
            f"{where} cannot be read: its cells reach to {place(rows, columns)}, and at most {MAX_CELLS} are allowed",
            hint="delete the rows below and the columns beside the briefs",
        )
    return faults


def _xlsx_cells(archive: zipfile.ZipFile, name: str) -> Iterator[tuple[int, int, str]]:
    """Yield row, column and fault, which may be blank, of each cell that is not empty."""
    row = column = 0
    for match in _CELL.finditer(archive.read(_part(archive, name)).decode()):
        attributes, content = _attributes(match[1]), match[2] or ""
        if at := _PLACE.fullmatch(attributes.get("r", "")):
            row, column = int(at[2]), _number(at[1])
        else:
            column += 1
        value = _CONTENT.search(content)
        if attributes.get("t") == "e":
            yield row, column, f"{value[1] if value else 'an error'!r} is not allowed: its formula has an error"
        elif content:
            yield row, column, "" if value or not _FORMULA.search(content) or attributes.get("t") == "str" else _NO_VALUE


def _part(archive: zipfile.ZipFile, name: str) -> str:
    """Return the part of an XLSX archive with the sheet of a name."""
    sheets = [_attributes(tag) for tag in _SHEET.findall(archive.read("xl/workbook.xml").decode())]
    ids = {sheet.get("name"): value for sheet in sheets for key, value in sheet.items() if key.endswith(":id")}
    relations = [_attributes(tag) for tag in _RELATION.findall(archive.read("xl/_rels/workbook.xml.rels").decode())]
    target = {found.get("Id"): found["Target"] for found in relations}[ids[name]]
    return target.removeprefix("/") if target.startswith("/") else f"xl/{target}"


def _ods_cells(archive: zipfile.ZipFile, name: str) -> Iterator[tuple[int, int, str]]:
    """As `_xlsx_cells`."""
    content = archive.read("content.xml").decode()
    begin = {_attributes(match[0]).get("table:name"): match.end() for match in _ODS_TABLE.finditer(content)}[name]
    end = content.find("</table:table>", begin)
    row, column, repeated = 0, 0, 1
    for match in _ODS_TAG.finditer(content, begin, end):
        attributes = _attributes(match[2])
        if match[1] == "table-row":
            row, column = row + repeated, 0
            repeated = int(attributes.get("table:number-rows-repeated", 1))
            continue
        column += int(attributes.get("table:number-columns-repeated", 1))
        if match[3]:  # it is empty
            continue
        text = _ODS_SHOWN.match(content, match.end())
        error = attributes.get("calcext:value-type") == "error"
        yield row, column, f"{text[1] if text else 'an error'!r} is not allowed: its formula has an error" if error else ""
        yield row + repeated - 1, column, ""


def _attributes(tag: str) -> dict[str, str]:
    return {name: unescape(double or single) for name, double, single in _ATTRIBUTE.findall(tag)}


def _number(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number
