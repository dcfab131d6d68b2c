"""Where spans and metrics go: to the providers of the application, or by the standard variables of OpenTelemetry.

Nothing of OpenTelemetry is imported unless one of these is set up. Exporters work in threads of their own: a run does not wait
for them, and does not fail because of them. What cannot be set up or sent is one line of the log, and the run goes on.
"""

from __future__ import annotations

import atexit
import contextlib
import logging
import os
import queue
import re
import sys
import threading
import time
from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.metadata import entry_points
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Final, Literal, cast

from onbrief.errors import ConfigError, NotInstalled, OnbriefError
from onbrief.ports import Check
from onbrief.redaction import plain, redacted
from onbrief.telemetry.conventions import METRICS
from onbrief.version import VERSION

if TYPE_CHECKING:
    from opentelemetry.context import Context
    from opentelemetry.metrics import Counter, Histogram, MeterProvider
    from opentelemetry.trace import Tracer, TracerProvider

EXTRA: Final = "onbrief[otel]"
LONGEST_FLUSH: Final = 3.0
"""Seconds that the end of a process or of an invocation waits for what is not sent yet."""
_PROBE = 3.0  # seconds that `check` gives an exporter
_SCHEMA = "https://opentelemetry.io/schemas/1.37.0"
_PROTOCOLS = {"http/protobuf": "otlp_proto_http", "grpc": "otlp_proto_grpc"}
_X_RAY = re.compile(r"Root=1-([0-9a-f]{8})-([0-9a-f]{24});Parent=([0-9a-f]{16});Sampled=([01])")

Signal = Literal["traces", "metrics"]
log: Final = logging.getLogger("onbrief")
_carrier: ContextVar[Mapping[str, str]] = ContextVar("onbrief_trace_carrier")


@dataclass(frozen=True, slots=True)
class Sink:
    """What spans and metrics are made with: a tracer, and the instruments of conventions.METRICS by name."""

    tracer: Tracer
    counters: Mapping[str, Counter]
    histograms: Mapping[str, Histogram]


@dataclass(frozen=True, slots=True)
class _Providers:
    tracers: TracerProvider
    meters: MeterProvider


def sink() -> Sink | None:
    """Return where the spans and metrics of a run that begins now go; None if OpenTelemetry is not set up."""
    if _disabled():
        return None
    providers = _of_application() or _by_variables()
    return _sink(providers) if providers else None


@lru_cache(maxsize=4)
def _sink(providers: _Providers) -> Sink:
    meter = providers.meters.get_meter("onbrief", VERSION, schema_url=_SCHEMA)
    counters = {
        one.name: meter.create_counter(one.name, unit=one.unit, description=one.about)
        for one in METRICS
        if one.kind == "counter"
    }
    histograms = {
        one.name: meter.create_histogram(
            one.name, unit=one.unit, description=one.about, explicit_bucket_boundaries_advisory=one.boundaries
        )
        for one in METRICS
        if one.kind == "histogram"
    }
    return Sink(providers.tracers.get_tracer("onbrief", VERSION, schema_url=_SCHEMA), counters, histograms)


# -- what is set up ----------------------------------------------------------------------------------------------------


def _disabled() -> bool:
    return os.environ.get("OTEL_SDK_DISABLED", "").strip().lower() == "true"


def _exporters(signal: Signal) -> tuple[str, ...]:
    """Return the names of the exporters that the variables choose for a signal. Without a name, one is chosen by an address."""
    word = signal.upper()
    if named := os.environ.get(f"OTEL_{word}_EXPORTER", "").strip():
        return tuple(name for one in named.split(",") if (name := one.strip()) and name.lower() != "none")
    return ("otlp",) if _address(signal) else ()


def _address(signal: Signal) -> str:
    return os.environ.get(f"OTEL_EXPORTER_OTLP_{signal.upper()}_ENDPOINT") or os.environ.get("OTEL_EXPORTER_OTLP_ENDPOINT", "")


def _of_application() -> _Providers | None:
    """Return the providers that the application has set, if it has: then it decides where everything goes."""
    tracers, meters = _set("trace", "get_tracer_provider"), _set("metrics", "get_meter_provider")
    if tracers is None and meters is None:
        return None
    from opentelemetry import metrics, trace

    return _Providers(tracers or trace.get_tracer_provider(), meters or metrics.get_meter_provider())


def _set(module: str, get: str) -> Any | None:
    """Return a provider that was set. Until then, the API has one of its own, which does nothing."""
    api = sys.modules.get(f"opentelemetry.{module}")  # other libraries import it too, which means nothing
    provider = getattr(api, get)() if api else None
    return None if provider is None or type(provider).__module__.startswith(f"opentelemetry.{module}") else provider


