"""A limit in US dollars that is kept before money is spent: the price of a call is reserved first, and settled afterwards."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from onbrief.errors import OverBudget

NANO = 1_000_000_000  # amounts are added as whole nano-dollars: ten calls at $0.0000004 are exactly $0.000004


@dataclass(slots=True)
class _Spent:
    """What one run has spent and reserved: the sum of the prices that are known, and how many are not."""

    nano: int = 0
    unknown: int = 0

    def add(self, usd: float | None, sign: int = 1) -> None:
        if usd is None:
            self.unknown += sign
        else:
            self.nano += sign * _nano(usd)


@dataclass(slots=True)
class Budget:
    """What may be spent at most, all runs together that share it; `usd` is None where there is no limit."""

    usd: float | None = None
    _runs: dict[str, _Spent] = field(default_factory=dict[str, _Spent])
    _all: _Spent = field(default_factory=_Spent)
    _changing: threading.Lock = field(default_factory=threading.Lock)

    @property
    def spent(self) -> float | None:
        """In US dollars, what is reserved included; None when a price is not known."""
        return None if self._all.unknown else self._all.nano / NANO

    def load(self, run_id: str, recorded: Iterable[float | None]) -> None:
        """Count what is recorded of a run, instead of what was counted of it before."""
        with self._changing:
            before, now = self._runs.get(run_id, _Spent()), _Spent()
            for usd in recorded:
                now.add(usd)
            self._all.nano += now.nano - before.nano
            self._all.unknown += now.unknown - before.unknown
            self._runs[run_id] = now

    def reserve(self, run_id: str, model: str, price: float | None, also: float = 0.0) -> None:
        """Count the price of a call of this model before it is sent; there must be room for `also` besides.

        Raises:
            OverBudget: it does not fit, or that cannot be known. Nothing is counted.
        """
        with self._changing:
            if self.usd is not None:
                if self._all.unknown or price is None:
                    whose = model if price is None else "an earlier call"
                    raise OverBudget(f"the price of {whose} is not known, so the limit of ${self.usd:g} cannot be kept")
                if self._all.nano + _nano(price + also) > _nano(self.usd):
                    spent, most = self._all.nano / NANO, price + also
                    raise OverBudget(f"${spent:g} of ${self.usd:g} is spent, and the next step may cost ${most:g}")
            self._change(run_id, price, 1)

    def settle(self, run_id: str, reserved: float | None, usd: float | None) -> None:
        """Count what a call cost instead of what was counted for it."""
        with self._changing:
            self._change(run_id, reserved, -1)
            self._change(run_id, usd, 1)

    def _change(self, run_id: str, usd: float | None, sign: int) -> None:
        for spent in (self._runs.setdefault(run_id, _Spent()), self._all):
            spent.add(usd, sign)


def reserve_in_all(budgets: Sequence[Budget], run_id: str, model: str, price: float | None, also: float = 0.0) -> None:
    """Reserve a price in each of these budgets, or in none.

    Raises:
        OverBudget: it does not fit under one of them.
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
