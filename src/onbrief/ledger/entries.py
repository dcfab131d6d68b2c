"""The tries of a run's calls in this process: those in the ledger, and those that are being written to it."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from onbrief.errors import Blocked, CallError, Failed, Refused, Unreadable
from onbrief.ledger.rules import RULES
from onbrief.ports import Entry, State
from onbrief.record import Usage


@dataclass(slots=True)
class Entries:
    """The entries of one run: the tries of each call's key, by number."""

    tries: defaultdict[str, dict[int, Entry]] = field(default_factory=lambda: defaultdict(dict[int, Entry]))
    _steps: dict[str, list[str]] = field(default_factory=dict[str, list[str]])  # the keys of each step

    @classmethod
    def of(cls, recorded: Iterable[Entry]) -> Entries:
        """Return the recorded entries of a run."""
        entries = cls()
        for entry in recorded:
            entries.put(entry)
        return entries

    def __iter__(self) -> Iterator[Entry]:
        return (entry for tries in self.tries.values() for entry in tries.values())

    def put(self, entry: Entry) -> Entry | None:
        """Add an entry, and return the one of the same try that it replaces."""
        tries = self.tries[entry.call.key]
        if not tries:
            self._steps.setdefault(entry.call.step, []).append(entry.call.key)
        before = tries.get(entry.number)
        tries[entry.number] = entry
        return before

    def next_number(self, key: str) -> int:
        """Return the number of the next try of a call."""
        return max(self.tries[key], default=-1) + 1

    def decisive(self, key: str) -> Entry | None:
        """Return the try of a call that counts: the one that brought its result, or else the last one; None if there is none.
        A result can be found late, after a further try has begun.
        """
        tries = self.of_key(key)
        return max(tries, key=lambda entry: (entry.state == "done", entry.number), default=None)

    def lost(self, key: str) -> list[Entry]:
        """Return the tries of a call whose outcome is not known, the first one first."""
        return [entry for entry in self.of_key(key) if entry.state in {"started", "unknown"}]

    def of_step(self, step: str) -> list[Entry]:
        """Return the decisive try of each call of a step, in the order in which these calls were begun first."""
        return [last for key in self._steps.get(step, ()) if (last := self.decisive(key))]

    def of_key(self, key: str) -> list[Entry]:
        """Return the tries of a call, in all sessions."""
        return list(self.tries.get(key, {}).values())

    def ended(self, key: str, state: State) -> list[Entry]:
        """Return the tries of a call that are in this state, in all sessions."""
        return [entry for entry in self.of_key(key) if entry.state == state]

    def usage(self) -> Usage:
        """Return the usage of the run, in all sessions together."""
        counted = Counter[str]()
        spent: list[float | None] = []
        for entry in self:  # one pass: every event of a run asks for it
            spent.append(entry.usd)
            if entry.state not in {"refused", "started"}:
                counted[RULES[entry.call.kind].counter] += 1
                counted["input_tokens"] += entry.tokens.input
                counted["output_tokens"] += entry.tokens.output
                counted["unknown_calls"] += entry.state == "unknown"
        return Usage(**counted, usd=None if None in spent else round(math.fsum(usd for usd in spent if usd is not None), 9))


def state_of(error: CallError) -> State:
    """Return the state of a try that ended with this error."""
    match error:
        case Refused():
            return "refused"
        case Unreadable():
            return "unreadable"
        case Failed():
            return "failed"
        case Blocked():
            return "blocked"
        case _:
            return "unknown"
