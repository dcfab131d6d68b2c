"""How soon a model may be called again. All runs that share the rates observe what one of them learns from a refusal."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from onbrief.ledger.lane import Lane
from onbrief.ports import NO_LIMIT, Noted, Rate, RateLimit, RateLimits, Turn, every, plain

_NONE: Final[RateLimits] = {}


def _undocumented(provider: str) -> RateLimits:
    return _NONE


@dataclass(slots=True)
class Rates:
    """The turns of the calls of one process; see ports.Turns.

    `per_minute` and `limits` are the limits that the user has set, by the names of models; see ports.RateLimits. Models without
    one have the limits that `documented` returns for their provider, or those that their services tell, or that their refusals
    teach. `clock` is in seconds.
    """

    per_minute: Mapping[str, int] = field(default_factory=dict[str, int])
    clock: Callable[[], float] = time.monotonic
    limits: RateLimits = field(default_factory=dict[str, RateLimit])
    documented: Callable[[str], RateLimits] = _undocumented
    _lanes: dict[str, Lane] = field(default_factory=dict[str, Lane])
    _by_model: dict[str, Lane] = field(default_factory=dict[str, Lane])

    def pause(self, model: str, seconds: float) -> None:
        """See ports.Turns."""
        self._lane(model).pause(seconds, self.clock())

    def take(
        self, model: str, ticket: str = "", kind: str = "", tokens: int = 0, wake: Callable[[], None] | None = None
    ) -> Turn | None:
        """See ports.Turns."""
        return self._lane(model).take(ticket, kind, tokens, wake, self.clock())

    def note(self, model: str, ticket: str, what: Noted, kind: str = "") -> None:
        """See ports.Turns."""
        self._lane(model).note(ticket, kind, what, self.clock())

    def count(self, model: str, ticket: str, kind: str, tokens: int) -> None:
        """Count a call that was sent without asking, because no limit was known when it was."""
        self._lane(model).count(ticket, kind, tokens, self.clock())

    def is_free(self, model: str) -> bool:
        """Return whether no limit of a model is known, and no pause: any call may be sent at once."""
        return self._lane(model).is_free(self.clock())

    def limit(self, model: str) -> RateLimit | None:
        """Return the limit of requests of a model as far as it is known by now, or None."""
        return self._lane(model).known

    def _lane(self, model: str) -> Lane:
        """Return the lane of a model. Models that differ in their options alone share it, unless the name with its options has
        a limit of its own; those of a provider do if it has one limit for all of them.
        """
        lane = self._by_model.get(model)
        if lane is None:
            name, limit = self._limit(model)
            lane = self._by_model[model] = self._lanes.setdefault(name, Lane(name, limit))
        return lane

    def _limit(self, model: str) -> tuple[str, RateLimit]:
        given = {**{name: RateLimit((Rate(most),)) for name, most in self.per_minute.items()}, **self.limits}
        for limits in (given, self.documented(model.partition(":")[0])):
            for name in (model, plain(model), every(model)):
                if name in limits:
                    return name, limits[name]
        return plain(model), NO_LIMIT
