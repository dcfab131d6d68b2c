"""The adaptive policy with what is true in the sandbox's world in place of what it believes: what better beliefs could save.

It knows the true chance of each must for each prompt at hand and for the next one, and chooses as the adaptive policy does, by
money or time. Unlike the oracle, it can climb a ladder.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from benchmarks.oracle import Knowledge
from onbrief.policy import Adaptive
from onbrief.policy.chances import Chances, Outlook, Source
from onbrief.policy.priors import Priors
from onbrief.record import Run

_LEAST = 1e-9  # a chance of 0 could not be compared


class _True(Chances):
    """The true chances, in a single cell."""

    def __init__(self, run: Run, models: tuple[str, ...], priors: Priors, known: Mapping[str, Knowledge]) -> None:
        super().__init__(run, models, priors)
        self._now, self._names, self._known = run, models, known

    def outlooks(self, source: Source) -> list[Outlook]:
        known, run = self._known[self._names[source.rung]], self._now
        if source.revision < len(run.prompts):
            prompt = run.prompts[source.revision]
        else:
            prompt = known.stage.revised(len(run.prompts), [(p, run.of_prompt(p.revision)) for p in run.prompts])
        met = {id_: max(_LEAST, chance) for id_, chance in known.met(prompt).items()}
        return [Outlook(1.0, met, math.prod(met.values()))]


@dataclass(frozen=True, slots=True, kw_only=True)
class Knowing(Adaptive):
    """See the top of this file. `known` has what is known of each image model, by its name."""

    known: Mapping[str, Knowledge] = field(default_factory=dict[str, Knowledge])

    def chances(self, run: Run) -> Chances:
        """See Adaptive."""
        return _True(run, run.models.ladder or (run.models.image,), self.priors, self.known)
