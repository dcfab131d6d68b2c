"""`onbrief judge`, and the table of its verdicts."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

from onbrief.cli.flags import JudgeFlags, RequirementFlags, SpendingFlags, brief_from, settings_from
from onbrief.cli.output import finish, plain
from onbrief.cli.run import follow
from onbrief.record import Attempt, Finding, Run

_Flag = Annotated[bool, Parameter(negative="")]
_WIDTH = 100  # characters of what a requirement or its evidence says
_MOST = 3  # requirements that a line names
_NAME = 48  # characters to which the names of the pictures are filled


def judge(
    brief: Annotated[str, Parameter(allow_leading_hyphen=True)],  # a hyphen alone is standard input
    /,
    *pictures: str,
    about: RequirementFlags | None = None,
    models: JudgeFlags | None = None,
    limits: SpendingFlags | None = None,
    recursive: Annotated[bool, Parameter(alias="-r", negative="")] = False,
    run_id: str | None = None,
    resend_unknown: _Flag = False,
    json_: Annotated[bool, Parameter(name="--json", negative="")] = False,
    quiet: _Flag = False,
    open_: Annotated[bool, Parameter(name="--open", negative="")] = False,
) -> int:
    """Judge pictures that exist already, from any tool, by the requirements of a brief.

    For example:
        onbrief judge "three red circles above a blue square" art/
        onbrief judge brief.toml "art/*.png" hero.jpg --strictness strict
        onbrief judge brief.toml art/ --run-id campaign --json

    Prints a line for each picture to standard output: the verdict, the cost,
    the picture and what it misses; all else goes to standard error. Pictures
    are neither copied nor changed, and no image model is needed.
    The same pictures with the same brief cost nothing again: the recorded
    verdicts are printed. With --run-id, other pictures can be given later, and
    only the new ones are paid for.

    Exit codes: 0 all passed, 1 error, 2 usage, 3 not all passed, 4 over budget,
    6 unknown, 130 cancelled.

    Parameters
    ----------
    brief
        Text, a .toml or .json file, or - for standard input.
    pictures
        Files, folders (the PNG, JPEG and WebP files in them) and patterns.
    recursive
        Of folders, judge the pictures in the folders below too.
    run_id
        A name for the run: lowercase letters, digits and hyphens.
    resend_unknown
        Send calls again whose outcome is unknown; they may be charged twice.
    json_
        Print the record of the run as one JSON document.
    quiet
        Do not show progress; warnings, and why not all pictures passed, are still shown.
    open_
        Open the report when all pictures are judged.
    """
    from onbrief.pursuit import Order, given_pictures

    settings = settings_from(models, limits)
    wanted = brief_from(brief, about or RequirementFlags(), settings)
    given, warnings = given_pictures(pictures, recursive=recursive)
    order = Order(
        brief=wanted,
        settings=settings,
        run_id=run_id,
        resend_unknown=resend_unknown,
        pictures=given,
        warnings=warnings,
    )
    return finish(follow(order, json_, quiet, open_))


def table(run: Run) -> str:
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
