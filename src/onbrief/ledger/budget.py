"""A limit in US dollars, enforced before money is spent: the price of a call is reserved first, and settled afterwards."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from onbrief.errors import OverBudget

NANO = 1_000_000_000  # amounts are added as whole nano-dollars: ten calls at $0.0000004 are exactly $0.000004


@dataclass(slots=True)
class _Spent:
    """The amount that one run has spent and reserved: the sum of the known prices, and the number of unknown ones."""

    nano: int = 0
    unknown: int = 0

    def add(self, usd: float | None, sign: int = 1) -> None:
        if usd is None:
            self.unknown += sign
        else:
            self.nano += sign * _nano(usd)


@dataclass(slots=True)
class Budget:
    """The maximum that all runs that share it may spend together; `usd` is None if there is no limit."""

    usd: float | None = None
    _runs: dict[str, _Spent] = field(default_factory=dict[str, _Spent])
    _all: _Spent = field(default_factory=_Spent)
    _changing: threading.Lock = field(default_factory=threading.Lock)

    @property
    def spent(self) -> float | None:
        """The amount in US dollars that is spent or reserved; None if a price is unknown."""
        return None if self._all.unknown else self._all.nano / NANO

    def load(self, run_id: str, recorded: Iterable[float | None]) -> None:
        """Count the recorded costs of a run, replacing what was counted for it before."""
        with self._changing:
            before, now = self._runs.get(run_id, _Spent()), _Spent()
            for usd in recorded:
                now.add(usd)
            self._all.nano += now.nano - before.nano
            self._all.unknown += now.unknown - before.unknown
            self._runs[run_id] = now

    def reserve(self, run_id: str, model: str, price: float | None, also: float = 0.0) -> None:
        """Count the price of a call of this model before it is sent. `also` must fit under the limit, too, but is not counted.

        Raises:
            OverBudget: it does not fit, or a price is unknown. Nothing is counted.
        """
        with self._changing:
            if self.usd is not None:
                if self._all.unknown or price is None:
                    subject = model if price is None else "an earlier call"
                    raise OverBudget(f"the price of {subject} is unknown, so the limit of ${self.usd:g} cannot be enforced")
                if self._all.nano + _nano(price + also) > _nano(self.usd):
                    spent, most = self._all.nano / NANO, price + also
                    raise OverBudget(f"${spent:g} of ${self.usd:g} is spent, and the next step may cost ${most:g}")
            self._change(run_id, price, 1)

    def settle(self, run_id: str, reserved: float | None, usd: float | None) -> None:
        """Replace the amount that was counted for a call by its cost."""
        with self._changing:
            self._change(run_id, reserved, -1)
            self._change(run_id, usd, 1)

    def _change(self, run_id: str, usd: float | None, sign: int) -> None:
        for spent in (self._runs.setdefault(run_id, _Spent()), self._all):
            spent.add(usd, sign)


def reserve_in_all(budgets: Sequence[Budget], run_id: str, model: str, price: float | None, also: float = 0.0) -> None:
    """Reserve a price in each of these budgets, or in none.

    Raises:
        OverBudget: it does not fit in one of them.
    """
    for number, budget in enumerate(budgets):
        try:
            budget.reserve(run_id, model, price, also)
        except OverBudget:
            for reserved in budgets[:number]:
                reserved.settle(run_id, price, 0.0)
            raise


def _nano(usd: float) -> int:
    return round(usd * NANO)
