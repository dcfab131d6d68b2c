"""The log of an invocation: a reader of a run's events that writes one line of JSON to stderr for each step.

Lambda stores each line as it is. With the log format JSON, it reads `timestamp` and `level` of lines that are JSON already, and
its log level decides which are written. No line has a secret. Prompts, requirements and evidence are in lines of the level
DEBUG only; the reasons that providers give for what went wrong are in all.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import re
import sys
import traceback
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Final, Literal, cast

from onbrief.attempt import Attempt
from onbrief.events import ChecklistFrozen, Event, ImageJudged, ImageMade, PromptChosen, RunEnded, Waiting
from onbrief.ledger.deadline import Deadline
from onbrief.pursuit import Order
from onbrief.record import Run
from onbrief.redaction import REDACTED, redacted
from onbrief.version import VERSION

Level = Literal["DEBUG", "INFO", "WARN", "ERROR"]
Step = tuple[Level, str, Mapping[str, object]]

VARIABLE: Final = "AWS_LAMBDA_LOG_LEVEL"  # Lambda sets it to the function's log level
MAX_TEXT: Final = 1000  # characters of a text in a line
MAX_LINE: Final = 131_072  # characters of a line that the others allow, at most
MAX_ITEMS, MAX_ITEM = 64, 200  # of a list in a line; characters of each
_WORD = re.compile(r"[\w+~%$#!*.-]{8,}")  # what is a secret in a brief is one also where a model quotes it without its context
_LEVELS = {"TRACE": 0, "DEBUG": 10, "INFO": 20, "WARN": 30, "WARNING": 30, "ERROR": 40, "FATAL": 50, "CRITICAL": 50}


class StepLog:
    """Writes the lines of one invocation, down to the level that the environment names, by default INFO. `run_id` is that of
    the event, once it is read.
    """

    def __init__(self, run_id: str, request_id: object = None, deadline: Deadline | None = None) -> None:
        self.run_id = run_id
        self._request_id = request_id if isinstance(request_id, str) else None
        self._deadline = deadline
        self._secrets: list[str] = []
        self._least = _LEVELS.get(os.environ.get(VARIABLE, "").upper(), _LEVELS["INFO"])

    def write(self, level: Level, step: str, **about: object) -> None:
        """Write the line of a step. Values that are None are left out."""
        if _LEVELS[level] < self._least:
            return
        left = self._deadline.time_left() if self._deadline else math.inf
        line = {
            "timestamp": datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": level,
            "requestId": self._request_id,
            "run_id": self.run_id,
            "step": step,
            **about,
            "time_left": round(left, 1) if math.isfinite(left) else None,
        }
        text = json.dumps({name: self._safe(value) for name, value in line.items() if value is not None})
        with contextlib.suppress(OSError):  # a log that cannot be written is no reason to leave what is paid for
            print(f"{text}\n", end="", file=sys.stderr, flush=True)  # in one piece

    def begun(self, order: Order, resumed: bool) -> None:
        """Write what a run begins with: its models, limits and other settings."""
        settings, brief = order.settings, order.brief
        words = " ".join((brief.text, *(requirement.text for requirement in brief.requirements), *brief.avoid))
        self._secrets = sorted(set(_WORD.findall(words)) - set(_WORD.findall(redacted(words))), key=len, reverse=True)
        roles = ("image_model", "planner", "judge", "confirm_judge", "reviser")
        models = {role: model for role in roles if (model := getattr(settings, role))}
        limits = {name: limit for name, limit in asdict(settings.limits).items() if limit is not None}
        others = {name: getattr(settings, name) for name in ("policy", "plan", "strictness", "confirm", "parallel", "out")}
        size = "x".join(map(str, brief.size))
        about: dict[str, object] = {"version": VERSION, "resumed": resumed, "models": models, "limits": limits, **others}
        self.write("INFO", "begun", **about, size=size, seed=order.seed)

    def happened(self, event: Event) -> None:
        """Write what an event of the run says."""
        for level, step, about in _steps(event):
            self.write(level, step, **about)

    def broken(self, step: str, error: BaseException) -> None:
        """Write an error, with where it was raised."""
        frames = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(error.__traceback__)]
        self.write("ERROR", step, error=type(error).__name__, reason=str(error), trace=frames[-MAX_ITEMS:])

    def _safe(self, value: object, most: int = MAX_TEXT) -> object:
        """Return a value as it may be written: without secrets, and its texts of at most so many characters."""
        if isinstance(value, str):
            text = redacted(value)  # before it is cut: half a secret is not recognised
            for secret in self._secrets:
                text = text.replace(secret, REDACTED)
            return text if len(text) <= most else f"{text[: most - 1]}…"
        if isinstance(value, Mapping):
            return {name: self._safe(item) for name, item in cast("Mapping[str, object]", value).items()}
        if isinstance(value, list | tuple):
            return [self._safe(item, MAX_ITEM) for item in cast("Sequence[object]", value)[:MAX_ITEMS]]
        return value


def _steps(event: Event) -> Iterator[Step]:
    run = event.run
    for call in event.calls:
        level: Level = "INFO" if call.state == "done" else "WARN"
        about = {
            **_numbers(call.call),
            "model": call.model,
            "outcome": call.state,
            "try": call.number,
            "usd": call.usd,
            "seconds": call.seconds,
            "input_tokens": call.tokens.input,
            "output_tokens": call.tokens.output,
            "reason": call.message or None,
        }
        yield level, "call", about
    match event:
        case ChecklistFrozen() if run.checklist:
            musts = len(run.checklist.musts)
            yield "INFO", "checklist", {"requirements": len(run.checklist.requirements), "musts": musts, **_spent(run)}
            for requirement in run.checklist.requirements:
                yield "DEBUG", "requirement", asdict(requirement)
        case PromptChosen():
            yield "INFO", "prompt", {"revision": run.prompt.revision, "characters": len(run.prompt.text), **_spent(run)}
            yield "DEBUG", "prompt_text", asdict(run.prompt)
        case Waiting():
            about = {"seconds": round(event.seconds, 3), "tries": event.tries, "reason": event.reason}
            yield "WARN", "waiting", {**_numbers(event.call), **about}
        case ImageMade(attempt=attempt) if image := attempt.image:
            yield "INFO", "picture", {**_attempt(attempt), "url": image.url, "bytes": image.bytes, **_spent(run)}
        case ImageJudged(attempt=attempt):
            yield from _judged(run, attempt)
        case RunEnded():
            yield from _ended(run)
        case _:
            pass


def _judged(run: Run, attempt: Attempt) -> Iterator[Step]:
    verdict = attempt.verdict
    problem = attempt.problem or (verdict.problem if verdict else None)
    about: dict[str, object] = {**_attempt(attempt), "passed": attempt.passed, "usd": attempt.usd, "seconds": attempt.seconds}
    if verdict:
        about |= {"unmet": [f.id for f in verdict.unmet], "reservations": list(verdict.reservations)}
    if problem:
        about |= {"problem": problem.kind, "reason": problem.message}
    yield "WARN" if problem else "INFO", "judged", {**about, **_spent(run)}
    for finding in verdict.findings if verdict else ():
        yield "DEBUG", "finding", {"revision": attempt.revision, "attempt": attempt.attempt, **asdict(finding)}


def _ended(run: Run) -> Iterator[Step]:
    for warning in run.warnings:
        yield "DEBUG", "warning", {"text": warning}
    levels: dict[str | None, Level] = {"passed": "INFO", "cancelled": "INFO", "failed": "ERROR", "unknown": "ERROR"}
    reason = run.reason
    for requirement in run.checklist.requirements if run.checklist else ():
        reason = reason.replace(f"{requirement.id} ({requirement.text})", requirement.id)
    best = {"revision": run.best.revision, "attempt": run.best.attempt} if run.best else None
    about = {"outcome": "paused" if run.outcome == "cancelled" else run.outcome, "reason": reason, "best": best}
    yield levels.get(run.outcome, "WARN"), "ended", {**about, "usage": asdict(run.usage), "warnings": len(run.warnings)}


def _numbers(key: str) -> dict[str, object]:
    """Return what the key of a call says, such as `image/000-001`, or `judge/000-001/confirm` for a part of one."""
    kind, numbers, *part = key.split("/")
    revision, _, attempt = numbers.partition("-")
    return {"call": kind, "revision": int(revision), "attempt": int(attempt), **({"part": part[0]} if part else {})}


def _attempt(attempt: Attempt) -> dict[str, object]:
    edited = {"base": attempt.base, "must": attempt.must} if attempt.base else {}
    return {"revision": attempt.revision, "attempt": attempt.attempt, "seed": attempt.seed, **edited}


def _spent(run: Run) -> dict[str, object]:
    """Return what the run has used so far, in all sessions."""
    return {"images": run.usage.images, "total_usd": run.usage.usd}
