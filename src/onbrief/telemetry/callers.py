"""Whose span is the parent of a run's: that of the program or the event that started it."""

from __future__ import annotations

import os
import re
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from opentelemetry.context import Context

_X_RAY = re.compile(r"Root=1-([0-9a-f]{8})-([0-9a-f]{24});Parent=([0-9a-f]{16});Sampled=([01])")
_carrier: ContextVar[Mapping[str, str]] = ContextVar("onbrief_trace_carrier")


@contextmanager
def caller(event: object) -> Generator[None]:
    """Let the runs that begin here be parts of the trace that an event comes from, as its HTTP headers say, or the attributes
    of the message that it brings. Several messages come from different traces.
    """
    token = _carrier.set(dict(_fields(event)))
    try:
        yield
    finally:
        _carrier.reset(token)


def _fields(event: object) -> Generator[tuple[str, str]]:
    """Yield the fields of W3C's trace context that an event has."""
    if not isinstance(event, Mapping):
        return
    outer = cast("Mapping[str, object]", event)
    records: object = outer.get("Records")
    if isinstance(records, list) and len(cast("list[object]", records)) == 1:
        yield from _fields(cast("list[object]", records)[0])
    for part in ("headers", "messageAttributes"):
        fields: object = outer.get(part)
        for name, value in cast("Mapping[object, object]", fields).items() if isinstance(fields, Mapping) else ():
            text = cast("Mapping[str, object]", value).get("stringValue") if isinstance(value, Mapping) else value
            if str(name).lower() in {"traceparent", "tracestate"} and isinstance(text, str):
                yield str(name).lower(), text


def parent() -> Context:
    """Return the context of the caller's span: the current one, or that of the event, of the variables TRACEPARENT and
    TRACESTATE, or of X-Ray. Without any, what begins in it begins a trace.
    """
    from opentelemetry import trace
    from opentelemetry.context import get_current
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    current = get_current()
    if trace.get_current_span(current).get_span_context().is_valid:
        return current
    known = {name.strip() for name in os.environ.get("OTEL_PROPAGATORS", "tracecontext").split(",")}
    if "tracecontext" in known:
        of_process = {name.lower(): value for name in ("TRACEPARENT", "TRACESTATE") if (value := os.environ.get(name))}
        current = TraceContextTextMapPropagator().extract(_carrier.get({}) or of_process, current)
    # Lambda sets this one for each invocation, and says "not sampled" unless X-Ray is turned on: so only if it is asked for.
    if known & {"xray", "xray-lambda"} and (found := _X_RAY.search(os.environ.get("_X_AMZN_TRACE_ID", ""))):
        flags = trace.TraceFlags(int(found[4]))
        there = trace.SpanContext(int(found[1] + found[2], 16), int(found[3], 16), is_remote=True, trace_flags=flags)
        if not trace.get_current_span(current).get_span_context().is_valid:
            current = trace.set_span_in_context(trace.NonRecordingSpan(there), current)
    return current
