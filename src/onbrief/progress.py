"""Shows the progress of a run on stderr: with a status line on a terminal, as plain lines elsewhere."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field

from rich.console import Console
from rich.status import Status
from rich.text import Text

from onbrief.attempt import Attempt
from onbrief.events import ChecklistFrozen, Event, ImageJudged, ImageMade, PromptChosen, RunEnded, Waiting
from onbrief.limits import Limits
from onbrief.record import Run
from onbrief.redaction import plain

_SILENCE = 2.0  # seconds; whatever takes longer is explained
_LONG_SILENCE = 20.0  # seconds after which a line says what is going on, where there is no status line
_NARROW = 58  # columns of the status line
_WIDTH = 160  # characters; longer prompts and evidence are cut
_NO_LIMITS = Limits()


@contextmanager
def narrator(quiet: bool, limits: Limits = _NO_LIMITS) -> Generator[Callable[[Event], None]]:
    """Provide a function that shows an event of a run with these limits on stderr, or does nothing when `quiet`."""
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    if quiet:
        yield lambda event: None
        return
    doing = Doing("reading the brief", limits)
    if console.is_terminal:
        with console.status(doing) as status:
            yield lambda event: _lively(console, status, doing, event)
        return
    with _heartbeat(doing):
        yield lambda event: _plainly(doing, event)


@contextmanager
def waiting(what: str) -> Generator[None]:
    """Say on stderr what is going on meanwhile, and for how long, if it is a terminal."""
    console = Console(stderr=True, highlight=False)
    if not console.is_terminal:
        yield
        return
    with console.status(Doing(what)):
        yield


def lines(event: Event, limits: Limits = _NO_LIMITS) -> list[str]:
    """Return the lines to show for an event of a run with these limits."""
    run = event.run
    match event:
        case ChecklistFrozen():
            assert run.checklist is not None
            listed = [f"  {r.id} {'must' if r.must else 'nice'}: {r.text}" for r in run.checklist.requirements]
            return [f"run {run.run_id}: {len(listed)} requirement{'' if len(listed) == 1 else 's'}", *listed]
        case PromptChosen():
            return [f"prompt {run.prompt.revision} ({run.prompt.reason}): {_cut(run.prompt.text)}"]
        case ImageJudged(attempt=attempt):
            name = attempt.image.key if run.kind == "judge" and attempt.image else f"image {attempt.name}"
            name += f", {attempt.origin}," if attempt.base else ""
            name += f" by {attempt.model}" if run.models.ladder or attempt.base else ""
            return [f"  {name} {_judgement(run, attempt)} [{_so_far(run, limits)}]"]
        case Waiting() if event.elapsed + event.seconds >= _SILENCE:
            return [f"  {_wait(event)}: {_cut(event.reason)}"]
        case _:
            return []


def spent(images: int, usd: float | None) -> str:
    """Return the number of images and the cost so far, in words."""
    return f"{images} image{'' if images == 1 else 's'}, {_money(usd)}"


def so_far(run: Run) -> str:
    """Return how many of the pictures that existed already are judged, and the cost so far, in words."""
    return f"{_judged(run)} judged, {_money(run.usage.usd)}"


def _so_far(run: Run, limits: Limits) -> str:
    """Return what a run has used so far, each of how much."""
    number = f"{_judged(run)} judged" if run.kind == "judge" else f"{run.usage.images} of {limits.images} images"
    return f"{number}, {_money(run.usage.usd, limits.usd)}, {_of(f'{run.usage.seconds:.0f}', limits.seconds, '{:g}')} s"


def _judged(run: Run) -> str:
    return f"{sum(attempt.complete for attempt in run.attempts)} of {len(run.attempts)}"


def _money(usd: float | None, limit: float | None = None) -> str:
    spent = "price not known" if usd is None else f"${usd:.2f}"
    return _of(spent, limit, "${:.2f}" if limit is not None and round(limit, 2) == limit else "${:g}")


def _of(used: str, limit: float | None, form: str) -> str:
    return used if limit is None else f"{used} of {form.format(limit)}"


def _plainly(doing: Doing, event: Event) -> None:
    for line in lines(event, doing.limits):
        print(plain(line), file=sys.stderr)
    doing.now(event)


def _lively(console: Console, status: Status, doing: Doing, event: Event) -> None:
    in_table = event.run.kind == "judge" and isinstance(event, ImageJudged)
    for line in () if in_table else lines(event, doing.limits):
        console.print(Text(plain(line), style=_style(event)))
    doing.now(event)
    status.update(doing)


@dataclass(slots=True)
class Doing:
    """What is going on, as one short line: the step and its seconds, which picture of how many, how much of the money, and how
    much of the time.
    """

    step: str
    limits: Limits = _NO_LIMITS
    run: Run | None = None
    began: float = field(default_factory=time.monotonic)
    step_began: float = field(default_factory=time.monotonic)
    changed: threading.Event = field(default_factory=threading.Event)

    def now(self, event: Event) -> None:
        """Note what goes on after an event."""
        self.run, self.step, self.step_began = event.run, _step(event, self.limits), time.monotonic()
        self.changed.set()

    @property
    def line(self) -> str:
        """The line, in at most 58 columns as far as the numbers allow it: a spinner has the other two of 60."""
        seconds = time.monotonic() - self.step_began
        steps = [self.step, self.step.split()[0].rstrip(",")]
        if seconds >= _SILENCE:
            steps.insert(0, f"{self.step} ({seconds:.0f} s)")
        rest = "".join(f" · {part}" for part in self._used() if part)
        return next((line for step in steps if len(line := step + rest) <= _NARROW), steps[-1] + rest)

    @property
    def end(self) -> str:
        """The line when the run has ended, or goes on no longer."""
        return f"{self.run.outcome or 'stopped'} · {_so_far(self.run, self.limits)}" if self.run else "stopped"

    def _used(self) -> list[str]:
        if not self.run:
            return []
        run, limits, seconds = self.run, self.limits, f"{time.monotonic() - self.began:.0f}"
        return [_which(run, limits), _money(run.usage.usd, limits.usd), _of(seconds, limits.seconds, "{:g}") + " s"]

    def __rich__(self) -> Text:
        return Text(self.line, no_wrap=True, overflow="ellipsis")


@contextmanager
def _heartbeat(doing: Doing) -> Generator[None]:
    """Say what is going on whenever nothing has happened for long: a log without new lines looks like a process that hangs."""
    ended = threading.Event()

    def beat() -> None:
        while not ended.is_set():
            if not doing.changed.wait(_LONG_SILENCE) and not ended.is_set():
                print(f"  {plain(doing.line)}", file=sys.stderr, flush=True)
            doing.changed.clear()

    thread = threading.Thread(target=beat, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        doing.changed.set()
        thread.join()


def _step(event: Event, limits: Limits) -> str:
    match event:
        case ChecklistFrozen() | ImageJudged() if event.run.kind == "judge":
            return "judging"
        case ImageJudged(attempt=Attempt(passed=True)) | RunEnded():
            return "writing the report"
        case ImageJudged() if event.run.usage.images >= limits.images:
            return "writing the report"
        case PromptChosen() | ImageJudged():
            return "drawing"
        case ImageMade():
            return "judging"
        case Waiting():
            return f"waiting, try {event.tries + 1}"
        case _:
            return "writing the prompt"


def _which(run: Run, limits: Limits) -> str:
    """Return which picture it is about, of how many."""
    if run.kind == "judge":
        return f"{_judged(run)} judged"
    made = sum(attempt.complete for attempt in run.attempts)
    return f"image {min(made + 1, limits.images)} of {limits.images}" if limits.images > 1 else ""


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
    parts += [f"{len(attempt.verdict.unasked)} not asked"] if attempt.verdict.unasked else []
    return "; ".join(parts) or ("passed" if attempt.passed else "judged")


def _cut(text: str) -> str:
    return text if len(text) <= _WIDTH else text[: _WIDTH - 1] + "…"
