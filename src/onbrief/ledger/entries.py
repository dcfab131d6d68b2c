"""The tries of a run's calls in this process: those in the ledger, and those that are being written to it."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from onbrief.errors import Blocked, CallError, Failed, Refused, Unknown, Unreadable
from onbrief.ledger.rules import OUT_OF_TRIES, RULES
from onbrief.ports import Call, Entry, State
from onbrief.record import Usage


@dataclass(slots=True)
class Entries:
    """The entries of one run: the tries of each call's key, by number."""

    tries: defaultdict[str, dict[int, Entry]] = field(default_factory=lambda: defaultdict(dict[int, Entry]))
    _steps: dict[str, list[str]] = field(default_factory=dict[str, list[str]])  # the keys of each step
    _usage: Usage | None = field(default=None, compare=False)  # of all entries, unless one has changed since

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
        tries[entry.number], self._usage = entry, None
        return before

    def drop(self, entry: Entry) -> None:
        """Remove a try that was not made."""
        tries = self.tries[entry.call.key]
        del tries[entry.number]
        if not tries:
            self._steps[entry.call.step].remove(entry.call.key)
        self._usage = None

    def next_number(self, key: str) -> int:
        """Return the number of the next try of a call."""
        return max(self.tries.get(key, ()), default=-1) + 1

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

    def out_of_tries(self, call: Call, unknown_from: int = 0) -> CallError | None:
        """Return the error of a call that may not be sent any more; None if it may.

        The tries of all sessions count, as far as they asked the same model. Those whose outcome is unknown count from number
        `unknown_from` on.
        """
        rule = RULES[call.kind]
        tries = [entry for entry in self.of_key(call.key) if entry.call.model == call.model]
        failed = [entry for entry in tries if entry.state in {"failed", "unreadable"}]
        unknown = [entry for entry in tries if entry.state == "unknown" and entry.number >= unknown_from]
        if len(failed) > rule.failed_retries:
            last, kind = failed[-1], Unreadable if failed[-1].state == "unreadable" else Failed
            hint = "" if rule.asked_again else OUT_OF_TRIES  # the others are sent once more when the user resumes the run
            return kind(last.message, hint=hint, usd=last.usd, tokens=last.tokens)
        if len(unknown) > rule.unknown_retries:
            return Unknown(unknown[-1].message, usd=unknown[-1].usd, tokens=unknown[-1].tokens)
        return None

    def usage(self, *, seconds: float = 0.0, waits: int = 0, waited_seconds: float = 0.0) -> Usage:
        """Return the usage of the run, in all sessions together. The entries do not have `seconds`, `waits` and
        `waited_seconds`.
        """
        if not self._usage:
            self._usage = self._counted()
        return replace(self._usage, seconds=seconds, waits=waits, waited_seconds=waited_seconds)

    def _counted(self) -> Usage:
        counted = Counter[str]()
        spent: list[float | None] = []
        for entry in self:
            spent.append(entry.usd)
            counter = RULES[entry.call.kind].counter
            if counter and entry.state not in {"refused", "started"}:
                counted[counter] += 1
                counted["input_tokens"] += entry.tokens.input
                counted["output_tokens"] += entry.tokens.output
                counted["unknown_calls"] += entry.state == "unknown"
        usd = None if None in spent else round(math.fsum(usd for usd in spent if usd is not None), 9)
        return Usage(**counted, usd=usd)


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
