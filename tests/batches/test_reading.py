"""Files of many briefs as programs write them, and streams."""

import asyncio
import codecs
import csv
import io
import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from onbrief.batches import incoming, reading
from onbrief.batches.reading import read, stream
from onbrief.batches.rows import Broken, Cells, Head
from onbrief.errors import UsageError

Fields = Mapping[str, object]
Write = Callable[[str, str | bytes], Path]


@pytest.fixture
def file(tmp_path: Path) -> Write:
    def write(name: str, content: str | bytes) -> Path:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


def rows(path: str | Path) -> list[tuple[int, Fields | str]]:
    """The rows of a file: their numbers, and their fields or what is wrong with them."""
    return [
        (item.number, dict(item.fields) if isinstance(item, Cells) else item.problem)
        for item in read(path)
        if not isinstance(item, Head)
    ]


def problem(path: str | Path) -> str:
    with pytest.raises(UsageError) as caught:
        list(read(path))
    return caught.value.explained


FOX: tuple[int, Fields] = (2, {"text": "a fox", "seed": "3"})

EXPORTS: dict[str, tuple[str | bytes, Sequence[tuple[int, Fields | str]]]] = {
    "excel-csv-utf8.csv": (
        codecs.BOM_UTF8 + b'text,seed\r\na fox,3\r\n"ein Hund, ""Rex""",\r\n',
        [FOX, (3, {"text": 'ein Hund, "Rex"'})],
    ),
    "excel-german.csv": (
        codecs.BOM_UTF8 + b"text;max_usd;;\r\nein Fuchs, rot;0,5;;\r\n;;;\r\n",
        [(2, {"text": "ein Fuchs, rot", "max_usd": "0,5"})],
    ),
    "excel-sep.csv": ("sep=;\r\ntext;seed\r\na fox;3\r\n", [(3, FOX[1])]),
    "excel-unicode-text.csv": (
        codecs.BOM_UTF16_LE + 'text\tseed\r\na fox\t3\r\n"größer\n""als"""\t\r\n'.encode("utf-16-le"),
        [FOX, (3, {"text": 'größer\n"als"'})],
    ),
    "excel-macintosh.csv": ('text,seed\ra fox,3\r"two\rlines",\r', [FOX, (3, {"text": "two\nlines"})]),
    "libreoffice.csv": (
        '"text","seed"\n"a fox",3\n"a\nb",4\n"c",5\n',
        [FOX, (3, {"text": "a\nb", "seed": "4"}), (5, {"text": "c", "seed": "5"})],
    ),
    "google-sheets.csv": ("text,seed,\r\na fox,3,\r\n,,\r\n", [FOX]),
    "numbers.csv": ("Table 1;\ntext;seed\na fox;3\n", [(3, FOX[1])]),
    "titles.csv": ("Spring,,\n,,\ntext,seed,\na fox,3,\n", [(4, FOX[1])]),
    "blank-lines.csv": ("\n\ntext,seed\n\na fox,3\n\n , \n", [(5, FOX[1])]),
    "mixed-ends.csv": (
        "text,seed\r\na fox,3\nb,4\rc,5",
        [FOX, (3, {"text": "b", "seed": "4"}), (4, {"text": "c", "seed": "5"})],
    ),
    "utf-32.csv": ("text,seed\na fox,3\n".encode("utf-32"), [FOX]),
    "tabs.tsv": ("text\tseed\na fox\t3\n", [FOX]),
    "one-column.csv": (
        'text\na fox, red; wild\n"a ""sign"", blue"\n',
        [(2, {"text": "a fox, red; wild"}), (3, {"text": 'a "sign", blue'})],
    ),
    "spaces.csv": ('text, seed\n"a fox", 3\n', [FOX]),
    "notes-with-commas.csv": ('text;"# a, b, c, d"\na fox;x\n', [(2, {"text": "a fox", "# a, b, c, d": "x"})]),
    "short-rows.csv": ("text,seed,id\na fox,3\nb\n", [FOX, (3, {"text": "b"})]),
    "formula.csv": ('text\n"=HYPERLINK(""http://x"",""y"")"\n', [(2, {"text": '=HYPERLINK("http://x","y")'})]),
    "lines.jsonl": (
        '{"text": "a fox", "seed": 3, "id": null, "avoid": ""}\n\n"a dog"\n',
        [(1, {"text": "a fox", "seed": 3}), (3, {"text": "a dog"})],
    ),
    "lines.ndjson": ('{"text": "a fox"}', [(1, {"text": "a fox"})]),
    "list.json": (
        '[{"text": "a fox", "require": ["red", "wild"]},\n "a dog"]',
        [(1, {"text": "a fox", "require": ["red", "wild"]}), (2, {"text": "a dog"})],
    ),
    "object.json": ('{"seed": 3, "briefs": ["a fox"]}', [(1, {"text": "a fox"})]),
    "tables.toml": (
        'seed = 3\n[[briefs]]\ntext = "a fox"\n[[briefs]]\ntext = "a dog"\n',
        [(1, {"text": "a fox"}), (2, {"text": "a dog"})],
    ),
    "prompts.txt": ('a fox, "red"\n\n  a dog\n', [(1, {"text": 'a fox, "red"'}), (3, {"text": "a dog"})]),
    "table": ("text,seed\na fox,3\n", [FOX]),
    "objects": ('\n{"text": "a fox"}\n', [(2, {"text": "a fox"})]),
    "items": ('[\n{"text": "a fox"}\n]', [(1, {"text": "a fox"})]),
}


