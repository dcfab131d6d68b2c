"""The money of one run: the budgets that its calls are paid from, and what is held in them for calls to come."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from onbrief.errors import OverBudget
from onbrief.ledger.budget import Budget
from onbrief.ports import Call, Entry


@dataclass(frozen=True, slots=True)
class Hold:
    """Money for a call to come: the step that it belongs to, and its price in US dollars."""

    step: str
    usd: float


@dataclass(slots=True)
class Funds:
    """The budgets of a run: its own, and those that it shares with others. Whatever changes, changes in all of them or in none.

    A hold stays until its call begins. If the provider does not accept that call, it is held again; otherwise the call is paid
    from it, and further tries are reserved like any other.
    """

    run_id: str
    budgets: Sequence[Budget]
    _held: dict[str, float] = field(default_factory=dict[str, float])
    _used: dict[str, float] = field(default_factory=dict[str, float])

    def load(self, entries: Iterable[Entry], held: Mapping[str, float]) -> None:
        """Count the recorded entries of the run, and hold these amounts for calls of these steps."""
        recorded, self._held = [entry.usd for entry in entries], dict(held)
        for budget in self.budgets:
            budget.load(self.run_id, recorded, held.values())

    def reserve(self, call: Call, hold: Hold | None) -> None:
        """Count the price of a call before it is sent, and hold the price of the call that makes its result useful.

        Raises:
            OverBudget: it does not fit in one of the budgets.
        """
        held = self._held.get(call.step, 0.0)
        more = hold.usd if hold and hold.step not in self._held else 0.0  # a second try finds it held already
        for number, budget in enumerate(self.budgets):
            try:
                budget.reserve(self.run_id, call.model, call.price, more, held)
            except OverBudget:
                for reserved in self.budgets[:number]:
                    reserved.settle(self.run_id, call.price, 0.0, held - more)
                raise
        if self._held.pop(call.step, None) is not None:
            self._used[call.step] = held
        if hold:
            self._held.setdefault(hold.step, hold.usd)

    def settle(self, reserved: float | None, entry: Entry) -> None:
        """Replace what was counted for an entry by its cost."""
        used = self._used.pop(entry.call.step, None)
        again = used if entry.state == "refused" else None
        if again is not None:
            self._held[entry.call.step] = again
        for budget in self.budgets:
            budget.settle(self.run_id, reserved, entry.usd, again or 0.0)

    def give_back(self, *steps: str) -> None:
        """Hold nothing any longer for the calls of these steps; of all, if none is given."""
        for step in steps or tuple(self._held):
            held = self._held.pop(step, 0.0)
            for budget in self.budgets:
                budget.settle(self.run_id, 0.0, 0.0, -held)
