"""Ledgers for tests that have no event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from onbrief.ports import Decision, Entry, Ledger, Recorded, RunRow


@dataclass(frozen=True, slots=True)
class Blocking:
    """A ledger whose writes return when they are on disk, each awaited in an event loop of its own."""

    ledger: Ledger

    def claim(self, run_id: str, request: str, settings: str, token: str, lease: float, *, alone: bool = False) -> Recorded:
        return asyncio.run(self.ledger.claim(run_id, request, settings, token, lease, alone=alone))

    def renew(self, run_id: str, token: str, lease: float) -> None:
        asyncio.run(self.ledger.renew(run_id, token, lease))

    def release(self, run_id: str, token: str, outcome: str | None, decisions: Sequence[Decision] = ()) -> None:
        asyncio.run(self.ledger.release(run_id, token, outcome, decisions))

    def begin(self, run_id: str, token: str, entry: Entry, decisions: Sequence[Decision] = ()) -> None:
        asyncio.run(self.ledger.begin(run_id, token, entry, decisions))

    def finish(self, run_id: str, token: str, entry: Entry) -> None:
        asyncio.run(self.ledger.finish(run_id, token, entry))

    def forget(self, run_id: str) -> None:
        asyncio.run(self.ledger.forget(run_id))

    def run(self, run_id: str) -> RunRow | None:
        return self.ledger.run(run_id)

    def runs(self) -> list[RunRow]:
        return self.ledger.runs()

    def runs_of(self, request: str) -> list[RunRow]:
        return self.ledger.runs_of(request)

    def close(self) -> None:
        self.ledger.close()
