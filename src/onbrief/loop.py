"""The loop: checklist, prompt, pictures, verdicts, and the policy's next step, until the policy says stop. For pictures that
exist already there is a shorter one: checklist, verdicts.

The loop itself does no I/O. The studio draws, judges and writes, each paid step through the ledger, and returns what the
ledger already has without paying again. So an interrupted run is resumed by running this function again.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace

from onbrief.attempt import Attempt
from onbrief.errors import OnbriefError
from onbrief.events import ChecklistFrozen, Event, ImageJudged, ImageMade, PromptChosen, RunEnded
from onbrief.limits import Limits
from onbrief.policy import Generate, Policy, Repair, Revise, Stop, judged
from onbrief.ports import Studio
from onbrief.record import Prompt, Run


async def pursue(run: Run, studio: Studio, limits: Limits, policy: Policy) -> AsyncGenerator[Event]:
    """Pursue the brief of a new run to its end, and yield an event for everything that happens.

    An OnbriefError ends the run with the outcome of the error's class. The last event is always RunEnded, with the best
    picture so far.
    """
    fault = ""
    try:
        checklist, added = await studio.plan(run)
        yield ChecklistFrozen(run := await studio.account(replace(run, checklist=checklist)))
        run = run.with_prompt(Prompt.first(run.brief, added))
        yield PromptChosen(run)
        while run.outcome is None:
            match policy.next(run, limits):
                case Revise(with_history, reason, rung):
                    run = run.with_prompt(replace(await studio.revise(run, with_history, rung), decided=reason))
                    yield PromptChosen(run := await studio.account(run))
                case Generate() | Repair() as step:
                    async with aclosing(_pictures(run, studio, step)) as attempts:
                        async for made in attempts:
                            attempt = replace(made, decided=step.reason)
                            run = await studio.account(run.with_attempt(attempt))
                            yield ImageJudged(run, attempt) if attempt.complete else ImageMade(run, attempt)
                    run = await studio.account(run)
                case Stop(outcome, reason):
                    run = run.ended_as(outcome, reason)
    except OnbriefError as error:
        run, fault = run.ended_as(error.outcome, error.explained), type(error).__name__
    yield RunEnded(await studio.account(run), fault=fault)


def _pictures(run: Run, studio: Studio, step: Generate | Repair) -> AsyncGenerator[Attempt]:
    if isinstance(step, Repair):
        return studio.repair(run, run.named(step.of), step.must, step.seed, step.rung)
    return studio.attempts(run, run.prompts[step.revision], step.seeds, step.rung)


async def judge(run: Run, studio: Studio, limits: Limits) -> AsyncGenerator[Event]:
    """Judge the pictures of a new run, which exist already: they are its attempts. Otherwise as `pursue`."""
    fault = ""
    try:
        checklist, _ = await studio.plan(run)
        yield ChecklistFrozen(run := await studio.account(replace(run, checklist=checklist)))
        async with aclosing(studio.verdicts(run, lambda: judged(run, limits) is None)) as attempts:
            async for attempt in attempts:
                run = await studio.account(run.with_attempt(attempt))
                yield ImageJudged(run, attempt)
        if stop := judged(await studio.account(run), limits):
            run = run.ended_as(stop.outcome, stop.reason)
    except OnbriefError as error:
        run, fault = run.ended_as(error.outcome, error.explained), type(error).__name__
    yield RunEnded(await studio.account(run), fault=fault)
