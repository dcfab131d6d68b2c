"""Shows the progress of a run on stderr: with a status line on a terminal, as plain lines elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass

from rich.console import Console
from rich.status import Status
from rich.text import Text

from onbrief.events import ChecklistFrozen, Event, ImageJudged, ImageMade, PromptChosen, Waiting
from onbrief.record import Attempt, Run, Usage
from onbrief.redaction import plain

_SILENCE = 2.0  # seconds; whatever takes longer is explained
_WIDTH = 160  # characters; longer prompts and evidence are cut


@contextmanager
def narrator(quiet: bool) -> Generator[Callable[[Event], None]]:
    """Provide a function that shows an event on stderr, or does nothing when `quiet`."""
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    if quiet:
        yield lambda event: None
    elif not console.is_terminal:
        yield lambda event: _plainly(event)
    else:
        with console.status(_Doing("reading the brief", time.monotonic())) as status:
            yield lambda event: _lively(console, status, event)


def lines(event: Event) -> list[str]:
    """Return the lines to show for an event."""
    run = event.run
    match event:
        case ChecklistFrozen():
            assert run.checklist is not None
            listed = [f"  {r.id} {'must' if r.must else 'nice'}: {r.text}" for r in run.checklist.requirements]
            return [f"run {run.run_id}: {len(listed)} requirement{'' if len(listed) == 1 else 's'}", *listed]
        case PromptChosen():
            return [f"prompt {run.prompt.revision} ({run.prompt.reason}): {_cut(run.prompt.text)}"]
        case ImageJudged(attempt=attempt):
            if run.kind == "judge":
                return [f"  {attempt.image.key if attempt.image else attempt.name} {_judgement(run, attempt)} [{so_far(run)}]"]
            return [f"  image {attempt.name} {_judgement(run, attempt)} [{spent(run.usage)}]"]
        case Waiting() if event.elapsed + event.seconds >= _SILENCE:
            return [f"  {_wait(event)}: {_cut(event.reason)}"]
        case _:
            return []


def spent(usage: Usage) -> str:
    """Return the images and the cost so far, in words."""
    return f"{usage.images} image{'' if usage.images == 1 else 's'}, {_money(usage)}"


def so_far(run: Run) -> str:
    """Return how many of the pictures that existed already are judged, and the cost so far, in words."""
    return f"{sum(attempt.complete for attempt in run.attempts)} of {len(run.attempts)} judged, {_money(run.usage)}"


def _money(usage: Usage) -> str:
    return "price not known" if usage.usd is None else f"${usage.usd:.2f}"


def _plainly(event: Event) -> None:
    for line in lines(event):
        print(plain(line), file=sys.stderr)


def _lively(console: Console, status: Status, event: Event) -> None:
    run = event.run
    for line in lines(event) if run.kind == "run" or not isinstance(event, ImageJudged) else ():  # the table has these
        console.print(Text(plain(line), style=_style(event)))
    match event:
        case ChecklistFrozen() | ImageJudged() if run.kind == "judge":
            status.update(_Doing(f"judging · {so_far(run)}", time.monotonic()))
            return
        case ImageJudged(attempt=Attempt(passed=True)):
            doing = "writing the report"
        case PromptChosen() | ImageJudged():
            doing = f"drawing with prompt {run.prompt.revision}, image {len(run.round)}"
        case ImageMade(attempt=attempt):
            doing = f"judging image {attempt.name}"
        case Waiting():
            doing = _wait(event)
        case _:
            doing = "writing the prompt"
    status.update(_Doing(f"{doing} · {spent(run.usage)}", time.monotonic()))


@dataclass(frozen=True, slots=True)
class _Doing:
    """The text of the status line, and since when it is so."""

    text: str
    began: float

    def __rich__(self) -> Text:
        seconds = time.monotonic() - self.began
        return Text(f"{self.text} · {seconds:.0f} s" if seconds >= _SILENCE else self.text)


def _wait(event: Waiting) -> str:
    since = f", {event.elapsed:.0f} s after the first" if event.tries and event.elapsed >= _SILENCE else ""
    return f"waiting {event.seconds:.1f} s before {event.call}, try {event.tries + 1}{since}"


def _style(event: Event) -> str:
    match event:
        case ImageJudged(attempt=attempt):
            return "green" if attempt.passed else "yellow"
        case PromptChosen():
            return "bold"
        case _:
            return ""


def _judgement(run: Run, attempt: Attempt) -> str:
    if attempt.problem:
        return f"{attempt.problem.kind}: {_cut(attempt.problem.message)}"
    assert attempt.verdict is not None
    assert run.checklist is not None
    musts = {requirement.id for requirement in run.checklist.musts}
    if attempt.verdict.problem:
        return f"not judged: {_cut(attempt.verdict.problem.message)}"
    short = [finding for finding in attempt.verdict.unmet if finding.id in musts]
    found = {word: [finding for finding in short if finding.verdict == word] for word in ("unmet", "borderline", "undecided")}
    if attempt.passed:
        found = {"passed": [], "passed with reservations": list(attempt.verdict.reserved)}
    parts = [f"{word}: {', '.join(f'{f.id} ({_cut(f.evidence)})' for f in of)}" for word, of in found.items() if of]
    return "; ".join(parts) or ("passed" if attempt.passed else "judged")


def _cut(text: str) -> str:
    return text if len(text) <= _WIDTH else text[: _WIDTH - 1] + "…"
