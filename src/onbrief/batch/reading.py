"""Reads files with many briefs, row by row: tables, and lists of documents or texts."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import os
import queue
import re
import threading
from codecs import getincrementaldecoder
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping
from itertools import chain
from pathlib import Path
from typing import BinaryIO, cast

from onbrief.batch.rows import Broken, Cells, Head
from onbrief.documents import encoding_of
from onbrief.errors import UsageError

Item = Head | Cells | Broken

MAX_BYTES = 100_000_000  # of a file; a stream may go on for ever
MAX_LINE = 1_000_000  # characters
MAX_COLUMNS = 256

STANDARD_INPUT = "standard input"
_CHUNK = 65_536
_AS_UTF8 = "save it as “CSV UTF-8”"
_BINARY = {b"PK\x03\x04": "a spreadsheet or another zip archive", b"\xd0\xcf\x11\xe0": "an old spreadsheet", b"%PDF": "a PDF"}
_SEPARATOR = re.compile(r'"?sep=(?P<separator>.)"?', re.IGNORECASE)
_SEPARATORS = "\t;,"
_NO_SEPARATOR = "\x1f"  # of a table with one column: a comma is then part of its cell
_FORMULA_ERROR = re.compile(r"#(?:[A-ZÄÖÜ/0_]+[!?]|N/A|NV|#+)")  # of Excel, in English and German, and a column too narrow


def read(source: str | Path) -> Iterator[Item]:
    """Read the file of a batch, of the kind that its ending names; one without an ending is recognised from its first line.
    The rows come as they are read, so a caller that wants all or nothing takes them all first.

    Raises:
        UsageError: it cannot be read, is of another kind, or has no rows.
    """
    path = Path(source).expanduser()
    where, ending = str(source), path.suffix.lower()
    if "://" in where:
        raise UsageError.of("file", where, "a file on this machine", hint="download it first, as CSV or XLSX")
    if path.is_dir():
        raise UsageError.of("file", where, "a file, not a folder")
    if ending not in _KINDS:
        hint = "export it as CSV" if ending in _TO_EXPORT else ""
        raise UsageError.of(
            "file", where, f"a file with one of the endings {' '.join(sorted(filter(None, _KINDS)))}", hint=hint
        )
    try:
        with path.open("rb") as file:
            if path.is_file() and (size := os.fstat(file.fileno()).st_size) > MAX_BYTES:
                raise UsageError(f"{where} cannot be read: it has {size} bytes, and {MAX_BYTES} are allowed")
            yield from _KINDS[ending](file, where)
    except OSError as error:
        raise UsageError(f"{where} cannot be read: {error.strerror or error}") from error


async def stream(stdin: BinaryIO) -> AsyncGenerator[Item]:
    """Read briefs as their lines arrive, from a pipe or a terminal, without blocking the event loop: CSV, or JSON lines,
    whichever the first line is.

    Raises:
        UsageError: it cannot be read, or has no rows.
    """
    loop = asyncio.get_running_loop()
    asked = queue.SimpleQueue["asyncio.Future[Item | None] | None"]()

    def answer(future: asyncio.Future[Item | None], item: Item | None, error: BaseException | None) -> None:
        if future.done():  # the reader of the stream has been cancelled
            return
        if error is None:
            future.set_result(item)
        else:
            future.set_exception(error)

    def work() -> None:
        # A copy of the descriptor: the interpreter could not exit while this thread waits in the buffer of sys.stdin.
        with _copy(stdin) as file:
            items = _recognised(file, STANDARD_INPUT)
            while (future := asked.get()) is not None:
                item, error = None, None
                try:
                    item = next(items, None)
                except Exception as raised:  # noqa: BLE001 - it is raised where the item is awaited
                    error = raised
                try:
                    loop.call_soon_threadsafe(answer, future, item, error)
                except RuntimeError:  # the event loop is closed: nobody waits for this any more
                    return

    # Not a thread of the loop's executor, which is joined at exit: one that waits for a silent terminal never ends.
    threading.Thread(target=work, name="onbrief-stdin", daemon=True).start()
    try:
        while True:
            asked.put(future := loop.create_future())
            if (item := await future) is None:
                return
            yield item
    finally:
        asked.put(None)


def _copy(stdin: BinaryIO) -> BinaryIO:
    try:
        descriptor = stdin.fileno()
    except (OSError, AttributeError):  # not a file of the system, such as io.BytesIO
        return stdin
    return os.fdopen(os.dup(descriptor), "rb")


def _recognised(file: BinaryIO, where: str) -> Iterator[Item]:
    lines = _lines(file, where)
    for blank, first in enumerate(lines):
        if first.strip():
            every = chain(["\n"] * blank, [first], lines)
            yield from _json_lines(every, where) if first.lstrip().startswith(("{", "[")) else _table(every, where)
            return
    raise _empty(where)


def _table(lines: Iterator[str], where: str) -> Iterator[Item]:
    """Yield the header and the rows of a CSV file. Each line ends with a line feed."""
    separator, before, first = "", 0, ""
    for before, first in enumerate(lines):
        if before == 0 and (match := _SEPARATOR.fullmatch(first.rstrip("\n"))):
            separator = match["separator"]
        elif first.strip(f" \n{_SEPARATORS}"):
            break
    else:
        raise _empty(where)
    separator = separator or _separator_in(first)
    rows = csv.reader(chain([first], lines), delimiter=separator, strict=True, skipinitialspace=True)
    names: list[str] | None = None
    number, empty = before + 1, True
    while True:
        number = before + rows.line_num + 1
        try:
            cells = [cell.strip() for cell in next(rows)]
        except StopIteration:
            break
        except csv.Error as error:
            if "expected after" not in str(error):  # it is not known where the next row begins
                problem = "a cell is too long, or" if "larger" in str(error) else ""
                raise UsageError(
                    f"{where}: line {number}: {problem} a quotation mark begins a cell and is never closed".replace(
                        ":  ", ": "
                    ),
                    hint='quotation marks inside of a cell are doubled: "a sign that says ""OPEN"""',
                ) from error
            yield Broken(
                number, 'a cell that begins with a quotation mark goes on after the next; inside of it, double them: ""'
            )
            empty = False
            continue
        if names is None:
            names = _without_end(cells)
            _check_number(names, where)
            yield Head(number, tuple(names), f"{where}: line {number}")
        elif any(cells):
            empty = False
            yield _cells(number, names, cells, separator)
    if empty:
        raise UsageError(f"{where}: there is no row below the header")


