"""The main functions of the library: `pursue`, `examine` and `batch` are asynchronous, and the others are not."""

from __future__ import annotations

import asyncio
import inspect
import sys
from collections.abc import AsyncGenerator, AsyncIterable, Callable, Collection, Generator, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias, cast

from onbrief import intake
from onbrief.brief import Brief
from onbrief.errors import LedgerError, OnbriefError, UsageError
from onbrief.events import Event, RunEnded
from onbrief.interrupts import Interrupts, completed
from onbrief.limits import Limits
from onbrief.notebook import bar, in_notebook
from onbrief.ports import AnyModel, ImageModel, Judge, Ladder, ModelRole, Planner, Reviser, is_object
from onbrief.pursuit import (
    Estimate,
    ListedRun,
    LostPicture,
    Order,
    Pursuit,
    given_pictures,
    listed_runs,
    open_pursuit,
    past_of,
    place_statistics,
    recorded_run,
    resumed,
)
from onbrief.pursuit import estimate as estimated_together
from onbrief.pursuit import recover as recovered
from onbrief.record import Run
from onbrief.run_statistics import ModelStatistics
from onbrief.settings import Settings

if TYPE_CHECKING:
    from onbrief.batches.running import Retry
    from onbrief.batches.session import SessionEvent
    from onbrief.results import Result

Watcher: TypeAlias = Callable[[Event], object]
_Models: TypeAlias = Mapping[ModelRole, str | AnyModel | Ladder]


@contextmanager
def _explained() -> Generator[None]:
    """Add the hint of an error to it as a note, which tracebacks show: a script or a notebook has no other place for it."""
    try:
        yield
    except OnbriefError as error:
        if error.hint:
            error.add_note(f"hint: {error.hint}")
        raise


@_explained()
def run(
    brief: str | Path | Brief,
    *,
    limits: Limits | None = None,
    settings: Settings | None = None,
    image_model: str | ImageModel | Sequence[str | ImageModel] | None = None,
    judge: str | Judge | None = None,
    planner: str | Planner | None = None,
    reviser: str | Reviser | None = None,
    confirm_judge: str | Judge | None = None,
    run_id: str | None = None,
    seed: int | None = None,
    resend_unknown: bool = False,
    on_event: Callable[[Event], object] | None = None,
    progress: bool | None = None,
) -> Run:
    """Pursue a brief to its end, and return the run with its outcome and the best picture.

    The same order, given again after an interruption, resumes the run; while the run is in use, it is refused. With the
    `run_id` of a run that has ended, the recorded run is returned and nothing is paid for. This also works inside a running
    event loop, as in a notebook: the pursuit then runs in a separate thread.

    After an interrupt (Ctrl-C, or that of a notebook), the calls in progress are finished and recorded, no other is begun, and
    KeyboardInterrupt is raised. A second interrupt ends at once; the outcome of the calls in progress is then unknown.

    Args:
        brief: What the picture is to show: a text, the Path of a file, or a Brief.
        limits: What the run may use at most; by default those of `settings`.
        settings: Models, policy, folder and so on; by default, the trial provider is used if it is installed.
        image_model: The model that draws, by its name (`provider:model`) or as an object (see onbrief.ports.ImageModel). An
            object counts by its `name`: in the ledger, two with the same name are the same model. Several models in a list are
            a ladder, cheap to dear: the next one takes over when one does not get further, and each attempt has the `model`
            that drew it.
        judge: The model that looks at pictures, by its name or as an object (Judge).
        planner: The model that finds the requirements (Planner); by default, `reviser`.
        reviser: The model that writes prompts (Reviser).
        confirm_judge: The judge that takes the second look (Judge); by default, `judge`.
        run_id: A name for the run: lowercase letters, digits and hyphens.
        seed: The seed from which all others are derived; by default, it is derived from the run id.
        resend_unknown: Send calls again whose outcome is unknown; they may be charged twice.
        on_event: Called with each event (`onbrief.Event`) as it happens, in the thread of the run. If it raises, calls in
            progress end and are recorded, nothing new is begun, and its exception is raised; the same call resumes the run.
        progress: Show the progress of the run on standard error, or in the output of the cell; by default, if standard error is
            a terminal, or in a notebook.

    Raises:
        UsageError: an input cannot work; nothing has been spent.
        LedgerBusy: the run, or one of the same order, is in use.
    """
    models = _models(image_model, judge, planner, reviser, confirm_judge)
    return _in_sync(_order(brief, limits, settings, models, run_id, seed, resend_unknown), on_event, progress)


