"""Spreadsheets of briefs, written by openpyxl, and as LibreOffice writes them."""

import datetime
import io
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path

import openpyxl
import pytest
from openpyxl.worksheet.worksheet import Worksheet

from onbrief.batches import workbook
from onbrief.batches.reading import read
from onbrief.batches.rows import Broken, Cells, Head
from onbrief.errors import UsageError

_ODS = """<?xml version="1.0" encoding="UTF-8"?><office:document-content
 xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0"
 xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"
 xmlns:calcext="urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0"
 office:version="1.3"><office:body><office:spreadsheet><table:table table:name="Briefs">{rows}</table:table>
</office:spreadsheet></office:body></office:document-content>"""


def xlsx(path: Path, *rows: Sequence[object], change: Callable[[openpyxl.Workbook, Worksheet], object] | None = None) -> Path:
    book = openpyxl.Workbook()
    sheet = book.active
    assert isinstance(sheet, Worksheet)
    sheet.title = "Briefs"
    for row in rows:
        sheet.append(list(row))
    if change:
        change(book, sheet)
    book.save(path)
    return path


def ods(path: Path, *rows: str) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        manifest = "urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"
        archive.writestr("META-INF/manifest.xml", f'<manifest:manifest xmlns:manifest="{manifest}"/>')
        content = "".join(
            f"<table:table-row>{row}</table:table-row>" if not row.startswith("<table:table-row") else row for row in rows
        )
        archive.writestr("content.xml", _ODS.format(rows=content))
    return path


def text(words: str) -> str:
    return (
        f'<table:table-cell office:value-type="string" calcext:value-type="string"><text:p>{words}</text:p></table:table-cell>'
    )


def rows(source: str | Path) -> list[tuple[int, dict[str, object] | str]]:
    items = [item for item in read(source) if not isinstance(item, Head)]
    assert {item.unit for item in items} == {"row"}
    return [(item.number, dict(item.fields) if isinstance(item, Cells) else item.problem) for item in items]


def problem(source: str | Path) -> str:
    with pytest.raises(UsageError) as caught:
        list(read(source))
    return caught.value.explained


def test_values_are_read_as_they_look(tmp_path: Path) -> None:
    path = xlsx(
        tmp_path / "a.xlsx",
        ["Spring campaign"],
        [],
        ["Text", "id", "aspect", "seed", "Max USD", "plan", "require", "#notes", "judge"],
        ["a fox", 3.0, datetime.time(16, 9), 4294967295, 0.1 + 0.2, True, "", "#N/A", None],
        [None] * 9,
        ["two\r\nlines ", datetime.date(2026, 1, 2), datetime.timedelta(hours=32, minutes=9), 1, 1e-5, False, "x", "=1/0", ""],
        ["c", datetime.datetime(2026, 1, 2, 3, 4), datetime.time(3, 4, 5), 12345678901234, 1e20, None, "007"],
        change=lambda _, sheet: sheet.merge_cells("A9:C9"),
    )
    assert rows(path) == [
        (4, {"Text": "a fox", "id": "3", "aspect": "16:09", "seed": "4294967295", "Max USD": "0.3", "plan": "true"}),
        (
            6,
            {
                "Text": "two\nlines",
                "id": "2026-01-02",
                "aspect": "32:09",
                "seed": "1",
                "Max USD": "1e-05",
                "plan": "false",
                "require": "x",
            },
        ),
        (
            7,
            {
                "Text": "c",
                "id": "2026-01-02 03:04:00",
                "aspect": "03:04:05",
                "seed": "12345678901234",
                "Max USD": "1e+20",
                "require": "007",
            },
        ),
    ]


def test_errors_and_formulas_without_a_value_are_named(tmp_path: Path) -> None:
    table = [["text", "seed", "#x"], ["=B2", 1], ["a", "#REF!"], ["b", 2, "#N/A"], ["#NAME?", 2]]
    path = xlsx(tmp_path / "a.xlsx", *table)
    assert rows(path) == [
        (2, "text: its formula has no value in the file; open it in a spreadsheet, and save it again"),
        (3, "seed: '#REF!' is not allowed: its formula has an error"),
        (4, {"text": "b", "seed": "2"}),
        (5, "text: '#NAME?' is not allowed: its formula has an error"),
    ]
    assert "row 1: '#REF!' is not allowed" in problem(xlsx(tmp_path / "b.xlsx", ["text", "#REF!"], ["a", 1]))


