"""The adaptive policy: takes the step that promises the most accepted pictures for the money, or for the time.

docs/policy.md explains it. In short: `chances` says how likely a picture of each prompt is to pass, for each degree of
difficulty that the brief may have. Each choice is a bet that can be made a few times: draw with a prompt; have a prompt written
and draw with it; change one part of a picture that lacks only that. The bet with the best ratio of its chance to its cost is
next, which is the best order for independent bets of which one must be won.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

from onbrief.attempt import Attempt
from onbrief.brief import Requirement
from onbrief.limits import Limits
from onbrief.policy.chances import Chances, Outlook, Source
from onbrief.policy.ends import fell_short, over
from onbrief.policy.means import Cost, Means, Rung, usual_means
from onbrief.policy.priors import Priors, usual_priors
from onbrief.policy.steps import Generate, Preference, Repair, Revise, Step, Stop, seed_of
from onbrief.record import Run

_MAX_FAILED_EDITS = 2  # after so many edits without a picture, the editor is not asked any more
_BETS = 6  # how often at most a bet is made, in its reckoning
_IN_PIXELS = 0.9  # the chance that what is made in pixels meets its must, and all others still do
_ALMOST_NOTHING = 1e-6
_LIKELY = 0.95  # the chance that one of so many pictures passes at which more are not worth it

WIDE = 8
"""How many pictures of a prompt at most are made at once if that is left to the policy and time is preferred."""


@dataclass(frozen=True, slots=True)
class _Bet:
    """A step, its chance to lead to an accepted picture, what it costs, its chance with one picture, and the most that the
    first picture costs in US dollars, if that is known.
    """

    step: Step
    chance: float
    cost: float
    first: float
    usd: float | None = None

    @property
    def worth(self) -> float:
        return self.chance / self.cost


@dataclass(frozen=True, slots=True)
class Adaptive:
    """See the top of this file. `parallel` is how many pictures of a prompt are made at once; None leaves that to the policy,
    which makes one at a time unless time is preferred. It gives up when the chance that one of the pictures within the limits
    passes falls below `give_up_below`, from 0 to 1. `means` returns the costs of the models at hand and what can be repaired.
    Where a price is unknown or 0, time is weighed instead of money.
    """

    parallel: int | None = 1
    prefer: Preference = "money"
    give_up_below: float = 0.0
    means: Callable[[Run], Means] = usual_means
    priors: Priors = field(default_factory=usual_priors)

    def next(self, run: Run, limits: Limits) -> Step:
        """See Policy."""
        if end := over(run, limits):
            return end
        choosing = _Choosing(self, run, limits)
        if not (bets := list(choosing.bets())):
            return fell_short(run, f"all {len(run.prompts)} prompts are used up")
        # Without one that fits under the limit, the best one says how much is missing: the ledger refuses it.
        best = max([bet for bet in bets if choosing.affords(bet)] or bets, key=lambda bet: bet.worth)
        if choosing.hope(best) < self.give_up_below:
            hope = f"a chance of less than {self.give_up_below:.0%} is left that a picture passes"
            return fell_short(run, hope)
        return choosing.step(best)

    def chances(self, run: Run) -> Chances:
        """Return what is believed of the pictures to come."""
        return Chances(run, run.models.ladder or (run.models.image,), self.priors)


class _Choosing:
    """The bets of a run at one moment."""

    def __init__(self, policy: Adaptive, run: Run, limits: Limits) -> None:
        self.policy, self.run, self.limits = policy, run, limits
        self.models = run.models.ladder or (run.models.image,)
        self.means = policy.means(run)
        self.chances = policy.chances(run)
        self.repairable = [must for must in self.chances.musts if must.kind in policy.priors.edit]
        self.left = limits.images - len(run.attempts)
        failed = [a for a in run.attempts if a.base and a.problem and a.problem.kind in ("failed", "blocked")]
        self.hopeless = {(attempt.base, attempt.must) for attempt in failed}
        self.editor_fails = len(failed) >= _MAX_FAILED_EDITS
        self.vain = [attempt.must for attempt in run.attempts if attempt.base and not attempt.passed]

    def bets(self) -> Iterator[_Bet]:
        """Yield the bets that can be made now."""
        blocked = {a.revision for a in self.run.attempts if a.problem and a.problem.kind == "blocked" and not a.base}
        refused = {(p.text, p.negative) for p in self.run.prompts if p.revision in blocked}
        new = len(self.run.prompts)
        for number, rung in enumerate(self.means.rungs):
            for prompt in self.run.prompts:
                revision = prompt.revision
                made = len(self.run.of_prompt(revision))
                if (prompt.text, prompt.negative) not in refused and (
                    self.limits.attempts is None or made < self.limits.attempts
                ):
                    step = Generate(revision, (seed_of(self.run.seed, revision, made),), rung=number)
                    yield self._drawing(step, Source(number, revision), rung)
            # The newest prompt is tried first: nothing is known that another one could be written from.
            if self.run.round and (self.limits.prompts is None or new < self.limits.prompts):
                step = Revise(True, rung=number if len(self.models) > 1 else None)
                yield self._drawing(step, Source(number, new), rung, self._cost(self.means.prompt))
            yield from self._repairs(number, rung)

    def affords(self, bet: _Bet) -> bool:
        """Return whether a bet fits under the limit in US dollars, as far as prices are known."""
        limit, spent = self.limits.usd, self.run.usage.usd
        return None in (limit, spent, bet.usd) or (bet.usd or 0.0) <= (limit or 0.0) - (spent or 0.0) + 1e-9

    def hope(self, best: _Bet) -> float:
        """Return the chance that one of the pictures that are left passes, if the best bet is made with all of them."""
        return 1 - (1 - best.first) ** self.left

    def step(self, bet: _Bet) -> Step:
        """Return the step of a bet with its reason, for as many pictures at a time as there should be."""
        likely, cost = f"about {bet.first:.0%} likely", "cost" if self.policy.prefer == "money" else "time"
        match bet.step:
            case Generate(revision, _, rung=rung):
                made = len(self.run.of_prompt(revision))
                width = min(self._width(bet), self.left)
                if self.limits.attempts is not None:
                    width = min(width, self.limits.attempts - made)
                seeds = tuple(seed_of(self.run.seed, revision, made + n) for n in range(width))
                which = "this prompt" if revision == self.run.prompt.revision else f"prompt {revision}"
                what = f"{which} again" if made else f"the first picture of {which}"
                by = f" by {self.models[rung]}" if len(self.models) > 1 else ""
                return Generate(revision, seeds, f"{what}{by}: {likely} to pass, the best chance for its {cost}", rung)
            case Repair(of, must, seed, rung=rung):
                return Repair(of, must, seed, f"{of} lacks only {must}: an edit is {likely} to make it pass", rung)
            case Revise(with_history, rung=rung):
                by = "" if rung is None else f" by {self.models[rung]}"
                what = f"a new prompt: its pictures{by} are {likely} to pass, the best chance for their {cost}"
                return Revise(with_history, what, rung)
            case Stop():
                return bet.step

    def _width(self, bet: _Bet) -> int:
        """Return how many pictures to make at a time: if time is preferred, so many that one of them is likely to pass, but not
        all that are left, so that something can come of what they teach.
        """
        if self.policy.parallel is not None or self.policy.prefer == "money":
            return self.policy.parallel or 1
        most = min(WIDE, -(-2 * self.left // 3))
        return next((n for n in range(1, most) if 1 - (1 - bet.first) ** n >= _LIKELY), most)

    def _cost(self, *costs: Cost) -> float:
        if self.policy.prefer == "money" and self.means.priced:
            return math.fsum(cost.usd or 0.0 for cost in costs)
        return math.fsum(cost.seconds for cost in costs)

    def _drawing(self, step: Step, source: Source, rung: Rung, before: float = 0.0) -> _Bet:
        """Return the bet on pictures of a source, each with one repair where that is worth more than another picture."""
        outlooks = self.chances.outlooks(source)
        cost = self._cost(rung.picture, self.means.judgement)
        first = math.fsum(outlook.weight * outlook.passes for outlook in outlooks)
        usd = _usd(rung.picture, self.means.judgement, *([self.means.prompt] if isinstance(step, Revise) else []))
        alone = replace(self._best(step, [(o.weight, o.passes, cost) for o in outlooks], before, first), usd=usd)
        if rung.edit is None or self.editor_fails or self.left < 2:
            return alone
        edit = self._cost(rung.edit, self.means.judgement)
        worthwhile = [(must.id, mends) for must in self.repairable if (mends := self._mends(must)) / edit > alone.worth]
        with_repair: list[tuple[float, float, float]] = []
        for outlook in outlooks:
            chance, more = outlook.passes, 0.0
            for must, mends in worthwhile:
                near = self._near(must, outlook)
                chance += near * mends
                more += near * edit
            with_repair.append((outlook.weight, chance, cost + more))
        return max(alone, replace(self._best(step, with_repair, before, first), usd=usd), key=lambda bet: bet.worth)

    def _best(self, step: Step, outlooks: list[tuple[float, float, float]], before: float, first: float) -> _Bet:
        """Return the bet for the number of pictures at which its worth is greatest."""
        best = None
        chance = 0.0
        failing = [weight for weight, _, _ in outlooks]
        spent = before
        for _ in range(min(_BETS, self.left)):
            spent += math.fsum(fails * cost for fails, (_, _, cost) in zip(failing, outlooks, strict=True))
            failing = [fails * (1 - passes) for fails, (_, passes, _) in zip(failing, outlooks, strict=True)]
            chance = 1 - math.fsum(failing)
            if best is None or chance / spent > best.worth:
                best = _Bet(step, chance, spent, first)
        assert best is not None
        return best

    def _near(self, must: str, outlook: Outlook) -> float:
        """Return the chance that a picture lacks nothing but this must, and what depends on it."""
        met = outlook.musts[must] * math.prod(outlook.musts[child] for child in self.chances.below[must])
        return (1 - outlook.musts[must]) * outlook.passes / met

    def _mends(self, must: Requirement) -> float:
        """Return the chance that an edit of a picture that lacks only this must makes it pass."""
        edit, under = self.policy.priors.edit, self.chances.below[must.id]
        faith = edit["faith"] / (edit["faith"] + self.vain.count(must.id))
        about = {must.id, *under, *must.parents}  # what an edit is about, it does not break
        others = sum(other.id not in about for other in self.chances.musts)
        return faith * self.policy.priors.mends(must) * (1 - edit["breaks"]) ** others

    def _repairs(self, number: int, rung: Rung) -> Iterator[_Bet]:
        """Yield a bet for each must that is all that a drawn picture lacks."""
        offered = set[str]()
        for attempt in sorted(self.run.attempts, key=lambda attempt: attempt is not self.run.best):
            must = self._lacks_only(attempt)
            if must is None or must.id in offered or (attempt.name, must.id) in self.hopeless:
                continue
            if not (way := rung.repairs(self.run, attempt, must.id)) or (way == "editor" and self.editor_fails):
                continue
            offered.add(must.id)
            seed = seed_of(self.run.seed, attempt.revision, len(self.run.of_prompt(attempt.revision)))
            step = Repair(attempt.name, must.id, seed, rung=number)
            if way == "pixels":
                if must.id not in self.vain:
                    yield _Bet(step, _IN_PIXELS, self._cost(self.means.judgement) or _ALMOST_NOTHING, _IN_PIXELS)
                continue
            assert rung.edit
            chance = self._mends(must)
            costs = rung.edit, self.means.judgement
            yield _Bet(step, chance, self._cost(*costs), chance, _usd(*costs))

    def _lacks_only(self, attempt: Attempt) -> Requirement | None:
        """Return the must that is all that a drawn picture lacks, but for what depends on it; None if there is no such must."""
        if attempt.verdict is None or attempt.verdict.problem or attempt.base or attempt.image is None:
            return None
        lacking = {*(finding.id for finding in attempt.verdict.unmet), *attempt.verdict.unasked}
        roots = [must for must in self.chances.musts if must.id in lacking and not lacking.intersection(must.parents)]
        return roots[0] if len(roots) == 1 else None


def _usd(*costs: Cost) -> float | None:
    """Return the most that calls can cost together in US dollars; None if the price of one is unknown."""
    prices = [cost.usd if cost.most is None else cost.most for cost in costs]
    return None if None in prices else math.fsum(price for price in prices if price is not None)
