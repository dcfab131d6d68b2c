"""Where spans and metrics go: to the providers of the application, or by the standard variables of OpenTelemetry.

Nothing of OpenTelemetry is imported unless one of these is set up. Exporters work in threads of their own: a run does not wait
for them, and does not fail because of them. What cannot be set up or sent is one line of the log, and the run goes on.
"""

from __future__ import annotations

import atexit
import logging
import os
import queue
import sys
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.metadata import entry_points
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Final, Literal

from onbrief.errors import ConfigError, NotInstalled, OnbriefError
from onbrief.redaction import plain, redacted
from onbrief.telemetry.conventions import METRICS
from onbrief.version import VERSION

if TYPE_CHECKING:
    from opentelemetry.metrics import Counter, Histogram, MeterProvider
    from opentelemetry.trace import Tracer, TracerProvider

EXTRA: Final = "onbrief[otel]"
LONGEST_FLUSH: Final = 3.0
"""Seconds that the end of a process or of an invocation waits for what is not sent yet."""
_SCHEMA = "https://opentelemetry.io/schemas/1.37.0"
_PROTOCOLS = {"http/protobuf": "otlp_proto_http", "grpc": "otlp_proto_grpc"}

Signal = Literal["traces", "metrics"]
log: Final = logging.getLogger("onbrief")


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
    if disabled():
        return None
    providers = of_application() or _by_variables()
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


def disabled() -> bool:
    """Return whether everything is turned off, also what the application has set."""
    return os.environ.get("OTEL_SDK_DISABLED", "").strip().lower() == "true"


def chosen(signal: Signal) -> tuple[str, ...]:
    """Return the names of the exporters that the variables choose for a signal. Without a name, one is chosen by an address."""
    word = signal.upper()
    if named := os.environ.get(f"OTEL_{word}_EXPORTER", "").strip():
        return tuple(name for one in named.split(",") if (name := one.strip()) and name.lower() != "none")
    return ("otlp",) if address(signal) else ()


def address(signal: Signal) -> str:
    """Return the address that the variables give to a signal; an empty string if they give none."""
    return os.environ.get(f"OTEL_EXPORTER_OTLP_{signal.upper()}_ENDPOINT") or os.environ.get("OTEL_EXPORTER_OTLP_ENDPOINT", "")


def of_application() -> _Providers | None:
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
    return _own() if chosen("traces") or chosen("metrics") else None


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
    require_installed()
    from opentelemetry.metrics import NoOpMeterProvider
    from opentelemetry.sdk.metrics import MeterProvider
    from opentelemetry.sdk.metrics.export import MetricReader, PeriodicExportingMetricReader
    from opentelemetry.sdk.resources import OTELResourceDetector, Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor
    from opentelemetry.trace import NoOpTracerProvider

    named = OTELResourceDetector().detect().attributes
    resource = Resource.create({"service.name": "onbrief", "service.version": VERSION, **named})
    exporters = [exporter_of("traces", name) for name in chosen("traces")]
    others = [exporter_of("metrics", name) for name in chosen("metrics")]
    tracers = TracerProvider(resource=resource, shutdown_on_exit=False)
    for exporter in exporters:
        tracers.add_span_processor(BatchSpanProcessor(exporter))
    readers = [one if isinstance(one, MetricReader) else PeriodicExportingMetricReader(one) for one in others]
    meters = MeterProvider(readers, resource, shutdown_on_exit=False) if readers else NoOpMeterProvider()
    return _Providers(tracers if exporters else NoOpTracerProvider(), meters)


def require_installed() -> None:
    """Check that the SDK can be imported.

    Raises:
        NotInstalled: it cannot; the API alone comes with other libraries.
    """
    if find_spec("opentelemetry") is None or find_spec("opentelemetry.sdk") is None:
        raise NotInstalled.of("OpenTelemetry", ["opentelemetry-sdk", "opentelemetry-exporter-otlp-proto-http"], EXTRA)


def exporter_of(signal: Signal, name: str, **arguments: object) -> Any:
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
        raise NotInstalled.of("OpenTelemetry", [package := "opentelemetry-exporter-otlp-proto-grpc"], package)
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
    own = _own() if _own.cache_info().currsize else None  # if no run has begun, there is nothing to send
    providers = None if disabled() else of_application() or own
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