async def pursue(
    brief: str | Path | Brief,
    *,
    limits: Limits | None = None,
    settings: Settings | None = None,
    image_model: str | ImageModel | Sequence[str | ImageModel] | None = None,
    judge: str | Judge | None = None,
    planner: str | Planner | None = None,
    reviser: str | Reviser | None = None,
    confirm_judge: str | Judge | None = None,
    run_id: str | None = None,
    seed: int | None = None,
    resend_unknown: bool = False,
) -> AsyncGenerator[Event]:
    """Pursue a brief and yield events as they happen; the last is RunEnded. See `run` for the arguments."""
    models = _models(image_model, judge, planner, reviser, confirm_judge)
    with _explained():
        order = _order(brief, limits, settings, models, run_id, seed, resend_unknown)
        async with aclosing(_events(order)) as events:
            async for event in events:
                yield event


@_explained()
def judge(
    brief: str | Path | Brief,
    pictures: str | Path | Iterable[str | Path],
    *,
    recursive: bool = False,
    limits: Limits | None = None,
    settings: Settings | None = None,
    judge: str | Judge | None = None,
    planner: str | Planner | None = None,
    confirm_judge: str | Judge | None = None,
    run_id: str | None = None,
    resend_unknown: bool = False,
    on_event: Callable[[Event], object] | None = None,
    progress: bool | None = None,
) -> Run:
    """Judge pictures that exist already, from any tool, and return the run: its attempts are the pictures with their verdicts.

    The outcome is `passed` if all pictures meet every must of the brief, and `unmet` if one does not. The same pictures, given
    again with the same brief, cost nothing: the recorded answers are returned. A picture is known by the hash of its file,
    wherever it is and whatever it is called. Neither an image model nor a prompt is needed. Works like `run` in all else.

    Args:
        brief: What the pictures are to show: a text, the Path of a file, or a Brief.
        pictures: Files, folders, or patterns such as "art/*.png"; PNG, JPEG and WebP. Nothing is copied or changed.
        recursive: Of folders, judge the pictures in the folders below too.
        limits: What the run may use at most: only `usd`, `judge_usd` and `seconds` matter.
        settings: Judge, reviser (which finds the requirements), strictness, place and so on.
        judge: The model that looks at the pictures, by its name or as an object; see `run`.
        planner: The model that finds the requirements; by default, the reviser of `settings`.
        confirm_judge: The judge that takes the second look; by default, `judge`.
        run_id: A name for the run. It can be given other pictures later, of which only the new ones are judged, by the same
            checklist.
        resend_unknown: Send calls again whose outcome is unknown; they may be charged twice.
        on_event: Called with each event as it happens; see `run`.
        progress: Show the progress; see `run`.

    Raises:
        UsageError: an input cannot work, such as a picture that is none; nothing has been spent.
        LedgerBusy: the run is in use.
    """
    models = _models(None, judge, planner, None, confirm_judge)
    return _in_sync(_judging(brief, pictures, recursive, limits, settings, models, run_id, resend_unknown), on_event, progress)


async def examine(
    brief: str | Path | Brief,
    pictures: str | Path | Iterable[str | Path],
    *,
    recursive: bool = False,
    limits: Limits | None = None,
    settings: Settings | None = None,
    judge: str | Judge | None = None,
    planner: str | Planner | None = None,
    confirm_judge: str | Judge | None = None,
    run_id: str | None = None,
    resend_unknown: bool = False,
) -> AsyncGenerator[Event]:
    """Judge pictures that exist already and yield events as they happen; the last is RunEnded. See `judge` for arguments."""
    models = _models(None, judge, planner, None, confirm_judge)
    with _explained():
        order = await asyncio.to_thread(_judging, brief, pictures, recursive, limits, settings, models, run_id, resend_unknown)
        async with aclosing(_events(order)) as events:
            async for event in events:
                yield event


