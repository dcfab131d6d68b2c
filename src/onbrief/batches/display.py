"""Shows a batch on stderr: a line for each brief that ends, and one that says how far it is, at the bottom of a terminal."""

from __future__ import annotations

import sys
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

from rich.console import Console
from rich.live import Live
from rich.text import Text

from onbrief.batches.running import BatchEvent, BatchPaused, BriefBegan, BriefEnded, BriefWent
from onbrief.events import ImageMade, RunEnded, Waiting
from onbrief.progress import spent
from onbrief.redaction import plain
from onbrief.results import Result

_SILENCE: Final = 20.0  # seconds after which a line says how far the batch is, where there is no terminal
_MINUTE: Final = 60.0
_WIDTH: Final = 160  # characters of a reason
_STYLES: Final = {"passed": "green", "failed": "red", "unknown": "red", "invalid": "red"}


@dataclass(slots=True)
class Standing:
    """How far a batch is. `rows` is how many briefs it has, None as long as that is not known, and `usd` its money limit."""

    rows: int | None
    usd: float | None = None
    outcomes: Counter[str] = field(default_factory=Counter[str])
    recorded: int = 0
    running: set[str] = field(default_factory=set[str])
    images: int = 0
    spent: float = 0.0
    known: bool = True
    waiting: dict[str, str] = field(default_factory=dict[str, str])
    paused: bool = False
    began: float = field(default_factory=time.monotonic)
    _made: deque[float] = field(default_factory=deque[float])
    _costs: dict[str, float] = field(default_factory=dict[str, float])

    def now(self, event: BatchEvent) -> None:
        """Note what an event says."""
        match event:
            case BriefBegan(row):
                self.running.add(row.id)
            case BriefWent(row, happened):
                usd = happened.run.usage.usd
                self.known = self.known and usd is not None
                self.spent += (usd or 0.0) - self._costs.get(row.id, 0.0)
                self._costs[row.id] = usd or 0.0
                self.waiting.pop(row.id, None)
                if isinstance(happened, Waiting):
                    self.waiting[row.id] = happened.reason
                if isinstance(happened, RunEnded):  # also of one that goes on later
                    self.running.discard(row.id)
                if isinstance(happened, ImageMade):
                    self.images += 1
                    self._made.append(time.monotonic())
            case BriefEnded(result, recorded):
                self.outcomes[result.outcome] += 1
                self.recorded += recorded
                before = self._costs.pop(result.id, 0.0)
                self.spent += (result.usd or 0.0) - before
            case BatchPaused():
                self.paused = True

    @property
    def ended(self) -> int:
        """How many briefs have ended."""
        return self.outcomes.total()

    @property
    def per_minute(self) -> float:
        """Pictures in the last minute, or as many in a minute since the batch began."""
        now = time.monotonic()
        while self._made and self._made[0] < now - _MINUTE:
            self._made.popleft()
        return len(self._made) * _MINUTE / max(1.0, min(_MINUTE, now - self.began))

    @property
    def line(self) -> str:
        """How far the batch is, on one line."""
        of = f" of {self.rows}" if self.rows is not None else ""
        others = [f"{n} {outcome}" for outcome, n in self.outcomes.most_common() if outcome != "passed"]
        parts = [f"{self.ended}{of} done", f"{self.outcomes['passed']} passed", *others, self._money()]
        if rate := self.per_minute:
            parts.append(f"{rate:.0f} images/min")
        if left := self._left():
            parts.append(f"{left} left")
        if self.paused:
            parts.append("paused, calls in progress end")
        elif self.waiting and len(self.waiting) >= len(self.running):  # one among many that go on would flicker
            parts.append(f"waiting: {next(reversed(self.waiting.values()))}")
        return " · ".join(parts)

    def _money(self) -> str:
        amount = f"${self.spent:.2f}" + ("" if self.known else " and unknown prices")
        return amount if self.usd is None else f"{amount} of ${self.usd:g}"

    def _left(self) -> str:
        """How long the rest takes if it goes on as in this session, in words."""
        new = self.ended - self.recorded
        if self.rows is None or self.ended >= self.rows or new < max(1, len(self.running)):  # the first ones alone mislead
            return ""
        seconds = (time.monotonic() - self.began) / new * (self.rows - self.ended)
        if seconds < _MINUTE:
            return f"{max(10.0, round(seconds, -1)):.0f} s"
        return f"{seconds / _MINUTE:.0f} min" if seconds < 90 * _MINUTE else f"{seconds / 3600:.1f} h"

    def __rich__(self) -> Text:
        return Text(self.line, no_wrap=True, overflow="ellipsis")


@contextmanager
def shown(quiet: bool, rows: int | None, usd: float | None = None) -> Generator[Callable[[BatchEvent], None]]:
    """Provide a function that shows an event of a batch of so many rows on stderr; when `quiet`, it shows nothing."""
    if quiet:
        yield lambda event: None
        return
    standing = Standing(rows, usd)
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    if console.is_terminal:
        with Live(standing, console=console, refresh_per_second=2, transient=True):

            def lively(event: BatchEvent) -> None:
                standing.now(event)
                if isinstance(event, BriefEnded) and not event.recorded:
                    console.print(Text(plain(_line(event.result)), style=_STYLES.get(event.result.outcome, "yellow")))

            yield lively
        return

    def plainly(event: BatchEvent) -> None:
        standing.now(event)
        if isinstance(event, BriefEnded) and not event.recorded:
            print(plain(_line(event.result)), file=sys.stderr, flush=True)

    with _heartbeat(standing):
        yield plainly


def _line(result: Result) -> str:
    what = f"row {result.number}" if result.outcome == "invalid" else result.id
    told = result.outcome if result.outcome == "invalid" else f"{result.outcome}: {spent(result.images, result.usd)}"
    why = "" if result.outcome == "passed" else f", {result.reason}"
    line = f"{what} {told}{why}"
    return line if len(line) <= _WIDTH else f"{line[: _WIDTH - 1]}…"


@contextmanager
def _heartbeat(standing: Standing) -> Generator[None]:
    """Say every now and then how far the batch is."""
    over = threading.Event()

    def beat() -> None:
        while not over.wait(_SILENCE):
            print(plain(standing.line), file=sys.stderr, flush=True)

    thread = threading.Thread(target=beat, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
        print(plain(standing.line), file=sys.stderr, flush=True)
