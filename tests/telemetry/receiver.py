"""A receiver of OTLP over HTTP, as a collector is one: it decodes what it is sent."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest


@dataclass
class Receiver:
    """A running receiver. It answers with `status`, and never if `hangs` is set."""

    url: str = ""
    status: int = 200
    hangs: bool = False
    traces: list[ExportTraceServiceRequest] = field(default_factory=list[ExportTraceServiceRequest])
    metrics: list[ExportMetricsServiceRequest] = field(default_factory=list[ExportMetricsServiceRequest])
    headers: list[dict[str, str]] = field(default_factory=list[dict[str, str]])
    closing: threading.Event = field(default_factory=threading.Event)

    @property
    def spans(self) -> list[Any]:
        """All spans that have come, in the order of their beginnings."""
        found = [span for sent in self.traces for of in sent.resource_spans for s in of.scope_spans for span in s.spans]
        return sorted(found, key=lambda span: span.start_time_unix_nano)

    @property
    def resource(self) -> dict[str, object]:
        """The attributes of what has sent the spans."""
        return values(self.traces[0].resource_spans[0].resource.attributes)

    def total(self, metric: str) -> float:
        """The sum of a counter when it was last sent."""
        last = self.metrics[-1]
        found = [m for of in last.resource_metrics for s in of.scope_metrics for m in s.metrics if m.name == metric]
        return sum(point.as_double or point.as_int for m in found for point in m.sum.data_points)


def values(attributes: Any) -> dict[str, Any]:
    """Return attributes as Python has them."""

    def plain(value: Any) -> Any:
        kind = value.WhichOneof("value")
        return [plain(one) for one in value.array_value.values] if kind == "array_value" else getattr(value, kind)

    return {one.key: plain(one.value) for one in attributes}


@contextmanager
def receiving(**about: Any) -> Generator[Receiver]:
    """Run a receiver on a free port of this machine."""
    receiver = Receiver(**about)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            body = gzip.decompress(body) if self.headers.get("Content-Encoding") == "gzip" else body
            receiver.headers.append({name.lower(): value for name, value in self.headers.items()})
            if receiver.hangs:
                receiver.closing.wait()
                return
            if receiver.status == 200:
                if self.path == "/v1/traces":
                    receiver.traces.append(ExportTraceServiceRequest.FromString(body))
                else:
                    assert self.path == "/v1/metrics"
                    receiver.metrics.append(ExportMetricsServiceRequest.FromString(body))
            self.send_response(receiver.status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name of what it stands in for
            """Nothing: what pytest prints is for pytest."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    receiver.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield receiver
    finally:
        receiver.closing.set()
        server.shutdown()
        thread.join()
        server.server_close()
