"""The line of `onbrief doctor`: where spans and metrics go, and whether they arrive there."""

from __future__ import annotations

import logging
from typing import Any, Final

from onbrief.errors import ConfigError, OnbriefError
from onbrief.ports import Check
from onbrief.redaction import plain
from onbrief.telemetry.exporting import Signal, address, chosen, disabled, exporter_of, of_application, require_installed

PROBE: Final = 3.0  # seconds that an exporter gets


def check() -> Check | None:
    """Return the line of `onbrief doctor`; None if OpenTelemetry is not set up. Sends an empty request to each address, and
    blocks.
    """
    signals: dict[Signal, tuple[str, ...]] = {"traces": chosen("traces"), "metrics": chosen("metrics")}
    if of_application():
        return Check("ok", "telemetry", "spans and metrics go where the program that runs this one sends its own")
    if not any(signals.values()):
        return None
    if disabled():
        return Check("ok", "telemetry", "runs are not traced (OTEL_SDK_DISABLED)")
    places: list[str] = []
    for signal, names in signals.items():
        for name in names:
            place = f"{signal} by {name}" + (f" to {address(signal) or 'the usual address'}" if name.startswith("otlp") else "")
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
        require_installed()
        exporter = exporter_of(signal, name, **({"timeout": PROBE} if name.startswith("otlp") else {}))
        done: Any = exporter.export(_nothing(signal)) if hasattr(exporter, "export") else None
        exporter.shutdown()
    except OnbriefError as error:
        return error
    except Exception as error:  # noqa: BLE001 - exporters are plug-ins
        return ConfigError(f"{type(error).__name__}: {error}")
    finally:
        logger.removeHandler(listener)
    return ConfigError(said[0] if said else "it cannot be sent") if getattr(done, "name", "") == "FAILURE" else None


def _nothing(signal: Signal) -> Any:
    from opentelemetry.sdk.metrics.export import MetricsData

    return [] if signal == "traces" else MetricsData(resource_metrics=[])