async def batch(
    briefs: str | Path | Iterable[str | Mapping[str, object]] | AsyncIterable[str | Mapping[str, object]],
    *,
    limits: Limits | None = None,
    max_total_usd: float | None = None,
    settings: Settings | None = None,
    image_model: str | ImageModel | Sequence[str | ImageModel] | None = None,
    judge: str | Judge | None = None,
    planner: str | Planner | None = None,
    reviser: str | Reviser | None = None,
    confirm_judge: str | Judge | None = None,
    concurrency: int | None = None,
    retry: Collection[Retry] = (),
    skip_bad: bool = False,
    engine: str | None = None,
    on_event: Callable[[SessionEvent], object] | None = None,
) -> AsyncGenerator[Result]:
    """Pursue many briefs at the same time, and yield the result of each as it ends, in the order in which they end.

        async for result in onbrief.batch("shop.csv", settings=onbrief.Settings(out="shop"), max_total_usd=20):
            print(result.id, result.outcome, result.picture)

    The same briefs, given again after an interruption, go on: what has ended is yielded at once, and nothing is paid for twice.
    The place of `settings` has all results at the end: results.jsonl, results.csv, summary.json and the page index.html. A
    caller that leaves the loop early stops the batch; calls in progress are finished and recorded.

    Args:
        briefs: The path of a .csv, .tsv, .xlsx, .jsonl or .toml file, or the briefs themselves, as a list or as they come: each
            a text, or a mapping with the columns of a file, such as `text`, `id`, `size` and `max_usd`.
        limits: What each brief may use at most; by default those of `settings`.
        max_total_usd: What all briefs together may cost, in US dollars.
        settings: Models, policy, folder and so on of briefs that say nothing else.
        image_model, judge, planner, reviser, confirm_judge: The models, by their names or as objects; see `run`.
        concurrency: How many briefs to work on at the same time; by default, as many as the models' rate limits allow.
        retry: Outcomes of briefs to try again: "failed", "unmet" or "unknown".
        skip_bad: Leave out briefs that cannot work, with the outcome "invalid"; otherwise, none is begun.
        engine: Where the briefs are pursued instead of in this process: "ray", or "ray://HOST:PORT". Models that are objects
            must then be such as Ray can send to its workers.
        on_event: Called with each event of the batch (see onbrief.batch) as it happens.

    Raises:
        UsageError: a brief cannot work; nothing has been spent.
        ConfigError: a model cannot be used; nothing has been spent.
        OnbriefError: the batch is paused, and what was in progress has ended: a model cannot be used after all, `max_total_usd`
            is used up, or so many briefs in a row have failed that the rest would too.
    """
    from onbrief.batches import asked, pursue
    from onbrief.batches.running import BatchPaused, BriefEnded
    from onbrief.engines import engine as engine_of

    with _explained():
        models = _models(image_model, judge, planner, reviser, confirm_judge)
        given = replace(settings or Settings(), **_as_settings(limits)).with_models(models)
        wanted = await asyncio.to_thread(
            asked,
            briefs,
            given,
            models=_objects(models),
            usd=max_total_usd,
            concurrency=concurrency,
            retry=retry,
            skip_bad=skip_bad,
            engine=engine,
        )
        paused: BatchPaused | None = None
        async with aclosing(pursue(wanted, engine_of)) as events:
            async for event in events:
                if on_event:
                    on_event(event)
                if isinstance(event, BriefEnded):
                    yield event.result
                paused = event if isinstance(event, BatchPaused) else paused
        if paused:
            raise OnbriefError(paused.reason, hint=paused.hint)


