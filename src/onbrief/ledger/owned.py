"""What a process writes to the ledger of the run that it owns: calls, decisions and the renewal of its lease."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Sequence

from onbrief.errors import LeaseLost, LedgerError
from onbrief.ledger.owner import fence_of
from onbrief.ledger.spending import SpendingPolicy
from onbrief.ports import Decision, Entry, Ledger


class OwnedRun:
    """A run in the ledger, owned by this process through a token. `released` says whether its lease has been released."""

    def __init__(
        self, ledger: Ledger, run_id: str, token: str, policy: SpendingPolicy, decisions: Sequence[Decision] = ()
    ) -> None:
        self._token = token
        self.released = False
        self._ledger = ledger
        self._run_id = run_id
        self._policy = policy
        self._decisions = list(decisions)
        self._pending: list[Decision] = []
        self._unwritten: list[Entry] = []  # outcomes that are written with the next write
        self._lost: LeaseLost | None = None

    @property
    def decisions(self) -> tuple[Decision, ...]:
        """The decisions of the run, in order. The last ones may not be recorded yet."""
        return (*self._decisions, *self._pending)

    def decide(self, decision: Decision) -> None:
        """Add a decision. It is recorded with the next call that begins, or with the end of the run."""
        self._pending.append(decision)

    async def _record_begin(self, entry: Entry) -> None:
        """Record a call before it is sent.

        Raises:
            LeaseLost: another process has taken over the run, be it after the call was recorded: a process that is suspended
                between the two would otherwise send a call whose outcome the other one has recorded as unknown.
        """
        began = time.time()
        decisions = tuple(self._pending)  # kept until recorded: calls that begin at the same time all carry them
        await self._write(self._ledger.begin(self._run_id, self._token, entry, decisions))
        self._are_recorded(decisions)
        if time.time() - began > self._policy.lease_from_now / 3:  # the interval of renewals: one was missed
            await self.confirm()

    async def _record_end(self, entry: Entry) -> None:
        """Record the outcome of a call."""
        await self._write(self._ledger.finish(self._run_id, self._token, entry))

    @property
    def fence(self) -> str:
        """What distinguishes this owner of the run from all others; it can be part of a file name."""
        return fence_of(self._token)

    async def confirm(self) -> None:
        """Check that this process still owns the run, and renew its lease.

        Raises:
            LeaseLost: another process has taken it over.
        """
        await self._write(self._ledger.renew(self._run_id, self._token, self._policy.lease_from_now))

    async def release(self, outcome: str | None) -> None:
        """Record the outcome and release the lease."""
        decisions = tuple(self._pending)
        while self._unwritten:  # before the release, after which the token is no longer the owner's
            await self._write(self._ledger.finish(self._run_id, self._token, self._unwritten.pop()))
        await self._ledger.release(self._run_id, self._token, outcome, decisions)
        self._are_recorded(decisions)
        self.released = True

    async def keep_lease(self) -> None:
        """Renew the lease until cancelled. Once it is lost, no calls are sent any more. Other errors of the ledger are ignored:
        the next renewal may succeed in time, and every write carries the token anyway.
        """
        while True:
            await asyncio.sleep(self._policy.lease / 3)
            try:
                await self._write(self._ledger.renew(self._run_id, self._token, self._policy.lease))
            except LeaseLost as error:
                self._lost = error
                return
            except LedgerError:
                continue

    def _require_lease(self) -> None:
        """Check that no renewal has found the lease lost.

        Raises:
            LeaseLost: one has.
        """
        if self._lost:
            raise self._lost

    async def _write(self, write: Awaitable[None]) -> None:
        """Await a write and those of the outcomes that wait for one; a ledger commits together what waits together."""
        if not self._unwritten:
            await write
            return
        outcomes, self._unwritten = self._unwritten, []
        finishes = [self._ledger.finish(self._run_id, self._token, outcome) for outcome in outcomes]
        *ends, end = await asyncio.gather(*finishes, write, return_exceptions=True)
        self._unwritten += [outcome for outcome, error in zip(outcomes, ends, strict=True) if error]
        for error in (end, *ends):
            if error:
                raise error

    def _are_recorded(self, decisions: tuple[Decision, ...]) -> None:
        for decision in decisions:
            if decision in self._pending:
                self._pending.remove(decision)
                self._decisions.append(decision)
