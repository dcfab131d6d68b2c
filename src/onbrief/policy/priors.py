"""What the adaptive policy expects before it has seen a picture: the numbers of priors.toml."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from onbrief.brief import Checklist, Requirement


@dataclass(frozen=True, slots=True)
class Priors:
    """The numbers of priors.toml, by their names there."""

    rates: Mapping[str, Mapping[str, float]]
    names: Mapping[str, str]
    spread: Mapping[str, float]
    revision: Mapping[str, float]
    edit: Mapping[str, float]

    def log_odds(self, model: str, checklist: Checklist) -> dict[str, float]:
        """Return, by the id of each must, the log odds that a picture by this model meets it for a brief of average difficulty,
        if its parents are met.
        """
        rates = self.rates[next((rates for part, rates in self.names.items() if part in model.lower()), "usual")]
        several = sum(must.kind == "object" and not must.parents for must in checklist.musts) > 1
        widened = math.sqrt(1 + math.pi / 8 * sum(self.spread[name] ** 2 for name in ("brief", "must", "wording")))
        return {must.id: widened * _log_odds(_rate(rates, must, several)) for must in checklist.musts}

    def mends(self, must: Requirement) -> float:
        """Return how often an edit makes a picture meet this requirement."""
        return self.edit.get(must.kind, self.edit["other"])


def _rate(rates: Mapping[str, float], must: Requirement, several: bool) -> float:
    """A rate is the mean over briefs of all difficulties."""
    of_several = rates.get(f"{must.kind}_of_several") if several else None
    return rates.get(must.kind, rates["other"]) if of_several is None else of_several


def _log_odds(rate: float) -> float:
    return math.log(rate / (1 - rate))


@cache
def usual() -> Priors:
    """Return the numbers of priors.toml."""
    document: dict[str, Any] = tomllib.loads(files("onbrief.policy").joinpath("priors.toml").read_text())
    return Priors(**document)