@_explained()
def resume(
    run_id: str,
    *,
    limits: Limits | None = None,
    image_model: str | ImageModel | Sequence[str | ImageModel] | None = None,
    judge: str | Judge | None = None,
    planner: str | Planner | None = None,
    reviser: str | Reviser | None = None,
    confirm_judge: str | Judge | None = None,
    out: str | Path | None = None,
    ledger: str | None = None,
    resend_unknown: bool = False,
    on_event: Callable[[Event], object] | None = None,
    progress: bool | None = None,
) -> Run:
    """Resume a recorded run with its original order, except for new limits and models, and return it.

    A model that was given as an object must be given again, or in its place another one; its image model stays the same. A
    picture on which the judge gave no answer is judged first: by the new `judge`, or once more by the same one. What the
    former models answered stays valid, but what a former judge left undecided is asked of the new one. The
    `confirm_judge` takes the second look at pictures that have had none.

    Args:
        run_id: The id of the run; `runs` lists them.
        limits: What it may use at most from now on, in place of the limits that it had.
        image_model: The same one, or the same list, if it was given as an object or with one.
        judge, planner, reviser, confirm_judge: Models that take over, by their names or as objects; see `run`.
        out: The folder or the bucket that the run is in; by default "onbrief-runs".
        ledger: The URL of the database with their ledger; by default, it is beside the pictures.
        resend_unknown: Send calls again whose outcome is unknown; they may be charged twice.
        on_event: Called with each event as it happens; see `run`.
        progress: Show the progress; see `run`.

    Raises:
        UsageError: `out` has no such run, there is no such model, or one that was an object is not given again.
        LedgerBusy: the run is in use by another process.
    """
    models = _models(image_model, judge, planner, reviser, confirm_judge)
    order = resumed(run_id, _settings_at(out, ledger), _as_settings(limits), models=models, resend_unknown=resend_unknown)
    return _in_sync(order, on_event, progress)


@_explained()
def recover(
    run_id: str | None = None,
    *,
    image_model: str | ImageModel | Sequence[str | ImageModel] | None = None,
    judge: str | Judge | None = None,
    planner: str | Planner | None = None,
    reviser: str | Reviser | None = None,
    confirm_judge: str | Judge | None = None,
    out: str | Path | None = None,
    ledger: str | None = None,
) -> list[LostPicture]:
    """Look for pictures whose answers were lost, at the services that made them, and store those that are found.

    Nothing is started and nothing is paid for. What a run does with a picture that was found is decided when it is resumed:
    `resume` and every start look for lost pictures too.

    Args:
        run_id: The id of a run; by default, all runs are looked at. Those that another process has are left alone.
        image_model, judge, planner, reviser, confirm_judge: Models that were given as objects, again; see `resume`.
        out: The folder or the bucket that the runs are in; by default "onbrief-runs".
        ledger: The URL of the database with their ledger; by default, it is beside the pictures.

    Raises:
        UsageError: `out` has no such run, or a model of this run that was an object is not given again.
        LedgerError: the place cannot be read.
    """
    models = _models(image_model, judge, planner, reviser, confirm_judge)

    async def look() -> list[LostPicture]:
        async with aclosing(recovered(_settings_at(out, ledger), run_id, models)) as found:
            return [lost async for lost in found]

    with ThreadPoolExecutor(1) as thread:  # an event loop may be running here, as in a notebook
        return thread.submit(asyncio.run, look()).result()


@_explained()
def load(run_id: str, *, out: str | Path | None = None, ledger: str | None = None) -> Run:
    """Return a recorded run from its record. Nothing is paid for, and no model is asked.

    Args:
        run_id: The id of the run; `runs` lists them.
        out: The folder or the bucket, such as "s3://bucket/prefix", that the run is in; by default "onbrief-runs".
        ledger: The URL of the database with their ledger; by default, it is beside the pictures.

    Raises:
        UsageError: there is no such run, or it has no record yet.
        LedgerError, StoreError: it cannot be read.
    """
    return recorded_run(run_id, _settings_at(out, ledger))


@_explained()
def runs(*, out: str | Path | None = None, ledger: str | None = None, limit: int | None = None) -> list[ListedRun]:
    """Return the recorded runs, newest first, as small values; `load` of each returns the whole run.

    Args:
        out: The folder or the bucket that they are in; by default "onbrief-runs".
        ledger: The URL of the database with their ledger; by default, it is beside the pictures.
        limit: How many to return, the newest ones.

    Raises:
        UsageError: there is no such folder or bucket.
        LedgerError: it cannot be read, or its runs may not be listed.
    """
    return listed_runs(_settings_at(out, ledger), limit)


