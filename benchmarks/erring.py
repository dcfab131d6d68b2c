"""What a closer look is worth when the judge errs, and whether calibration foresees it: GenEval's briefs, judged by the
sandbox's eye with errors.

No picture is painted: what a picture shows is known from its layout. The truth is what the eye says without errors. Everything
is drawn from texts and seeds, so that these figures are the same on every machine.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from benchmarks import geneval
from benchmarks.rates import sights
from onbrief.attempt import Finding, Verdict
from onbrief.brief import Brief, Checklist
from onbrief.judging.calibration import Calibration, calibrate
from onbrief.judging.closer import to_look_at
from onbrief.judging.decide import verdict
from onbrief.judging.labels import LabelledFinding
from onbrief.judging.rule import Confirm, Rule
from onbrief.judging.thresholds import Belief
from onbrief.record import Prompt
from onbrief_sandbox.erring import ErringEye, Errors
from onbrief_sandbox.language.planner import SandboxPlanner
from onbrief_sandbox.models import find

BRIEFS = 500
FITTING = 10  # one of so many briefs is for the fitting, until BRIEFS are left for the testing
IMAGES = 12  # of a brief, at most
LABELLED = 12  # runs of each brief of the fitting set, all of whose pictures are labelled
FALSE_ACCEPT, FALSE_REJECT = 0.05, 0.1  # of a requirement
CORRELATED = (0.0, 0.5, 1.0)
CONFIRM: tuple[Confirm, ...] = ("never", "borderline", "always")
CEILINGS = (0.05, 0.15)
DRAWS = 10  # of the errors: how often a prediction is compared with what comes


@dataclass(frozen=True, slots=True)
class Asked:
    """A brief and its checklist."""

    text: str
    checklist: Checklist


@dataclass(slots=True)
class Tally:
    """What became of the briefs: pictures made, those of them that are right, questions asked, pictures accepted, and how many
    of these were wrong.
    """

    images: int = 0
    right: int = 0
    calls: int = 0
    accepted: int = 0
    wrong: int = 0

    @property
    def share(self) -> float:
        """The share of wrong pictures among the accepted ones."""
        return self.wrong / self.accepted if self.accepted else 0.0

    @property
    def true_rate(self) -> float:
        """The share of right ones among the pictures that were judged."""
        return self.right / self.images


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What calibration foresees of a pass, and what came of it on other briefs."""

    calibration: Calibration
    belief: Belief
    came: Tally

    @property
    def holds(self) -> bool:
        """Whether the share of right pictures among the accepted ones, if there are any, lies within the interval."""
        return not self.came.accepted or self.belief.low <= 1 - self.came.share <= self.belief.high


@cache
def asked() -> tuple[Asked, ...]:
    """Return GenEval's briefs, in the order of the file."""
    planner = SandboxPlanner("sandbox:", 0.0)

    async def planned(text: str) -> Checklist:
        brief = Brief(text=text)
        return Checklist.freeze((await planner.checklist(brief)).requirements, brief)

    return tuple(Asked(brief.prompt, asyncio.run(planned(brief.prompt))) for brief in geneval.briefs())


def halves() -> tuple[tuple[Asked, ...], tuple[Asked, ...]]:
    """Return the briefs to fit on, and the 500 others."""
    every = asked()
    fitting = every[::FITTING][: len(every) - BRIEFS]
    return fitting, tuple(one for one in every if one not in fitting)


def pursued(briefs: Sequence[Asked], rule: Rule, eye: ErringEye, draw: int = 0) -> Tally:
    """Make pictures of each brief, with one seed after the other, until the eye that errs accepts one."""
    tally = Tally()
    for brief in briefs:
        for seed in range(IMAGES):
            right = verdict(brief.checklist, _truth(brief, seed)).passed
            found = _judged(brief, seed, rule, eye, draw)
            tally.images += 1
            tally.right += right
            tally.calls += 1 + bool(found.confirmed)
            if found.passed:
                tally.accepted += 1
                tally.wrong += not right
                break
    return tally


def labelled(
    briefs: Sequence[Asked], rule: Rule, eye: ErringEye, draw: int = 0, number: int = LABELLED
) -> list[LabelledFinding]:
    """Return true labels of what the eye that errs finds in `number` runs of each brief. Runs of one brief count as one: their
    pictures are alike.
    """
    found: list[LabelledFinding] = []
    for brief in briefs:
        for run in range(number):
            for seed in range(run * IMAGES, (run + 1) * IMAGES):
                judged = _judged(brief, seed, rule, eye, draw)
                found += _labels(brief, seed, judged)
                if judged.passed:
                    break
    return found


