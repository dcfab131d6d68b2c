"""What a pursuit tells its readers: frozen, in the order in which things happen, each with the run as it then is."""

from __future__ import annotations

from dataclasses import dataclass

from onbrief.record import Attempt, Run


@dataclass(frozen=True, slots=True)
class Event:
    """Something happened; `run` is the run right after it."""

    run: Run


@dataclass(frozen=True, slots=True)
class ChecklistFrozen(Event):
    """The checklist is made and will not change any more."""


@dataclass(frozen=True, slots=True)
class PromptChosen(Event):
    """`run.prompt` is the prompt from now on."""


@dataclass(frozen=True, slots=True)
class ImageMade(Event):
    """A picture is stored and about to be judged (or never will be, when another one passed meanwhile)."""

    attempt: Attempt


@dataclass(frozen=True, slots=True)
class ImageJudged(Event):
    """An attempt is complete: it has a verdict, or a problem that says why it has none."""

    attempt: Attempt


@dataclass(frozen=True, slots=True)
class RunEnded(Event):
    """`run.outcome` and `run.reason` are set; nothing follows."""
