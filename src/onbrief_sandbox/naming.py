"""What the names of the sandbox's models say: `sandbox:MODEL?option=value&option=value`."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from onbrief.errors import UsageError

COSTS = ("usd", "seconds")
"""The options that every model takes: the price of a call in US dollars, and how long it takes."""


@dataclass(frozen=True, slots=True)
class Named:
    """A name taken apart. `field` is the setting that holds it."""

    field: str
    name: str
    options: Mapping[str, str]

    @property
    def usd(self) -> float:
        """The price of a call, nothing unless said."""
        return self.amount("usd", 1000)

    @property
    def seconds(self) -> float:
        """How long a call takes, no time unless said."""
        return self.amount("seconds", 1000)

    def amount(self, option: str, most: float) -> float:
        """The value of this option, 0 unless said.

        Raises:
            UsageError: no number from 0 to `most`.
        """
        try:
            value = float(self.options.get(option, "0"))
        except ValueError:
            value = math.nan
        if not 0 <= value <= most:
            raise UsageError.of(self.field, self.name, f"{option} from 0 to {most:g}")
        return value


def take_apart(
    field: str, model: str, options: Mapping[str, str], allowed: Sequence[str] = COSTS, models: Sequence[str] = ()
) -> Named:
    """The parts of a name, all of them allowed.

    Raises:
        UsageError: another model or option.
    """
    query = "&".join(f"{key}={value}" for key, value in options.items())
    name = f"sandbox:{model}" + (f"?{query}" if query else "")
    if model and model not in models:
        others = (
            f"one of {' '.join(f'sandbox:{other}' for other in models)}" if models else "sandbox: without a model behind it"
        )
        raise UsageError.of(field, name, others)
    if unknown := set(options) - set(allowed):
        listed = f"{', '.join(allowed[:-1])} and {allowed[-1]}"
        raise UsageError.of(field, name, f"the options {listed}, not {' '.join(sorted(unknown))}")
    return Named(field, name, options)