def foreseen(
    fitting: Sequence[Asked],
    testing: Sequence[Asked],
    rule: Rule,
    errors: Errors,
    ceiling: float,
    draw: int = 0,
    number: int = LABELLED,
) -> Foreseen:
    """Calibrate the eye that errs on labels of pictures that this rule has judged, pursue other briefs with the rule that
    follows, and compare the share of right pictures among the accepted ones with the one foreseen. `draw` numbers the errors.
    """
    eye = ErringEye(errors)
    calibration = calibrate(labelled(fitting, rule, eye, draw, number), rule, ceiling)
    came = pursued(testing, calibration.rule, eye, draw)
    return Foreseen(calibration, Belief.of(*calibration.expected, came.true_rate, IMAGES), came)


@cache
def _truth(brief: Asked, seed: int) -> tuple[Finding, ...]:
    (sight,) = sights(Prompt(0, brief.text), "modern", [seed])
    return tuple(find(requirement, sight) for requirement in brief.checklist.requirements)


def _labels(brief: Asked, seed: int, judged: Verdict) -> Iterator[LabelledFinding]:
    for requirement, finding, true in zip(brief.checklist.requirements, judged.findings, _truth(brief, seed), strict=True):
        yield LabelledFinding(
            run=brief.text,
            attempt=f"000-{seed:03d}",
            requirement=requirement.id,
            text=requirement.text,
            kind=requirement.kind,
            must=requirement.must,
            judge="sandbox:",
            source=finding.source,
            verdict=finding.verdict,
            probability=finding.probability,
            confirmed=finding.id in judged.confirmed,
            label="yes" if true.verdict == "met" else "no",
        )


def _judged(brief: Asked, seed: int, rule: Rule, eye: ErringEye, draw: int) -> Verdict:
    """Judge a picture as the studio does: a first look, and a closer one where the rule asks for it."""
    image, truth = f"{draw}\0{brief.text}\0{seed}".encode(), _truth(brief, seed)
    first = eye.see(image, brief.checklist.requirements, truth)
    looked = verdict(brief.checklist, first, rule)
    asked = to_look_at(brief.checklist, looked, rule)
    if not asked:
        return looked
    true = {finding.id: finding for finding in truth}
    again = eye.see(image, asked, tuple(true[must.id] for must in asked), "closer")
    found = verdict(brief.checklist, first, rule, {finding.id: [finding] for finding in again})
    return Verdict(found.passed, found.findings, reservations=found.reservations, confirmed=tuple(must.id for must in asked))


def main() -> None:
    fitting, testing = halves()
    print(f"{len(testing)} briefs of GenEval, at most {IMAGES} pictures each")
    print(f"{FALSE_ACCEPT:.0%} false accepts, {FALSE_REJECT:.0%} false refusals of a requirement")
    print(f"  {'correlated':>10} {'confirm':>10} {'accepted':>9} {'wrong':>6} {'share':>7} {'images':>7} {'calls/image':>12}")
    for correlated in CORRELATED:
        for confirm in CONFIRM:
            eye = ErringEye(Errors(FALSE_ACCEPT, FALSE_REJECT, correlated))
            t = pursued(testing, Rule.named("fair", confirm=confirm), eye)
            row = f"{t.accepted:9} {t.wrong:6} {t.share:7.3f} {t.images / len(testing):7.2f} {t.calls / t.images:12.2f}"
            print(f"  {correlated:10.1f} {confirm:>10} {row}", flush=True)
    print(f"\ncalibrated on {LABELLED} runs of each of {len(fitting)} other briefs; the errors are drawn {DRAWS} times")
    print(
        f"  {'correlated':>10} {'labels of':>10} {'ceiling':>7} {'true rate':>9} {'foreseen':>8} {'interval':>14} {'came':>6} "
        f"{'accepted':>8} {'within':>9}"
    )
    for correlated in CORRELATED:
        errors = Errors(FALSE_ACCEPT, FALSE_REJECT, correlated)
        for confirm in ("never", "always"):
            rule = Rule.named("fair", confirm=confirm)
            for ceiling in CEILINGS:
                every = [foreseen(fitting, testing, rule, errors, ceiling, draw) for draw in range(DRAWS)]
                belief, came, within = every[0].belief, every[0].came, sum(one.holds for one in every)
                row = f"{came.true_rate:9.3f} {belief.precision:8.3f} {belief.low:5.3f} to {belief.high:5.3f}"
                row += f" {1 - came.share:6.3f} {came.accepted:8} {within:3} of {len(every)}"
                print(f"  {correlated:10.1f} {confirm:>10} {ceiling:7.2f} {row}", flush=True)


if __name__ == "__main__":
    main()
