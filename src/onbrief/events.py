"""The events of a pursuit: frozen values, in the order in which things happen, each with the state of the run at that moment.

A terminal, a log and a live page read the same events. They are numbered from 0 within their run. `to_json` and `from_json`
serialize them for readers in other processes.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

from onbrief.attempt import Attempt
from onbrief.brief import LONGEST_REPR, brief_repr
from onbrief.errors import UsageError
from onbrief.record import Run
from onbrief.tokens import NO_TOKENS, Tokens

if TYPE_CHECKING:
    from pydantic import TypeAdapter


@dataclass(frozen=True, slots=True, kw_only=True)
class CallTry:
    """One try of a paid call, as the ledger recorded its end. `call` is its key in the ledger, such as `image/000-001`, and
    `number` counts its tries from 0. `state` is `done`, `refused`, `failed`, `unreadable`, `blocked` or `unknown`; if it is not
    `done`, `message` says why. `usd` is what it cost in US dollars, None if that is unknown. It took `seconds`, and `ended` is
    when it ended, in seconds since 1970 (0: not known). `before` is the state that was recorded until then: `started`, or
    `unknown` if its outcome was found only now.
    """

    call: str
    number: int
    model: str
    state: str
    usd: float | None
    seconds: float
    tokens: Tokens = NO_TOKENS
    message: str = ""
    ended: float = 0.0
    before: str = "started"


@dataclass(frozen=True, slots=True)
class Event:
    """Something happened. `run` is the run right after it, `number` the position among the events of the run, from 0. `calls`
    are the tries of paid calls that have ended since the event before, in this session; a replay has none.
    """

    run: Run
    number: int = field(default=0, kw_only=True)
    calls: tuple[CallTry, ...] = field(default=(), kw_only=True)

    def __repr__(self) -> str:
        return brief_repr(f"{type(self).__name__} {self.number} of {self.run.run_id[:40]}", self._about)

    @property
    def _about(self) -> str:
        """What its `repr` says beside its name and its number."""
        return ""


@dataclass(frozen=True, slots=True, repr=False)
class ChecklistFrozen(Event):
    """The checklist is complete and does not change any more."""

    @property
    def _about(self) -> str:
        return f"{len(self.run.checklist.requirements)} requirements" if self.run.checklist else ""


@dataclass(frozen=True, slots=True, repr=False)
class PromptChosen(Event):
    """`run.prompt` is the new current prompt."""

    @property
    def _about(self) -> str:
        return repr(self.run.prompt.text[:LONGEST_REPR])


@dataclass(frozen=True, slots=True, repr=False)
class ImageMade(Event):
    """A picture is stored and about to be judged, unless another picture passes first."""

    attempt: Attempt

    @property
    def _about(self) -> str:
        return f"{self.attempt.name} {self.attempt.state}"


@dataclass(frozen=True, slots=True, repr=False)
class ImageJudged(Event):
    """An attempt is complete: it has a verdict, or a problem that explains why not."""

    attempt: Attempt

    @property
    def _about(self) -> str:
        return f"{self.attempt.name} {self.attempt.state}"


@dataclass(frozen=True, slots=True, repr=False)
class Waiting(Event):
    """A paid call waits before it is sent or sent again. `call` is its key in the ledger, such as `image/000-001`; `seconds` is
    the duration of the wait; `reason` is the provider's message, if there is one. `tries` is how often the call has been sent
    in this session, and `elapsed` how many seconds ago it was first to be sent.
    """

    call: str
    seconds: float
    reason: str
    tries: int = 0
    elapsed: float = 0.0

    @property
    def _about(self) -> str:
        return f"{self.seconds:.1f} s before {self.call}"


@dataclass(frozen=True, slots=True, repr=False)
class RunEnded(Event):
    """The run has ended: `run.outcome` and `run.reason` are set. This is the last event. `fault` is the name of the
    error's class (see onbrief.errors) if an error ended it, and not the policy; or "LeaseLost" if another process had taken it
    over when it ended, and has its record now.
    """

    fault: str = field(default="", kw_only=True)

    @property
    def _about(self) -> str:
        return self.run.outcome or ""


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
    """Return one line of JSON: `type`, `number`, `run` (the record, as in run.json), and the other fields of the event."""
    about: dict[str, Any] = _adapter(type(event)).dump_python(event, mode="json")
    return json.dumps({"type": _NAMES[type(event)], **about, "run": event.run.to_document()}, ensure_ascii=False)


def from_json(text: str | bytes) -> Event:
    """Return the event that a text from `to_json` describes.

    Raises:
        UsageError: the text is not from `to_json`.
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