def _cells(number: int, names: list[str], cells: list[str], separator: str = "") -> Cells | Broken:
    """Return the cells of a row with the names of their columns, without those that are blank."""
    if any(cells[len(names) :]):
        beyond = (
            "" if separator in ("", _NO_SEPARATOR) else f"; a cell with {separator!r} in it needs quotation marks around it"
        )
        count = len(_without_end(cells))
        return Broken(number, f"it has {count} cells, and there are {len(names)} columns with a name{beyond}")
    fields = [(name, cell) for name, cell in zip(names, cells, strict=False) if cell]
    if wrong := next(((name, cell) for name, cell in fields if _FORMULA_ERROR.fullmatch(cell)), None):
        return Broken(number, f"{wrong[0]}: {wrong[1]!r} is not allowed: it is what a spreadsheet shows for an error")
    return Cells(number, tuple(fields))


def _json_lines(lines: Iterator[str], where: str) -> Iterator[Item]:
    """Yield the rows of a file with one JSON object, or one text, a line."""
    empty = True
    for number, line in enumerate(lines, 1):
        if line.strip():
            empty = False
            try:
                document = json.loads(line, object_pairs_hook=_unique)
            except json.JSONDecodeError as error:
                yield Broken(number, f"it is not valid JSON: {error.msg} (at column {error.colno})")
            except (ValueError, RecursionError) as error:
                yield Broken(number, f"it is not valid JSON: {error}")
            else:
                yield _document(number, document)
    if empty:
        raise _empty(where)


