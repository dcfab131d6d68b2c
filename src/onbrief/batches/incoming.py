"""The lines of a text as they arrive, in whatever encoding says so."""

from __future__ import annotations

import io
from codecs import getincrementaldecoder
from collections.abc import Iterator
from typing import BinaryIO, cast

from onbrief.documents import encoding_of
from onbrief.errors import UsageError

MAX_BYTES = 100_000_000  # of a file; a stream may go on for ever
MAX_LINE = 1_000_000  # characters

_CHUNK = 65_536
_AS_UTF8 = "save it as “CSV UTF-8”"
_OTHERS = {
    b"PK\x03\x04": "a spreadsheet or another archive",
    b"\xd0\xcf\x11\xe0": "an old spreadsheet",
    b"%PDF": "a PDF",
    b"\x1f\x8b": "compressed",
}


def lines_of(file: BinaryIO, where: str) -> Iterator[str]:
    """Yield the lines of a text, as soon as each is there, with a line feed at the end.

    Raises:
        UsageError: it is no text, is in another encoding than UTF-8 without a mark that says so, or a line is too long.
    """
    start = b""
    while len(start) < 4 and (chunk := _chunk(file)):
        start += chunk
    _refuse_others(start, where)
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
                raise _zero_bytes(number, where)
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


def whole_text(file: BinaryIO, where: str, most: int = MAX_BYTES) -> str:
    """Return a text of at most `most` bytes; see `lines_of`.

    Raises:
        UsageError: as `lines_of`, or it is longer.
    """
    data = file.read(most + 1)
    _refuse_others(data, where)
    if len(data) > most:
        raise UsageError(f"{where} cannot be read: it has more than {most} bytes", hint="more fits into .jsonl")
    encoding = encoding_of(data)
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        raise _other_encoding(error, "", 0, where) from error
    if "\0" in text:
        raise _zero_bytes(text[: text.index("\0")].count("\n") + 1, where)
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _refuse_others(start: bytes, where: str) -> None:
    for mark, what in _OTHERS.items():
        if start.startswith(mark):
            raise UsageError(f"{where} is {what}, not a text", hint="name it as what it is, such as briefs.xlsx")


def _zero_bytes(number: int, where: str) -> UsageError:
    return UsageError(f"{where} cannot be read: line {number} has zero bytes, as no text in UTF-8 has", hint=_AS_UTF8)
