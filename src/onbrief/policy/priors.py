"""What the adaptive policy expects before it has seen a picture: the numbers of priors.toml."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any

from onbrief.brief import Checklist, Requirement
from onbrief.run_statistics import Rates, rate_names


@dataclass(frozen=True, slots=True)
class Priors:
    """The numbers of priors.toml, by their names there. `learned` is what the runs of image models have taught, by the names
    of the models: see learned.py.
    """

    rates: Mapping[str, Mapping[str, float]]
    names: Mapping[str, str]
    spread: Mapping[str, float]
    revision: Mapping[str, float]
    edit: Mapping[str, float]
    learning: Mapping[str, float]
    learned: Mapping[str, Rates] = field(default_factory=dict[str, Rates])

    def log_odds(self, model: str, checklist: Checklist) -> dict[str, float]:
        """Return, by the id of each must, the log odds that a picture by this model meets it for a brief of average difficulty,
        if its parents are met.
        """
        widened = math.sqrt(1 + math.pi / 8 * sum(self.spread[name] ** 2 for name in ("brief", "must", "wording")))
        names = rate_names(checklist)
        return {must.id: widened * _log_odds(self.rate(model, names[must.id])) for must in checklist.musts}

    def rate(self, model: str, name: str) -> float:
        """Return how often requirements of this name (of RATE_NAMES) are met in pictures of the plain brief by this model: the
        mean over briefs of all difficulties.
        """
        rates = self.rates[next((rates for part, rates in self.names.items() if part in model.lower()), "usual")]
        rate, (met, seen) = rates.get(name, rates["other"]), self.learned.get(model, {}).get(name, (0, 0))
        faith = self.learning["faith"]
        return (met + faith * rate) / (seen + faith) if seen else rate

    def mends(self, must: Requirement) -> float:
        """Return how often an edit makes a picture meet this requirement."""
        return self.edit.get(must.kind, self.edit["other"])


def _log_odds(rate: float) -> float:
    return math.log(rate / (1 - rate))


@cache
def usual_priors() -> Priors:
    """Return the numbers of priors.toml."""
    document: dict[str, Any] = tomllib.loads(files("onbrief.policy").joinpath("priors.toml").read_text())
    return Priors(**document)
