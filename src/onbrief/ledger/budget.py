"""A limit in US dollars, enforced before money is spent: the price of a call is reserved first, and settled afterwards.

What a call needs to be of use can be held beside its price: a picture is begun only with the price of its judgement held. Held
money is not spent, and nothing else may spend it.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass, field

from onbrief.errors import OverBudget

NANO = 1_000_000_000  # amounts are added as whole nano-dollars: ten calls at $0.0000004 are exactly $0.000004


@dataclass(slots=True)
class _Spent:
    """The amount that one run has spent and reserved: the sum of the known prices, and the number of unknown ones. `held` is
    kept for calls to come.
    """

    nano: int = 0
    unknown: int = 0
    held: int = 0

    def add(self, usd: float | None, sign: int = 1) -> None:
        if usd is None:
            self.unknown += sign
        else:
            self.nano += sign * nano(usd)


@dataclass(slots=True)
class Budget:
    """The maximum that all runs that share it may spend together; `usd` is None if there is no limit. `about` says in errors
    which limit it is, if it is not that of all calls.
    """

    usd: float | None = None
    about: str = ""
    exhausted: bool = field(default=False, init=False)
    _runs: dict[str, _Spent] = field(default_factory=dict[str, _Spent])
    _all: _Spent = field(default_factory=_Spent)
    _changing: threading.Lock = field(default_factory=threading.Lock)

    @property
    def spent(self) -> float | None:
        """The amount in US dollars that is spent or reserved; None if a price is unknown."""
        return None if self._all.unknown else self._all.nano / NANO

    @property
    def held(self) -> float:
        """The amount in US dollars that is held for calls to come."""
        return self._all.held / NANO

    def load(self, run_id: str, recorded: Iterable[float | None], held: Iterable[float] = ()) -> None:
        """Count the recorded costs of a run and hold these amounts for it, replacing what was counted and held for it before.
        Recorded costs are facts, so the sum may exceed the limit; then nothing new fits.
        """
        now = _Spent(held=sum(nano(usd) for usd in held))
        for usd in recorded:
            now.add(usd)
        with self._changing:
            before = self._runs.get(run_id, _Spent())
            self._all.nano += now.nano - before.nano
            self._all.unknown += now.unknown - before.unknown
            self._all.held += now.held - before.held
            self._runs[run_id] = now

    def reserve(self, run_id: str, model: str, price: float | None, hold: float = 0.0, held: float = 0.0) -> None:
        """Count the price of a call of this model before it is sent, and hold `hold` beside it. `held` is what was held for
        this call until now: it is held no longer.

        Raises:
            OverBudget: it does not fit, or a price is unknown. Nothing is changed.
        """
        with self._changing:
            if self.usd is not None:
                if self._all.unknown or price is None:
                    self.exhausted, subject = True, model if price is None else "an earlier call"
                    raise OverBudget(
                        f"the price of {subject} is unknown, so the limit of ${self.usd:g}{self.about} cannot be enforced"
                    )
                if not self._fits(nano(price), nano(hold), nano(held), nano(self.usd)):
                    self.exhausted = True
                    spent, kept = (
                        f"${self._all.nano / NANO:g} of ${self.usd:g}{self.about} is spent",
                        self._all.held - nano(held),
                    )
                    kept_too = f", ${kept / NANO:g} is held for calls to come" if kept else ""
                    raise OverBudget(f"{spent}{kept_too}, and the next step may cost ${price + hold:g}")
            self._count(run_id, price, 1)
            self._hold(run_id, nano(hold) - nano(held))

    def settle(self, run_id: str, reserved: float | None, usd: float | None, hold: float = 0.0) -> None:
        """Replace the amount that was counted for a call by its cost. `hold` is held from now on, or no longer if negative."""
        with self._changing:
            self._count(run_id, reserved, -1)
            self._count(run_id, usd, 1)
            self._hold(run_id, nano(hold))

    def _fits(self, price: int, hold: int, held: int, limit: int) -> bool:
        """Whether a call fits: never above the limit, and only into what is not held for others."""
        after = self._all.nano + price
        return after <= limit and (price + hold <= held or after + self._all.held - held + hold <= limit)

    def _count(self, run_id: str, usd: float | None, sign: int) -> None:
        for spent in (self._runs.setdefault(run_id, _Spent()), self._all):
            spent.add(usd, sign)

    def _hold(self, run_id: str, nano: int) -> None:
        for spent in (self._runs.setdefault(run_id, _Spent()), self._all):
            spent.held += nano


def nano(usd: float) -> int:
    """Return an amount in US dollars as whole nano-dollars."""
    return round(usd * NANO)
