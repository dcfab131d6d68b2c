"""Scripted faults: which calls they affect, and what they do.

A script is a TOML or JSON file with a list `faults`. Each entry selects calls by `model` (a shell pattern for model ids, `*`
by default), by `operation` (an Operation, or one of another
service, such as "openai.draw"; all by default), and by either `calls` (the numbers of the calls among the matching ones, from
1) or `every` (each n-th matching call); by default, it selects all. `does` is the kind of fault; without it, the entry only
delays the call by `delay` seconds, which can also be combined with any fault. The first
entry that selects a call applies. Requests that are rejected as invalid are not counted as calls.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, Protocol, cast, get_args

from onbrief.errors import UsageError
from onbrief_sandbox.server.catalogue import fits_any
from onbrief_sandbox.server.images import Filter
from onbrief_sandbox.server.refusals import STATUS
from onbrief_sandbox.server.wires import catalogue as wires

Operation = Literal["InvokeModel", "Converse", "InvokeModelWithResponseStream", "ConverseStream", "Messages"]
"""`Messages` is Anthropic's own API at /anthropic/v1/messages, streamed or not."""

Doing = Literal["delay", "status", "reset", "cut", "filtered", "blank", "truncated", "text", "empty"]
"""`reset`: the connection is reset before the first byte of the response. `cut`: it closes after `byte` bytes of the body,
or after a `share` of it, from 0 to 1.
`filtered`: a content filter blocks the request for `reason`. `blank`: a picture of one colour. `truncated`: half a picture,
or half of Claude's answer. `text`: `text` instead of Claude's answer, or HTML instead of a picture. `empty`: no picture, or
no content.
"""

OPERATIONS = (*get_args(Operation), *wires.operations())
"""The operations of all services."""

_DELAY = 3600.0
_NOT_ACCEPTED = frozenset({429, 503, 529, *range(400, 408)})


class Named(Protocol):
    """What a call asks for: a model, which shell patterns can match."""

    def fits(self, pattern: str) -> bool:
        """Return whether a shell pattern matches it."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One entry of a script."""

    model: str = "*"
    operation: str | None = None
    calls: tuple[int, ...] = ()
    every: int = 1
    delay: float = 0.0
    does: Doing = "delay"
    status: int = 500
    type: str = ""
    message: str = "This is a fault by script."
    headers: dict[str, str] = field(default_factory=dict[str, str])
    byte: int = 0
    share: float | None = None
    reason: Filter = "prompt"
    text: str = "I am sorry, but I cannot help with that."
    stop_reason: str = ""

    def byte_of(self, length: int) -> int:
        """Return after how many bytes a body of this length is cut."""
        return self.byte if self.share is None else int(self.share * length)

    @property
    def accepted(self) -> bool:
        """Whether the service accepts the call, so that it appears on the bill."""
        return self.does != "status" or self.status not in _NOT_ACCEPTED

    def fits(self, called: Named, operation: str) -> bool:
        """Return whether the fault selects calls of this model and operation."""
        return called.fits(self.model) and self.operation in (None, operation)

    def strikes(self, number: int) -> bool:
        """Return whether the fault selects the call with this number, counted from 1."""
        return number in self.calls if self.calls else number % self.every == 0


class Script:
    """The faults of one server, each with a counter of its matching calls."""

    def __init__(self, faults: tuple[Fault, ...] = ()) -> None:
        self._faults = faults
        self._seen = [0] * len(faults)

    def next(self, called: Named, operation: str) -> Fault | None:
        """Count a call, and return the fault that applies to it, or None."""
        chosen: Fault | None = None
        for place, fault in enumerate(self._faults):
            if fault.fits(called, operation):
                self._seen[place] += 1
                if chosen is None and fault.strikes(self._seen[place]):
                    chosen = fault
        return chosen


def load(path: Path) -> Script:
    """Read a script.

    Raises:
        UsageError: the file cannot be read, or an entry is invalid; the message names the first error.
    """
    try:
        text = path.read_text("utf-8-sig")
        document: Any = json.loads(text) if path.suffix == ".json" else tomllib.loads(text)
    except OSError as error:
        raise UsageError.of("faults", str(path), f"a file that can be read ({error.strerror})") from error
    except (ValueError, RecursionError) as error:
        raise UsageError(f"faults: {path} is not valid {'JSON' if path.suffix == '.json' else 'TOML'}: {error}") from error
    entries = cast("dict[str, object]", document).get("faults") if isinstance(document, dict) else None
    if not isinstance(entries, list) or set(cast("dict[str, object]", document)) != {"faults"}:
        raise UsageError(f"faults: {path} must contain a list `faults` and nothing else")
    return Script(
        tuple(_fault(entry, f"{path}: fault {number}") for number, entry in enumerate(cast("list[object]", entries), 1))
    )