def test_a_sheet_can_be_named(tmp_path: Path) -> None:
    def more(book: openpyxl.Workbook, sheet: Worksheet) -> None:
        for name in ("Cover & <more>", "Old"):
            book.create_sheet(name).append(["text"])
            book[name].append([f"of {name}"])
        sheet.sheet_state = "hidden"

    path = xlsx(tmp_path / "a.xlsx", ["text"], ["of Briefs"], change=more)
    assert rows(path) == [(2, {"text": "of Cover & <more>"})], "the first one that can be seen"
    assert rows(f"{path}#Briefs") == [(2, {"text": "of Briefs"})]
    assert "sheet of" in problem(f"{path}#None")
    assert "one of its sheets: Briefs, Cover & <more>, Old" in problem(f"{path}#None")
    [head] = [item for item in read(path) if isinstance(item, Head)]
    assert head.hint == f"other sheets: {path}#Old"
    renamed = path.rename(tmp_path / "b.xlsx#Old.xlsx")
    assert rows(renamed) == [(2, {"text": "of Cover & <more>"})], "a file of this name"


def test_ods(tmp_path: Path) -> None:
    three = '<table:table-cell office:value-type="float" office:value="3"><text:p>3</text:p></table:table-cell>'
    clock = (
        '<table:table-cell office:value-type="time" office:time-value="PT16H09M00S"><text:p>16:09</text:p></table:table-cell>'
    )
    error = (
        '<table:table-cell table:formula="of:=1/0" office:value-type="string" office:string-value="" '
        'calcext:value-type="error"><text:p>#DIV/0!</text:p></table:table-cell>'
    )
    blanks = '<table:table-cell table:number-columns-repeated="16384"/></table:table-row>'
    blank, end = (f'<table:table-row table:number-rows-repeated="{number}">{blanks}' for number in (3, 1_048_560))
    path = ods(
        tmp_path / "a.ods",
        text("text") + text("seed") + text("aspect"),
        text("a fox") + three + clock,
        blank,
        text("b") + error,
        end,
    )
    assert rows(path) == [
        (2, {"text": "a fox", "seed": "3", "aspect": "16:09"}),
        (6, "seed: '#DIV/0!' is not allowed: its formula has an error"),
    ]


def test_xls() -> None:
    path = Path(__file__).parents[1] / "data" / "spreadsheets" / "briefs.xls"
    assert rows(path) == [
        (2, {"text": "größer, “rot”", "seed": "3", "size": "64x64", "id": "2026-01-02"}),
        (4, {"text": "b", "seed": "4.5", "id": "true"}),
        (5, {"text": "c"}),
    ]


def test_what_is_no_spreadsheet_is_said_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for content, said in (
        (b"text\na fox\n", "there is no spreadsheet in it (if it is a text, name it .csv)"),
        (b"", "it is empty"),
        (b"PK\x03\x04 and so on", "File is not a zip file"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 and so on", "cannot be read"),
    ):
        path = tmp_path / "a.xlsx"
        path.write_bytes(content)
        assert said in problem(path)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("word/document.xml", "<a/>")
    assert "cannot be read" in problem(path)
    cut = ods(path, text("text"), "<table:table-row>")
    assert "content.xml is damaged: mismatched tag" in problem(cut)
    assert "there is no brief in it" in problem(xlsx(path))
    assert "there is no row below its header" in problem(xlsx(path, ["text"]))
    far = xlsx(path, ["text"], ["a"], change=lambda _, sheet: sheet.cell(1_048_576, 16_384, "x"))
    assert "its cells reach to XFD1048576, and at most 20000000 are allowed" in problem(far)
    monkeypatch.setattr(workbook, "MAX_UNPACKED", 100)
    assert "bytes unpacked, and 100 are allowed" in problem(far)


def test_damaged_spreadsheets_are_refused_or_read(tmp_path: Path) -> None:
    whole = xlsx(tmp_path / "a.xlsx", ["text", "seed"], ["a fox", 3], ["a dog", 4]).read_bytes()
    parts = {name: zipfile.ZipFile(io.BytesIO(whole)).read(name) for name in zipfile.ZipFile(io.BytesIO(whole)).namelist()}
    path = tmp_path / "b.xlsx"
    for place in range(0, len(whole), len(whole) // 40):  # bytes
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0x55]) + whole[place + 1 :])
        _refused_or_read(path)
    for name, content in parts.items():  # parts that are missing, cut or empty
        for other in (None, content[: len(content) // 2], b""):
            with zipfile.ZipFile(path, "w") as archive:
                for part, data in (parts | {name: other}).items():
                    if data is not None:
                        archive.writestr(part, data)
            _refused_or_read(path)


def _refused_or_read(path: Path) -> None:
    try:
        found = list(read(path))
    except UsageError:
        return
    assert all(isinstance(item, Head | Cells | Broken) for item in found)
