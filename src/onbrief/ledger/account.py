"""The account of one run in the ledger: its entries, its lease, and `once`, which makes every paid call.

This is the only retry layer: every SDK below it sends a call once. The class of the error (errors.py) and the rules of the
call's kind (rules.py) decide what may be sent again:

* recorded result: returned, nothing is sent
* Refused: nothing was spent; sent again after a wait, while there is time
* Failed: sent again at once, twice in all sessions together, each try counted
* Unknown: an image is never sent again unless the user asks for it; any other call is sent again once, and counted
* Blocked, ConfigError: never sent again
* UsageError: the model does not support the request and has sent nothing; not counted
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import random
import time
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace

from onbrief.errors import (
    Blocked,
    CallError,
    Cancelled,
    ConfigError,
    Failed,
    LedgerError,
    OtherRequest,
    OverBudget,
    Refused,
    StoreError,
    Unknown,
    UsageError,
)
from onbrief.ledger.budget import Budget
from onbrief.ledger.entries import Entries, state_of
from onbrief.ledger.funds import Funds
from onbrief.ledger.funds import Hold as Hold
from onbrief.ledger.owned import OwnedRun
from onbrief.ledger.owner import new_token, opened
from onbrief.ledger.places import Places
from onbrief.ledger.rules import RULES
from onbrief.ledger.spending import RETRY_TIMEOUT as RETRY_TIMEOUT
from onbrief.ledger.spending import CallResult as CallResult
from onbrief.ledger.spending import Ended, Held, Recover, Send, Tell
from onbrief.ledger.spending import Ready as Ready
from onbrief.ledger.spending import Skipped as Skipped
from onbrief.ledger.spending import SpendingPolicy as SpendingPolicy
from onbrief.ledger.spending import Try as Try
from onbrief.ports import ASK_AGAIN, Call, CallKind, Entry, HoldsMoney, Ledger, Note, NotThere, Pending, Recorded, Turns, Wait
from onbrief.record import Usage

MAX_BACKOFF = 30.0  # seconds between two tries of a refused call
_TOLD = 0.25  # seconds; a shorter wait for a turn only spreads calls


async def _always_ready() -> None:
    pass


def _nothing_held(recorded: Recorded) -> Mapping[str, float]:
    return {}


class Account(OwnedRun):
    """See `open_account`. `row` is the run's row in the ledger, `recorded` whether the run already had entries."""

    def __init__(
        self,
        ledger: Ledger,
        recorded: Recorded,
        token: str,
        policy: SpendingPolicy,
        *,
        budget: Budget | None = None,
        rates: Turns | None = None,
        tell: Tell | None = None,
        held: Held = _nothing_held,
    ) -> None:
        super().__init__(ledger, recorded.row.run_id, token, policy, recorded.decisions)
        self.row = recorded.row
        self.recorded = bool(recorded.entries)
        self._shared_money = ledger if isinstance(ledger, HoldsMoney) else None  # asked once: it is slow in Python 3.11
        judging = Budget(policy.judge_usd, " for judging (max_judge_usd)")
        self._funds = Funds(recorded.row.run_id, (Budget(policy.usd), budget) if budget else (Budget(policy.usd),), judging)
        self._funds.load(recorded.entries, held(recorded))
        self._places = Places(rates, recorded.row.run_id)
        self._tell = tell
        self._entries = Entries.of(recorded.entries)
        self._earlier = {key: self._entries.next_number(key) for key in list(self._entries.tries)}
        self._former = {(entry.call.kind, entry.call.model) for entry in recorded.entries}
        self._under_way: dict[str, asyncio.Lock] = {}
        self._stopping = asyncio.Event()
        self._waits, self._waited = 0, 0.0
        self._ended: list[Ended] = []

    # -- what is recorded --------------------------------------------------------------------------------------------------

    @property
    def calls(self) -> list[Call]:
        """The recorded calls, each once."""
        return list({entry.call.key: entry.call for entry in self._entries}.values())

    def begun(self, key: str) -> bool:
        """Return whether the call of this key was sent, or may have been."""
        return any(entry.state != "refused" for entry in self._entries.of_key(key))

    def has(self, key: str) -> bool:
        """Return whether `once` need not send the call of this key: its end is recorded, or it was started and may be
        recovered.
        """
        last = self._entries.decisive(key)
        unknown = bool(self._entries.ended(key, "unknown")) and not self._policy.resend_unknown
        return last is not None and (unknown or last.state in {"started", "done", "blocked"})

    def done(self, step: str) -> bool:
        """Return whether a result of this step is recorded."""
        return any(entry.state == "done" for entry in self.tried(step))

    def tried(self, step: str) -> list[Entry]:
        """Return the last try of each recorded call of this step."""
        return self._entries.of_step(step)

    def failures(self, key: str) -> int:
        """Return how many tries of a call have failed or brought no readable answer, in all sessions."""
        return len(self._entries.ended(key, "failed")) + len(self._entries.ended(key, "unreadable"))

    def lost(self, kind: CallKind) -> list[Entry]:
        """Return the tries of calls of this kind whose outcome is not known, by the order of their calls."""
        lost = (entry for entry in self._entries if entry.call.kind == kind and entry.state in {"started", "unknown"})
        return sorted(lost, key=lambda entry: (entry.call.revision, entry.call.attempt, entry.number))

    def tried_as(self, entry: Entry) -> Entry:
        """Return what is known now of this try."""
        return self._entries.tries[entry.call.key][entry.number]

    def used_others(self, model: str, *kinds: CallKind) -> bool:
        """Return whether calls of these kinds in earlier sessions were of another model than this one."""
        return any(kind in kinds and other != model for kind, other in self._former)

    def answers(self, *kinds: CallKind) -> list[Call]:
        """Return the calls of these kinds whose result is recorded, in the order of their steps."""
        done = (entry.call for entry in self._entries if entry.state == "done" and entry.call.kind in kinds)
        return sorted(done, key=lambda call: (call.revision, call.attempt))

    def usage(self, seconds: float = 0.0) -> Usage:
        """Return the usage of the run, in all sessions together; waits and `seconds` are those of this session."""
        return self._entries.usage(seconds=seconds, waits=self._waits, waited_seconds=round(self._waited, 3))

    def take_ended(self) -> list[Ended]:
        """Return the tries that have ended since the last time, in this session."""
        ended, self._ended = self._ended, []
        return ended

    # -- paid calls --------------------------------------------------------------------------------------------------------

    def stop(self) -> None:
        """Send no new calls. Calls in progress end and are recorded."""
        self._stopping.set()
        self._places.wake()

    async def once(
        self,
        call: Call,
        send: Send,
        recover: Recover | None = None,
        ready: Ready = _always_ready,
        hold: Hold | None = None,
    ) -> Entry:
        """Return the entry of a call that is done: the recorded one, or a new one made by sending the call.

        `recover` looks for the result of a call whose outcome is unknown. `ready` is awaited before each send and before each
        wait, and raises to prevent it. `hold` is the money for a later call without which the result is of no use: it is
        held beside the price, until that call begins, or this one ends without a result, or the run ends.

        Raises:
            CallError: the call ended with this error, which is recorded; or Refused: the model cannot be called again in time.
            OverBudget: its price exceeds what is left.
            Cancelled: the run is being stopped, and no result is recorded.
            OtherRequest: another request is recorded under its key.
            Skipped: no result is recorded, and `ready` prevented sending it.
            LedgerError: the ledger failed; no call is sent that is not recorded first.
        """
        async with self._under_way.setdefault(call.key, asyncio.Lock()):
            try:
                return await self._recorded_end(call, recover) or await self._sent_until_done(call, send, recover, ready, hold)
            except (CallError, OverBudget):
                if hold:
                    self.give_back(hold.step)
                raise

    def give_back(self, *steps: str) -> None:
        """Hold no money any longer for the calls of these steps, because they will not be made; for none, if none is given."""
        self._funds.give_back(*steps)
        self._hold()

    async def _recorded_end(self, call: Call, recover: Recover | None) -> Entry | None:
        """Return the recorded entry of a call that is done, or None if it may be sent."""
        last = self._entries.decisive(call.key)
        # What was refused binds nobody: its step may be another one when the run is resumed with other limits.
        sent = [entry for entry in self._entries.of_key(call.key) if entry.state != "refused"]
        if any(entry.call.digest != call.digest for entry in sent):
            raise OtherRequest(f"{call.key} of run {self.row.run_id} is recorded with another request; use another run id")
        if last and last.state != "done" and self._entries.lost(call.key):
            last = await self._settle(call, recover)
        if last and last.state == "done":
            return last
        if last and last.state == "blocked" and not self._asked_again(call):
            raise Blocked(last.message, usd=last.usd, tokens=last.tokens)
        return None

    async def _sent_until_done(self, call: Call, send: Send, recover: Recover | None, ready: Ready, hold: Hold | None) -> Entry:
        """Send a call until it is done, as often as the rules of its kind allow."""
        unknown_from = self._entries.next_number(call.key) if self._policy.resend_unknown else 0
        ended = self._entries.out_of_tries(call, unknown_from)
        if ended and (isinstance(ended, Unknown) or not self._asked_again(call)):
            raise ended
        began, tries = time.monotonic(), 0
        give_up, backoff = self._give_up(call), self._policy.initial_backoff
        while True:
            give_up += await self._turn(call, ready, tries, began, give_up)
            tries += 1
            try:
                return await self._send(call, send, hold)
            except Refused as error:
                pause = max(error.retry_after or 0.0, random.uniform(0, backoff))  # noqa: S311 - jitter, not a secret
                await self._wait(Wait(call, pause, str(error), tries, _since(began)), error, give_up)
                backoff = min(backoff * 2, MAX_BACKOFF)
            except (Failed, Unknown) as error:
                if recover and isinstance(error, Unknown):
                    last = await self._settle(call, recover)
                    if last and last.state == "done":
                        return last
                    if last and last.state == "blocked":
                        raise Blocked(last.message, usd=last.usd, tokens=last.tokens) from error
                    if last and last.state == "refused":  # it never arrived, and costs nothing
                        free = Refused(last.message)
                        await self._wait(Wait(call, backoff, str(free), tries, _since(began)), free, give_up)
                        backoff = min(backoff * 2, MAX_BACKOFF)
                        continue
                if ended := self._entries.out_of_tries(call, unknown_from):
                    error.hint = "; ".join(dict.fromkeys(filter(None, (error.hint, ended.hint))))
                    raise

    def _asked_again(self, call: Call) -> bool:
        """Return whether a call that ended in an earlier session without a readable answer may be sent once in this one."""
        unsent = self._entries.next_number(call.key) == self._earlier.get(call.key)
        allowed = self._policy.resend_failed or (self._policy.ask_again and RULES[call.kind].asked_again)
        return allowed and unsent

    def _give_up(self, call: Call) -> float:
        """Return the time of the monotonic clock after which a call is not sent again."""
        deadline, retry_timeout = self._policy.deadline, self._policy.retry_timeout
        return time.monotonic() + (min(retry_timeout, deadline.spare(call.kind)) if deadline else retry_timeout)

    def _require_may_send(self, call: Call) -> None:
        self._require_lease()
        if self._stopping.is_set():
            raise Cancelled("stopped by the user")
        if self._policy.deadline:
            self._policy.deadline.require_time_for(call.kind)

    async def _turn(self, call: Call, ready: Ready, tries: int, began: float, give_up: float) -> float:
        """Wait until it is this call's turn among those of all runs. Return for how many seconds it has waited in the queue,
        which is nothing that the provider has refused.
        """
        queued, told, promised = 0.0, "", -math.inf
        async with self._places.place(call, self._entries.next_number(call.key)) as place:
            while True:
                await ready()
                self._require_may_send(call)
                if (turn := await place.ask()) is None:
                    return queued
                now = time.monotonic()
                end = give_up if turn.asked else self._turn_until(call, began)
                self._require_time_to_wait(Refused(turn.reason, retry_after=turn.seconds), turn.asked or turn.seconds, end)
                if turn.seconds >= _TOLD and (turn.reason != told or now > promised + _TOLD):
                    told, promised = turn.reason, now + turn.seconds
                    self._told(Wait(call, turn.seconds, turn.reason, tries, _since(began)))
                await self._pause(min(turn.seconds, ASK_AGAIN), place.woken)
                queued += 0.0 if turn.asked else time.monotonic() - now

    def _turn_until(self, call: Call, began: float) -> float:
        """Return the time of the monotonic clock until which a call waits for its turn."""
        deadline, until = self._policy.deadline, began + self._policy.turn_timeout
        return min(until, time.monotonic() + deadline.spare(call.kind)) if deadline else until

    async def _wait(self, wait: Wait, why: Refused, give_up: float) -> None:
        """Report a wait, then wait before a call is sent, at most until the run is stopped."""
        self._require_time_to_wait(why, wait.seconds, give_up)
        if wait.seconds > 0:
            self._told(wait)
        await self._pause(wait.seconds, self._stopping)

    def _require_time_to_wait(self, why: Refused, seconds: float, give_up: float) -> None:
        if time.monotonic() + seconds <= give_up:
            return
        if self._policy.deadline:  # another process resumes the run
            raise Cancelled(f"too little time is left to wait: {why}", hint=why.hint) from why
        raise why

    def _told(self, wait: Wait) -> None:
        self._waits += 1
        if self._tell:
            self._tell(wait)

    async def _pause(self, seconds: float, until: asyncio.Event) -> None:
        began = time.monotonic()
        try:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(until.wait(), seconds)
        finally:
            self._waited += time.monotonic() - began

    async def _send(self, call: Call, send: Send, hold: Hold | None) -> Entry:
        """Make one try: record it, send it, record its outcome."""
        # Reserved before the first await: otherwise two calls could both fit under the same rest of the limit.
        number = self._entries.next_number(call.key)
        try:
            self._funds.reserve(call, hold)
        except OverBudget:
            await self._places.give_back(call, number)
            raise
        entry = Entry(call, number, "started", call.price)
        self._entries.put(entry)
        self._hold()
        try:
            await self._record_begin(entry)
        except OverBudget:  # of a fund that other processes share; nothing is recorded
            self._entries.drop(entry)
            self._funds.settle(entry.usd, replace(entry, state="refused", usd=0.0))
            self._funds.exhausted()
            await self._places.give_back(call, number)
            raise
        except LedgerError as error:
            await self._places.give_back(call, number)
            # A failed commit can still be on disk, so record that nothing was sent.
            with contextlib.suppress(LedgerError):
                await self._finish(replace(entry, state="refused", usd=0.0, message=f"not sent: {error}"))
            raise
        began = time.monotonic()
        try:
            async with self._places.sending(call, entry.number) as used:
                sent = await send(Try(entry.number, self._noting(entry)))
                used(sent.tokens)
        except StoreError:
            raise  # the picture is in the spool; the entry stays `started`, and the next session recovers it
        except CallError as error:
            usd = 0.0 if isinstance(error, Refused) else _known(error.usd, entry)
            entry = self._entries.tries[call.key][entry.number]  # with its handle
            failed = replace(entry, state=state_of(error), usd=usd, tokens=error.tokens, message=error.explained)
            await self._finish(replace(failed, seconds=_since(began)))
            raise
        except (ConfigError, UsageError) as error:
            await self._finish(replace(entry, state="refused", usd=0.0, message=str(error), seconds=_since(began)))
            raise
        usd, entry = _known(sent.usd, entry), self._entries.tries[call.key][entry.number]
        done = replace(entry, state="done", usd=usd, seconds=_since(began), tokens=sent.tokens, result=sent.result)
        if sent.recoverable:
            # What `recover` finds again need not be on disk yet: if this process ends now, the entry is still `started`, and
            # the next process completes it without paying. Any other answer would be lost and paid for twice, so its caller
            # goes on only when it is on disk.
            self._count(done)
            self._unwritten.append(done)
        else:
            await self._finish(done)
        return done

    def _noting(self, entry: Entry) -> Note:
        """Return what writes down the handle of this try, which is being sent."""

        async def note(handle: str) -> None:
            noted = replace(entry, handle=handle)
            self._entries.put(noted)
            await self._record_end(noted)

        return note

    async def _settle(self, call: Call, recover: Recover | None) -> Entry | None:
        """Record what is known by now of tries whose outcome was not. A result can be found in any later session: the process
        that was sent it may have stored it late, and the provider may still have it. Return the try that counts.
        """
        for lost in reversed(self._entries.lost(call.key)):
            settled = await self._settled(lost, recover) if recover else replace(lost, state="unknown")
            if settled.state == "unknown" and not settled.message:
                settled = replace(settled, message="it was sent, and the process ended before an answer was kept")
            if settled != lost:
                await self._finish(settled)
            if settled.state == "done":
                break
        return self._entries.decisive(call.key)

    async def _settled(self, lost: Entry, recover: Recover) -> Entry:
        """Return a try whose outcome was unknown with what is known of it now. Waits as long as its result is being made."""
        began, give_up = time.monotonic(), self._give_up(lost.call)
        while True:
            try:
                found = await recover(lost)
            except (Failed, Blocked) as error:
                usd = _known(error.usd, lost)
                return replace(lost, state=state_of(error), usd=usd, tokens=error.tokens, message=error.explained)
            match found:
                case CallResult():
                    usd = _known(found.usd, lost)
                    return replace(lost, state="done", usd=usd, tokens=found.tokens, result=found.result, message="")
                case NotThere(why, final=True):
                    return replace(lost, state="refused", usd=0.0, message=why)
                case Pending(seconds):
                    why = Refused("the provider is still working on a picture whose answer was lost", retry_after=seconds)
                    try:
                        self._require_may_send(lost.call)
                        await self._wait(Wait(lost.call, seconds, str(why), 0, _since(began)), why, give_up)
                    except Refused:
                        return replace(lost, state="unknown", message=f"{why}; resume the run later to fetch it")
                case _:
                    return replace(lost, state="unknown")

    async def _finish(self, entry: Entry) -> None:
        self._count(entry)
        await self._record_end(entry)

    def _count(self, entry: Entry) -> None:
        before = self._entries.put(entry)
        self._ended.append(Ended(entry, time.time(), before.state if before else "started"))
        self._funds.settle(before.usd if before else 0.0, entry)
        self._hold()

    def _hold(self) -> None:
        """Tell a ledger whose money other processes share what is held for calls to come."""
        if self._shared_money:
            self._shared_money.hold(self._run_id, self._funds.held)