@_explained()
def estimate(
    briefs: str | Path | Iterable[str | Mapping[str, object]],
    *,
    limits: Limits | None = None,
    max_total_usd: float | None = None,
    settings: Settings | None = None,
    image_model: str | ImageModel | Sequence[str | ImageModel] | None = None,
    judge: str | Judge | None = None,
    planner: str | Planner | None = None,
    reviser: str | Reviser | None = None,
    confirm_judge: str | Judge | None = None,
) -> Estimate:
    """Return what briefs are expected to use, and the most that they can. Nothing is written; the planner is asked for each
    brief, and nothing else is paid for.

    How many pictures a brief needs is known from the runs in the place of `settings`, if at least 20 of the newest 200 are of
    the same image model; otherwise, 2 are assumed.

    Args:
        briefs: One brief as a text; the Path of a file as for `batch`; or the briefs themselves, each a text or a mapping with
            the columns of such a file.
        limits: What each brief may use at most; by default those of `settings`.
        max_total_usd: What all briefs together may cost, in US dollars.
        settings: Models, policy, folder and so on of briefs that say nothing else.
        image_model, judge, planner, reviser, confirm_judge: The models, by their names or as objects; see `run`.

    Raises:
        UsageError: a brief cannot work.
        ConfigError: a model cannot be used.
        CallError: the planner did not answer.
    """
    from onbrief.batches import all_orders, asked

    models = _models(image_model, judge, planner, reviser, confirm_judge)
    given = replace(settings or Settings(), **_as_settings(limits)).with_models(models)
    wanted = asked([briefs] if isinstance(briefs, str) else briefs, given, models=_objects(models), usd=max_total_usd)

    async def go() -> Estimate:
        return (await estimated_together(await all_orders(wanted), past_of(given)[0], wanted.total_usd))[0]

    with ThreadPoolExecutor(1) as thread:  # an event loop may be running here, as in a notebook
        return thread.submit(asyncio.run, go()).result()


@_explained()
def stats(*, out: str | Path | None = None, ledger: str | None = None) -> tuple[ModelStatistics, ...]:
    """Return how often each image model of the recorded runs met each kind of requirement, and what its runs have used. Runs
    that cannot be read are left out; `runs` names them.

    Args:
        out: The folder or the bucket that they are in; by default "onbrief-runs".
        ledger: The URL of the database with their ledger; by default, it is beside the pictures.

    Raises:
        UsageError: there is no such folder or bucket.
        LedgerError: it cannot be read, or its runs may not be listed.
    """
    return place_statistics(_settings_at(out, ledger)).models


def _settings_at(out: str | Path | None, ledger: str | None) -> Settings:
    return Settings(ledger=ledger or "") if out is None else Settings(out=str(out), ledger=ledger or "")


async def _events(order: Order) -> AsyncGenerator[Event]:
    async with open_pursuit(order) as pursuit, aclosing(pursuit.events()) as events:
        async for event in events:
            try:
                yield event
            finally:  # the caller has it now, also when it closes this generator instead of asking for more
                if isinstance(event, RunEnded):
                    await pursuit.deliver()


def _order(
    brief: str | Path | Brief,
    limits: Limits | None,
    settings: Settings | None,
    models: _Models,
    run_id: str | None,
    seed: int | None,
    resend_unknown: bool,
) -> Order:
    settings = replace(settings or Settings(), **_as_settings(limits)).with_models(models)
    wanted = intake.read(brief, usual=settings.picture_size)
    return Order(
        brief=wanted.brief,
        settings=settings,
        run_id=run_id,
        seed=seed,
        resend_unknown=resend_unknown,
        warnings=wanted.warnings,
        models=_objects(models),
    )


