"""A ledger in an object store, for places without a database: one log for each run, under `<run_id>/calls/`.

Every write is one create-only put and reads nothing, as long as no other process writes: the state in this process is current
if the next number is still free. If it is taken, another process has taken over the run, or an earlier put of this process
succeeded although its response was lost. Then the log is read to its end, and the token is checked again.

Leases depend on the clocks of the machines, which must agree within seconds. A money limit that several processes share (see
ports.Fund) needs a transaction over all their runs, which a bucket does not have: here, limits are those of one process.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Generator, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any, Final, TypeVar

from obstore.exceptions import BaseError

from onbrief.errors import LeaseLost, LedgerBusy, LedgerError, Unlisted
from onbrief.ledger.log import AT_ONCE, Log, Record, RecordGone, numbered
from onbrief.ledger.owner import lease_lost, no_such_run, now, refuse_if_live, refuse_other_request, refuse_twins
from onbrief.ledger.rows import BrokenRow, broken_run, decision_of, entry_of, label_of, require_whole, run_row
from onbrief.ports import Decision, Entry, Label, Recorded, RunRow
from onbrief.store.objects import Objects, Version
from onbrief.store.refusals import explain, is_denied

T = TypeVar("T")

SCHEMA: Final = 3  # the newest schema that can be read; each record has the oldest schema that can express it, see _schema
WRITERS: Final = 64  # concurrent writes; separate threads, because asyncio's default ones are few and shared
REQUESTS: Final = (
    ".requests"  # the folder of the index of runs by request; not a run's folder, as run ids do not begin with a dot
)
_FREE: Final[Record] = {"owner": None, "lease_until": 0.0, "outcome": None, "ended": None, "claim": None}


class ObjectsLedger:
    """The Ledger port over a bucket; see ports.Ledger for what each method does."""

    def __init__(self, objects: Objects, url: str) -> None:
        """`objects` is rooted at the folder of the runs; `url` is for error messages."""
        self._objects = objects
        self._url = url
        self._known: dict[str, _Known] = {}
        self._locks: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)  # calls of a run are concurrent
        self._writers = ThreadPoolExecutor(WRITERS, "ledger writer")

    def close(self) -> None:
        """See ports.Ledger."""
        self._writers.shutdown()

    async def claim(
        self, run_id: str, request: str, settings: str, token: str, lease: float, *, alone: bool = False
    ) -> Recorded:
        """See ports.Ledger."""
        recorded, new = await self._in_thread(lambda: self._claim(run_id, request, settings, token, lease))
        if alone:
            await self._withdraw_unless_alone(run_id, request, token, new=new)
        return recorded

    async def renew(self, run_id: str, token: str, lease: float) -> None:
        """See ports.Ledger."""
        await self._write(run_id, token, "renew", lambda _: {"lease_until": time.time() + lease})

    async def release(self, run_id: str, token: str, outcome: str | None, decisions: Sequence[Decision] = ()) -> None:
        """See ports.Ledger."""
        end = {"owner": None, "lease_until": 0.0, "outcome": outcome, "ended": now() if outcome else None}
        await self._write(run_id, token, "release", lambda known: end | known.lacking(decisions) | known.about)

    async def begin(self, run_id: str, token: str, entry: Entry, decisions: Sequence[Decision] = ()) -> None:
        """See ports.Ledger."""

        def begun(known: _Known) -> Record:
            if (entry.call.key, entry.number) in known.entries:
                raise LedgerError(f"run {run_id}: try {entry.number} of {entry.call.key} has been begun before")
            return {"entry": _document(entry)} | known.lacking(decisions)

        await self._write(run_id, token, "begin", begun)

    async def finish(self, run_id: str, token: str, entry: Entry) -> None:
        """See ports.Ledger."""
        await self._write(run_id, token, "finish", lambda _: {"entry": _document(entry)})

    async def label(self, run_id: str, labels: Sequence[Label]) -> None:
        """See ports.Ledger. All labels of a run are one object, which is replaced only if it is still the one that was read."""
        await self._in_thread(lambda: self._label(run_id, labels))

    def labels(self, run_id: str) -> list[Label]:
        """See ports.Ledger."""
        with self._reported("read"):
            found = self._objects.versioned(_labels(run_id))
        return _read_labels(run_id, found)

    async def forget(self, run_id: str) -> None:
        """See ports.Ledger. A last record marks the run as forgotten; it is deleted after all others."""
        await self._in_thread(lambda: self._forget(run_id))

    def run(self, run_id: str) -> RunRow | None:
        """See ports.Ledger. Reads at most two records, however long the log is."""
        return self._row_of(run_id, Log(self._objects, run_id, self._url).numbers())

    def _row_of(self, run_id: str, numbers: Sequence[int]) -> RunRow | None:
        """Return the run whose log has these numbers, or None if there are none."""
        log = Log(self._objects, run_id, self._url)
        try:
            return _last_row(run_id, log, numbers) if numbers else None
        except BrokenRow as error:
            return broken_run(error, run_id)
        except RecordGone:
            if (now := log.numbers()) == numbers:
                raise
            return self._row_of(run_id, now)  # deleted since it was listed, and perhaps begun again

    def runs(self) -> list[RunRow]:
        """See ports.Ledger. One listing has the numbers of all records. The last record of each run, which says how it stands,
        is read beside those of the others, and the claim of a run that is in progress.
        """
        with self._reported("listed"):
            keys = self._objects.keys("")
        numbers = defaultdict[str, list[int]](list)
        for run_id, number in numbered(keys):
            if not run_id.startswith("."):
                numbers[run_id].append(number)
        return self._newest_first(lambda run_id: self._row_of(run_id, numbers[run_id]), numbers)

    def runs_of(self, request: str) -> list[RunRow]:
        """See ports.Ledger. Lists the index of this request, so its cost does not depend on the number of other runs."""
        with self._reported("listed"):
            notes = self._objects.keys(_noted(request))
        rows = self._newest_first(self.run, (note.rpartition("/")[2] for note in notes))
        return [row for row in rows if row.broken or row.request == request]

    def _claim(self, run_id: str, request: str, settings: str, token: str, lease: float) -> tuple[Recorded, bool]:
        """Claim a run. Return what is recorded of it, and whether it is new."""
        with self._reading(run_id) as known:

            def claimed() -> Record:
                if known.claim:
                    refuse_other_request(run_id, known.claim["request"], request)
                    refuse_if_live(run_id, known.head["owner"], known.head["lease_until"])
                started = known.claim["started"] if known.claim else now()
                about = {"request": request, "settings": settings, "started": started, "first": known.claim is None}
                head = {"owner": token, "lease_until": time.time() + lease, "outcome": None, "ended": None}
                return head | {"claim": known.next, "about": about}

            if known.claim is None:
                self._note(request, run_id)
            known.write("claim", claimed)
            new = known.claim is not None and known.claim["first"]  # not if another process began it before the record
            if new:
                self._withdraw_if_another_began(known)
            return known.recorded(), new

    async def _withdraw_unless_alone(self, run_id: str, request: str, token: str, *, new: bool) -> None:
        """Withdraw a claim if another run of the same request is in use. Whoever claims later sees the earlier claim.

        Raises:
            LedgerBusy: another run is in use, or was being claimed at the same time.
        """
        try:
            with contextlib.suppress(Unlisted):  # without the permission, other runs cannot be found
                refuse_twins(run_id, await asyncio.to_thread(self.runs_of, request), new=new)
        except LedgerBusy:
            with contextlib.suppress(LeaseLost):  # another process has taken this run over meanwhile
                if new:
                    await self._in_thread(lambda: self._forget(run_id, token))
                else:
                    await self.release(run_id, token, None)
            raise

    def _label(self, run_id: str, labels: Sequence[Label]) -> None:
        if self.run(run_id) is None:
            raise no_such_run(run_id)
        key, pause = _labels(run_id), 0.0
        while True:
            with self._reported("written"):
                found = self._objects.versioned(key)
                all_ = {label.place: label for label in (*_read_labels(run_id, found), *labels)}
                data = json.dumps([asdict(all_[place]) for place in sorted(all_)]).encode()
                if self._objects.replace_version(key, data, "application/json", found[1] if found else None) is not None:
                    return
            time.sleep(pause := min(1.0, pause + 0.05))  # another person's labels came first

    def _forget(self, run_id: str, token: str | None = None) -> None:
        """Delete a run that nobody uses, or only the owner with this token."""
        try:
            with self._reading(run_id) as known:
                self._forget_known(known, token)
        except BrokenRow:
            row = self.run(run_id)
            if row and row.live:
                raise
            log = Log(self._objects, run_id, self._url)
            known = _Known(log, run_id)
            known.numbers = log.numbers()
            known.next = known.numbers[-1] + 1
            self._forget_known(known)

    def _forget_known(self, known: _Known, token: str | None = None) -> None:
        run_id = known.run_id
        if not known.numbers:
            return

        def forgotten() -> Record:
            # One record ends the ownership and the run: after a release, another process could have paid for something in it.
            if token is None:
                refuse_if_live(run_id, known.head["owner"], known.head["lease_until"])
            elif known.head["owner"] != token:
                raise lease_lost(run_id)
            return dict(_FREE)

        claim = known.claim
        known.write("forget", forgotten)
        index = [f"{_noted(claim['request'])}/{run_id}"] if claim else []
        with self._reported("deleted"):
            self._objects.delete([_labels(run_id), *index])
        numbers, last = known.log.numbers(), known.next - 1
        known.log.mark_gaps()
        known.log.delete([0])  # first, so that a process that finds record 0 finds all records
        known.log.delete([number for number in numbers if 0 < number < last])
        known.log.delete([last])
        if not known.log.numbers():  # otherwise another process has begun a new run after the last record
            known.log.unmark_gaps()

    def _note(self, request: str, run_id: str) -> None:
        """Add a run to the index of `runs_of`. This happens before the run is begun, so that `runs_of` misses none."""
        with self._reported("written"):
            self._objects.create(f"{_noted(request)}/{run_id}", b"", "text/plain")

    def _newest_first(self, read: Callable[[str], RunRow | None], run_ids: Iterable[str]) -> list[RunRow]:
        with ThreadPoolExecutor(AT_ONCE) as threads:
            rows = [row for row in threads.map(read, run_ids) if row]
        return sorted(rows, key=lambda row: (row.started, row.run_id), reverse=True)

    @contextmanager
    def _reported(self, what: str) -> Generator[None]:
        try:
            yield
        except (OSError, BaseError) as error:
            kind = Unlisted if what == "listed" and is_denied(error) else LedgerError
            raise kind(f"the ledger {self._url} cannot be {what}: {explain(error)}") from error

    async def _in_thread(self, work: Callable[[], T]) -> T:
        """Do a write in a thread. It continues even if the caller is cancelled while it waits."""
        return await asyncio.shield(asyncio.get_running_loop().run_in_executor(self._writers, work))

    async def _write(self, run_id: str, token: str, event: str, change: Callable[[_Known], Record]) -> None:
        """Add a record if the token is still that of the owner."""
        await self._in_thread(lambda: self._add(run_id, token, event, change))

    def _add(self, run_id: str, token: str, event: str, change: Callable[[_Known], Record]) -> None:
        with self._locks[run_id]:
            known = self._known.get(run_id)
            # Claimed by another object, or suspended too long: the log may even have been deleted and begun again.
            if known is None or known.head["owner"] != token or known.head["lease_until"] <= time.time():
                known = _Known(Log(self._objects, run_id, self._url), run_id)
                known.catch_up()

            def owned() -> Record:
                if known.head["owner"] != token:
                    raise lease_lost(run_id)
                return change(known)

            known.write(event, owned)
            if event == "release":
                self._known.pop(run_id, None)  # one ledger can serve many runs
            else:
                self._known[run_id] = known

    @contextmanager
    def _reading(self, run_id: str) -> Generator[_Known]:
        """Provide the state of a run, read again from its log."""
        with self._locks[run_id]:
            self._known.pop(run_id, None)
            known = _Known(Log(self._objects, run_id, self._url), run_id)
            known.catch_up()
            yield known
            self._known[run_id] = known

    def _withdraw_if_another_began(self, known: _Known) -> None:
        """Withdraw a claim if another process has begun the same run at the same time.

        That can happen while a third process deletes an old run of this id. One of the two continues after the record that
        marks the deletion; the other does not see that record any more and starts at 0. The record is deleted last, so while it
        exists, everything before it is left from the old run, and no process can have started at 0.

        Raises:
            LedgerBusy: another process has begun the run. It may have withdrawn as well.
        """
        mine = known.next - 1
        others = set(known.log.numbers()) - {mine}
        successor = mine + 1 in others and not known.log.read([mine + 1])[0].get("about", {}).get("first")
        if others and mine - 1 not in others and not successor:
            # Unless another process has taken the claim over meanwhile, as its lease has expired: then the log begins with it.
            if known.log.add(mine + 1, _record("forget", dict(_FREE), {})):
                known.log.delete([mine])
                known.log.delete([mine + 1])
            raise LedgerBusy(f"run {known.run_id} is in use by another process", hint="try again")


class _Known:
    """The state of a run in one process: the records of its log before number `next`, folded.

    Each record has the complete `head` after it: owner, lease, outcome, and the number of the last claim.
    """

    def __init__(self, log: Log, run_id: str) -> None:
        self.log = log
        self.run_id = run_id
        self.next = 0
        self.head = dict(_FREE)
        self.claim: Record | None = None  # request, settings and start, from the last claim
        self.entries: dict[tuple[str, int], Entry] = {}
        self.decisions: dict[int, Decision] = {}
        self.numbers: list[int] = []

    def write(self, event: str, change: Callable[[], Record]) -> None:
        """Add the record that `change` makes from this state; `change` raises to prevent it. If another process adds one first,
        try again.
        """
        while True:
            changed = change()
            about = {name: changed.pop(name) for name in ("about", "entry", "decisions") if name in changed}
            record = _record(event, self.head | changed, about)
            if self.log.add(self.next, record):
                self._fold(self.next, record)
                return
            self.catch_up()

    def catch_up(self) -> None:
        """Read the records that other processes have added.

        Raises:
            LedgerError: the log cannot be read, or part of it is missing.
        """
        numbers = self.log.numbers(self.next - 1)
        whole = numbers[_last_gap(numbers) :]  # an interrupted deletion leaves gaps before the record that marks it
        try:
            records = self.log.read(whole)
        except RecordGone:
            if self.log.numbers(self.next - 1) == numbers:
                raise
            self.catch_up()  # deleted since it was listed, and perhaps begun again
            return
        for number, record in zip(whole, records, strict=True):
            with _whole(self.run_id, number):
                _refuse_newer(record)
                if number != self.next and record["event"] != "forget" and not record.get("about", {}).get("first"):
                    continue  # left from a run that was being deleted, or after a gap: the check below distinguishes them
                self._fold(number, record)
        if whole and self.next != whole[-1] + 1:
            raise LedgerError(f"the ledger of run {self.run_id}: records are missing before number {whole[0]}")
        self.numbers += numbers

    def recorded(self) -> Recorded:
        """Return everything that is recorded of the run, which must have been claimed."""
        assert self.claim is not None
        row = _row(self.run_id, self.head, self.claim)
        return Recorded(row, tuple(self.entries.values()), tuple(self.decisions[number] for number in sorted(self.decisions)))

    @property
    def about(self) -> Record:
        """The part of a last record that repeats what the run is about, so that a listing need not read its claim too."""
        return {"about": self.claim | {"first": False}} if self.claim else {}

    def lacking(self, decisions: Sequence[Decision]) -> Record:
        """Return the part of a record with these decisions, without those that are already recorded. An earlier write may have
        succeeded without its caller knowing.
        """
        documents = [asdict(decision) for decision in decisions if decision.number not in self.decisions]
        return {"decisions": documents} if documents else {}

    def _fold(self, number: int, record: Record) -> None:
        self.next, self.head = number + 1, record["head"]
        for document in record.get("decisions", ()):
            self.decisions[document["number"]] = decision_of(self.run_id, document)
        match record["event"]:
            case "claim":
                self.claim = record["about"]
                require_whole(_row(self.run_id, self.head, record["about"]))
            case "begin":
                entry = _entry(self.run_id, record["entry"])
                self.entries[entry.call.key, entry.number] = entry
            case "finish":
                entry = _entry(self.run_id, record["entry"])
                if (
                    entry.call.key,
                    entry.number,
                ) in self.entries:  # the end of a call that was never begun means that it was not sent
                    self.entries[entry.call.key, entry.number] = entry
            case "forget":
                self.claim, self.entries, self.decisions = None, {}, {}
            case _:
                pass


def _noted(request: str) -> str:
    """Return the folder of the index of runs of this request."""
    return f"{REQUESTS}/{hashlib.sha256(request.encode()).hexdigest()[:32]}"


def _labels(run_id: str) -> str:
    """Return the key of the labels of a run."""
    return f"{run_id}/labels.json"


def _read_labels(run_id: str, found: tuple[bytes, Version] | None) -> list[Label]:
    """Return the labels of an object.

    Raises:
        BrokenRow: it cannot be read.
    """
    try:
        documents: Any = json.loads(found[0]) if found else []
        return [label_of(run_id, document) for document in documents]
    except (ValueError, RecursionError, TypeError, AttributeError) as error:
        raise BrokenRow.of(run_id, "its labels", f"{type(error).__name__}: {error}") from error


def _last_gap(numbers: list[int]) -> int:
    """Return the index of the first number after the last gap."""
    return next((index for index in range(len(numbers) - 1, 0, -1) if numbers[index] != numbers[index - 1] + 1), 0)


def _record(event: str, head: Record, about: Record) -> Record:
    return {"schema": _schema(about), "event": event, "at": now(), "head": head, **about}


def _refuse_newer(record: Record) -> None:
    if record["schema"] > SCHEMA:
        raise LedgerError(f"a newer onbrief has written this ledger (schema {record['schema']})", hint="use a newer onbrief")


def _last_row(run_id: str, log: Log, numbers: Sequence[int]) -> RunRow | None:
    """Return the run of a log with these numbers, or None if it has not begun or is being deleted."""
    (last,) = log.read(numbers[-1:])
    with _whole(run_id, numbers[-1]):
        _refuse_newer(last)
        head, claim = last["head"], last["head"]["claim"]
        if claim is None:
            return None
        about = last.get("about")
    if about is None:
        (claimed,) = log.read([claim])
        with _whole(run_id, claim):
            about = claimed["about"]
    with _whole(run_id, numbers[-1]):
        return _row(run_id, head, about)


def _row(run_id: str, head: Record, claim: Record) -> RunRow:
    about = {name: claim[name] for name in ("request", "settings", "started")}
    return run_row(run_id, head["owner"], head["lease_until"], about | {"outcome": head["outcome"], "ended": head["ended"]})


@contextmanager
def _whole(run_id: str, number: int) -> Generator[None]:
    """Turn the errors of a record that lacks something into one that names it."""
    try:
        yield
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise BrokenRow.of(run_id, f"record {number}", f"{type(error).__name__}: {error}") from error


def _schema(about: Record) -> int:
    """Return the oldest schema that can express a record. Readers of schema 1 ignore decisions, and do not support parts of
    calls; those of schema 2 do not support handles.
    """
    if "handle" in about.get("entry", {}):
        return 3
    return 2 if "part" in about.get("entry", {}).get("call", {}) else 1


def _document(entry: Entry) -> Record:
    document = asdict(entry)
    if not entry.call.part:
        del document["call"]["part"]
    if not entry.handle:
        del document["handle"]
    return document


def _entry(run_id: str, document: Record) -> Entry:
    return entry_of(run_id, document.pop("call"), document.pop("tokens"), document)