def _by_variables() -> _Providers | None:
    """Return the providers of this process that the variables ask for, if they do."""
    return _own() if _exporters("traces") or _exporters("metrics") else None


@cache
def _own() -> _Providers | None:
    """Set up what the variables ask for, once in a process. The global providers are left to the application."""
    try:
        providers = _made()
    except OnbriefError as error:
        log.warning("OpenTelemetry is asked for, but runs are not traced: %s", error.explained)
        return None
    except Exception as error:  # noqa: BLE001 - exporters are plug-ins, and runs go on without them
        log.warning("OpenTelemetry is asked for, but runs are not traced: %s: %s", type(error).__name__, redacted(str(error)))
        return None
    logging.getLogger("opentelemetry").addHandler(_FirstLine(logging.WARNING))
    flushers = [_flusher(providers.tracers), _flusher(providers.meters)]  # at the exit, no thread can be started any more
    atexit.register(_flushed, flushers, LONGEST_FLUSH)
    return providers


os.register_at_fork(after_in_child=_own.cache_clear)  # threads that export do not live on in the child


def _made() -> _Providers:
    _require_installed()
    from opentelemetry.metrics import NoOpMeterProvider
    from opentelemetry.sdk.metrics import MeterProvider
    from opentelemetry.sdk.metrics.export import MetricReader, PeriodicExportingMetricReader
    from opentelemetry.sdk.resources import OTELResourceDetector, Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor
    from opentelemetry.trace import NoOpTracerProvider

    named = OTELResourceDetector().detect().attributes
    resource = Resource.create({"service.name": "onbrief", "service.version": VERSION, **named})
    exporters = [_exporter("traces", name) for name in _exporters("traces")]
    others = [_exporter("metrics", name) for name in _exporters("metrics")]
    tracers = TracerProvider(resource=resource, shutdown_on_exit=False)
    for exporter in exporters:
        tracers.add_span_processor(BatchSpanProcessor(exporter))
    readers = [one if isinstance(one, MetricReader) else PeriodicExportingMetricReader(one) for one in others]
    meters = MeterProvider(readers, resource, shutdown_on_exit=False) if readers else NoOpMeterProvider()
    return _Providers(tracers if exporters else NoOpTracerProvider(), meters)


def _require_installed() -> None:
    if find_spec("opentelemetry") is None or find_spec("opentelemetry.sdk") is None:
        raise NotInstalled.of("OpenTelemetry", ["opentelemetry-sdk", "opentelemetry-exporter-otlp-proto-http"], EXTRA)


def _exporter(signal: Signal, name: str, **arguments: object) -> Any:
    """Return an exporter by its name in the variables. Installed packages bring them by entry point.

    Raises:
        ConfigError: there is no such exporter, or it is not installed.
    """
    if name == "otlp":
        variables = (f"OTEL_EXPORTER_OTLP_{signal.upper()}_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")
        protocol = next((value for variable in variables if (value := os.environ.get(variable))), "http/protobuf")
        if protocol not in _PROTOCOLS:
            raise ConfigError(f"OTEL_EXPORTER_OTLP_PROTOCOL: {protocol!r} is not allowed; expected {' or '.join(_PROTOCOLS)}")
        name = _PROTOCOLS[protocol]
    group = f"opentelemetry_{signal}_exporter"
    points = entry_points(group=group, name=name)
    if not points and name == _PROTOCOLS["http/protobuf"]:
        raise NotInstalled.of("OpenTelemetry", ["opentelemetry-exporter-otlp-proto-http"], EXTRA)
    if not points and name == _PROTOCOLS["grpc"]:
        raise NotInstalled.of("OpenTelemetry", ["grpc"], "opentelemetry-exporter-otlp-proto-grpc")
    if not points:
        known = " ".join(sorted({"none", "otlp", *(point.name for point in entry_points(group=group))}))
        raise ConfigError(f"OTEL_{signal.upper()}_EXPORTER: {name!r} is not allowed; expected one of {known}")
    kind: Callable[..., Any] = next(iter(points)).load()
    # Standard output is for data, and not for the JSON of spans.
    return kind(out=sys.stderr) if name == "console" else kind(**arguments)


class _FirstLine(logging.Handler):
    """Shows the first thing that an exporter complains of, in one line, where nobody has set up logging. Otherwise each batch
    that cannot be sent would print several lines, between those of the progress.
    """

    def __init__(self, level: int) -> None:
        super().__init__(level)
        self._told = False

    def emit(self, record: logging.LogRecord) -> None:
        if not self._told and not logging.root.handlers:
            self._told = True
            print(f"OpenTelemetry: {plain(record.getMessage())[:300]}", file=sys.stderr)


# -- the end -------------------------------------------------------------------------------------------------------------


