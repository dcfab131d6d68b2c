"""`onbrief judge`."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from onbrief.cli.flags import (
    ABOUT,
    RUN,
    Flag,
    Json,
    JudgeFlags,
    Open,
    Quiet,
    RequirementFlags,
    Source,
    SpendingFlags,
    brief_from,
    settings_from,
)
from onbrief.cli.output import finish
from onbrief.cli.run import follow
from onbrief.cli.usage import quoted
from onbrief.errors import UsageError

_WORD = re.compile(r"[^\W\d_][\w'’-]*[,.;:!?]?")


def judge(
    brief: Source,
    /,
    *pictures: Annotated[str, Parameter(group=ABOUT)],
    about: RequirementFlags | None = None,
    models: JudgeFlags | None = None,
    limits: SpendingFlags | None = None,
    recursive: Annotated[Flag, Parameter(alias="-r")] = False,
    run_id: Annotated[str | None, Parameter(group=RUN)] = None,
    resend_unknown: Flag = False,
    json_: Json = False,
    quiet: Quiet = False,
    open_: Open = False,
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

    _require_pictures(brief, pictures)
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


def _require_pictures(brief: str, pictures: tuple[str, ...]) -> None:
    """Refuse words of a brief without quotation marks, which would be taken for pictures.

    Raises:
        UsageError: the brief is one word and no file, and so is the first picture.
    """
    words = [given for given in pictures if _WORD.fullmatch(given) and not Path(given).exists()]
    if words and pictures[0] in words and not brief.count(" ") and not Path(brief).exists():
        rest = "".join(f" {shlex.quote(given)}" for given in pictures if given not in words) or " PICTURES"
        raise UsageError(
            f"pictures: there is no file {words[0]!r}; expected files, folders or patterns such as 'art/*.png'",
            hint=quoted("judge", ["judge", brief, *words], rest),
        )
