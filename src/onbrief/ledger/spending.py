"""One run's account in the ledger: its entries, its lease, and `once`, the only way to a paid call.

This is the one retry layer: every SDK below it sends a call once. What may be sent again is decided by the outcome class
of errors.py:

* recorded result: given back, nothing is sent
* Refused: nothing was spent; sent again after a wait, while there is time
* Failed: at most two more tries, each counted at its price; a judge's answers that cannot be read are not asked for again by
  a later deadline either, as an attempt without a verdict is one that does not pass
* Unknown: an image is never sent again unless the user asks for it; a judge's or writer's call once more, counted
* Blocked, ConfigError: never sent again
* UsageError: the model cannot do what it is asked, and has sent nothing; not counted
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import random
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

from onbrief.errors import (
    Blocked,
    CallError,
    Cancelled,
    ConfigError,
    Failed,
    LeaseLost,
    LedgerError,
    OtherRequest,
    OverBudget,
    Refused,
    StoreError,
    Unknown,
    Unreadable,
    UsageError,
)
from onbrief.ledger.deadline import Deadline
from onbrief.ledger.owner import new_token
from onbrief.ports import NO_TOKENS, Call, Entry, Ledger, RunRow, State, Tokens
from onbrief.record import Usage

MAX_RETRIES = {"failed": 2, "unknown": 1}  # reliability.md: how often a call is tried again after it ended so
RETRY_TIMEOUT = 300.0  # seconds for which a refused call is tried again
LEAST_LEASE = 1.0  # seconds; a process at its end may still claim a run, to find that there is no time for it
MAX_BACKOFF = 30.0  # seconds between two tries of a refused call
ROUNDING = 1e-9  # US dollars; sums of prices are floating point


@dataclass(frozen=True, slots=True)
class CallResult:
    """What came of a call: its result as small JSON, what it cost in US dollars, and the tokens it took."""

    result: str
    usd: float | None
    tokens: Tokens = NO_TOKENS


@dataclass(frozen=True, slots=True, kw_only=True)
class SpendingPolicy:
    """On what policy a run may spend.

    `usd` is in US dollars, all calls together. `resend_unknown` sends calls again whose outcome is not known. In seconds:
    how long a `lease` lasts, for how long a refused call is tried again (`retry_timeout`), and the `initial_backoff` before the
    second try.
    Where the process's own end is known, `deadline` is what it has left: the lease is that long and not renewed.
    """

    usd: float | None = None
    resend_unknown: bool = False
    lease: float = 60.0
    retry_timeout: float = RETRY_TIMEOUT
    initial_backoff: float = 1.0
    deadline: Deadline | None = None

    @property
    def lease_from_now(self) -> float:
        """The seconds for which a claim or a renewal holds now."""
        return max(self.deadline.time_left(), LEAST_LEASE) if self.deadline else self.lease


class Skipped(Exception):
    """Nothing is recorded for a call that may not be sent any more. Never leaves the studio."""


Ready = Callable[[], Awaitable[None]]


async def _always_ready() -> None:
    pass


class Account:
    """See `open_account`. `row` is the run as the ledger has it, `recorded` whether there were entries already."""

    def __init__(self, ledger: Ledger, row: RunRow, token: str, entries: list[Entry], policy: SpendingPolicy) -> None:
        self.row = row
        self.recorded = bool(entries)
        self.released = False
        self._ledger = ledger
        self._token = token
        self._policy = policy
        self._entries = {(entry.call.key, entry.number): entry for entry in entries}
        self._newest = {entry.call.key: entry for entry in entries}
        self._under_way: dict[str, asyncio.Lock] = {}
        self._stopping = asyncio.Event()
        self._lost: LeaseLost | None = None

    async def once(
        self,
        call: Call,
        send: Callable[[], Awaitable[CallResult]],
        recover: Callable[[], Awaitable[CallResult | None]] | None = None,
        ready: Ready = _always_ready,
        also_reserve: float = 0.0,
    ) -> Entry:
        """The entry of a call that is done: the recorded one, or a new one made by sending it.

        `recover` looks for what a call whose outcome is not known has left behind. `ready` is awaited before each send and
        raises to prevent it. `also_reserve`, in US dollars, must fit under the money limit besides for the call to be of use.

        Raises:
            CallError: how the call ended; it has been written down.
            OverBudget: its price does not fit under what is left.
            Cancelled: the run is being stopped and nothing is recorded.
            OtherRequest: what is recorded under its key was another request.
            Skipped: nothing is recorded and `ready` said not to send it.
            LedgerError: the ledger failed; nothing is sent that is not written down.
        """
        async with self._under_way.setdefault(call.key, asyncio.Lock()):
            return await self._once(call, send, recover, ready, also_reserve)

    def has(self, key: str) -> bool:
        """Whether `once` has an end for the call of this key without sending it, or a trace of it to follow."""
        last = self._newest.get(key)
        unknown = any(entry.call.key == key and entry.state == "unknown" for entry in self._entries.values())
        return last is not None and (
            last.state in {"started", "done", "blocked"} or (unknown and not self._policy.resend_unknown)
        )

    def has_done(self, key: str) -> bool:
        """Whether the result of the call of this key is recorded."""
        last = self._newest.get(key)
        return last is not None and last.state == "done"

    def usage(self) -> Usage:
        """What the run has used, all sittings together."""
        sent = [entry for entry in self._entries.values() if entry.state not in {"refused", "started"}]
        kinds = [entry.call.kind for entry in sent]
        spent = self._spent()
        return Usage(
            images=kinds.count("image"),
            judge_calls=kinds.count("judge"),
            text_calls=kinds.count("plan") + kinds.count("revise"),
            input_tokens=sum(entry.tokens.input for entry in sent),
            output_tokens=sum(entry.tokens.output for entry in sent),
            usd=spent if spent is None else round(spent, 9),
            unknown_calls=sum(entry.state == "unknown" for entry in sent),
        )

    def stop(self) -> None:
        """Send nothing new; what is under way ends and is written down."""
        self._stopping.set()

    async def _once(
        self,
        call: Call,
        send: Callable[[], Awaitable[CallResult]],
        recover: Callable[[], Awaitable[CallResult | None]] | None,
        ready: Ready,
        also_reserve: float,
    ) -> Entry:
        last = self._newest.get(call.key)
        if last and last.call.digest != call.digest:
            raise OtherRequest(f"{call.key} of run {self.row.run_id} is recorded with another request; use another run id")
        if last and last.state == "started":
            last = await self._settle(last, recover)
        if last and last.state == "done":
            return last
        if last and last.state == "blocked":
            raise Blocked(last.message)
        unread = self._ended(call, "unreadable") if call.kind == "judge" else []
        if len(unread) > MAX_RETRIES["failed"]:
            raise Unreadable(unread[-1].message)
        failures = len(unread)  # and those of this deadline: what else failed in an earlier one may have been mended since
        unknown = [] if self._policy.resend_unknown else self._ended(call, "unknown")
        if unknown and (call.kind == "image" or len(unknown) > MAX_RETRIES["unknown"]):
            raise Unknown(unknown[-1].message)
        unknowns = len(unknown)
        deadline, retry_timeout = self._policy.deadline, self._policy.retry_timeout
        give_up = time.monotonic() + (min(retry_timeout, deadline.spare(call.kind)) if deadline else retry_timeout)
        wait = self._policy.initial_backoff
        while True:
            await ready()
            try:
                return await self._send(call, send, also_reserve)
            except Refused as error:
                pause = max(error.retry_after or 0.0, random.uniform(0, wait))  # noqa: S311 - spreads callers, hides nothing
                if time.monotonic() + pause > give_up:
                    if deadline:  # another one goes on with it
                        raise Cancelled(f"too little time is left to wait: {error}", hint=error.hint) from error
                    raise
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._stopping.wait(), pause)
                wait = min(wait * 2, MAX_BACKOFF)
            except Failed:
                failures += 1
                if failures > MAX_RETRIES["failed"]:
                    raise
            except Unknown:
                unknowns += 1
                if call.kind == "image" or unknowns > MAX_RETRIES["unknown"]:
                    raise

    def _ended(self, call: Call, state: State) -> list[Entry]:
        """The tries of a call that ended so, in all sittings."""
        return [entry for (key, _), entry in self._entries.items() if key == call.key and entry.state == state]

    async def _send(self, call: Call, send: Callable[[], Awaitable[CallResult]], also_reserve: float) -> Entry:
        """One try: written down, sent, written down."""
        if self._lost:
            raise self._lost
        if self._stopping.is_set():
            raise Cancelled("stopped by the user")
        if self._policy.deadline:
            self._policy.deadline.require_time_for(call.kind)
        self._refuse_over_budget(call, also_reserve)
        number = sum(key == call.key for key, _ in self._entries)
        entry = Entry(call, number, "started", call.price)
        self._entries[call.key, number] = entry  # before the first await: two calls must not both fit under the same money
        try:
            await asyncio.to_thread(self._ledger.begin, self.row.run_id, self._token, entry)
        except LedgerError as error:
            del self._entries[call.key, number]
            with contextlib.suppress(
                LedgerError
            ):  # a commit can fail and be on the disk all the same: say that it was not sent
                never = replace(entry, state="refused", usd=0.0, message=f"not sent: {error}")
                await asyncio.to_thread(self._ledger.finish, self.row.run_id, self._token, never)
            raise
        self._newest[call.key] = entry  # whatever `send` raises, it was sent
        began = time.monotonic()
        try:
            sent = await send()
        except StoreError:
            raise  # the picture waits in the spool; the entry stays `started`, and the next deadline finds it
        except CallError as error:
            usd = 0.0 if isinstance(error, Refused) else entry.usd
            await self._finish(replace(entry, state=_state(error), usd=usd, message=str(error), seconds=_since(began)))
            raise
        except (ConfigError, UsageError) as error:
            await self._finish(replace(entry, state="refused", usd=0.0, message=str(error), seconds=_since(began)))
            raise
        done = replace(entry, state="done", usd=sent.usd, seconds=_since(began), tokens=sent.tokens, result=sent.result)
        await self._finish(done)
        return done

    async def _settle(self, entry: Entry, recover: Callable[[], Awaitable[CallResult | None]] | None) -> Entry:
        """Write down what became of a call during which an earlier deadline died."""
        found = await recover() if recover else None
        if found:
            settled = replace(entry, state="done", usd=found.usd, tokens=found.tokens, result=found.result)
        else:
            settled = replace(entry, state="unknown", message="it was sent, and the process ended before an answer was kept")
        await self._finish(settled)
        return settled

    async def _finish(self, entry: Entry) -> None:
        self._remember(entry)
        await asyncio.to_thread(self._ledger.finish, self.row.run_id, self._token, entry)

    def _remember(self, entry: Entry) -> None:
        self._entries[entry.call.key, entry.number] = entry
        self._newest[entry.call.key] = entry

    def _spent(self) -> float | None:
        """In US dollars, what is reserved included; None when a price is not known."""
        prices = [entry.usd for entry in self._entries.values()]
        return None if None in prices else math.fsum(price for price in prices if price is not None)

    def _refuse_over_budget(self, call: Call, also_reserve: float) -> None:
        if self._policy.usd is None:
            return
        spent = self._spent()
        if spent is None or call.price is None:
            whose = call.model if call.price is None else "an earlier call"
            raise OverBudget(f"the price of {whose} is not known, so the limit of ${self._policy.usd:g} cannot be kept")
        if spent + call.price + also_reserve > self._policy.usd + ROUNDING:
            most = f"${call.price + also_reserve:g}"
            raise OverBudget(f"${spent:g} of ${self._policy.usd:g} is spent, and the next step may cost {most}")

    async def confirm(self) -> None:
        """Make sure that the run is still this process's, and renew its lease.

        Raises:
            LeaseLost: another process has taken it over.
        """
        await asyncio.to_thread(self._ledger.renew, self.row.run_id, self._token, self._policy.lease_from_now)

    async def release(self, outcome: str | None) -> None:
        """Note how the run ended, and own it no longer."""
        await asyncio.to_thread(self._ledger.release, self.row.run_id, self._token, outcome)
        self.released = True

    async def keep_lease(self) -> None:
        """Renew the lease until cancelled; once it is lost, nothing is sent any more. When the ledger is only out of order
        for a while, the next beat may come in time, and every write shows the token anyway.
        """
        while True:
            await asyncio.sleep(self._policy.lease / 3)
            try:
                await asyncio.to_thread(self._ledger.renew, self.row.run_id, self._token, self._policy.lease)
            except LeaseLost as error:
                self._lost = error
                return
            except LedgerError:
                continue


@asynccontextmanager
async def open_account(
    ledger: Ledger, run_id: str, request: str, settings: str, policy: SpendingPolicy
) -> AsyncGenerator[Account]:
    """The account of a run, owned by this process while the context lasts: a run that was left in the middle can be gone on
    with at once, by this process too.

    Raises:
        LedgerBusy: another live process works on it.
        OtherRequest: the run id is taken by another request.
    """
    token = new_token()
    row, entries = await asyncio.to_thread(ledger.claim, run_id, request, settings, token, policy.lease_from_now)
    account = Account(ledger, row, token, entries, policy)
    heart = None if policy.deadline else asyncio.create_task(account.keep_lease())
    try:
        yield account
    finally:
        if heart:
            heart.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await heart
        if not account.released:
            with contextlib.suppress(LedgerError):  # it was taken over, or its lease runs out
                await account.release(None)


def _state(error: CallError) -> State:
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


def _since(began: float) -> float:
    return round(time.monotonic() - began, 3)
