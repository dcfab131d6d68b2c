"""The spans and metrics of one run, made from its events.

    invoke_workflow onbrief
    ├── chat MODEL                       plan
    └── revision                         one prompt
        ├── chat MODEL                   revise
        └── attempt                      one picture
            ├── generate_content MODEL   image
            └── chat MODEL               judge, confirm

Each try of a call is a span, with the times that the account noted. The span of an attempt is made when it is complete, around
those of its calls. What an earlier session has paid for has no spans in this one.
"""

from __future__ import annotations

import contextvars
import json
import os
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cache
from typing import TYPE_CHECKING, Final, cast

from onbrief.attempt import Attempt
from onbrief.errors import ConfigError
from onbrief.events import CallTry, ChecklistFrozen, Event, ImageJudged, PromptChosen, RunEnded, Waiting
from onbrief.ledger.rules import RULES
from onbrief.ports import CallKind
from onbrief.providers import registry
from onbrief.record import Run
from onbrief.redaction import redacted
from onbrief.telemetry import exporting
from onbrief.telemetry.callers import parent
from onbrief.telemetry.conventions import CONTENT, IMAGE, RUN, WAIT, WORDS, WORKFLOW
from onbrief.telemetry.exporting import Sink, log
from onbrief.tokens import NO_TOKENS

if TYPE_CHECKING:
    from opentelemetry.context import Context
    from opentelemetry.trace import Span

Attributes = dict[str, str | bool | int | float | tuple[str, ...]]

_MAX_TEXT: Final = 500  # characters of what a service said
_QUOTING: Final = {"blocked", "unreadable", "Blocked", "Unreadable"}  # their messages quote prompts and answers
_ERRORS: Final = {"failed", "blocked", "unknown"}  # the outcomes of runs that are errors; the others are ends as any


def begun(run: Run, *, resumed: bool) -> RunTrace | None:
    """Return the trace of a run that begins, or None if OpenTelemetry is not set up. `resumed`: it has calls already."""
    try:
        sink = exporting.sink()
        return RunTrace(sink, run, resumed) if sink else None
    except Exception:  # noqa: BLE001 - providers are plug-ins, and the run goes on without them
        log.warning("OpenTelemetry: run %s is not traced", run.run_id, exc_info=True)
        return None


@dataclass(slots=True)
class _Step:
    """What has happened for an attempt that is not complete: its calls by key and number, its waits, and when they began."""

    calls: dict[tuple[str, int], CallTry] = field(default_factory=dict[tuple[str, int], CallTry])
    waits: list[tuple[float, Waiting]] = field(default_factory=list[tuple[float, Waiting]])

    @property
    def began(self) -> float:
        return min((*map(_start, self.calls.values()), *(at for at, _ in self.waits)))

    @property
    def ended(self) -> float:
        return max((*(call.ended for call in self.calls.values()), *(at for at, _ in self.waits)))


@dataclass(slots=True)
class _Open:
    """A span that is not ended, the context of its children, and when the last of them ended."""

    span: Span
    context: Context
    last: float


