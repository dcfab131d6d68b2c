"""`onbrief judge`."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

from onbrief.cli.flags import JudgeFlags, RequirementFlags, SpendingFlags, brief_from, settings_from
from onbrief.cli.output import finish
from onbrief.cli.run import follow

_Flag = Annotated[bool, Parameter(negative="")]


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
        Text, a .txt, .md, .toml or .json file, or - for standard input.
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
        Do not show progress; the outcome, its reason and warnings are still shown.
    open_
        Open the report when all pictures are judged.
    """
    from onbrief.pursuit import Order, given_pictures

    settings = settings_from(models, limits)
    wanted = brief_from(brief, about or RequirementFlags(), settings)
    given, warnings = given_pictures(pictures, recursive=recursive)
    order = Order(
        brief=wanted.brief,
        settings=settings,
        run_id=run_id,
        resend_unknown=resend_unknown,
        pictures=given,
        warnings=(*wanted.warnings, *warnings),
    )
    return finish(follow(order, json_, quiet, open_))
