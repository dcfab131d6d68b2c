"""The settings of a server."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from glob import escape

from onbrief_sandbox.server.bill import Bill
from onbrief_sandbox.server.faults import Named, Script
from onbrief_sandbox.server.invocation_log import InvocationLog
from onbrief_sandbox.server.limits import Limits


@dataclass(frozen=True, slots=True)
class Terms:
    """The settings of a server. `latency`: seconds by prefix of the model id; the longest matching prefix applies. `clock`:
    the seconds since 1970, by which services that keep something forget it, and `limits` of calls are counted. `log`: where it
    writes the log of invocations of Bedrock, if at all.
    """

    latency: Mapping[str, float] = field(default_factory=dict[str, float])
    ended: tuple[str, ...] = ()
    script: Script = field(default_factory=Script)
    bill: Bill = field(default_factory=lambda: Bill(None))
    log: InvocationLog | None = None
    clock: Callable[[], float] = time.time
    limits: Limits = field(default_factory=Limits)

    def seconds(self, called: Named) -> float:
        """Return the minimum duration of a call of this model, in seconds."""
        fitting = [start for start in self.latency if called.fits(f"{escape(start)}*")]
        return self.latency[max(fitting, key=len)] if fitting else 0.0
