"""How long a process may still work, where something else ends it at a known time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from onbrief.errors import Cancelled
from onbrief.ledger.rules import RULES
from onbrief.ports import CallKind


@dataclass(frozen=True, slots=True)
class Deadline:
    """The seconds that a process has left (`time_left`, which may fall below 0). How many must be left for a call to begin, so
    that its outcome is still written down, is in the rules of its kind.
    """

    time_left: Callable[[], float]

    def spare(self, kind: CallKind) -> float:
        """The seconds until a call of this kind may not begin any more; below 0 when they are over."""
        return self.time_left() - RULES[kind].seconds

    def require_time_for(self, kind: CallKind) -> None:
        """Refuse a call for which too little time is left.

        Raises:
            Cancelled: so that the run can be resumed.
        """
        if self.spare(kind) < 0:
            left, needed = max(self.time_left(), 0.0), RULES[kind].seconds
            raise Cancelled(f"{left:.0f} seconds are left, and the next call ({kind}) may take {needed:.0f}")