def flush(time_left: Callable[[], float] = lambda: LONGEST_FLUSH) -> None:
    """Send what is not sent yet, if OpenTelemetry is set up. It waits as long as there is time, and LONGEST_FLUSH at most."""
    providers = None if _disabled() else _of_application() or _by_variables()
    if providers and (seconds := time_left()) > 0:
        _flushed([_flusher(providers.tracers), _flusher(providers.meters)], seconds)


def _flushed(flushers: Iterable[_Flusher], seconds: float) -> None:
    end = time.monotonic() + min(seconds, LONGEST_FLUSH)
    asked = [flusher.ask() for flusher in flushers if flusher.is_alive()]  # in a child of a fork, they are not
    if not all(done.wait(max(0.0, end - time.monotonic())) for done in asked):
        log.warning("OpenTelemetry: the last spans or metrics could not be sent in time")


@lru_cache(maxsize=8)
def _flusher(provider: object) -> _Flusher:
    return _Flusher(provider)


class _Flusher(threading.Thread):
    """Flushes a provider when asked. The SDK's own way has no time limit: an exporter that hangs would hold up its caller."""

    def __init__(self, provider: object) -> None:
        super().__init__(name="onbrief-telemetry", daemon=True)
        self._flush: Callable[[], object] = getattr(provider, "force_flush", lambda: True)
        self._asked = queue.SimpleQueue[threading.Event]()
        self.start()

    def ask(self) -> threading.Event:
        """Return the event that is set when all that was recorded until now is sent, or cannot be."""
        done = threading.Event()
        self._asked.put(done)
        return done

    def run(self) -> None:
        """Work until the process ends."""
        while True:
            done = self._asked.get()
            try:
                self._flush()
            except Exception as error:  # noqa: BLE001 - exporters are plug-ins, and this thread must go on
                log.warning("OpenTelemetry: %s: %s", type(error).__name__, redacted(str(error)))
            done.set()


# -- whose spans are the parents -----------------------------------------------------------------------------------------


@contextmanager
def caller(event: object) -> Generator[None]:
    """Let the runs that begin here be parts of the trace that an event comes from, as its HTTP headers say, or the attributes of
    the message that it brings. Several messages come from different traces.
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


# -- onbrief doctor ------------------------------------------------------------------------------------------------------


def check() -> Check | None:
    """Return the line of `onbrief doctor`; None if OpenTelemetry is not set up. Sends an empty request to each address, and
    blocks.
    """
    chosen: dict[Signal, tuple[str, ...]] = {"traces": _exporters("traces"), "metrics": _exporters("metrics")}
    if _of_application():
        return Check("ok", "telemetry", "spans and metrics go where the program that runs this one sends its own")
    if not any(chosen.values()):
        return None
    if _disabled():
        return Check("ok", "telemetry", "runs are not traced (OTEL_SDK_DISABLED)")
    places: list[str] = []
    for signal, names in chosen.items():
        for name in names:
            place = f"{signal} by {name}" + (
                f" to {_address(signal) or 'the usual address'}" if name.startswith("otlp") else ""
            )
            if refusal := _refusal(signal, name):
                advice = refusal.hint or "runs go on without it; check the variables OTEL_*, or set OTEL_SDK_DISABLED=true"
                return Check("warning", "telemetry", f"{place}: {refusal}", advice)
            places.append(place)
    return Check("ok", "telemetry", ", ".join(places))


def _refusal(signal: Signal, name: str) -> OnbriefError | None:
    """Return why nothing can be sent by an exporter, or None if it can."""
    said: list[str] = []
    listener = logging.Handler(logging.WARNING)
    listener.emit = lambda record: said.append(plain(record.getMessage()))
    logger = logging.getLogger("opentelemetry")
    logger.addHandler(listener)
    try:
        _require_installed()
        exporter = _exporter(signal, name, **({"timeout": _PROBE} if name.startswith("otlp") else {}))
        with contextlib.closing(_Closing(exporter)):
            done: Any = exporter.export(_nothing(signal)) if hasattr(exporter, "export") else None
    except OnbriefError as error:
        return error
    except Exception as error:  # noqa: BLE001 - exporters are plug-ins
        return ConfigError(f"{type(error).__name__}: {error}")
    finally:
        logger.removeHandler(listener)
    return ConfigError(said[0] if said else "it cannot be sent") if getattr(done, "name", "") == "FAILURE" else None


@dataclass(frozen=True, slots=True)
class _Closing:
    exporter: Any

    def close(self) -> None:
        self.exporter.shutdown()


def _nothing(signal: Signal) -> Any:
    from opentelemetry.sdk.metrics.export import MetricsData

    return [] if signal == "traces" else MetricsData(resource_metrics=[])
