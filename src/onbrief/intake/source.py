"""Where a brief is read from: a file, standard input, or the text itself. What looks like a file is never taken for a text."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from onbrief.documents import MAX_BYTES, decoded, read_json, read_text, read_toml
from onbrief.errors import UsageError

_TEXTS = frozenset({"", ".txt", ".text", ".md", ".markdown", ".prompt"})
_TABLES = frozenset({".csv", ".tsv", ".xlsx", ".xls", ".ods", ".numbers", ".jsonl", ".ndjson", ".parquet"})
_OTHERS = frozenset(
    {".yaml", ".yml", ".docx", ".doc", ".pdf", ".rtf", ".odt", ".html", ".htm", ".png", ".jpg", ".jpeg", ".webp", ".gif"}
)
_KNOWN = (_TEXTS | _TABLES | _OTHERS | {".toml", ".json"}) - {""}
_MOST_WORDS = 3  # of the name of a file; "a sign that says README.md" is a text
_PATH = re.compile(r"(?:\.{1,2}|~)?/[^\s/][^\s]*")
_READABLE = "a description, or a .txt, .md, .toml or .json file"
_MANY = "for many briefs: onbrief batch FILE"
STANDARD_INPUT = "-"


def is_file_name(text: str) -> bool:
    """Return whether a text looks like the name of a file: a path, or a few words on one line with a known ending."""
    plain = text.strip()
    if _PATH.fullmatch(plain):
        return True
    if "\n" in plain or "://" in plain or len(plain.split()) > _MOST_WORDS or not re.search(r"[^\s.]\.\w+$", plain):
        return False
    return Path(plain).suffix.lower() in _KNOWN


def named_by(source: str) -> str | Path:
    """Return what an argument of a command line means: a file that exists or looks like one, or a text.

    Raises:
        UsageError: standard input is no text, or too long.
    """
    if source == STANDARD_INPUT:
        return _standard_input()
    return _path(source) if is_file_name(source) or _exists(source) else source


def _path(source: str) -> Path:
    """Return the path of a name, with the home directory that a shell leaves as ~ in quotation marks."""
    try:
        return Path(source).expanduser()
    except RuntimeError:  # there is no home directory
        return Path(source)


def _exists(source: str) -> bool:
    try:
        return "\n" not in source and bool(source.strip()) and Path(source).exists()
    except (OSError, ValueError):  # too long for a name, or with a zero byte
        return False


def content_of(path: Path) -> tuple[str | Mapping[str, Any], str]:
    """Return the content of a file, as a text or a document, and its name for messages.

    Raises:
        UsageError: it is a folder, of a kind that cannot be read, broken, or not there.
    """
    where, ending = str(path), path.suffix.lower()
    if path.is_dir():
        raise UsageError.of("brief", where, f"{_READABLE}; this is a folder")
    if ending == ".toml":
        return read_toml(path), where
    if ending == ".json":
        return read_json(path, "brief"), where
    if ending not in _TEXTS:
        raise UsageError.of("brief", where, _READABLE, hint=_MANY if ending in _TABLES else "")
    return read_text(path), where


def _standard_input() -> str:
    binary = getattr(sys.stdin, "buffer", None)
    if binary is None:
        return sys.stdin.read() if sys.stdin else ""
    data = binary.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise UsageError(f"standard input cannot be read: it has more than {MAX_BYTES} bytes")
    return decoded(data, "standard input")
