"""What a closer look is worth when the judge errs: GenEval's briefs, judged by the sandbox's eye with errors.

No picture is painted: what a picture shows is known from its layout. The truth is what the eye says without errors. Everything
is drawn from texts and seeds, so that these figures are the same on every machine.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from benchmarks import geneval
from benchmarks.rates import sights
from onbrief.brief import Brief, Checklist
from onbrief.judging.closer import to_look_at
from onbrief.judging.decide import verdict
from onbrief.judging.rule import Confirm, Rule
from onbrief.record import Finding, Prompt
from onbrief_sandbox.erring import ErringEye, Errors
from onbrief_sandbox.language.planner import SandboxPlanner
from onbrief_sandbox.models import find

BRIEFS = 500
IMAGES = 12  # of a brief, at most
FALSE_ACCEPT, FALSE_REJECT = 0.05, 0.1  # of a requirement
CORRELATED = (0.0, 0.5, 1.0)


@dataclass(slots=True)
class Tally:
    """What became of the briefs: pictures made, questions asked, pictures accepted, and how many of these were wrong."""

    images: int = 0
    calls: int = 0
    accepted: int = 0
    wrong: int = 0

    @property
    def share(self) -> float:
        """The share of wrong pictures among the accepted ones."""
        return self.wrong / self.accepted if self.accepted else 0.0


def checklists(number: int = BRIEFS) -> list[tuple[str, Checklist]]:
    """Return the briefs and their checklists."""
    planner = SandboxPlanner("sandbox:", 0.0)

    async def planned(text: str) -> Checklist:
        brief = Brief(text=text)
        return Checklist.freeze((await planner.checklist(brief)).requirements, brief)

    texts = [brief.prompt for brief in geneval.briefs()[:number]]
    return [(text, asyncio.run(planned(text))) for text in texts]


def pursued(briefs: list[tuple[str, Checklist]], confirm: Confirm, correlated: float) -> Tally:
    """Make pictures of each brief, with one seed after the other, until the eye that errs accepts one."""
    rule, tally = Rule.named("fair", confirm=confirm), Tally()
    eye = ErringEye(Errors(FALSE_ACCEPT, FALSE_REJECT, correlated))
    for text, checklist in briefs:
        for seed, sight in enumerate(sights(Prompt(0, text), "modern", range(IMAGES))):
            truth = tuple(find(requirement, sight) for requirement in checklist.requirements)
            tally.images += 1
            if _accepted(checklist, truth, rule, eye, f"{text}\0{seed}".encode(), tally):
                tally.accepted += 1
                tally.wrong += not verdict(checklist, truth).passed
                break
    return tally


def _accepted(checklist: Checklist, truth: tuple[Finding, ...], rule: Rule, eye: ErringEye, image: bytes, tally: Tally) -> bool:
    """Judge a picture as the studio does: a first look, and a closer one where the rule asks for it."""
    tally.calls += 1
    first = eye.see(image, checklist.requirements, truth)
    looked = verdict(checklist, first, rule)
    asked = to_look_at(checklist, looked, rule)
    if not asked:
        return looked.passed
    tally.calls += 1
    true = {finding.id: finding for finding in truth}
    again = eye.see(image, asked, tuple(true[must.id] for must in asked), "closer")
    return verdict(checklist, first, rule, {finding.id: [finding] for finding in again}).passed


def main() -> None:
    briefs = checklists()
    errors = f"{FALSE_ACCEPT:.0%} false accepts, {FALSE_REJECT:.0%} false refusals of a requirement"
    print(f"{len(briefs)} briefs of GenEval, at most {IMAGES} pictures each; {errors}")
    print(f"  {'correlated':>10} {'confirm':>8} {'accepted':>9} {'wrong':>6} {'share':>7} {'images':>7} {'calls/image':>12}")
    for correlated in CORRELATED:
        for confirm in ("never", "borderline", "always"):
            t = pursued(briefs, confirm, correlated)
            row = f"{t.accepted:9} {t.wrong:6} {t.share:7.3f} {t.images / len(briefs):7.2f} {t.calls / t.images:12.2f}"
            print(f"  {correlated:10.1f} {confirm:>8} {row}")


if __name__ == "__main__":
    main()
