"""A ledger in an object store, for places without a database: one log for each run, under `<run_id>/calls/`.

Every write is one create-only put and reads nothing, as long as nobody else writes: what this process knows of a run is right
if the next number is still free. Where it is not, somebody has taken the run over, or an own put came through though its
answer was lost; then the log is read on, and the token looked at again.

Leases are told by the clocks of the machines, which must agree within seconds.
"""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any, Final

from obstore.exceptions import BaseError

from onbrief.errors import LedgerBusy, LedgerError
from onbrief.ledger.log import AT_ONCE, Log, Record
from onbrief.ledger.owner import is_live, lease_lost, now, refuse_if_live, refuse_other_request
from onbrief.ports import Call, Entry, RunRow, Tokens
from onbrief.store.bucket import Objects, folders, said

SCHEMA: Final = 1
_FREE: Final[Record] = {"owner": None, "lease_until": 0.0, "outcome": None, "ended": None, "claim": None}


class ObjectsLedger:
    """The Ledger port over a bucket; see ports.Ledger for what each method does."""

    def __init__(self, objects: Objects, url: str) -> None:
        """`objects` begins where the runs lie; `url` is told in errors."""
        self._objects = objects
        self._url = url
        self._known: dict[str, _Known] = {}
        self._locks: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)  # calls of a run are made at once

    def close(self) -> None:
        """Nothing: there is no connection to close."""

    def claim(self, run_id: str, request: str, settings: str, token: str, lease: float) -> tuple[RunRow, list[Entry]]:
        """See ports.Ledger."""
        with self._reading(run_id) as known:
            first = known.claim is None

            def claimed() -> Record:
                if known.claim:
                    refuse_other_request(run_id, known.claim["request"], request)
                    refuse_if_live(run_id, known.head["owner"], known.head["lease_until"])
                started = known.claim["started"] if known.claim else now()
                about = {"request": request, "settings": settings, "started": started, "first": known.claim is None}
                head = {"owner": token, "lease_until": time.time() + lease, "outcome": None, "ended": None}
                return head | {"claim": known.next, "about": about}

            known.write("claim", claimed)
            if first:
                self._withdraw_if_another_began(known)
            return known.row(), list(known.entries.values())

    def renew(self, run_id: str, token: str, lease: float) -> None:
        """See ports.Ledger."""
        self._write(run_id, token, "renew", lambda _: {"lease_until": time.time() + lease})

    def release(self, run_id: str, token: str, outcome: str | None) -> None:
        """See ports.Ledger."""
        end = {"owner": None, "lease_until": 0.0, "outcome": outcome, "ended": now() if outcome else None}
        self._write(run_id, token, "release", lambda _: end)

    def begin(self, run_id: str, token: str, entry: Entry) -> None:
        """See ports.Ledger."""

        def begun(known: _Known) -> Record:
            if (entry.call.key, entry.number) in known.entries:
                raise LedgerError(f"run {run_id}: try {entry.number} of {entry.call.key} has been begun before")
            return {"entry": asdict(entry)}

        self._write(run_id, token, "begin", begun)

    def finish(self, run_id: str, token: str, entry: Entry) -> None:
        """See ports.Ledger."""
        self._write(run_id, token, "finish", lambda _: {"entry": asdict(entry)})

    def run(self, run_id: str) -> RunRow | None:
        """See ports.Ledger. Reads two records, however long the log is."""
        log = Log(self._objects, run_id, self._url)
        numbers = log.numbers()
        if not numbers:
            return None
        (last,) = log.read(numbers[-1:])
        _refuse_newer(last)
        claim = last["head"]["claim"]
        if claim is None:
            return None
        (claimed,) = [last] if claim == numbers[-1] else log.read([claim])
        return _row(run_id, last["head"], claimed["about"])

    def runs(self) -> list[RunRow]:
        """See ports.Ledger."""
        try:
            run_ids = folders(self._objects)
        except (OSError, BaseError) as error:
            raise LedgerError(f"the ledger {self._url} cannot be listed: {said(error)}") from error
        with ThreadPoolExecutor(AT_ONCE) as threads:
            rows = [row for row in threads.map(self.run, run_ids) if row]
        return sorted(rows, key=lambda row: (row.started, row.run_id), reverse=True)

    def forget(self, run_id: str) -> None:
        """See ports.Ledger. The last record says that the run is forgotten, and is deleted after all others."""
        with self._reading(run_id) as known:
            if not known.numbers:
                return

            def forgotten() -> Record:
                refuse_if_live(run_id, known.head["owner"], known.head["lease_until"])
                return dict(_FREE)

            known.write("forget", forgotten)
            numbers = known.log.numbers()
            known.log.delete([number for number in numbers if number < known.next - 1])
            known.log.delete([known.next - 1])

    def _write(self, run_id: str, token: str, event: str, change: Callable[[_Known], Record]) -> None:
        """Add a record that changes nothing unless the token is still the owner's."""
        with self._locks[run_id]:
            known = self._known.get(run_id)
            # Claimed in another place, or slept too long: the log may even have been deleted and begun anew meanwhile.
            if known is None or known.head["owner"] != token or known.head["lease_until"] <= time.time():
                known = _Known(Log(self._objects, run_id, self._url), run_id)
                known.catch_up()

            def owned() -> Record:
                if known.head["owner"] != token:
                    raise lease_lost(run_id)
                return change(known)

            known.write(event, owned)
            self._known[run_id] = known

    @contextmanager
    def _reading(self, run_id: str) -> Generator[_Known]:
        """All that is recorded of a run, read anew."""
        with self._locks[run_id]:
            self._known.pop(run_id, None)
            known = _Known(Log(self._objects, run_id, self._url), run_id)
            known.catch_up()
            yield known
            self._known[run_id] = known

    def _withdraw_if_another_began(self, known: _Known) -> None:
        """Two can begin a run at once where a third one is just deleting the rest of an old one of that id: the first of
        them counts on from the record that says so, the second, who does not see it any more, from 0. That record is the
        last to be deleted, so while it is there, what lies below is the rest and nobody can have begun from 0.

        Raises:
            LedgerBusy: another one did. It may have withdrawn as well.
        """
        mine = known.next - 1
        others = set(known.log.numbers()) - {mine}
        if others and mine - 1 not in others:
            known.log.delete([mine])
            raise LedgerBusy(f"run {known.run_id} is being worked on by another process", hint="try again")


