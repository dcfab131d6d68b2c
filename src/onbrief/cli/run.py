"""`onbrief run` and `onbrief resume`."""

from __future__ import annotations

import json
import os
import signal
import webbrowser
from collections.abc import Callable
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from onbrief.cli.checklist import listed
from onbrief.cli.flags import (
    RUN,
    BriefFlags,
    Flag,
    Json,
    ModelFlags,
    Open,
    OtherLimitFlags,
    OtherModelFlags,
    Quiet,
    RunId,
    RunLimitFlags,
    Source,
    brief_from,
    given,
    settings_from,
)
from onbrief.cli.output import finish, plain, put, say
from onbrief.cli.verdicts import verdict_table
from onbrief.errors import LedgerError, Outcome, UsageError
from onbrief.events import ChecklistFrozen, Event, RunEnded
from onbrief.record import Run

if TYPE_CHECKING:
    from onbrief.policy import LimitName
    from onbrief.pursuit import Order
    from onbrief.settings import Settings

EXIT_CODES: dict[Outcome, int] = {
    "passed": 0,
    "failed": 1,
    "unmet": 3,
    "over_budget": 4,
    "blocked": 5,
    "unknown": 6,
    "cancelled": 130,
}
_ADVICE: dict[Outcome, str] = {
    "failed": "fix the cause, then run: onbrief resume {run_id}",
    "over_budget": "without a known price, no limit in dollars can hold: start another run without it",
    "unknown": "to pay for the call again, run: onbrief resume {run_id} --resend-unknown",
    "cancelled": "to resume, run the same command again, or: onbrief resume {run_id}",
}
_MORE: dict[LimitName, str] = {
    "images": "to try more pictures, run: onbrief resume {run_id} --max-images N",
    "prompts": "for more prompts or pictures of each, run: onbrief resume {run_id} --max-prompts N or --max-attempts N",
    "usd": "to spend more, run: onbrief resume {run_id} --max-usd X",
    "total_usd": "to let these runs spend more, run: onbrief resume {run_id} --max-total-usd X",
    "judge_usd": "to spend more on judging, run: onbrief resume {run_id} --max-judge-usd X",
    "seconds": "to continue for that long or longer, run: onbrief resume {run_id} --max-seconds X",
}
_UNDELIVERED = "give the same command again: it shows this result and pays for nothing"
_LINK = 3600.0  # seconds for which the browser that is opened can read a report in a bucket


def run(
    brief: Source,
    *,
    about: BriefFlags | None = None,
    models: ModelFlags | None = None,
    limits: RunLimitFlags | None = None,
    seed: Annotated[int | None, Parameter(group=RUN)] = None,
    run_id: Annotated[str | None, Parameter(group=RUN)] = None,
    resend_unknown: Flag = False,
    dry_run: Flag = False,
    review: Flag = False,
    json_: Json = False,
    quiet: Quiet = False,
    open_: Open = False,
) -> int:
    """Make a picture that meets every requirement of a brief.

    For example:
        onbrief run "three red circles above a blue square on a yellow background"
        onbrief run brief.toml --max-usd 1.50
        echo "a quiet harbour at dusk" | onbrief run - --prefer "calm water" --avoid people
        onbrief run "a sign that says OPEN" --dry-run
        onbrief run brief.toml --image-model PROVIDER:CHEAP --image-model PROVIDER:DEAR

    Prints the path or URL of the best picture to standard output, and all else to standard error.
    The same command, given again after an interruption, resumes the run; until
    a result was printed, it shows that result and pays for nothing.

    Exit codes: 0 passed, 1 error, 2 usage, 3 unmet, 4 over budget,
    5 blocked, 6 unknown, 130 cancelled.

    Parameters
    ----------
    brief
        Text, a .txt, .md, .toml or .json file, or - for standard input.
    seed
        The seed from which all others are derived, instead of one derived from the run id.
    run_id
        A name for the run: lowercase letters, digits and hyphens.
    resend_unknown
        Send calls again whose outcome is unknown; they may be charged twice.
    dry_run
        Show the checklist, the first prompt, and the expected and maximum cost; generate no pictures.
    review
        Show the checklist, and ask whether to accept, edit or cancel it before a picture is paid for.
    json_
        Print the record of the run as one JSON document.
    quiet
        Do not show progress; the outcome, its reason and warnings are still shown.
    open_
        Open the report when the run has ended.
    """
    from onbrief.pursuit import Order

    if review:
        _require_terminal(dry_run)
    settings = settings_from(models, limits)
    wanted = brief_from(brief, about or BriefFlags(), settings)
    order = Order(
        brief=wanted.brief,
        settings=settings,
        run_id=run_id,
        seed=seed,
        resend_unknown=resend_unknown,
        warnings=wanted.warnings,
    )
    if dry_run:
        return _preview(order, json_)
    return finish(follow(order, json_, quiet, open_, review))


