"""The tries of a run's calls, as its process knows them: what the ledger has, and what is on its way there."""

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
    """The entries of one run: for each key its tries by number."""

    tries: defaultdict[str, dict[int, Entry]] = field(default_factory=lambda: defaultdict(dict[int, Entry]))

    @classmethod
    def of(cls, recorded: Iterable[Entry]) -> Entries:
        """Those that a ledger has."""
        entries = cls()
        for entry in recorded:
            entries.put(entry)
        return entries

    def __iter__(self) -> Iterator[Entry]:
        return (entry for tries in self.tries.values() for entry in tries.values())

    def put(self, entry: Entry) -> Entry | None:
        """Keep an entry; answers the one that it replaces, of the same try."""
        tries = self.tries[entry.call.key]
        before = tries.get(entry.number)
        tries[entry.number] = entry
        return before

    def next_number(self, key: str) -> int:
        """The number of the next try of a call."""
        return max(self.tries[key], default=-1) + 1

    def newest(self, key: str) -> Entry | None:
        """The last try of a call."""
        tries = self.tries.get(key)
        return tries[max(tries)] if tries else None

    def of_key(self, key: str) -> list[Entry]:
        """The tries of a call, in all sessions."""
        return list(self.tries.get(key, {}).values())

    def ended(self, key: str, state: State) -> list[Entry]:
        """The tries of a call that ended so, in all sessions."""
        return [entry for entry in self.of_key(key) if entry.state == state]

    def usage(self) -> Usage:
        """What the run has used, in all sessions together."""
        counted = Counter[str]()
        spent: list[float | None] = []
        for entry in self:  # in one pass: every event of a run asks for it
            spent.append(entry.usd)
            if entry.state not in {"refused", "started"}:
                counted[RULES[entry.call.kind].counter] += 1
                counted["input_tokens"] += entry.tokens.input
                counted["output_tokens"] += entry.tokens.output
                counted["unknown_calls"] += entry.state == "unknown"
        return Usage(**counted, usd=None if None in spent else round(math.fsum(usd for usd in spent if usd is not None), 9))


def state_of(error: CallError) -> State:
    """The state of a try that ended so."""
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
