"""What the runs of a place have come to: how often each image model met each kind of requirement, and what a pass has cost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from onbrief.brief import Kind
from onbrief.record import Run

Rates = Mapping[Kind, tuple[int, int]]
"""How often requirements of a kind were met, and how often the judge had an answer about them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelStatistics:
    """What one image model, or a ladder of them, has done in the recorded runs.

    `runs` have ended, `passed` of them with a pass. What they have used counts whether they passed or not: `images`, `usd` in
    US dollars (None if a price is unknown) and `seconds`, those of the last session of each run. `first` and `later` are rates
    of drawn pictures, by the kind of the requirement: those of the first prompt, which is the brief, and those of later
    prompts. Edited pictures are not among them. The rates of a ladder are those of its models.
    """

    model: str
    runs: int = 0
    passed: int = 0
    images: int = 0
    usd: float | None = 0.0
    seconds: float = 0.0
    first: Rates = field(default_factory=dict[Kind, tuple[int, int]])
    later: Rates = field(default_factory=dict[Kind, tuple[int, int]])

    def for_each_pass(self, used: float | None) -> float | None:
        """Return how much of what was used there is for each run that passed; None without one, or if it is unknown."""
        return used / self.passed if self.passed and used is not None else None


def statistics_of(runs: Iterable[Run]) -> tuple[ModelStatistics, ...]:
    """Return the statistics of each image model by name, and of each ladder. Runs that only judged are left out."""
    totals: dict[str, list[Run]] = {}
    met, seen = Counter[tuple[str, bool, Kind]](), Counter[tuple[str, bool, Kind]]()
    for run in runs:
        if run.kind != "run":
            continue
        if run.outcome:
            totals.setdefault(", then ".join(run.models.ladder) or run.models.image, []).append(run)
        kinds: dict[str, Kind] = {r.id: r.kind for r in run.checklist.requirements} if run.checklist else {}
        for attempt in run.attempts:
            if attempt.base or attempt.verdict is None:
                continue
            for finding in attempt.verdict.findings:
                if finding.verdict != "undecided":
                    about = (attempt.model or run.models.image, attempt.revision == 0, kinds[finding.id])
                    seen[about] += 1
                    met[about] += finding.verdict == "met" or finding.id in attempt.verdict.reservations

    def rates(model: str, first: bool) -> dict[Kind, tuple[int, int]]:
        own = sorted(about for about in seen if about[:2] == (model, first))
        return {about[2]: (met[about], seen[about]) for about in own}

    models = sorted({*totals, *(model for model, _, _ in seen)})
    return tuple(_of_model(model, totals.get(model, []), rates(model, True), rates(model, False)) for model in models)


def _of_model(model: str, runs: list[Run], first: Rates, later: Rates) -> ModelStatistics:
    usd = [run.usage.usd for run in runs]
    return ModelStatistics(
        model=model,
        runs=len(runs),
        passed=sum(run.outcome == "passed" for run in runs),
        images=sum(run.usage.images for run in runs),
        usd=None if None in usd else sum(one for one in usd if one),
        seconds=sum(run.usage.seconds for run in runs),
        first=first,
        later=later,
    )
