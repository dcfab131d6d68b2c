"""The verdicts on pictures that existed already, as a table."""

from __future__ import annotations

from onbrief.attempt import Attempt, Finding
from onbrief.cli.output import plain
from onbrief.record import Run

_WIDTH = 100  # characters of what a requirement or its evidence says
_MOST = 3  # requirements that a line names
_NAME = 48  # characters to which the names of the pictures are filled


def verdict_table(run: Run) -> str:
    """Return a line for each picture that existed already: the verdict, the cost, the picture and what it misses."""
    from onbrief.report.formatting import money

    rows = [
        (_verdict(a), money(a.usd), plain(a.image.key if a.image else a.name), plain(_missing(run, a))) for a in run.attempts
    ]
    widths = [max((len(row[column]) for row in rows), default=0) for column in range(3)]
    widths[2] = min(widths[2], _NAME)
    return "".join(
        f"{verdict:{widths[0]}}  {usd:>{widths[1]}}  {name:{widths[2]}}  {missing}".rstrip() + "\n"
        for verdict, usd, name, missing in rows
    )


def _verdict(attempt: Attempt) -> str:
    if attempt.problem:
        return attempt.problem.kind
    if attempt.verdict is None or attempt.verdict.problem:
        return "not judged"
    if not attempt.passed:
        return "not passed"
    reserved = len(attempt.verdict.reservations)
    return f"passed with {reserved} reservation{'' if reserved == 1 else 's'}" if reserved else "passed"


def _missing(run: Run, attempt: Attempt) -> str:
    """Return why a picture did not pass, or what it passed in spite of, in words."""
    problem = attempt.problem or (attempt.verdict.problem if attempt.verdict else None)
    if problem:
        return _cut(problem.message)
    if attempt.verdict is None or run.checklist is None:
        return ""
    musts = {must.id: must for must in run.checklist.musts}
    missed = {finding.id: finding for finding in attempt.verdict.unmet if finding.id in musts}
    first = [finding for id_, finding in missed.items() if missed.keys().isdisjoint(musts[id_].parents)]  # the rest follows
    told = attempt.verdict.reserved if attempt.passed else first[:_MOST]
    more = len(missed) - len(told)
    return "; ".join([*(_told(run, finding) for finding in told), *([f"and {more} more"] if more > 0 else [])])


def _told(run: Run, finding: Finding) -> str:
    assert run.checklist is not None
    text = f"{finding.id} ({_cut(run.checklist[finding.id].text)})"
    word = "" if finding.verdict == "unmet" else f" {finding.verdict}"
    return f"{text}{word}: {_cut(finding.evidence)}" if finding.evidence else f"{text}{word}"


def _cut(text: str) -> str:
    return text if len(text) <= _WIDTH else text[: _WIDTH - 1] + "…"
