"""What the runs of a place have come to: how often each image model met each kind of requirement, and what a pass has cost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

from onbrief.attempt import Attempt, Verdict
from onbrief.brief import Checklist, Kind
from onbrief.record import Run

Rates = Mapping[str, tuple[int, int]]
"""How often requirements of each name of RATE_NAMES were met, and how often the judge had an answer about them."""

_OF_SEVERAL = {"object": "object_of_several", "attribute": "attribute_of_several"}
RATE_NAMES: tuple[str, ...] = (*get_args(Kind), *_OF_SEVERAL.values())
"""What requirements are counted by: their kind, and apart from it what stands beside other objects."""


def rate_names(checklist: Checklist) -> dict[str, str]:
    """Return, by the id of each requirement, the name by which it is counted. It is another one where a picture must show
    several objects: models leave things out and mix up their looks there.
    """
    several = sum(must.kind == "object" and not must.parents for must in checklist.musts) > 1
    return {one.id: _OF_SEVERAL.get(one.kind, one.kind) if several else one.kind for one in checklist.requirements}


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelStatistics:
    """What one image model, or a ladder of them, has done in the recorded runs.

    `runs` have ended, `passed` of them with a pass. What they have used counts whether they passed or not: `images`, `usd` in
    US dollars (None if a price is unknown) and `seconds`, those of the last session of each run.

    `first` and `later` are rates of drawn pictures, by the names of RATE_NAMES: those of the first prompt, which is the brief,
    and those of later prompts. `opening` are those of the first picture of each run alone: they say how good the model is, as
    each brief counts once, while in `first` a hard one counts for each picture that was made in vain. A requirement counts if
    everything that it depends on was met. Edited pictures are not among them. The rates of a ladder are those of its models.
    """

    model: str
    runs: int = 0
    passed: int = 0
    images: int = 0
    usd: float | None = 0.0
    seconds: float = 0.0
    opening: Rates = field(default_factory=dict[str, tuple[int, int]])
    first: Rates = field(default_factory=dict[str, tuple[int, int]])
    later: Rates = field(default_factory=dict[str, tuple[int, int]])

    def for_each_pass(self, used: float | None) -> float | None:
        """Return how much of what was used there is for each run that passed; None without one, or if it is unknown."""
        return used / self.passed if self.passed and used is not None else None


def statistics_of(runs: Iterable[Run]) -> tuple[ModelStatistics, ...]:
    """Return the statistics of each image model by name, and of each ladder. Runs that only judged are left out."""
    totals: dict[str, list[Run]] = {}
    met, seen = Counter[_About](), Counter[_About]()
    for run in runs:
        if run.kind != "run":
            continue
        if run.outcome:
            totals.setdefault(", then ".join(run.models.ladder) or run.models.image, []).append(run)
        for about, is_met in _answers(run):
            seen[about] += 1
            met[about] += is_met

    def rates(model: str, *pictures: _Pictures) -> Rates:
        own = sorted({name for of, among, name in seen if of == model and among in pictures})
        return {name: _sum((met[model, among, name], seen[model, among, name]) for among in pictures) for name in own}

    return tuple(
        _of_model(
            model,
            totals.get(model, []),
            opening=rates(model, "opening"),
            first=rates(model, "opening", "first"),
            later=rates(model, "later"),
        )
        for model in sorted({*totals, *(model for model, _, _ in seen)})
    )


_Pictures = Literal["opening", "first", "later"]  # the first picture of a run, the others of its first prompt, and all others
_About = tuple[str, _Pictures, str]  # the image model, among which pictures, and the name of a rate


def _sum(counts: Iterable[tuple[int, int]]) -> tuple[int, int]:
    met, seen = zip(*counts, strict=True)
    return sum(met), sum(seen)


def _answers(run: Run) -> Iterator[tuple[_About, bool]]:
    """Yield what each answer about a drawn picture of a run is about, and whether the requirement was met."""
    if run.checklist is None:
        return
    names = rate_names(run.checklist)
    for attempt in run.attempts:
        if attempt.verdict and not attempt.base:
            model, among = attempt.model or run.models.image, _pictures(attempt)
            met, told = _told(attempt.verdict)
            for one in run.checklist.requirements:
                if one.id in told and met.issuperset(one.parents):
                    yield (model, among, names[one.id]), one.id in met


def _pictures(attempt: Attempt) -> _Pictures:
    if attempt.revision:
        return "later"
    return "first" if attempt.attempt else "opening"


def _told(verdict: Verdict) -> tuple[frozenset[str], frozenset[str]]:
    """Return the ids of the requirements that are met or accepted with a reservation, and of all that the judge could tell."""
    met = verdict.ids("met").union(verdict.reservations)
    return met, met.union(verdict.ids("unmet"), verdict.ids("borderline"))


def _of_model(model: str, runs: list[Run], *, opening: Rates, first: Rates, later: Rates) -> ModelStatistics:
    usd = [run.usage.usd for run in runs]
    return ModelStatistics(
        model=model,
        runs=len(runs),
        passed=sum(run.outcome == "passed" for run in runs),
        images=sum(run.usage.images for run in runs),
        usd=None if None in usd else sum(one for one in usd if one),
        seconds=sum(run.usage.seconds for run in runs),
        opening=opening,
        first=first,
        later=later,
    )
