"""What a pursuit tells its readers: frozen values, in the order in which things happen, each with the run as it then is.

A terminal, a log and a live page are readers of the same events. They are numbered within their run from 0, and `to_json` and
`from_json` carry them to readers in another process.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

from onbrief.errors import UsageError
from onbrief.record import Attempt, Run

if TYPE_CHECKING:
    from pydantic import TypeAdapter


@dataclass(frozen=True, slots=True)
class Event:
    """Something happened; `run` is the run right after it, `number` its place among the events of the run."""

    run: Run
    number: int = field(default=0, kw_only=True)


@dataclass(frozen=True, slots=True)
class ChecklistFrozen(Event):
    """The checklist is made and will not change any more."""


@dataclass(frozen=True, slots=True)
class PromptChosen(Event):
    """`run.prompt` is the prompt from now on."""


@dataclass(frozen=True, slots=True)
class ImageMade(Event):
    """A picture is stored and about to be judged (or never will be, when another one passed meanwhile)."""

    attempt: Attempt


@dataclass(frozen=True, slots=True)
class ImageJudged(Event):
    """An attempt is complete: it has a verdict, or a problem that says why it has none."""

    attempt: Attempt


@dataclass(frozen=True, slots=True)
class Waiting(Event):
    """A paid call waits before it is sent (again): `call` is its key in the ledger, such as `image/000-001`, `seconds` how long
    it waits, and `reason` why, in the provider's words where it gave some.
    """

    call: str
    seconds: float
    reason: str


@dataclass(frozen=True, slots=True)
class RunEnded(Event):
    """`run.outcome` and `run.reason` are set; nothing follows."""


_TYPES: dict[str, type[Event]] = {
    "checklist_frozen": ChecklistFrozen,
    "prompt_chosen": PromptChosen,
    "image_made": ImageMade,
    "image_judged": ImageJudged,
    "waiting": Waiting,
    "run_ended": RunEnded,
}
_NAMES = {kind: name for name, kind in _TYPES.items()}


def to_json(event: Event) -> str:
    """One line of JSON: `type`, `number`, `run` (the record, as in run.json), and what the event has besides."""
    about: dict[str, Any] = _adapter(type(event)).dump_python(event, mode="json")
    return json.dumps({"type": _NAMES[type(event)], **about, "run": event.run.to_document()}, ensure_ascii=False)


def from_json(text: str | bytes) -> Event:
    """The event that a text of `to_json` describes.

    Raises:
        UsageError: any other text.
    """
    from pydantic import ValidationError

    try:
        document: Any = json.loads(text)
        kind = _TYPES[document.pop("type")]
        document["run"] = Run.from_document(document["run"])
        return _adapter(kind).validate_python(document)
    except (ValueError, KeyError, TypeError, AttributeError, ValidationError, RecursionError) as error:
        raise UsageError(f"not an event of onbrief: {error}") from error


@cache
def _adapter(kind: type[Event]) -> TypeAdapter[Event]:
    from pydantic import TypeAdapter

    return TypeAdapter(kind)
