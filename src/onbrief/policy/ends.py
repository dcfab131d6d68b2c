"""What ends a run, whatever the policy: a pass, a judge that gives no answers, a refusal, a limit; and the words for it."""

from __future__ import annotations

import re
from collections import Counter
from typing import Literal

from onbrief.attempt import Attempt, ProblemKind, Verdict
from onbrief.brief import Requirement
from onbrief.errors import Outcome
from onbrief.limits import Limits
from onbrief.policy.steps import Revise, Step, Stop
from onbrief.record import Run

LimitName = Literal["images", "prompts", "usd", "judge_usd", "total_usd", "seconds"]

MAX_UNANSWERED = 2
"""How many pictures in a row may stay without an answer of the judge. After that, more pictures would get none either. A judge
that does not see its picture is stopped at the first one.
"""

MAX_UNDECIDED = 3
"""How many pictures may lack nothing but an answer to a must that the judge has decided on no picture."""

_NAMED = 3  # requirements in a reason
_LIMITS: dict[LimitName, str] = {  # how the reason of a run begins that has reached it
    "images": r"all \d+ images are used up",
    "prompts": r"all \d+ prompts are used up",
    "seconds": r"the time of \S+ seconds is used up",
    "judge_usd": r"\S+ of \S+ for judging",
    "total_usd": r"\S+ of (the )?\S+ that all runs of .+ share is spent",
    "usd": r"\S+ of \S+ is spent",
}
_UNANSWERED: dict[ProblemKind, tuple[Outcome, str]] = {
    "unreadable": ("failed", "the judge's answers cannot be read"),
    "blocked": ("failed", "the judge refuses to answer"),
    "blind": ("failed", "the judge does not see the picture"),
    "unknown": ("unknown", "the judge does not answer"),
}
_FIRST = "resume with another judge, or when the cause is fixed: these pictures are judged first"
_REWORD = "word it so that a picture can show it, make it a preference, or use another judge"


def judged(run: Run, limits: Limits) -> Stop | None:
    """Return the end of a run that judges pictures that exist already, or None if the next one is to be judged."""
    total = len(run.attempts)
    if stop := _no_answers(run):
        return stop
    if left := sum(not attempt.complete for attempt in run.attempts):
        if limits.seconds is None or run.usage.seconds < limits.seconds:
            return None
        return Stop("unmet", f"the time of {limits.seconds:g} seconds is used up; {left} of {total} pictures are not judged")
    unanswered = [a.verdict.problem for a in run.attempts if a.verdict and a.verdict.problem]
    if unanswered:
        outcome, what = _UNANSWERED[unanswered[0].kind]
        return Stop(outcome, f"{len(unanswered)} of {total} pictures are not judged: {what}: {unanswered[0].message}; {_FIRST}")
    if short := [attempt for attempt in run.attempts if not attempt.passed]:
        do = "does" if len(short) == 1 else "do"
        return Stop("unmet", f"{len(short)} of {total} pictures {do} not meet every requirement{_most_often(run, short)}")
    reserved = sum(bool(attempt.verdict and attempt.verdict.reservations) for attempt in run.attempts)
    those = "the picture meets" if total == 1 else f"all {total} pictures meet"
    return Stop("passed", f"{those} every requirement{f', {reserved} with reservations' if reserved else ''}")


def _no_answers(run: Run) -> Stop | None:
    """Return the stop when the judge cannot be used: it is blind, or gave no answer on the last pictures in a row. One that
    refuses a picture may answer on the next.
    """
    problems = [attempt.verdict.problem for attempt in run.attempts if attempt.verdict]
    last = [problem for problem in problems[-MAX_UNANSWERED:] if problem and problem.kind != "blocked"]
    blind = [problem for problem in problems if problem and problem.kind == "blind"]
    if not blind and len(last) < MAX_UNANSWERED:
        return None
    why = (blind or last)[-1]
    outcome, what = _UNANSWERED[why.kind]
    return Stop(outcome, f"{what}: {why.message}; {_FIRST}")


def _most_often(run: Run, short: list[Attempt]) -> str:
    """Return the musts that most of these pictures miss, in words."""
    missed = Counter(finding.id for attempt in short if attempt.verdict for finding in attempt.verdict.unmet)
    musts = [must for must in (run.checklist.musts if run.checklist else ()) if must.id in missed]
    most = sorted(musts, key=lambda must: -missed[must.id])[:_NAMED]
    return ": " + "; ".join(f"{must.id} ({must.text}) in {missed[must.id]}" for must in most) if most else ""


def over(run: Run, limits: Limits) -> Step | None:
    """Return the step that precedes any policy's choice, or None: on a pass, a judge that does not decide, a refusal by the
    provider, or a limit.
    """
    if passed := next((a for a in run.attempts if a.passed), None):
        reserved = reservations(run, passed)
        return Stop(
            "passed",
            f"image {passed.name} passes with {reserved}" if reserved else f"image {passed.name} meets every requirement",
        )
    if stop := _unanswered(run) or _undecided(run):
        return stop
    if len(run.attempts) >= limits.images:
        return _blocked(run, last=True) or fell_short(run, f"all {limits.images} images are used up")
    if limits.seconds is not None and run.usage.seconds >= limits.seconds:
        return fell_short(run, f"the time of {limits.seconds:g} seconds is used up")
    return _blocked(run, last=limits.prompts is not None and len(run.prompts) >= limits.prompts)


