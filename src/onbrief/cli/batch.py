"""`onbrief batch`."""

from __future__ import annotations

import contextlib
import sys
import webbrowser
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from onbrief.cli.flags import (
    LIMITS,
    RUN,
    BatchFlags,
    Flag,
    Json,
    LimitFlags,
    ModelFlags,
    Open,
    Quiet,
    Source,
    given,
    requirements_of,
)
from onbrief.cli.output import finish, put, say
from onbrief.cli.run import EXIT_CODES, notices, stop_on_signals
from onbrief.config import load
from onbrief.errors import UsageError

if TYPE_CHECKING:
    from onbrief.batches.session import Asked, BatchEnded

_LINK = 3600.0  # seconds for which the browser that is opened can read a page in a bucket


def batch(
    briefs: Source,
    *,
    about: BatchFlags | None = None,
    models: ModelFlags | None = None,
    limits: LimitFlags | None = None,
    max_total_usd: Annotated[float | None, Parameter(group=LIMITS, show_default="no limit")] = None,
    concurrency: Annotated[int | None, Parameter(group=RUN, show_default="as the models' rate limits allow")] = None,
    retry: Annotated[
        list[Literal["failed", "unmet", "unknown"]] | None, Parameter(group=RUN, negative="", consume_multiple=False)
    ] = None,
    skip_bad: Flag = False,
    engine: Annotated[str | None, Parameter(group=RUN, show_default="this process")] = None,
    dry_run: Flag = False,
    json_: Json = False,
    quiet: Quiet = False,
    open_: Open = False,
) -> int:
    """Make a picture for each brief of a file, many at the same time.

    For example:
        onbrief batch shop.csv --out shop
        onbrief batch shop.xlsx --out shop --max-total-usd 20
        onbrief batch shop.csv --out shop --retry failed
        tail -f briefs.jsonl | onbrief batch - --out night

    The file is CSV, as spreadsheets export it, XLSX, JSONL or TOML, with a column `text` and, if you like, id, require, avoid,
    size, seed, any limit and any model. Nothing is begun before all of it has been checked. Prints the path or URL of
    index.html, the page with all results, to standard output, and all else to standard error. Beside it are results.jsonl,
    which is written as the briefs end, results.csv and summary.json.
    The same command, given again after an interruption, goes on, and pays for nothing again.

    Exit codes: 0 all passed, 1 paused by a fault, 2 usage, 3 not all passed, 4 the money limit was reached, 130 cancelled.

    Parameters
    ----------
    briefs
        A .csv, .tsv, .xlsx, .jsonl or .toml file, or - for lines of CSV or JSON on standard input, as they come.
    max_total_usd
        Maximum cost of all briefs together, in US dollars.
    concurrency
        How many briefs to work on at the same time.
    retry
        Try briefs again that have ended so; can be given several times.
    skip_bad
        Leave out rows that are no briefs, and take the rest.
    engine
        Where the briefs are pursued instead: ray://HOST:PORT for a cluster of Ray, ray for one on this machine.
    dry_run
        Check the file and say how many briefs and pictures it can come to; generate nothing.
    json_
        Print summary.json instead of the path of index.html.
    quiet
        Do not show progress; what needs your attention is still shown.
    open_
        Open index.html when the batch has ended.
    """
    from onbrief.batches import asked

    settings = load({**given(models, limits), **({"size": about.size} if about and about.size else {})})[0]
    wanted = asked(
        briefs if briefs == "-" else Path(briefs),
        settings,
        requirements=requirements_of(about),
        avoid=(about.avoid if about else None) or (),
        usd=max_total_usd,
        concurrency=concurrency,
        retry=tuple(retry or ()),
        skip_bad=skip_bad,
        engine=engine,
    )
    return _preview(wanted) if dry_run else finish(_follow(wanted, json_, quiet, open_))


async def _follow(wanted: Asked, as_json: bool, quiet: bool, open_: bool) -> int:
    """Pursue a batch, show its progress, and return the exit code."""
    from onbrief.batches.display import shown
    from onbrief.batches.session import BatchBegan, BatchEnded, pursue
    from onbrief.engines import engine
    from onbrief.store import located, open_store, region_of

    ended: BatchEnded | None = None
    with contextlib.ExitStack() as display:
        show = None
        async with contextlib.aclosing(pursue(wanted, engine)) as events:
            async for event in events:
                if isinstance(event, BatchBegan):
                    if not quiet:
                        for notice in notices(wanted.settings):
                            say(notice)
                    stop_on_signals(event.batch.stop)
                    show = display.enter_context(shown(quiet, event.briefs, wanted.total_usd))
                elif isinstance(event, BatchEnded):
                    ended = event
                elif show:
                    show(event)
    assert ended is not None
    batch, summary = ended.batch, ended.summary
    page = located(wanted.settings.out, "index.html")
    put(summary.to_json() if as_json else page + "\n", "the results are written; give the same command again")
    invalid = summary.outcomes["invalid"]
    if invalid:
        say(f"warning: {invalid} row{'' if invalid == 1 else 's'} left out, see results.csv")
    if batch.paused:
        say(f"paused: {batch.paused.reason}")
        say(f"hint: {batch.paused.hint or 'fix it, then give the same command again: it goes on'}")
    others = ", ".join(f"{number} {outcome}" for outcome, number in summary.outcomes.items() if number and outcome != "passed")
    left = f", {batch.left} not finished" if batch.left else ""
    say(f"{summary.outcomes['passed']} of {summary.briefs} passed{f', {others}' if others else ''}{left}")
    if batch.left and not batch.paused:
        say("hint: give the same command again to go on; nothing is paid for twice")
    if not quiet:
        if retried := [state for state in ("failed", "unknown") if summary.outcomes[state]]:
            say(f"hint: to try these again, add {' '.join(f'--retry {state}' for state in retried)} to the same command")
        say(f"results: {page}")
    if open_:
        store = open_store(wanted.settings.out, region_of(wanted.settings.tables))
        webbrowser.open(store.link("index.html", _LINK))
    return _code(ended)


def _code(ended: BatchEnded) -> int:
    batch, summary = ended.batch, ended.summary
    if batch.paused:
        return EXIT_CODES[batch.paused.outcome]
    if batch.left:
        return EXIT_CODES["cancelled"]
    return 0 if summary.outcomes["passed"] == summary.briefs else EXIT_CODES["unmet"]


def _preview(wanted: Asked) -> int:
    from onbrief.batches.rows import Row

    if not isinstance(wanted.rows, list):
        raise UsageError("dry_run: not with briefs that come on standard input; name a file")
    rows = [row for row in wanted.rows if isinstance(row, Row)]
    images = sum(row.order.settings.max_images for row in rows)
    for row in wanted.rows:
        if not isinstance(row, Row):
            print(f"left out: {row}", file=sys.stderr)
    cost = f", at most ${wanted.total_usd:g}" if wanted.total_usd is not None else ""
    many = (f"{number} {what}{'' if number == 1 else 's'}" for number, what in ((len(rows), "brief"), (images, "image")))
    print(", at most ".join(many) + cost)
    return 0