@pytest.mark.parametrize("name", EXPORTS)
def test_files_are_read_as_programs_write_them(name: str, file: Write) -> None:
    content, expected = EXPORTS[name]
    assert rows(file(name, content)) == expected


BROKEN: dict[str, tuple[str | bytes, str]] = {
    "windows.csv": (
        "text,seed\na fox,1\ngrün,2\n".encode("cp1252"),
        "line 3: the byte 0xFC after 'gr' is not UTF-8; it is 'ü' in Windows-1252, '¸' in Mac Roman (save",
    ),
    "mac.csv": (
        "text\rgrün\r".encode("mac_roman"),
        "line 2: the byte 0x9F after 'gr' is not UTF-8; it is 'Ÿ' in Windows-1252, 'ü' in Mac Roman",
    ),
    "windows.json": ('[\n"grün"]'.encode("cp1252"), "line 2: the byte 0xFC after '\"gr' is not UTF-8"),
    "cut.csv": ("text\ngrü".encode()[:-1], "line 2: the byte 0xC3 after 'gr' is not UTF-8"),
    "no-mark.csv": ("text\na\n".encode("utf-16-le"), "line 1 has zero bytes"),
    "no-mark.json": ("[1]".encode("utf-16-le"), "line 1 has zero bytes"),
    "zip.csv": (b"PK\x03\x04", "is a spreadsheet or another archive, not a text (name it as what it is, such as briefs.xlsx)"),
    "zip.json": (b"PK\x03\x04", "is a spreadsheet or another archive"),
    "page.csv": (b"%PDF-1.7", "is a PDF"),
    "empty.csv": ("", "there is no brief in it"),
    "marked.csv": (codecs.BOM_UTF8, "there is no brief in it"),
    "blank.csv": ("\n;;\n\n", "there is no brief in it"),
    "header.csv": ("text,seed\n\n,\n", "there is no row below its header"),
    "titles.csv": ("Spring,,\n\n", "there is no brief in it"),
    "open.csv": ('text,seed\n"a fox,1\nb,2\n', "line 2: a quotation mark begins a cell that never ends (inside of"),
    "header-open.csv": ('"te"xt,seed\nb,2\n', "line 1: a cell goes on after the quotation mark that ends it"),
    "long-cell.csv": ("text,seed\n" + "a" * 200_000 + ",1\n", "line 2: it has a cell of more than 131072 characters"),
    "columns.csv": ("text," + ",".join(f"#{n}" for n in range(300)) + "\na\n", "it has 301 columns, and 256 are allowed"),
    "empty.jsonl": ("\n", "there is no brief in it"),
    "empty.json": (" ", "there is no brief in it"),
    "none.json": ("[]", "there is no brief in it"),
    "other.json": ('{"text": "a fox"}', "there is no list of briefs in it (for a single brief: onbrief run)"),
    "not-a-list.json": ('{"briefs": "a fox"}', "briefs in"),
    "lines.json": (
        '{"text": "a"}\n{"text": "b"}',
        "Extra data (at line 2, column 1) (a file with one object a line is named .jsonl)",
    ),
    "deep.json": ("[" * 100_000, "not valid JSON"),
    "wrong.toml": ("[[briefs]]\ntext = ", "is not valid TOML"),
    "no-list.toml": ('text = "a fox"', "there is no list of briefs in it (for a single brief: onbrief run)"),
    "empty.txt": ("\n \n", "there is no brief in it"),
    "briefs.docx": ("a", "expected one of .csv .tsv .jsonl"),
    "briefs.numbers": ("a", "(export it as CSV or Excel)"),
    "empty": ("", "there is no brief in it"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_no_file_of_briefs_is_said_in_one_line(name: str, file: Write) -> None:
    content, expected = BROKEN[name]
    said = problem(file(name, content))
    assert expected in said
    assert name in said
    assert "\n" not in said


BROKEN_ROWS: dict[str, tuple[str, dict[int, str]]] = {
    "cells.csv": (
        "text,seed\na fox,red,3\nb,2\n",
        {2: "it has 3 cells, and 2 columns have a name; a cell with ',' in it needs quotation marks around it"},
    ),
    "quotes.csv": ('text,seed\n"OPEN" on a sign,1\nb,2\n', {2: "a cell goes on after the quotation mark that ends it"}),
    "errors.csv": (
        "text,seed,#n\n#REF!,1,a\n#N/A,1,a\n#NV,1,a\n####,1,a\nb,#BEZUG!,a\nb,2,#N/A\n#1 winner,1,a\n",
        dict.fromkeys(range(2, 7), "is not allowed: it is what a spreadsheet shows for an error"),
    ),
    "lines.jsonl": (
        '{"text": "a"}\n{\n[1]\n{"text": "a", "text": "b"}\n7\n',
        {
            2: "not valid JSON: Expecting property name",
            3: "brief: [1] is not allowed; expected an object",
            4: "not valid JSON: the field 'text' is there twice",
            5: "brief: 7",
        },
    ),
    "items.json": ('[{"text": "a"}, 7, null]', {2: "brief: 7 is not allowed", 3: "brief: None"}),
    "tables.toml": ('briefs = ["a", 7]', {2: "brief: 7 is not allowed"}),
}


@pytest.mark.parametrize("name", BROKEN_ROWS)
def test_a_broken_row_is_told_and_the_others_are_read(name: str, file: Write) -> None:
    content, expected = BROKEN_ROWS[name]
    found = dict(rows(file(name, content)))
    assert {number for number, fields in found.items() if isinstance(fields, str)} == expected.keys()
    assert len(found) > len(expected) or name.startswith("errors")
    for number, said in expected.items():
        assert said in str(found[number])


def test_limits_of_files(file: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(incoming, "MAX_LINE", 100)
    monkeypatch.setattr(reading, "MAX_BYTES", 1000)
    assert "line 2 has more than 100 characters" in problem(file("a.csv", "text\n" + "a" * 101))
    assert "it has 2000 bytes, and 1000 are allowed" in problem(file("b.csv", "a" * 2000))


def test_places_that_are_no_files(tmp_path: Path) -> None:
    assert "it is a folder" in problem(tmp_path)
    assert "cannot be read: No such file" in problem(tmp_path / "none.csv")
    assert "download it first" in problem("https://docs.google.com/spreadsheets/d/1/edit")


CELLS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\x1f"), max_size=12)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    table=st.integers(1, 4).flatmap(lambda n: st.lists(st.lists(CELLS, min_size=n, max_size=n), min_size=1, max_size=6)),
    separator=st.sampled_from(",;\t"),
    quoting=st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL, csv.QUOTE_NONNUMERIC]),
    end=st.sampled_from(["\n", "\r\n", "\r"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-32"]),
)
def test_whatever_is_written_as_csv_is_read_as_it_was(
    table: list[list[str]], separator: str, quoting: int, end: str, encoding: str, tmp_path: Path
) -> None:
    if quoting == csv.QUOTE_MINIMAL:
        end = "\r\n"  # otherwise Python's writer leaves line breaks of the other kind without quotation marks
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=separator, quoting=quoting, lineterminator=end)  # pyright: ignore[reportArgumentType]
    names = ["text", "id", "#x", "require"][: len(table[0])]
    writer.writerows([names, *table])
    path = tmp_path / "any.csv"
    path.write_bytes(out.getvalue().encode(encoding))

    def plain(cell: str) -> str:
        return cell.replace("\r\n", "\n").replace("\r", "\n").strip()

    kept = [{name: plain(cell) for name, cell in zip(names, row, strict=True) if plain(cell)} for row in table]
    if kept := [row for row in kept if row]:
        assert [fields for _, fields in rows(path)] == kept
    else:
        assert "no row below its header" in problem(path)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    data=st.one_of(st.binary(max_size=80), st.text('text,;\t"{}[]:=#\n\r\0é', max_size=60).map(str.encode)),
    kind=st.sampled_from([".csv", ".jsonl", ".json", ".toml", ".txt", ".xlsx", ".ods", ""]),
)
def test_any_bytes_are_read_or_refused(data: bytes, kind: str, tmp_path: Path) -> None:
    path = tmp_path / f"any{kind}"
    path.write_bytes(data)
    items: list[reading.Item] = []
    said = str(path)
    try:
        items = list(read(path))
    except UsageError as error:
        said = str(error)
    assert str(path) in said
    assert items == [] or any(isinstance(item, Cells | Broken) for item in items)


