"""OpenTelemetry: spans and metrics of runs, for those who have set it up. Otherwise nothing of it is imported.

A run is traced if the standard variables of OpenTelemetry say so, or if the application has a tracer provider of its own.
`tracing` makes spans and metrics of the events of a run, below the span that `callers` finds; `exporting` sends them, `probing`
tries whether they arrive, and `conventions` has all names.
"""

from onbrief.telemetry.callers import caller as caller
from onbrief.telemetry.exporting import flush as flush
from onbrief.telemetry.probing import check as check
from onbrief.telemetry.tracing import RunTrace as RunTrace
from onbrief.telemetry.tracing import begun as begun