def _fault(entry: object, where: str) -> Fault:
    if not isinstance(entry, dict):
        raise UsageError.of(where, entry, "a table")
    given = cast("dict[str, object]", entry)
    for name, value in given.items():
        rule = _RULES.get(name)
        if rule is None:
            raise UsageError(f"{where}: unknown field {name!r}; expected {', '.join(_RULES)}")
        holds, allowed = rule
        if not holds(value):
            raise UsageError.of(f"{where}: {name}", value, allowed)
    if "calls" in given and "every" in given:
        raise UsageError(f"{where}: calls and every cannot be combined")
    values = given | {"calls": tuple(cast("list[int]", given.get("calls", ())))}
    fault = Fault(**cast("dict[str, Any]", values))
    _refuse_idle_fields(fault, given, where)
    return fault if fault.type else _typed(fault)


def _typed(fault: Fault) -> Fault:
    """Return the fault with the error type for its status."""
    known = (name for name, status in STATUS.items() if status == fault.status)
    name = next(known, "InternalServerException" if fault.status >= 500 else "ValidationException")
    return replace(fault, type=name)


def _refuse_idle_fields(fault: Fault, given: dict[str, object], where: str) -> None:
    """Reject fields that this kind of fault does not use, and entries without any effect."""
    for name, doings in _ONLY_FOR.items():
        if name in given and fault.does not in doings:
            raise UsageError(f"{where}: {name} is only allowed if does is {' or '.join(doings)}, not {fault.does}")
    if fault.does == "delay" and "delay" not in given and "stop_reason" not in given:
        raise UsageError(f"{where}: has no effect; expected does, one of {', '.join(get_args(Doing))}, or a delay")


def _whole(low: int, high: int) -> Callable[[object], bool]:
    return lambda value: isinstance(value, int) and not isinstance(value, bool) and low <= value <= high


def _numbers(value: object) -> bool:
    return isinstance(value, list) and value != [] and all(map(_whole(1, 10**9), cast("list[object]", value)))


def _seconds(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value <= _DELAY


def _pattern(value: object) -> bool:
    return isinstance(value, str) and (fits_any(value) or wires.fits_any(value))


def _headers(value: object) -> bool:
    return isinstance(value, dict) and all(
        isinstance(text, str) and text.isascii() and text.isprintable() and name.replace("-", "").isalnum() and name.isascii()
        for name, text in cast("dict[str, object]", value).items()
    )


def _one_of(kind: object) -> tuple[Callable[[object], bool], str]:
    allowed = get_args(kind)
    return lambda value: value in allowed, "one of " + ", ".join(allowed)


def _token(value: object) -> bool:
    return isinstance(value, str) and value.isidentifier() and value.isascii()


_RULES: dict[str, tuple[Callable[[object], bool], str]] = {
    "model": (_pattern, "a shell pattern that matches a model of the server"),
    "operation": (lambda value: value in OPERATIONS, "one of " + ", ".join(OPERATIONS)),
    "calls": (_numbers, "a list of call numbers, from 1"),
    "every": (_whole(1, 10**9), "a whole number from 1"),
    "delay": (_seconds, f"seconds from 0 to {_DELAY:g}"),
    "does": _one_of(Doing),
    "status": (_whole(400, 599), "an HTTP status from 400 to 599"),
    "type": (_token, "the name of an exception, such as ThrottlingException"),
    "message": (lambda value: isinstance(value, str), "a string"),
    "headers": (_headers, "a table of header names and values"),
    "byte": (_whole(0, 10**9), "a number of bytes"),
    "share": (lambda value: isinstance(value, (int, float)) and 0 <= value <= 1, "a number from 0 to 1"),
    "reason": _one_of(Filter),
    "text": (lambda value: isinstance(value, str), "a string"),
    "stop_reason": (_token, "a stop reason, such as malformed_model_output"),
}
_ONLY_FOR: dict[str, tuple[Doing, ...]] = {
    "status": ("status",),
    "type": ("status",),
    "message": ("status",),
    "headers": ("status",),
    "byte": ("cut",),
    "share": ("cut",),
    "reason": ("filtered",),
    "text": ("text",),
}