def resume(
    run_id: RunId,
    *,
    models: OtherModelFlags | None = None,
    limits: OtherLimitFlags | None = None,
    resend_unknown: Flag = False,
    review: Flag = False,
    json_: Json = False,
    quiet: Quiet = False,
    open_: Open = False,
) -> int:
    """Resume a run. Limits and models that are given replace those of its order.

    For example:
        onbrief resume 20261122-101500-3f9a1c
        onbrief resume 20261122-101500-3f9a1c --max-images 24
        onbrief resume 20261122-101500-3f9a1c --judge anthropic:claude-opus-5

    Pictures on which the judge gave no answer are judged first: by the new judge, or once more by the same one.
    What the former models answered stays valid; the record says from which attempt on others took over.

    Parameters
    ----------
    resend_unknown
        Send calls again whose outcome is unknown; they may be charged twice.
    review
        As for `onbrief run`, if there is no picture yet and the checklist was not accepted before.
    json_
        Print the record of the run as one JSON document.
    quiet
        Do not show progress; the outcome, its reason and warnings are still shown.
    open_
        Open the report when the run has ended.
    """
    from onbrief.pursuit import resumed

    if review:
        _require_terminal(dry_run=False)
    order = resumed(run_id, settings_from(limits), given(models, limits), resend_unknown=resend_unknown)
    return finish(follow(order, json_, quiet, open_, review))


def _require_terminal(dry_run: bool) -> None:
    from onbrief.cli.review import require_terminal

    if dry_run:
        raise UsageError("review: one of --review and --dry-run, not both")
    require_terminal()


async def follow(order: Order, as_json: bool, quiet: bool, open_: bool, reviewing: bool = False) -> int:
    """Pursue an order, show its progress and result, and return the exit code."""
    from onbrief.policy import reservations
    from onbrief.progress import narrator
    from onbrief.pursuit import open_pursuit
    from onbrief.store import located, picture_at

    ended: Run | None = None
    review = None
    if reviewing:
        from onbrief.cli.review import review
    async with open_pursuit(order, review=review) as pursuit:
        store = pursuit.store
        if not quiet:
            for notice in notices(order.settings, draws=order.draws):
                say(notice)
        if not quiet and pursuit.continued:
            resuming = "resuming run" if order.draws else "what is recorded costs nothing again: run"
            say(f"{resuming} {pursuit.run_id}, started {pursuit.account.row.started}")
        stop_on_signals(pursuit.stop)
        events, before = pursuit.events(), list[Event]()
        if reviewing:  # the terminal is the user's until the checklist is frozen, with no status line on it
            async for event in events:
                before.append(event)
                if isinstance(event, (ChecklistFrozen, RunEnded)):
                    break
            stop_on_signals(pursuit.stop)
        with narrator(quiet, order.settings.limits) as show:
            for event in before:
                show(event)
                ended = event.run
            async for event in events:
                show(event)
                ended = event.run
        assert ended is not None
        assert ended.outcome is not None
        out, page = order.settings.out, f"{ended.run_id}/report.html"
        if as_json:
            put(ended.to_json(), _UNDELIVERED)
        elif ended.kind == "judge":
            put(verdict_table(ended), _UNDELIVERED)
        elif ended.best and ended.best.image:
            put(picture_at(store, out, ended.best.image.key) + "\n", _UNDELIVERED)
        for warning in ended.warnings:
            say(f"warning: {warning}")
        one = ended.best if ended.outcome == "passed" and ended.kind == "run" else None
        reserved = reservations(ended, one) if one else ""
        if not reserved:
            say(f"{ended.outcome}: {ended.reason}")
        if not quiet or ended.outcome != "passed" or reserved:
            say(f"report: {located(out, page)}")
            if reserved:  # last, so that nobody overlooks it
                say(f"passed with {reserved}")
            if advice := _advice(ended):
                say(f"hint: {advice.format(run_id=ended.run_id)}")
        try:
            await pursuit.deliver()
        except LedgerError as error:
            say(f"warning: {error}")
    if open_:
        webbrowser.open(store.link(page, _LINK))
    return EXIT_CODES[ended.outcome]


