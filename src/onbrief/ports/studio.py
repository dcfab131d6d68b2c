"""The contract between the loop and the models that work on a run."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Sequence
from typing import Protocol

from onbrief.attempt import Attempt
from onbrief.brief import Checklist, Requirement
from onbrief.record import Prompt, Run


class Studio(Protocol):
    """The paid steps of a run. Each of them goes through the ledger."""

    async def plan(self, run: Run) -> tuple[Checklist, Sequence[Requirement]]:
        """Return the frozen checklist of the run's brief, and the requirements on it that the user added to the planner's."""
        ...

    async def revise(self, run: Run, with_history: bool, rung: int | None) -> Prompt:
        """Return the next prompt, written from the brief alone unless `with_history`, for the image model at this place on the
        ladder, or for the one that drew last.
        """
        ...

    def attempts(self, run: Run, prompt: Prompt, seeds: Sequence[int], rung: int) -> AsyncGenerator[Attempt]:
        """Make one attempt per seed, concurrently, with this prompt and the image model at this place on the ladder. Each is
        yielded twice: when its picture is stored and when it is judged. Once one has passed, no new calls are sent.
        """
        ...

    def repair(self, run: Run, of: Attempt, must: str, seed: int, rung: int) -> AsyncGenerator[Attempt]:
        """Make one attempt by changing the picture of another one so that it meets this must, with the editor of the image
        model at this place on the ladder, or in pixels where that is enough. It is yielded twice, as in `attempts`.

        Raises:
            ValueError: the picture is an edited one.
            ConfigError: no such repair is known, or there is no editor that can make it.
        """
        ...

    def verdicts(self, run: Run, wanted: Callable[[], bool]) -> AsyncGenerator[Attempt]:
        """Judge the attempts of a run whose pictures exist already, and yield each one that is complete. What is recorded comes
        first; `wanted` is asked before each other picture is judged.
        """
        ...

    async def account(self, run: Run) -> Run:
        """Return the run with its current usage and warnings, and with the time of its end if it has ended."""
        ...