@asynccontextmanager
async def open_account(
    ledger: Ledger,
    run_id: str,
    request: str,
    settings: str,
    policy: SpendingPolicy,
    *,
    alone: bool = False,
    budget: Budget | None = None,
    rates: Turns | None = None,
    tell: Tell | None = None,
    held: Held = _nothing_held,
) -> AsyncGenerator[Account]:
    """Open the account of a run, which this process owns while the context lasts. When it exits, the lease is released, so that
    an unfinished run can be resumed at once.

    With `alone`, no other run of the same request may be in use. `budget` and `rates` are shared by several runs; the limit of
    `policy` applies to this run only. `tell` is called before each wait. `held` returns what must be held from the start for
    recorded results: US dollars by the step of the call to come.

    Raises:
        LedgerBusy: the run is in use by another process, or with `alone`, another run of the same request is.
        OtherRequest: the run id is taken by another request.
    """
    token = new_token(policy.lease_from_now)
    with opened(token):
        recorded = await ledger.claim(run_id, request, settings, token, policy.lease_from_now, alone=alone)
        account = Account(ledger, recorded, token, policy, budget=budget, rates=rates, tell=tell, held=held)
        heart = None if policy.deadline else asyncio.create_task(account.keep_lease())
        try:
            yield account
        finally:
            account.give_back()
            if heart:
                heart.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await heart
            if not account.released:
                with contextlib.suppress(LedgerError):  # the run was taken over, or its lease expires
                    await account.release(None)


def _known(usd: float | None, entry: Entry) -> float | None:
    """Return the cost that the answer says, or else what is reserved for the call."""
    return entry.usd if usd is None else usd


def _since(began: float) -> float:
    return round(time.monotonic() - began, 3)
