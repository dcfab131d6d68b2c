"""The loop's view of the models at work."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from typing import Protocol

from onbrief.brief import Checklist
from onbrief.record import Attempt, Prompt, Run


class Studio(Protocol):
    """The models at work, each paid step through the ledger."""

    async def plan(self, run: Run) -> Checklist:
        """The frozen checklist of the run's brief."""
        ...

    async def revise(self, run: Run, with_history: bool) -> Prompt:
        """The next prompt; written from the brief alone unless `with_history`."""
        ...

    def attempts(self, run: Run, seeds: Sequence[int]) -> AsyncGenerator[Attempt]:
        """One attempt for each seed with the prompt in use, at once. Each is given twice: when its picture is stored, and
        when it is judged. Once one has passed, nothing new is paid for.
        """
        ...

    async def account(self, run: Run) -> Run:
        """The run with its usage and warnings as they are now, and the time it ended if it has."""
        ...