def _judging(
    brief: str | Path | Brief,
    pictures: str | Path | Iterable[str | Path],
    recursive: bool,
    limits: Limits | None,
    settings: Settings | None,
    models: _Models,
    run_id: str | None,
    resend_unknown: bool,
) -> Order:
    settings = replace(settings or Settings(), **_as_settings(limits)).with_models(models)
    wanted = intake.read(brief, draws=False)
    given, warnings = given_pictures(pictures, recursive=recursive)
    return Order(
        brief=wanted.brief,
        settings=settings,
        run_id=run_id,
        resend_unknown=resend_unknown,
        pictures=given,
        warnings=(*wanted.warnings, *warnings),
        models=_objects(models),
    )


def _models(
    image_model: str | ImageModel | Sequence[str | ImageModel] | None,
    judge: str | Judge | None,
    planner: str | Planner | None,
    reviser: str | Reviser | None,
    confirm_judge: str | Judge | None,
) -> _Models:
    """Return the models that are given, by their settings."""
    ladder = tuple(image_model) if isinstance(image_model, list | tuple) else None
    if ladder == ():
        raise UsageError("image_model: the list is empty; expected at least one model")
    given: dict[ModelRole, str | AnyModel | Ladder | None] = {
        "image_model": cast("str | ImageModel | None", image_model) if ladder is None else ladder,
        "judge": judge,
        "planner": planner,
        "reviser": reviser,
        "confirm_judge": confirm_judge,
    }
    return {role: model for role, model in given.items() if model is not None}


def _objects(models: _Models) -> dict[ModelRole, AnyModel | Ladder]:
    return {role: model for role, model in models.items() if is_object(model)}


def _as_settings(limits: Limits | None) -> dict[str, int | float | None]:
    if limits is None:
        return {}
    return {
        "max_images": limits.images,
        "max_attempts": limits.attempts,
        "max_prompts": limits.prompts,
        "max_usd": limits.usd,
        "max_judge_usd": limits.judge_usd,
        "max_seconds": limits.seconds,
    }


def _checked(on_event: Watcher) -> Watcher:
    if not callable(on_event) or inspect.iscoroutinefunction(on_event):
        hint = "to await something for each event, iterate over onbrief.pursue or onbrief.examine"
        raise UsageError.of("on_event", on_event, "a plain function of one event", hint=hint)
    return on_event


async def _watched(pursuit: Pursuit, watchers: Iterable[Watcher]) -> AsyncGenerator[Event]:
    """Yield the events of a pursuit after showing them. If that raises, the pursuit is stopped, so that what is paid for is
    kept, and its result is not delivered: the same order resumes it.
    """
    events = pursuit.events()
    async for event in events:
        try:
            for show in watchers:
                show(event)
        except BaseException as error:
            pursuit.stop()
            try:
                async for _ in events:
                    pass
            except Exception as another:
                raise error from another
            raise
        yield event


@contextmanager
def _shown(progress: bool | None, limits: Limits) -> Generator[Watcher]:
    """Provide a function that shows an event of a run with these limits where its user sees it, if it is to be shown."""
    is_notebook = in_notebook()
    if not progress and (progress is not None or not (is_notebook or sys.stderr.isatty())):
        yield lambda event: None
        return
    from onbrief.progress import narrator

    with bar(limits) if is_notebook else narrator(quiet=False, limits=limits) as show:
        yield show


def _in_sync(order: Order, on_event: Watcher | None, progress: bool | None) -> Run:
    watchers = [_checked(on_event)] if on_event is not None else []

    async def last(interrupts: Interrupts) -> Run:
        ended: Run | None = None
        async with open_pursuit(order) as pursuit:
            interrupts.stop = pursuit.stop
            with _shown(progress, order.settings.limits) as show:
                async for event in _watched(pursuit, [show, *watchers]):
                    if isinstance(event, RunEnded):
                        ended = event.run
            assert ended is not None, "a pursuit ends with RunEnded"
            if interrupts.count and ended.outcome != "cancelled":
                return ended  # nobody gets it, so it is not delivered: the same order returns it, and pays nothing
            try:
                await pursuit.deliver()
            except LedgerError as error:
                return replace(ended, warnings=(*ended.warnings, str(error)))
            return ended

    return completed(last)
