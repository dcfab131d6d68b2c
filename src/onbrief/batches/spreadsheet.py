"""The results of a batch as CSV that spreadsheets open right: results.csv."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Final

from onbrief.results import Result

Cell = str | int | float | None

COLUMNS: Final[Mapping[str, Callable[[Result], Cell]]] = {
    "number": lambda r: r.number,
    "id": lambda r: r.id,
    "outcome": lambda r: r.outcome,
    "brief": lambda r: r.text,
    "unmet": lambda r: "; ".join(r.unmet),
    "reserved": lambda r: "; ".join(r.reserved),
    "reason": lambda r: r.reason,
    "model": lambda r: r.model,
    "images": lambda r: r.images,
    "usd": lambda r: None if r.usd is None else round(r.usd, 6),
    "unknown_calls": lambda r: r.unknown_calls,
    "seconds": lambda r: round(r.seconds, 1),
    "width": lambda r: r.width or None,
    "height": lambda r: r.height or None,
    "picture": lambda r: r.picture,
    "report": lambda r: r.report,
    "run_id": lambda r: r.run_id,
    "started": lambda r: r.started,
    "ended": lambda r: r.ended,
}
"""The columns of results.csv, which docs/batch-results.md explains. What is not known, or not there, is an empty cell."""

# What spreadsheets take for the beginning of a formula: also in their full-width forms, and after characters that they skip.
_FORMULA = re.compile(r"[\s\x00-\x20\x7f-\xa0\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]*[=+\-@＝＋－＠]|[\t\r\n]")
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")  # no spreadsheet can hold them


def results_csv(results: Iterable[Result]) -> bytes:
    """Return one row for each result, below one with the names of the columns, in UTF-8 with a byte order mark, without which
    Excel shows ü as Ã¼. Texts that a spreadsheet would calculate begin with an apostrophe; numbers are as they are.
    """
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    writer.writerows([_inert(cell(result)) for cell in COLUMNS.values()] for result in results)
    return text.getvalue().encode("utf-8-sig")


def _inert(cell: Cell) -> Cell:
    if not isinstance(cell, str):
        return cell
    text = _FORBIDDEN.sub("\ufffd", cell)
    return f"'{text}" if _FORMULA.match(cell) else text