class Slow(io.RawIOBase):
    """Bytes that arrive in pieces."""

    def __init__(self, pieces: Sequence[bytes]) -> None:
        self._pieces = list(pieces)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        piece = self._pieces.pop(0) if self._pieces else b""
        buffer[: len(piece)] = piece
        return len(piece)


@pytest.mark.parametrize("size", [1, 2, 3, 7])
@pytest.mark.parametrize(
    "name", ["excel-csv-utf8.csv", "excel-unicode-text.csv", "excel-macintosh.csv", "utf-32.csv", "objects", "items"]
)
def test_a_stream_in_pieces_is_read_as_a_file(name: str, size: int) -> None:
    content, expected = EXPORTS[name]
    data = content if isinstance(content, bytes) else content.encode()
    pieces = [data[start : start + size] for start in range(0, len(data), size)]

    async def go(stdin: BinaryIO) -> list[tuple[int, Fields]]:
        return [(item.number, dict(item.fields)) async for item in stream(stdin) if isinstance(item, Cells)]

    assert asyncio.run(go(io.BufferedReader(Slow(pieces)))) == expected


def test_rows_of_a_pipe_come_as_their_lines_arrive_while_the_event_loop_goes_on() -> None:
    async def go() -> list[object]:
        reader, writer = os.pipe()
        seen: list[object] = []
        with os.fdopen(reader, "rb") as stdin:
            items = stream(stdin)
            for line, expected in ((b"text,seed\n", Head), (b"a fox,1\n", Cells), (b'"two\nlines",2\n', Cells)):
                waiting = asyncio.ensure_future(anext(items))
                done, _ = await asyncio.wait([waiting], timeout=0.01)  # the loop turns while the pipe is silent
                assert not done
                os.write(writer, line)
                seen.append(await waiting)
                assert isinstance(seen[-1], expected)
            os.close(writer)
            seen += [item async for item in items]
        return seen

    *_, last = asyncio.run(go())
    assert last == Cells(3, (("text", "two\nlines"), ("seed", "2")))


def test_errors_of_a_stream_are_raised_where_it_is_read() -> None:
    async def go(data: bytes) -> list[object]:
        return [item async for item in stream(io.BytesIO(data))]

    with pytest.raises(UsageError, match=r"standard input: there is no brief in it"):
        asyncio.run(go(b"\n"))
    with pytest.raises(UsageError, match=r"standard input: line 2: the byte 0xFC"):
        asyncio.run(go(b"text\n\xfc\n"))
    assert isinstance(asyncio.run(go(b'{"text": "a"}\n{\n'))[-1], Broken)


def test_a_process_ends_while_its_standard_input_is_silent() -> None:
    code = """
import asyncio, sys
from onbrief.batches.reading import stream

async def go():
    async for item in stream(sys.stdin.buffer):
        print(item.number, flush=True)
        if item.number == 2:
            break

asyncio.run(go())
"""
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdin
        assert process.stdout
        assert process.stderr
        process.stdin.write(b"text\na fox\n")
        process.stdin.flush()
        assert process.wait(60) == 0  # standard input is still open
        assert process.stdout.read() == b"1\n2\n"
        assert process.stderr.read() == b""
