"""Rows of tables: CSV as spreadsheets export it, and the sheets of spreadsheets themselves."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import BinaryIO

from onbrief.batches.columns import is_header, is_note
from onbrief.batches.incoming import lines_of
from onbrief.batches.rows import Broken, Cells, Head
from onbrief.errors import UsageError

MAX_COLUMNS = 256

_SEPARATORS = "\t;,"
_NO_SEPARATOR = "\x1f"  # of a table with one column: a comma is then part of its cell
_FIRST_LINE = re.compile(r"\"?sep=(?P<separator>.)\"?", re.IGNORECASE)  # what Excel understands, and some programs write
_ERROR = re.compile(r"#(?:[A-ZÄÖÜ/0_]+[!?]|N/A|NV|#{2,})")  # of spreadsheets, in English and German, and a column too narrow
_NO_FAULTS: Mapping[int, Mapping[int, str]] = {}


def csv_rows(file: BinaryIO, where: str) -> Iterator[Head | Cells | Broken]:
    """Yield the header and the rows of a CSV file, as their lines arrive. Cells are separated by what its header has.

    Raises:
        UsageError: it cannot be read, or has no rows.
    """
    return csv_rows_of(lines_of(file, where), where)


def csv_rows_of(lines: Iterator[str], where: str) -> Iterator[Head | Cells | Broken]:
    """As `csv_rows`, from its lines with a line feed at the end of each."""
    separator, before = "", 0
    for before, line in enumerate(lines):
        if before == 0 and (match := _FIRST_LINE.fullmatch(line.rstrip())):
            separator = match["separator"]
        elif line.strip(f' "\n{_SEPARATORS}'):
            break
    else:
        raise no_brief(where)
    separator = separator or _separator_in(line)
    yield from table_rows(_records(chain([line], lines), before, separator, where), where, separator=separator)


def table_rows(
    records: Iterable[tuple[int, Sequence[str]] | Broken],
    where: str,
    *,
    unit: str = "line",
    separator: str = "",
    faults: Mapping[int, Mapping[int, str]] = _NO_FAULTS,
) -> Iterator[Head | Cells | Broken]:
    """Yield the header and the rows of a table from its numbered lines or rows of cells. Rows that are blank are left out, and
    so are titles above the header, which have one cell. `faults` are what is wrong with cells, by row and column.

    Raises:
        UsageError: there is no header, or no row below it.
    """
    names: Sequence[str] = ()
    empty = True
    for record in records:
        if isinstance(record, Broken):
            if not names:
                raise UsageError(f"{where}: {record}")
            yield record
            empty = False
            continue
        number, cells = record
        wrong = {
            column: fault
            for column, fault in faults.get(number, {}).items()
            if column > len(names) or not is_note(names[column - 1])
        }
        if not any(cells) and not wrong:
            continue
        if names:
            empty = False
            yield _row(number, names, cells, wrong, unit, separator)
        elif len(cells) == 1 or len([cell for cell in cells if cell]) > 1 or is_header(cells):
            names = _without_end(cells)
            if wrong:
                raise UsageError(f"{where}: {unit} {number}: {next(iter(wrong.values()))}")
            if len(names) > MAX_COLUMNS:
                raise UsageError(f"{where} cannot be read: it has {len(names)} columns, and {MAX_COLUMNS} are allowed")
            yield Head(number, tuple(names), f"{where}: {unit} {number}")
    if not names:
        raise no_brief(where)
    if empty:
        raise UsageError(f"{where}: there is no row below its header")


def no_brief(where: str) -> UsageError:
    """Return the error of a file without a brief."""
    return UsageError(f"{where}: there is no brief in it")


def _row(
    number: int, names: Sequence[str], cells: Sequence[str], wrong: Mapping[int, str], unit: str, separator: str
) -> Cells | Broken:
    """Return the cells of a row that are not blank with the names of their columns."""
    if wrong:
        column, fault = next(iter(wrong.items()))
        name = names[column - 1] if column <= len(names) else f"column {column}"
        return Broken(number, f"{name}: {fault}", unit=unit)
    if any(cells[len(names) :]):
        problem = f"it has {len(_without_end(cells))} cells, and {len(names)} columns have a name"
        if separator not in ("", _NO_SEPARATOR):
            problem += f"; a cell with {separator!r} in it needs quotation marks around it"
        return Broken(number, problem, unit=unit)
    fields = tuple((name, cell) for name, cell in zip(names, cells, strict=False) if cell)
    for name, cell in fields:
        if _ERROR.fullmatch(cell) and not is_note(name):
            return Broken(number, f"{name}: {cell!r} is not allowed: it is what a spreadsheet shows for an error", unit=unit)
    return Cells(number, fields, unit)


def _records(lines: Iterator[str], before: int, separator: str, where: str) -> Iterator[tuple[int, list[str]] | Broken]:
    """Yield the records of a CSV file with the number of the line in which each begins."""
    records = csv.reader(lines, delimiter=separator, strict=True, skipinitialspace=True)
    while True:
        number = before + records.line_num + 1
        try:
            yield number, [cell.strip() for cell in next(records)]
        except StopIteration:
            return
        except csv.Error as error:
            hint = 'inside of a cell in quotation marks, double them: "a sign that says ""OPEN"""'
            if "expected after" in str(error):
                yield Broken(number, f"a cell goes on after the quotation mark that ends it; {hint}")
                continue
            # Where the next row begins is not known.
            problem = f"it has a cell of more than {csv.field_size_limit()} characters" if "larger" in str(error) else ""
            problem = problem or "a quotation mark begins a cell that never ends"
            raise UsageError(f"{where}: line {number}: {problem}", hint=hint) from error


def _separator_in(header: str) -> str:
    """Return what separates the cells of a header: that of which it has most, if the text's column is among them."""
    outside = "".join(header.split('"')[::2])
    found = sorted((one for one in _SEPARATORS if one in outside), key=outside.count, reverse=True) or [_NO_SEPARATOR]
    return next((one for one in found if is_header(next(csv.reader([header], delimiter=one)))), found[0])


def _without_end(cells: Sequence[str]) -> Sequence[str]:
    """Return cells without the blank ones at the end."""
    return cells[: max((place for place, cell in enumerate(cells, 1) if cell), default=0)]
