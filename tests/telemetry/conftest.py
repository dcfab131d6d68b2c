from __future__ import annotations

import os
from collections.abc import Generator
from dataclasses import dataclass, field
from typing import Any

import pytest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter


@dataclass
class Application:
    """An application that has set up OpenTelemetry for itself, and what it has got."""

    tracers: TracerProvider = field(default_factory=TracerProvider)
    exporter: InMemorySpanExporter = field(default_factory=InMemorySpanExporter)
    reader: InMemoryMetricReader = field(default_factory=InMemoryMetricReader)

    def __post_init__(self) -> None:
        self.tracers.add_span_processor(SimpleSpanProcessor(self.exporter))
        self.meters = MeterProvider([self.reader])

    @property
    def spans(self) -> list[ReadableSpan]:
        """The spans that have ended, in the order of their beginnings."""
        return sorted(self.exporter.get_finished_spans(), key=lambda span: span.start_time or 0)

    def named(self, name: str) -> list[ReadableSpan]:
        return [span for span in self.spans if span.name == name]

    def points(self, metric: str) -> list[Any]:
        """The data points of a metric."""
        data = self.reader.get_metrics_data()
        found = [m for r in data.resource_metrics for s in r.scope_metrics for m in s.metrics] if data else []
        return [point for m in found if m.name == metric for point in m.data.data_points]

    def total(self, metric: str, **about: object) -> float:
        """The sum of a metric, over the points with these attributes, whose names end so."""
        points = [
            point
            for point in self.points(metric)
            if all(any(n.endswith(name) and v == value for n, v in point.attributes.items()) for name, value in about.items())
        ]
        return sum(point.value if hasattr(point, "value") else point.sum for point in points)


@pytest.fixture(autouse=True)
def not_set_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Begin each test without variables of OpenTelemetry."""
    for name in os.environ:
        if name.startswith("OTEL_") or name in {"TRACEPARENT", "TRACESTATE", "_X_AMZN_TRACE_ID"}:
            monkeypatch.delenv(name)


@pytest.fixture
def application(monkeypatch: pytest.MonkeyPatch) -> Generator[Application]:
    """Set the global providers for one test."""
    made = Application()
    monkeypatch.setattr("opentelemetry.trace._TRACER_PROVIDER", made.tracers)
    monkeypatch.setattr("opentelemetry.metrics._internal._METER_PROVIDER", made.meters)
    yield made
    made.tracers.shutdown()
    made.meters.shutdown()
