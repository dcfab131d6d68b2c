"""Rates of image models that were learned from their runs, as a file: `onbrief stats --priors` writes it, and the setting
`priors` has the adaptive policy use it. Each model is a table, and each name of a rate says how often it was met, and of how
many findings:

    ["provider:model"]
    count = { met = 7, seen = 19 }
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import cast

from onbrief.documents import read_toml
from onbrief.errors import UsageError
from onbrief.ports import ModelName
from onbrief.run_statistics import RATE_NAMES, Rates

_MOST = 1_000_000_000  # findings
_HEAD = """\
# How often each image model met requirements, in the first pictures of its runs. Written by onbrief stats --priors FILE;
# onbrief run --priors FILE begins with it. To merge two such files, add up the numbers of the same model and name.
"""


def learned_toml(models: Mapping[str, Rates]) -> str:
    """Return these rates, by the name of a model, as the text of a file."""
    return _HEAD + "".join(f"\n[{_quoted(model)}]\n{_lines(rates)}" for model, rates in sorted(models.items()) if rates)


def _lines(rates: Rates) -> str:
    return "".join(f"{name} = {{ met = {met}, seen = {seen} }}\n" for name, (met, seen) in sorted(rates.items()))


def _quoted(name: str) -> str:
    """Like JSON, but a delete character has to be escaped."""
    return json.dumps(name, ensure_ascii=False).replace("\x7f", "\\u007f")


def read_learned(path: Path) -> dict[str, Rates]:
    """Return the rates in a file, by the name of a model.

    Raises:
        UsageError: the file cannot be read, or has something else.
    """
    try:
        return {model: dict(_rates_of(model, table)) for model, table in read_toml(path).items()}
    except UsageError as error:
        hint = "onbrief stats --priors FILE writes such a file; to go without one: --priors none"
        where = "priors" if str(error).startswith(str(path)) else f"priors {path}:"
        raise UsageError(f"{where} {error}", hint=hint) from error


def _rates_of(model: str, table: object) -> Iterator[tuple[str, tuple[int, int]]]:
    ModelName.parse(model, "model")
    if not isinstance(table, dict):
        raise UsageError.of(model, table, "a table, by the names of rates")
    for name, counts in cast("dict[str, object]", table).items():
        if name not in RATE_NAMES:
            raise UsageError.of(f"name in {model}", name, "one of " + " ".join(RATE_NAMES))
        yield name, _counts_of(f"{model}: {name}", counts)


def _counts_of(where: str, given: object) -> tuple[int, int]:
    if not isinstance(given, dict) or (counts := cast("dict[str, object]", given)).keys() != {"met", "seen"}:
        raise UsageError.of(where, cast("object", given), "{ met = NUMBER, seen = NUMBER }")
    seen = _whole(f"{where}.seen", counts["seen"], _MOST)
    return _whole(f"{where}.met", counts["met"], seen), seen


def _whole(where: str, value: object, most: int) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= most:
        raise UsageError.of(where, value, f"a whole number from 0 to {most}")
    return value