class RunTrace:
    """The trace of a run in this session. In `context`, the run's steps are to be run: then the spans that other libraries make
    become children of its own. No method raises: after an error of a provider, the run is not traced any further.
    """

    def __init__(self, sink: Sink, run: Run, resumed: bool) -> None:
        from opentelemetry.context import attach

        self._sink = sink
        self._run = run
        self._content = os.environ.get(CONTENT, "").strip().lower() == "true"
        self._began = time.time()
        about: Attributes = {"gen_ai.operation.name": RUN, "gen_ai.workflow.name": WORKFLOW, "onbrief.run.resumed": resumed}
        if self._content:
            about["gen_ai.input.messages"] = _message(run.brief.text)
        self._chosen: dict[int, float] = {}  # when each prompt was chosen
        self._revisions: dict[int, _Open] = {}
        self._steps: dict[tuple[int, int], _Step] = {}
        self._closed = False
        above = parent()
        span = self._span(f"{RUN} {WORKFLOW}", above, self._began, {**about, "onbrief.run.kind": run.kind})
        self._top = self._opened(span, above, self._began)
        self.context = contextvars.copy_context()
        self.context.run(attach, self._top.context)

    def happened(self, event: Event) -> None:
        """Take note of an event of the run."""
        if not self._closed:
            with self._harmless():
                self._happened(event, time.time())

    def close(self, error: BaseException | None = None) -> None:
        """End what is not ended, if the events end before the run does; because of this error if there is one."""
        if not self._closed:
            with self._harmless():
                self._end_revisions()
                if isinstance(error, Exception):  # other exceptions, as of Ctrl-C, are no errors
                    _fail(self._top.span, type(error).__name__)
                self._end(self._top, time.time())
                self._closed = True

    @contextmanager
    def _harmless(self) -> Generator[None]:
        try:
            yield
        except Exception:  # noqa: BLE001 - providers are plug-ins, and the run goes on without them
            self._closed = True
            log.warning("OpenTelemetry: run %s is not traced any further", self._run.run_id, exc_info=True)

    def _happened(self, event: Event, now: float) -> None:
        run = self._run = event.run
        for call in event.calls:
            kind, revision, attempt, _ = _parts(call)
            if kind in ("plan", "review"):
                self._call(self._top.context, call)
            elif kind == "revise":
                revised = self._above(revision, _start(call))
                self._call(revised.context, call)
                revised.last = max(revised.last, call.ended)
            else:
                self._note(revision, attempt, call)
        match event:
            case Waiting():
                self._wait(event, now)
            case ChecklistFrozen() if run.checklist:
                self._top.span.set_attribute("onbrief.requirements", len(run.checklist.requirements))
                if self._content:
                    texts = [redacted(f"{one.id}: {one.text}") for one in run.checklist.requirements]
                    self._top.span.set_attribute("onbrief.checklist", texts)
            case PromptChosen():
                self._chosen[run.prompt.revision] = now
                self._end_revisions(before=run.prompt.revision)
            case ImageJudged(attempt=attempt):
                if (attempt.revision, attempt.attempt) in self._steps:
                    self._attempted(attempt.revision, attempt.attempt, now)
            case RunEnded():
                self._ended(event, now)
            case _:
                pass

    # -- attempts ------------------------------------------------------------------------------------------------------

    def _note(self, revision: int, attempt: int, call: CallTry) -> None:
        """Keep a call until its attempt is complete. The outcome of one that was unknown may be found by then."""
        calls = self._steps.setdefault((revision, attempt), _Step()).calls
        if before := calls.get((call.call, call.number)):
            call = replace(call, before=before.before, seconds=call.ended - _start(before))
        calls[call.call, call.number] = call

    def _wait(self, event: Waiting, now: float) -> None:
        kind, revision, attempt, _ = _parts(event)
        self._sink.histograms["onbrief.wait.duration"].record(event.seconds, {"onbrief.call": kind})
        if kind in ("image", "judge", "confirm"):
            self._steps.setdefault((revision, attempt), _Step()).waits.append((now, event))
        else:
            above = self._top if kind != "revise" else self._above(revision, now)
            self._waited(above.span, event, now)

    def _waited(self, span: Span, event: Waiting, at: float) -> None:
        about: Attributes = {"onbrief.call": _parts(event)[0], "onbrief.wait.seconds": event.seconds}
        span.add_event(WAIT, {**about, "onbrief.wait.reason": self._shown(event.reason)}, _ns(at))

    def _attempted(self, revision: int, number: int, ended: float = 0.0) -> None:
        """Make the spans of an attempt: its own, and those of its calls."""
        step = self._steps.pop((revision, number))
        ended = max(ended, step.ended)
        above = self._above(revision, step.began)
        above.last = max(above.last, ended)
        of_number = (one for one in self._run.attempts if (one.revision, one.attempt) == (revision, number))
        attempt = next(of_number, Attempt(revision, number, 0))
        about: Attributes = {"onbrief.revision": revision, "onbrief.attempt": number, "onbrief.outcome": attempt.state}
        if attempt.complete:
            about["onbrief.usd"] = float(attempt.usd)
        if verdict := attempt.verdict:
            about["onbrief.unmet"] = tuple(finding.id for finding in verdict.unmet)
            about["onbrief.reservations"] = verdict.reservations
        span = self._span("attempt", above.context, step.began, about)
        if problem := attempt.problem or (verdict.problem if verdict else None):
            _fail(span, problem.kind, self._shown(problem.message, problem.kind))
        for at, wait in step.waits:
            self._waited(span, wait, at)
        own = self._opened(span, above.context, ended)
        for call in sorted(step.calls.values(), key=_start):
            self._call(own.context, call)
        self._end(own)

    # -- revisions -----------------------------------------------------------------------------------------------------

    def _above(self, revision: int, at: float) -> _Open:
        """Return the span of a prompt, which begins now at the latest. Pictures that existed already have none: the run's."""
        if self._run.kind != "run":
            return self._top
        if revision not in self._revisions:
            began = min(at, self._chosen.get(revision, at))
            span = self._span("revision", self._top.context, began, {"onbrief.revision": revision})
            self._revisions[revision] = self._opened(span, self._top.context, began)
        return self._revisions[revision]

    def _end_revisions(self, before: int | None = None) -> None:
        """End the prompts before this one, or all of them, with the attempts that were not judged."""
        for revision, number in sorted(self._steps):
            if before is None or revision < before:
                self._attempted(revision, number)
        for revision, own in list(self._revisions.items()):
            if before is None or revision < before:
                if self._content and revision < len(self._run.prompts):
                    own.span.set_attribute("onbrief.prompt", redacted(self._run.prompts[revision].text))
                self._end(self._revisions.pop(revision))

    # -- calls ---------------------------------------------------------------------------------------------------------

    def _call(self, context: Context, call: CallTry) -> None:
        """Make the span of a try, and count it."""
        kind, revision, attempt, part = _parts(call)
        provider, model = _model(call.model)
        rule, operation = RULES[kind], IMAGE if kind == "image" else WORDS
        about: Attributes = {"onbrief.call": kind, "onbrief.try": call.number, "onbrief.outcome": call.state}
        if rule.counter is None:  # a person's answer
            self._end(self._opened(self._span(kind, context, _start(call), about), context, call.ended))
            return
        of_model: Attributes = {"gen_ai.provider.name": provider, "gen_ai.request.model": model}
        shared: Attributes = {"gen_ai.operation.name": operation, **of_model}
        about |= {**shared, "gen_ai.output.type": "image" if kind == "image" else "json"}
        if kind != "plan":
            about["onbrief.revision"] = revision
        if kind not in ("plan", "revise"):
            about["onbrief.attempt"] = attempt
        if part:
            about["onbrief.part"] = part
        if call.usd is not None:
            about["onbrief.usd"] = float(call.usd)
        if call.tokens != NO_TOKENS:
            about |= {
                "gen_ai.usage.input_tokens": call.tokens.input,
                "gen_ai.usage.output_tokens": call.tokens.output,
            }
        if self._content and kind == "image" and revision < len(self._run.prompts):
            about["gen_ai.input.messages"] = _message(self._run.prompts[revision].text)
        span = self._span(f"{operation} {model}", context, _start(call), about, of_service=True)
        if call.state != "done":
            _fail(span, call.state, self._shown(call.message, call.state))
        self._end(self._opened(span, context, call.ended))
        if call.before == "unknown":  # an earlier session has counted it
            return
        counters, histograms = self._sink.counters, self._sink.histograms
        error: Attributes = {} if call.state == "done" else {"error.type": call.state}
        histograms["gen_ai.client.operation.duration"].record(call.seconds, {**shared, **error})
        if call.tokens != NO_TOKENS:
            for word, count in (("input", call.tokens.input), ("output", call.tokens.output)):
                histograms["gen_ai.client.token.usage"].record(count, {**shared, "gen_ai.token.type": word})
        if call.usd is not None:
            counters["onbrief.usd"].add(float(call.usd), {**of_model, "onbrief.call": kind})
        if call.state != "refused":
            own: Attributes = {} if kind == "image" else {"onbrief.call": kind}
            counters[f"onbrief.{rule.counter}"].add(1, {**of_model, **own, "onbrief.outcome": call.state})

    # -- the end -------------------------------------------------------------------------------------------------------

    def _ended(self, event: RunEnded, now: float) -> None:
        self._end_revisions()
        run, usage, span = event.run, event.run.usage, self._top.span
        assert run.outcome is not None
        best = run.best
        about: Attributes = {
            "onbrief.outcome": run.outcome,
            "onbrief.images": usage.images,
            "onbrief.judge_calls": usage.judge_calls,
            "onbrief.text_calls": usage.text_calls,
        }
        if usage.usd is not None:
            about["onbrief.usd"] = float(usage.usd)
        if best:
            about["onbrief.best"] = best.name
            about["onbrief.unmet"] = tuple(finding.id for finding in best.verdict.unmet) if best.verdict else ()
        span.set_attributes(about)
        if run.outcome in _ERRORS:
            _fail(span, event.fault or run.outcome, self._shown(run.reason, event.fault or run.outcome))
        self._end(self._top, now)
        self._closed = True
        of_run: Attributes = {"onbrief.run.kind": run.kind, "onbrief.outcome": run.outcome}
        self._sink.counters["onbrief.runs"].add(1, of_run)
        self._sink.histograms["onbrief.run.duration"].record(now - self._began, of_run)

    # -- spans ---------------------------------------------------------------------------------------------------------

    def _span(self, name: str, context: Context, began: float, about: Attributes, *, of_service: bool = False) -> Span:
        from opentelemetry.trace import SpanKind

        kind = SpanKind.CLIENT if of_service else SpanKind.INTERNAL
        about = {"onbrief.run.id": self._run.run_id, **about}
        return self._sink.tracer.start_span(name, context, kind, about, start_time=_ns(began))

    def _opened(self, span: Span, context: Context, last: float) -> _Open:
        from opentelemetry.trace import set_span_in_context

        return _Open(span, set_span_in_context(span, context), last)

    def _end(self, own: _Open, at: float = 0.0) -> None:
        own.span.end(_ns(max(own.last, at)))

    def _shown(self, text: str, state: str = "") -> str:
        """Return what a service said, without secrets, and without texts of the run unless content is allowed."""
        if not self._content:
            if state in _QUOTING:
                return ""
            run = self._run
            own = [run.brief.text, *run.brief.avoid, *(prompt.text for prompt in run.prompts)]
            own += [one.text for one in (*run.brief.requirements, *(run.checklist.requirements if run.checklist else ()))]
            for secret in sorted({*own, *(prompt.negative for prompt in run.prompts)} - {""}, key=len, reverse=True):
                text = text.replace(secret, "[text]")
        return redacted(text)[:_MAX_TEXT]


