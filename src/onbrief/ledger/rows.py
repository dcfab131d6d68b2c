"""What a ledger reads from the disk, checked before anything else sees it: a row can be damaged, or edited by hand."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar, get_args

from onbrief.errors import LedgerError, Outcome
from onbrief.ledger.owner import is_live
from onbrief.ports import Call, CallKind, Decision, DecisionKind, Entry, Label, LabelWord, RunRow, State, Tokens

T = TypeVar("T")
_SURROGATE: Final = re.compile("[\ud800-\udfff]")
Fields = Mapping[str, Any]


class BrokenRow(LedgerError):
    """A row of a ledger cannot be read; the message names the run and the row."""

    retryable = False

    @classmethod
    def of(cls, run_id: str, row: str, problem: str) -> BrokenRow:
        """Return the error of one row."""
        return cls(f"the ledger of run {run_id} is damaged: {row}: {problem}", hint=_hint(run_id))


def run_row(run_id: str, owner: Any, lease_until: Any, about: Fields) -> RunRow:
    """Return a run; `about` has its other fields. What is wrong with it is in its field `broken`, and then no other field can
    be relied on.
    """
    live = _is_text(owner) and _is_number(lease_until) and is_live(owner, lease_until)
    try:
        _require(run_id, "its row", {**about, "owner": owner, "lease_until": lease_until}, _RUN)
    except BrokenRow as error:
        return broken_run(error, run_id, live=live)
    return RunRow(run_id, about["request"], about["settings"], about["started"], about["outcome"], about["ended"], live)


def broken_run(error: BrokenRow, run_id: str, *, live: bool = False) -> RunRow:
    """Return a run of which only the id is known."""
    return RunRow(run_id, "", "", "", None, None, live, broken=str(error))


def require_whole(row: RunRow) -> RunRow:
    """Return a run of which everything is known.

    Raises:
        LedgerError: something of it cannot be read.
    """
    if row.broken:
        raise LedgerError(row.broken, hint=_hint(row.run_id))
    return row


def entry_of(run_id: str, call: Fields, tokens: Fields, about: Fields) -> Entry:
    """Return a try of a call.

    Raises:
        BrokenRow: a field is missing or cannot be right.
    """
    row = f"try {about.get('number')} of call {call.get('kind')} {call.get('revision')}-{call.get('attempt')}"
    for fields, rules in ((call, _CALL), (tokens, _TOKENS), (about, _TRY)):
        _require(run_id, row, fields, rules)
    return _built(run_id, row, lambda: Entry(call=Call(**call), tokens=Tokens(**tokens), **about))


def decision_of(run_id: str, fields: Fields) -> Decision:
    """Return a decision.

    Raises:
        BrokenRow: a field is missing or cannot be right.
    """
    row = f"decision {fields.get('number')}"
    _require(run_id, row, fields, _DECISION)
    return _built(run_id, row, lambda: Decision(**fields))


def label_of(run_id: str, fields: Fields) -> Label:
    """Return a label.

    Raises:
        BrokenRow: a field is missing or cannot be right.
    """
    row = f"label {fields.get('requirement')} of attempt {fields.get('revision')}-{fields.get('attempt')}"
    _require(run_id, row, fields, _LABEL)
    return _built(run_id, row, lambda: Label(**fields))


def document(text: Any) -> Any:
    """Return the JSON object that a text holds, or the text itself if it holds none."""
    if not _is_text(text):
        return text
    try:
        found: Any = json.loads(text)
    except (ValueError, RecursionError):
        return text
    return found if isinstance(found, dict) else text  # pyright: ignore[reportUnknownVariableType]


def _hint(run_id: str) -> str:
    return f"restore the ledger from a backup, or delete the run with: onbrief rm {run_id}"


def _require(run_id: str, row: str, fields: Fields, rules: Mapping[str, _Rule]) -> None:
    """Check those fields that are there; a constructor finds those that are missing."""
    for name, value in fields.items():
        if name in rules and not rules[name][1](value):
            shown = repr(value)
            problem = f"{name} is {shown if len(shown) <= 60 else f'{shown[:60]}…'}; expected {rules[name][0]}"
            raise BrokenRow.of(run_id, row, problem)


def _built(run_id: str, row: str, build: Callable[[], T]) -> T:
    try:
        return build()
    except TypeError as error:
        raise BrokenRow.of(run_id, row, f"its fields are not those of such a row ({error})") from error


def _is_text(value: Any) -> bool:
    """Return whether this is a text; bytes that are none have been decoded to lone surrogates."""
    return isinstance(value, str) and not _SURROGATE.search(value)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _is_json(value: Any) -> bool:
    if not _is_text(value):
        return False
    try:
        json.loads(value or "null")
    except (ValueError, RecursionError):
        return False
    return True


def _one_of(names: tuple[str, ...]) -> _Rule:
    return f"one of {', '.join(names)}", lambda value: value in names


def _or_none(rule: _Rule) -> _Rule:
    return f"{rule[0]}, or nothing", lambda value: value is None or rule[1](value)


_Rule = tuple[str, Callable[[Any], bool]]
"""What is expected of a field, in words and as a function."""

_TEXT: Final[_Rule] = ("a text", _is_text)
_NUMBER: Final[_Rule] = ("a number", _is_number)
_WHOLE: Final[_Rule] = ("a whole number", _is_whole)
_OBJECT: Final[_Rule] = ("a JSON object", lambda value: isinstance(document(value), dict))

_RUN: Final = {
    "request": _OBJECT,
    "settings": _OBJECT,
    "started": _TEXT,
    "outcome": _or_none(_one_of(get_args(Outcome))),
    "ended": _or_none(_TEXT),
    "owner": _or_none(_TEXT),
    "lease_until": _NUMBER,
}
_CALL: Final = {
    "kind": _one_of(get_args(CallKind)),
    "revision": _WHOLE,
    "attempt": _WHOLE,
    "model": _TEXT,
    "digest": _TEXT,
    "price": _or_none(_NUMBER),
    "part": _TEXT,
}
_TOKENS: Final = {"input": _WHOLE, "output": _WHOLE}
_TRY: Final = {
    "number": _WHOLE,
    "state": _one_of(get_args(State)),
    "usd": _or_none(_NUMBER),
    "seconds": _NUMBER,
    "result": ("JSON", _is_json),
    "message": _TEXT,
    "handle": _TEXT,
}
_DECISION: Final = {
    "number": _WHOLE,
    "kind": _one_of(get_args(DecisionKind)),
    "inputs": _OBJECT,
    "reason": _TEXT,
    "seconds": _NUMBER,
    "usd": _or_none(_NUMBER),
}
_LABEL: Final = {
    "revision": _WHOLE,
    "attempt": _WHOLE,
    "requirement": _TEXT,
    "label": _one_of(get_args(LabelWord)),
    "by": _TEXT,
    "note": _TEXT,
    "at": _TEXT,
}
