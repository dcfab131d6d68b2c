"""Reads files with many briefs, row by row: tables, spreadsheets, lists of documents or texts; and streams of them."""

from __future__ import annotations

import asyncio
import os
import queue
import re
import threading
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import BinaryIO

from onbrief.batches.document import json_document, json_document_of, json_lines, json_lines_of, text_lines, toml_document
from onbrief.batches.incoming import MAX_BYTES, lines_of
from onbrief.batches.rows import Broken, Cells, Head
from onbrief.batches.table import csv_rows, csv_rows_of, no_brief, table_rows
from onbrief.errors import UsageError

Item = Head | Cells | Broken

_STANDARD_INPUT = "standard input"
_WITH_SHEET = re.compile(r"(?P<file>.+\.(?:xlsx|xlsm|xls|ods))#(?P<sheet>.+)", re.IGNORECASE | re.DOTALL)


def read(source: str | Path) -> Iterator[Item]:
    """Read the file of a batch, of the kind that its ending names; one without an ending is recognised by its first line. Of a
    spreadsheet, the first sheet that can be seen is read, or the one that is named after its name, as in briefs.xlsx#Spring.
    The rows come as they are read: a caller that wants all or nothing takes them all first.

    Raises:
        UsageError: it cannot be read, is of another kind, or has no rows.
    """
    where, sheet = str(source), ""
    path = Path(source).expanduser()
    if (match := _WITH_SHEET.fullmatch(where)) and not path.exists():
        where, sheet = match["file"], match["sheet"]
        path = Path(where).expanduser()
    kind = path.suffix.lower()
    if "://" in where:
        raise UsageError(f"{where} cannot be read: it is not on this machine", hint="download it first, as CSV or XLSX")
    if path.is_dir():
        raise UsageError(f"{where} cannot be read: it is a folder; expected a file of briefs")
    if kind not in _KINDS and kind not in _SPREADSHEETS:
        allowed = " ".join((*filter(None, _KINDS), *_SPREADSHEETS))
        raise UsageError(f"{where} cannot be read: expected one of {allowed}", hint=_HINTS.get(kind, ""))
    try:
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size  # of a pipe, it is 0
            if size > MAX_BYTES:
                raise UsageError(f"{where} cannot be read: it has {size} bytes, and {MAX_BYTES} are allowed")
            yield from _KINDS[kind](file, where) if kind in _KINDS else _spreadsheet(file, where, sheet)
    except OSError as error:
        hint = "for a single brief: onbrief run" if " " in where else ""
        raise UsageError(f"{where} cannot be read: {error.strerror or error}", hint=hint) from error


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
            items = _recognised(file, _STANDARD_INPUT)
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
    lines = lines_of(file, where)
    for blank, first in enumerate(lines):
        every = chain(["\n"] * blank, [first], lines)
        match first.lstrip()[:1]:
            case "":
                continue
            case "{":
                yield from json_lines_of(every, where)
            case "[":
                yield from json_document_of(_joined(every, where), where)
            case _:
                yield from csv_rows_of(every, where)
        return
    raise no_brief(where)


def _joined(lines: Iterator[str], where: str) -> str:
    joined: list[str] = []
    size = 0
    for line in lines:
        joined.append(line)
        size += len(line)
        if size > MAX_BYTES:
            raise UsageError(f"{where} cannot be read: it has more than {MAX_BYTES} characters", hint="send one object a line")
    return "".join(joined)


def _spreadsheet(file: BinaryIO, where: str, name: str) -> Iterator[Item]:
    from onbrief.batches.workbook import open_sheet  # 20 ms, for those who have one

    sheet = open_sheet(file, where, name)
    hint = f"other sheets: {', '.join(f'{where}#{other}' for other in sheet.others)}" if sheet.others else ""
    try:
        for item in table_rows(enumerate(sheet.rows, 1), f"{where}, sheet {sheet.name}", unit="row", faults=sheet.faults):
            yield replace(item, hint=hint) if isinstance(item, Head) else item
    except UsageError as error:
        raise UsageError(str(error), hint=error.hint or hint) from error


_KINDS: Mapping[str, Callable[[BinaryIO, str], Iterator[Item]]] = {
    "": _recognised,
    ".csv": csv_rows,
    ".tsv": csv_rows,
    ".jsonl": json_lines,
    ".ndjson": json_lines,
    ".json": json_document,
    ".toml": toml_document,
    ".txt": text_lines,
}
_SPREADSHEETS = (".xlsx", ".xlsm", ".xls", ".ods")
_HINTS = {".numbers": "export it as CSV or Excel", ".parquet": "export it as CSV", ".xlsb": "save it as XLSX"}
