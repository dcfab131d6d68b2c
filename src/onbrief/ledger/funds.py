"""The money of one run: the budgets that its calls are paid from, and what is held in them for calls to come."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from onbrief.errors import OverBudget
from onbrief.ledger.budget import Budget
from onbrief.ports import Call, Entry

_OF_JUDGES = ("judge/", "confirm/")  # the steps that judges are asked in


@dataclass(frozen=True, slots=True)
class Hold:
    """Money for a call to come: the step that it belongs to, or its key, and its price in US dollars."""

    step: str
    usd: float


@dataclass(slots=True)
class Funds:
    """The budgets of a run: its own, and those that it shares with others. Calls of judges are paid from `judging` as well.
    Whatever changes, changes in all of them or in none.

    A hold stays until its call begins. If the provider does not accept that call, it is held again; otherwise the call is paid
    from it, and further tries are reserved like any other.
    """

    run_id: str
    budgets: Sequence[Budget]
    judging: Budget = field(default_factory=Budget)
    _held: dict[str, float] = field(default_factory=dict[str, float])
    _used: dict[str, Hold] = field(default_factory=dict[str, Hold])

    @property
    def held(self) -> float:
        """The amount in US dollars that is held for calls of this run to come."""
        return sum(self._held.values())

    def load(self, entries: Iterable[Entry], held: Mapping[str, float]) -> None:
        """Count the recorded entries of the run, and hold these amounts for calls of these steps."""
        entries, self._held = list(entries), dict(held)
        for budget in (*self.budgets, self.judging):
            recorded = [entry.usd for entry in entries if self._pays(budget, entry.call.step)]
            budget.load(self.run_id, recorded, [usd for step, usd in held.items() if self._pays(budget, step)])

    def reserve(self, call: Call, hold: Hold | None) -> None:
        """Count the price of a call before it is sent, and hold the price of the call that makes its result useful.

        Raises:
            OverBudget: it does not fit in one of the budgets.
        """
        name = call.key if call.key in self._held else call.step
        held = self._held.get(name, 0.0)
        more = hold.usd if hold and hold.step not in self._held else 0.0  # a second try finds it held already
        done: list[tuple[Budget, float | None, float]] = []
        for budget in (*self.budgets, self.judging):
            own, later = self._pays(budget, call.step), hold is not None and self._pays(budget, hold.step)
            if not (own or later):
                continue
            price, before, after = call.price if own else 0.0, held if own else 0.0, more if later else 0.0
            try:
                budget.reserve(self.run_id, call.model, price, after, before)
            except OverBudget:
                for reserved, its_price, change in done:
                    reserved.settle(self.run_id, its_price, 0.0, -change)
                raise
            done.append((budget, price, after - before))
        if self._held.pop(name, None) is not None:
            self._used[call.key] = Hold(name, held)
        if hold:
            self._held.setdefault(hold.step, hold.usd)

    def settle(self, reserved: float | None, entry: Entry) -> None:
        """Replace what was counted for an entry by its cost."""
        used = self._used.pop(entry.call.key, None)
        again = used if entry.state == "refused" else None
        if again is not None:
            self._held[again.step] = again.usd
        for budget in self._paying(entry.call.step):
            budget.settle(self.run_id, reserved, entry.usd, again.usd if again else 0.0)

    def exhausted(self) -> None:
        """Note that a call does not fit in what is left of the money that the run shares with others."""
        for budget in self.budgets[1:]:
            budget.exhausted = True

    def give_back(self, *steps: str) -> None:
        """Hold nothing any longer for the calls of these steps; of all, if none is given."""
        for step in steps or tuple(self._held):
            held = self._held.pop(step, 0.0)
            for budget in self._paying(step):
                budget.settle(self.run_id, 0.0, 0.0, -held)

    def _paying(self, step: str) -> Iterator[Budget]:
        """Yield the budgets that the calls of a step are paid from."""
        return (budget for budget in (*self.budgets, self.judging) if self._pays(budget, step))

    def _pays(self, budget: Budget, step: str) -> bool:
        return budget is not self.judging or step.startswith(_OF_JUDGES)