class _Known:
    """What one process knows of the log of a run: the records up to `next`, folded.

    Each record carries the whole `head` as it is after it: owner, lease, outcome, and the number of the last claim.
    """

    def __init__(self, log: Log, run_id: str) -> None:
        self.log = log
        self.run_id = run_id
        self.next = 0
        self.head = dict(_FREE)
        self.claim: Record | None = None  # what the last claim says: request, settings, started
        self.entries: dict[tuple[str, int], Entry] = {}
        self.numbers: list[int] = []

    def write(self, event: str, change: Callable[[], Record]) -> None:
        """Add the record that `change` makes of what is known, or raises not to; made anew when others were faster."""
        while True:
            changed = change()
            about = {name: changed.pop(name) for name in ("about", "entry") if name in changed}
            record = {"schema": SCHEMA, "event": event, "at": now(), "head": self.head | changed, **about}
            if self.log.add(self.next, record):
                self._fold(self.next, record)
                return
            self.catch_up()

    def catch_up(self) -> None:
        """Read what others have added.

        Raises:
            LedgerError: the log cannot be read, or part of it is missing.
        """
        numbers = self.log.numbers(self.next - 1)
        whole = numbers[_last_gap(numbers) :]  # a run that was being forgotten has gaps in front of the record that says so
        for number, record in zip(whole, self.log.read(whole), strict=True):
            _refuse_newer(record)
            if number != self.next and record["event"] != "forget" and not record.get("about", {}).get("first"):
                continue  # the rest of a run that was being forgotten, or a gap: told apart below
            self._fold(number, record)
        if whole and self.next != whole[-1] + 1:
            raise LedgerError(f"the ledger of run {self.run_id}: records are missing before number {whole[0]}")
        self.numbers += numbers

    def row(self) -> RunRow:
        """The run as the ledger lists it; it must have been claimed."""
        assert self.claim is not None
        return _row(self.run_id, self.head, self.claim)

    def _fold(self, number: int, record: Record) -> None:
        self.next, self.head = number + 1, record["head"]
        match record["event"]:
            case "claim":
                self.claim = record["about"]
            case "begin":
                entry = _entry(record["entry"])
                self.entries[entry.call.key, entry.number] = entry
            case "finish":
                entry = _entry(record["entry"])
                if (entry.call.key, entry.number) in self.entries:  # the end of what was never begun says that nothing was sent
                    self.entries[entry.call.key, entry.number] = entry
            case "forget":
                self.claim, self.entries = None, {}
            case _:
                pass


def _last_gap(numbers: list[int]) -> int:
    """The index from which on there is no gap."""
    return next((index for index in range(len(numbers) - 1, 0, -1) if numbers[index] != numbers[index - 1] + 1), 0)


def _refuse_newer(record: Record) -> None:
    if record["schema"] > SCHEMA:
        raise LedgerError(f"a newer onbrief has written this ledger (schema {record['schema']})", hint="use a newer onbrief")


def _row(run_id: str, head: Record, claim: Record) -> RunRow:
    return RunRow(
        run_id,
        claim["request"],
        claim["settings"],
        claim["started"],
        head["outcome"],
        head["ended"],
        is_live(head["owner"], head["lease_until"]),
    )


def _entry(document: dict[str, Any]) -> Entry:
    call, tokens = Call(**document.pop("call")), Tokens(**document.pop("tokens"))
    return Entry(call=call, tokens=tokens, **document)