def notices(settings: Settings, *, draws: bool = True) -> dict[str, None]:
    """Return the lines of the providers of the models, each once, to print before a run."""
    from onbrief.providers.registry import notice_of

    names = settings.image_models if draws else [settings.judge, *([settings.reviser] if settings.plan else [])]
    return dict.fromkeys(notice for name in names if (notice := notice_of(name)))


def _advice(run: Run) -> str | None:
    """Return what to do after a run with this outcome: with the flag of the limit that it reached, if it did."""
    from onbrief.ledger.rules import OUT_OF_TRIES
    from onbrief.policy import limit_reached, never_decided

    if run.outcome is None or OUT_OF_TRIES in run.reason or never_decided(run):
        return None
    if run.outcome in {"unmet", "over_budget"} and (limit := limit_reached(run)):
        return _MORE[limit]
    return _ADVICE.get(run.outcome)


def stop_on_signals(stop: Callable[[], None]) -> None:
    """On the first Ctrl-C or SIGTERM, call `stop`, which lets the calls in progress end and records them. On the second, exit
    at once: the outcome of the calls in progress is then unknown.
    """
    import asyncio

    loop = asyncio.get_running_loop()

    def now() -> None:
        os._exit(EXIT_CODES["cancelled"])

    def soon() -> None:
        say("stopping after the calls in progress, which are paid for; press Ctrl-C again to stop at once")
        stop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, now)

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, soon)


def _preview(order: Order, as_json: bool) -> int:
    from onbrief.cli.estimate import expectation
    from onbrief.progress import waiting
    from onbrief.pursuit import estimated, past_of, preview

    with waiting("reading the brief"):
        seen = finish(preview(order))
        past, warnings = past_of(order.settings)
    expected = estimated(order, seen, past)
    most = "not known" if seen.usd is None else f"${seen.usd:g}"
    if as_json:
        document = {"checklist": asdict(seen.checklist), "prompt": asdict(seen.prompt), "max_usd": seen.usd}
        document |= {"questions": [asdict(asked) for asked in seen.questions], "warnings": (*seen.warnings, *warnings)}
        document |= {"estimate": asdict(expected)}
        print(json.dumps(document, ensure_ascii=False, indent=2))
        return 0
    for line in listed(seen.checklist, seen.questions):
        print(line)
    print(f"first prompt\n  {plain(seen.prompt.text)}")
    if seen.prompt.negative:
        print(f"  without: {plain(seen.prompt.negative)}")
    for line in expectation(expected):
        print(line)
    unlimited = seen.usd is not None and seen.usd not in (order.settings.max_usd, order.settings.max_total_usd)
    print(f"at most {expected.max_images} images, {most}" + (", if no call fails and is repeated" if unlimited else ""))
    for warning in (*seen.warnings, *warnings):
        say(f"warning: {warning}")
    return 0
