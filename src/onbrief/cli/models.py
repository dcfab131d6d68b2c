"""`onbrief models`: the models of the installed providers, in tables that fit 80 columns."""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from difflib import get_close_matches
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from onbrief.cli.flags import Json
from onbrief.cli.output import put, say
from onbrief.errors import UsageError

if TYPE_CHECKING:
    from onbrief.ports import ListedModel

_WIDTH = 80
_INDENT = 4
_NAMES = {"image": 30, "editing": 53, "language": 50}  # columns; a longer name has a line of its own
_NONE = "-"
_TITLES = {"image": "IMAGE MODELS", "editing": "EDITING SERVICES", "language": "LANGUAGE MODELS"}
_ENDED = "ended"


def models(*words: Annotated[str, Parameter(show_default=False)], json_: Json = False) -> int:
    """List the models of the installed providers: image models, editing services and language models.

    For example:
        onbrief models
        onbrief models image
        onbrief models PROVIDER:MODEL
        onbrief models --json

    Prices are in US dollars: the maximum price of a picture, and of a million tokens. "edits" says whether
    the provider's editor uses the model, "recovery" how a lost picture can be found again, if at all.
    Other models can be named as PROVIDER:MODEL too, if their provider accepts them. A name that
    ends with a colon stands for all models of a service.

    Parameters
    ----------
    words
        Only models of this kind (image, editing or language), or with this in their names; with what each of them takes.
    json_
        Print one JSON document.
    """
    from onbrief.providers import registry

    rows = _chosen(registry.models(), words)
    if json_:
        put(json.dumps([asdict(row) for row in rows], ensure_ascii=False, indent=2) + "\n")
        return 0
    put("".join(f"{line}\n" for line in _lines(rows, in_detail=bool(words))))
    for month in dict.fromkeys(row.as_of for row in rows if row.as_of):
        those = dict.fromkeys(row.name.partition(":")[0] for row in rows if row.as_of == month)
        say(f"as of {month}: {', '.join(those)}; `onbrief doctor` asks a provider itself")
    if not words:
        say("what a model takes: onbrief models NAME")
    for error in registry.broken().values():
        say(f"warning: {error}")
    return 0


def _chosen(rows: Sequence[ListedModel], words: Iterable[str]) -> Sequence[ListedModel]:
    """Return the rows that fit all of these words.

    Raises:
        UsageError: none is left; the message has what may be meant.
    """
    for word in words:
        kind = word.lower().removesuffix("s")
        found = [row for row in rows if (row.kind == kind if kind in _TITLES else _named(row, word.lower()))]
        if not found:
            known = dict.fromkeys((*_TITLES, *(row.name.partition(":")[0] for row in rows), *(row.name for row in rows)))
            near = " ".join(get_close_matches(word, known, 3))
            allowed = f"one of {near}" if near else "image, editing, language, a provider, or a part of a name"
            raise UsageError.of("models", word, allowed)
        rows = found
    return rows


def _named(row: ListedModel, word: str) -> bool:
    return word in f"{row.name} {row.title}".lower()


def _lines(rows: Sequence[ListedModel], *, in_detail: bool) -> Iterator[str]:
    """Yield a table for each kind of models; `in_detail` with all that is known of each."""
    begun = False
    for kind, title in _TITLES.items():
        own = [row for row in rows if row.kind == kind]
        if not own:
            continue
        if begun:
            yield ""
        begun = True
        width = _NAMES[kind]
        yield _row(title, _columns(kind), width)
        for row in own:
            values = _values(row)
            if len(row.name) > width:
                yield row.name
                yield _row("", values, width)
            else:
                yield _row(row.name, values, width)
            yield from _notes(row, in_detail)


def _row(name: str, values: Sequence[str], width: int) -> str:
    return f"{name:{width}} {'  '.join(values)}".rstrip()


def _columns(kind: str) -> tuple[str, ...]:
    match kind:
        case "image":
            return f"{'price':>7}", f"{'sizes':11}", "edits", f"{'recovery':11}", "state"
        case "editing":
            return f"{'price':>7}", "state"
        case _:
            return f"{'in':>5}", f"{'out':>5}", "state"


def _values(row: ListedModel) -> tuple[str, ...]:
    match row.kind:
        case "image":
            edits = "yes" if row.edits else _NONE
            return f"{_usd(row.usd):>7}", f"{_sizes(row.sizes):11}", f"{edits:5}", f"{row.recovery or _NONE:11}", row.state
        case "editing":
            return f"{_usd(row.usd):>7}", row.state
        case "language":
            return f"{_usd(row.usd_in):>5}", f"{_usd(row.usd_out):>5}", row.state


def _notes(row: ListedModel, in_detail: bool) -> Iterator[str]:
    """Yield what does not fit into the table."""
    ended = f"{'ended on' if row.state == _ENDED else 'until'} {row.ended}" if row.ended else ""
    takes = f"{row.title}; takes {row.takes}" if in_detail else ""
    if text := "; ".join(filter(None, (ended, takes))):
        yield from textwrap.wrap(
            text,
            _WIDTH,
            initial_indent=" " * _INDENT,
            subsequent_indent=" " * _INDENT,
            break_on_hyphens=False,
        )


def _usd(usd: float | None) -> str:
    return _NONE if usd is None else "free" if usd == 0 else f"${usd:.3g}"


def _sizes(text: str) -> str:
    """Return the shapes that a model makes in a few letters."""
    if sides := re.match(r"sides of (\d+) to (\d+)", text):
        return f"{sides[1]}-{sides[2]} px"
    if listed := re.match(r"(?:aspect (ratios)|(sizes)) (.*)", text):
        return f"{len(listed[3].split())} {listed[1] or listed[2]}"
    return _NONE if not text else text if len(text) <= 11 else "see details"