def _fail(span: Span, kind: str, message: str = "") -> None:
    from opentelemetry.trace import Status, StatusCode

    span.set_attribute("error.type", kind)
    span.set_status(Status(StatusCode.ERROR, message or None))


def _parts(of: CallTry | Waiting) -> tuple[CallKind, int, int, str]:
    """Return the parts of a call's key: its kind, revision, attempt, and which of several calls for it this is."""
    kind, numbers, *part = of.call.split("/", 2)
    revision, _, attempt = numbers.partition("-")
    return cast("CallKind", kind), int(revision), int(attempt), "".join(part)


@cache
def _model(name: str) -> tuple[str, str]:
    """Return the service of a model by its name in the conventions, and the model's own name."""
    word, colon, rest = name.partition(":")
    if not colon:  # a model that was given as an object can have any name
        return "_OTHER", name
    try:
        found = registry.provider(word)
    except ConfigError:
        found = None
    return (found.gen_ai_names.get(word, word) if found else word), rest.partition("?")[0] or word


def _message(text: str) -> str:
    """Return a text as `gen_ai.input.messages` has it in spans."""
    return json.dumps([{"role": "user", "parts": [{"type": "text", "content": redacted(text)}]}], ensure_ascii=False)


def _start(call: CallTry) -> float:
    return call.ended - call.seconds


def _ns(seconds: float) -> int:
    return int(seconds * 1e9)