def _blocked(run: Run, *, last: bool) -> Step | None:
    """Return the step after a prompt that the provider refused, or None if it did not refuse the current one. A refused prompt
    is never sent again.

    The first refusal leads to a revision. A second one ends the run with the provider's message, and so does a revision that
    repeats a refused prompt.
    """
    drawn = [a for a in run.attempts if not a.base]  # an editor that refuses says nothing of the prompt
    refusals = {a.revision: a.problem.message for a in drawn if a.problem and a.problem.kind == "blocked"}
    refused = {(p.text, p.negative): refusals[p.revision] for p in run.prompts if p.revision in refusals}
    words = refused.get((run.prompt.text, run.prompt.negative))
    if words is None:
        return None
    first = list(refusals) == [run.prompt.revision]
    return Revise(True, "the provider refuses this prompt") if first and not last else Stop("blocked", words)


def _unanswered(run: Run) -> Stop | None:
    """Return the stop after the last pictures in a row got no answer of the judge, or None."""
    attempts = sorted(run.attempts, key=lambda attempt: (attempt.revision, attempt.attempt))
    last = [attempt.verdict.problem for attempt in attempts if attempt.verdict][-MAX_UNANSWERED:]
    if not last or last[-1] is None or (last[-1].kind != "blind" and (len(last) < MAX_UNANSWERED or None in last)):
        return None
    outcome, what = _UNANSWERED[last[-1].kind]
    return Stop(outcome, f"{what}: {last[-1].message}; {_FIRST}")


def _undecided(run: Run) -> Stop | None:
    """Return the stop when enough pictures lack nothing but an answer to musts that the judge never decides, or None."""
    if not (never := never_decided(run)):
        return None
    musts = {must.id for must in run.checklist.musts} if run.checklist else set[str]()
    lacking = [verdict for verdict in _answered(run) if not musts & ({f.id for f in verdict.unmet} - verdict.ids("undecided"))]
    return _unmet(run, _cannot_tell(never)) if len(lacking) >= MAX_UNDECIDED else None


def never_decided(run: Run) -> list[Requirement]:
    """Return the musts that are undecided in every picture about which the judge was asked, and gave an answer; none if there
    is none.
    """
    never: list[Requirement] = []
    for must in run.checklist.musts if run.checklist else ():
        asked = [verdict for verdict in _answered(run) if must.id not in verdict.unasked]
        if asked and all(must.id in verdict.ids("undecided") for verdict in asked):
            never.append(must)
    return never


def limit_reached(run: Run) -> LimitName | None:
    """Return the limit at which a run has ended, by its name in Limits; None if it ended for another reason."""
    return next((name for name, words in _LIMITS.items() if re.match(words, run.reason)), None)


def reservations(run: Run, attempt: Attempt) -> str:
    """Return the reservations with which a picture was accepted, such as "1 reservation: r3 (the cup is small)", or an empty
    text.
    """
    reserved = attempt.verdict.reservations if attempt.verdict else ()
    if not reserved or run.checklist is None:
        return ""
    counted = "1 reservation" if len(reserved) == 1 else f"{len(reserved)} reservations"
    return f"{counted}: {_named([run.checklist[id_] for id_ in reserved])}"


def _answered(run: Run) -> list[Verdict]:
    return [attempt.verdict for attempt in run.attempts if attempt.verdict and not attempt.verdict.problem]


def _cannot_tell(musts: list[Requirement]) -> str:
    return f"the judge cannot tell {_named(musts)}; {_REWORD}"


def _named(musts: list[Requirement]) -> str:
    return "; ".join(f"{must.id} ({must.text})" for must in musts)


def fell_short(run: Run, limit: str) -> Stop:
    """Return the stop `unmet` at a limit, with what no image met."""
    unanswered = [a.verdict.problem for a in run.attempts if a.verdict and a.verdict.problem]
    details: list[str] = []
    if never := always_short(run, run.attempts):
        details.append(f"no image met {_named(never)}")
    if undecided := never_decided(run):
        details.append(_cannot_tell(undecided))
    if not details and (answered := _answered(run)):
        if set[str].intersection(*(set(verdict.unasked) for verdict in answered)):
            details.append("no image met every requirement that the judge was asked about first")
        else:
            details.append("each requirement was met by some image, but no image met them all")
    elif not details and unanswered:
        details.append(f"no image could be judged: {unanswered[-1].message}")
    elif not details:
        details.append("no image could be judged" if run.attempts else "no image was made")
    return _unmet(run, *details, first=limit)


def _unmet(run: Run, *details: str, first: str = "") -> Stop:
    """Return the stop `unmet`, or `unknown` if a picture whose call has an unknown outcome might have passed."""
    unknown = [a.name for a in run.attempts if a.problem and a.problem.kind == "unknown"]
    lost = f"the outcome of {', '.join(unknown)} is unknown" if unknown else ""
    return Stop("unknown" if unknown else "unmet", "; ".join(filter(None, (first, lost, *details))))


def always_short(run: Run, attempts: tuple[Attempt, ...]) -> list[Requirement]:
    """Return the musts that fell short in every picture of these in which the judge could tell; none if it could in none."""
    verdicts = [attempt.verdict for attempt in attempts if attempt.verdict]
    accepted, short = set[str](), set[str]()
    for verdict in verdicts:
        accepted |= verdict.ids("met").union(verdict.reservations)
        short |= {finding.id for finding in verdict.unmet} - verdict.ids("undecided")
    return [must for must in (run.checklist.musts if run.checklist else ()) if must.id in short - accepted]