def _document(number: int, document: object) -> Cells | Broken:
    if isinstance(document, str):
        return Cells(number, (("text", document),))
    if not isinstance(document, Mapping):
        return Broken(number, str(UsageError.of("brief", document, "an object with the fields of a brief, or a text")))
    fields = cast("Mapping[str, object]", document).items()
    return Cells(number, tuple((name, value) for name, value in fields if value is not None and value != ""))


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    document = dict(pairs)
    if len(document) < len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"it has the field {next(name for name in names if names.count(name) > 1)!r} twice")
    return document


def _lines(file: BinaryIO, where: str) -> Iterator[str]:
    """Yield the lines of a text, as soon as each is there, with a line feed at the end.

    Raises:
        UsageError: it is no text, is in another encoding than UTF-8 without a mark that says so, or a line is too long.
    """
    start = b""
    while len(start) < 4 and (chunk := _chunk(file)):
        start += chunk
    for mark, what in _BINARY.items():
        if start.startswith(mark):
            raise UsageError(
                f"{where} is {what}, not a text", hint="name it as what it is, such as briefs.xlsx, or export it as CSV"
            )
    encoding = encoding_of(start)
    decoder = io.IncrementalNewlineDecoder(getincrementaldecoder(encoding)(), translate=True)
    number, pending, chunk, ended = 0, "", start, False
    while not ended:
        ended = not chunk
        try:
            text = decoder.decode(chunk, ended)
        except UnicodeDecodeError as error:
            raise _other_encoding(error, pending, number, where) from error
        *lines, pending = (pending + text).split("\n")
        for line in lines if not ended or not pending else [*lines, pending]:
            number += 1
            if "\0" in line:
                raise UsageError(
                    f"{where} cannot be read: line {number} has zero bytes, as no text in UTF-8 has", hint=_AS_UTF8
                )
            _check_length(line, number, where)
            yield f"{line}\n"
        _check_length(pending, number + 1, where)
        chunk = b"" if ended else _chunk(file)


def _chunk(file: BinaryIO) -> bytes:
    """Return the bytes that are there, without waiting for more."""
    return cast("io.BufferedReader", file).read1(_CHUNK)


def _check_length(line: str, number: int, where: str) -> None:
    if len(line) > MAX_LINE:
        raise UsageError(f"{where} cannot be read: line {number} has more than {MAX_LINE} characters")


def _other_encoding(error: UnicodeDecodeError, pending: str, number: int, where: str) -> UsageError:
    before = pending + error.object[: error.start].decode(error.encoding, "ignore").replace("\r\n", "\n").replace("\r", "\n")
    line = number + 1 + before.count("\n")
    byte = error.object[error.start : error.start + 1]
    problem = f"the byte 0x{byte.hex().upper()} after {before.rpartition(chr(10))[2][-20:]!r} is not {error.encoding.upper()}"
    windows, mac = byte.decode("cp1252", "replace"), byte.decode("mac_roman")
    return UsageError(
        f"{where}: line {line}: {problem}; it is {windows!r} in Windows-1252, {mac!r} in Mac Roman", hint=_AS_UTF8
    )


def _separator_in(header: str) -> str:
    """Return what separates the cells of a header: what it has most of, outside of quotation marks."""
    outside = "".join(header.split('"')[::2])
    most = max(_SEPARATORS, key=outside.count)
    return most if most in outside else _NO_SEPARATOR


def _without_end(cells: list[str]) -> list[str]:
    """Return cells without the blank ones at the end."""
    last = max((place for place, cell in enumerate(cells, 1) if cell), default=0)
    return cells[:last]


def _check_number(names: list[str], where: str) -> None:
    if len(names) > MAX_COLUMNS:
        raise UsageError(f"{where} cannot be read: it has {len(names)} columns, and {MAX_COLUMNS} are allowed")


def _empty(where: str) -> UsageError:
    return UsageError(f"{where}: there is no brief in it: it is empty")


_KINDS: Mapping[str, Callable[[BinaryIO, str], Iterator[Item]]] = {
    "": _recognised,
    ".csv": lambda file, where: _table(_lines(file, where), where),
    ".tsv": lambda file, where: _table(_lines(file, where), where),
    ".jsonl": lambda file, where: _json_lines(_lines(file, where), where),
    ".ndjson": lambda file, where: _json_lines(_lines(file, where), where),
}
_TO_EXPORT = frozenset({".numbers", ".parquet"})
