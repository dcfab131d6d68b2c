"""Events of a run on their way from its worker: each carries the run, so only what has changed since the one before is sent."""

from __future__ import annotations

from dataclasses import fields
from functools import cache
from itertools import takewhile
from typing import Any, Final, NamedTuple

from onbrief.brief import Brief
from onbrief.events import Event
from onbrief.record import Run

_GROWING: Final = ("attempts", "prompts")  # of whose items the last are new or replaced


class Told(NamedTuple):
    """An event. `run` has the fields of the run that have changed; of those that grow, the items after so many that are known.
    `about` are the fields of the event itself.
    """

    kind: type[Event]
    run: dict[str, Any]
    about: tuple[Any, ...]


class Teller:
    """Tells the events of one run, in the worker. The brief is known at the other end."""

    def __init__(self, brief: Brief) -> None:
        self._run: dict[str, Any] = {"brief": brief}

    def told(self, event: Event) -> Told:
        """Return what is sent of an event."""
        changed: dict[str, Any] = {}
        for name in _fields(Run):
            value, before = getattr(event.run, name), self._run.get(name, self)
            if value is before:
                continue
            self._run[name] = changed[name] = value
            if name in _GROWING:
                known = 0 if before is self else sum(1 for _ in takewhile(_is, zip(before, value, strict=False)))
                changed[name] = known, value[known:]
        return Told(type(event), changed, tuple(getattr(event, name) for name in _fields(type(event)) if name != "run"))


class Listener:
    """Makes events of what a worker tells of one run."""

    def __init__(self, brief: Brief) -> None:
        self._run: dict[str, Any] = {"brief": brief}

    def event(self, told: Told) -> Event:
        """Return the event."""
        for name, value in told.run.items():
            self._run[name] = (*self._run.get(name, ())[: value[0]], *value[1]) if name in _GROWING else value
        names = (name for name in _fields(told.kind) if name != "run")
        return told.kind(run=Run(**self._run), **dict(zip(names, told.about, strict=True)))


def _is(two: tuple[object, object]) -> bool:
    return two[0] is two[1]


@cache
def _fields(kind: Any) -> tuple[str, ...]:
    return tuple(each.name for each in fields(kind))
