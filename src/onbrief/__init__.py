"""onbrief turns a brief into an image that meets every requirement of the brief, or reports the requirement that no image met.

    import onbrief

    run = onbrief.run("a red circle left of a blue square", limits=onbrief.Limits(images=12, usd=1.50))
    run.outcome, run.best.image.url, run.best.verdict.unmet

All imports are lazy: `import onbrief` loads nothing but this file.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from onbrief.api import batch, estimate, examine, judge, load, pursue, recover, resume, run, runs, stats
    from onbrief.attempt import Attempt, Finding, Image, Verdict
    from onbrief.brief import Brief, Checklist, Requirement
    from onbrief.errors import OnbriefError, UsageError
    from onbrief.events import CallTry, ChecklistFrozen, Event, ImageJudged, ImageMade, PromptChosen, RunEnded, Waiting
    from onbrief.limits import Limits
    from onbrief.pursuit.estimate import Estimate
    from onbrief.pursuit.listing import ListedRun
    from onbrief.pursuit.recovering import LostPicture
    from onbrief.record import Prompt, Run, Usage
    from onbrief.results import Result, Summary
    from onbrief.run_statistics import ModelStatistics
    from onbrief.settings import Settings

__all__ = [
    "Attempt",
    "Brief",
    "CallTry",
    "Checklist",
    "ChecklistFrozen",
    "Estimate",
    "Event",
    "Finding",
    "Image",
    "ImageJudged",
    "ImageMade",
    "Limits",
    "ListedRun",
    "LostPicture",
    "ModelStatistics",
    "OnbriefError",
    "Prompt",
    "PromptChosen",
    "Requirement",
    "Result",
    "Run",
    "RunEnded",
    "Settings",
    "Summary",
    "Usage",
    "UsageError",
    "Verdict",
    "Waiting",
    "batch",
    "estimate",
    "examine",
    "judge",
    "load",
    "pursue",
    "recover",
    "resume",
    "run",
    "runs",
    "stats",
]

_HOMES = {
    "api": ("batch", "estimate", "examine", "judge", "load", "pursue", "recover", "resume", "run", "runs", "stats"),
    "attempt": ("Attempt", "Finding", "Image", "Verdict"),
    "brief": ("Brief", "Checklist", "Requirement"),
    "errors": ("OnbriefError", "UsageError"),
    "events": ("CallTry", "ChecklistFrozen", "Event", "ImageJudged", "ImageMade", "PromptChosen", "RunEnded", "Waiting"),
    "limits": ("Limits",),
    "pursuit.estimate": ("Estimate",),
    "pursuit.listing": ("ListedRun",),
    "pursuit.recovering": ("LostPicture",),
    "record": ("Prompt", "Run", "Usage"),
    "results": ("Result", "Summary"),
    "run_statistics": ("ModelStatistics",),
    "settings": ("Settings",),
}


def __getattr__(name: str) -> object:
    for home, names in _HOMES.items():
        if name in names:
            value = getattr(import_module(f"onbrief.{home}"), name)
            globals()[name] = value
            return value
    raise AttributeError(f"module 'onbrief' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
