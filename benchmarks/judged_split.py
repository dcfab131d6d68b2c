"""What judging costs a run of each policy if everything is asked at once, and if some musts are asked about first where that is
cheaper; see onbrief/judging/splitting.py.

    python -m benchmarks.judged_split [--every 10] [--seeds 2]

The pictures are those that the policy makes if everything is asked at once, in the sandbox's world, played without painting.
They are judged in the order of their prompts. The judge costs 3 dollars for a million tokens of input and 15 of output, as real
ones do. `spare` is how many musts may be missing in the answer to the first question for the rest to be asked: 1 keeps pictures
that lack one thing, which could be repaired. A picture that is decided in another way is an error.
"""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from multiprocessing import get_context

from benchmarks.playing import TERMS, PlayedStudio, Rung, Stage, played
from benchmarks.policies import POLICIES, limits_of
from benchmarks.policy import SETS
from onbrief.attempt import Attempt, Verdict
from onbrief.brief import Checklist
from onbrief.judging.decide import verdict
from onbrief.judging.splitting import first_question, holds
from onbrief.policy.chances import Chances, Source
from onbrief.policy.priors import usual_priors
from onbrief.providers.language.counting import judging_tokens
from onbrief.record import Run
from onbrief_sandbox.world import MODELS, Model

IMAGES = 20
PLAYED = ("classic", "adaptive", "plain")
SPARES = (0, 1)


@dataclass(frozen=True, slots=True)
class Row:
    """What all runs of one set, model and policy spend on judging: once is everything at once, split is by `spare`."""

    pictures: int = 0
    once: float = 0.0
    split: tuple[float, ...] = (0.0,) * len(SPARES)

    def __add__(self, other: Row) -> Row:
        both = tuple(map(float.__add__, self.split, other.split))
        return Row(self.pictures + other.pictures, self.once + other.once, both)


def cost(requirements: int) -> float:
    """The US dollars of a question."""
    tokens = judging_tokens(requirements)
    return (3 * tokens.input + 15 * tokens.output) / 1e6


def judged(run: Run, attempt: Attempt, full: Verdict, spare: int) -> tuple[Verdict, float]:
    """The verdict on the next picture of a run, and what it costs, where some musts may be asked about first."""
    assert run.checklist is not None
    checklist, total = run.checklist, len(run.checklist.requirements)
    outlooks = Chances(run, (run.models.image,), usual_priors()).outlooks(Source(0, attempt.revision))
    first = () if attempt.base else first_question(checklist, outlooks, cost, spare)
    if not first:
        return full, cost(total)
    found = verdict(checklist, [finding for finding in full.findings if finding.id in first], asked=first)
    if holds(checklist, found, spare):
        return full, cost(len(first)) + cost(total - len(first))
    return found, cost(len(first))


def split(run: Run, checklist: Checklist, spare: int) -> float:
    """The US dollars for judging the pictures of a run, one after the other.

    Raises:
        AssertionError: a picture passes that did not, or the other way round.
    """
    usd, known = 0.0, replace(run, checklist=checklist, attempts=())
    for attempt in run.attempts:
        if attempt.verdict:
            found, paid = judged(known, attempt, attempt.verdict, spare)
            assert found.passed == attempt.passed, f"{attempt.name} is decided in another way"
            attempt, usd = replace(attempt, verdict=found), usd + paid
        known = known.with_attempt(attempt)
    return usd


def rows_of(seeds: int, brief: tuple[str, str]) -> list[tuple[tuple[str, str, str], Row]]:
    """What the runs of one brief add to each row."""
    name, text = brief
    stage = Stage.of(text)
    return [((name, model, policy), _row(stage, model, policy, seeds)) for model in MODELS for policy in PLAYED]


def _row(stage: Stage, model: Model, policy: str, seeds: int) -> Row:
    row = Row()
    for seed in range(1, seeds + 1):
        ladder = (Rung(model, TERMS.image_usd),)
        run = asyncio.run(played(PlayedStudio(stage, ladder), limits_of(policy, IMAGES), POLICIES[policy](ladder), seed))
        pictures = sum(attempt.verdict is not None for attempt in run.attempts)
        once = pictures * cost(len(stage.checklist.requirements))
        row += Row(pictures, once, tuple(split(run, stage.checklist, spare) for spare in SPARES))
    return row


def table(every: int, seeds: int, processes: int = 2) -> dict[tuple[str, str, str], Row]:
    """All rows."""
    briefs = [(name, text) for name, texts in SETS.items() for text in texts()[::every]]
    found: dict[tuple[str, str, str], Row] = {}
    with get_context("fork").Pool(processes) as pool:
        for some in pool.imap(partial(rows_of, seeds), briefs):
            for key, row in some:
                found[key] = found.get(key, Row()) + row
    return found


def lines(rows: dict[tuple[str, str, str], Row]) -> Iterator[str]:
    yield "| briefs | model | policy | pictures | judging, all at once | spare 0 | spare 1 |"
    yield "| --- | --- | --- | --- | --- | --- | --- |"
    for (name, model, policy), row in sorted(rows.items()):
        shares = " | ".join(f"{usd / row.once:.2f} x" for usd in row.split)
        yield f"| {name} | sandbox:{model} | {policy} | {row.pictures} | ${row.once:.2f} | {shares} |"


def main() -> None:
    parser = argparse.ArgumentParser(prog="benchmarks.judged_split", description=__doc__)
    parser.add_argument("--every", type=int, default=10, metavar="N", help="only every N-th brief")
    parser.add_argument("--seeds", type=int, default=2, metavar="N", help="runs of each brief")
    given = parser.parse_args()
    print("\n".join(lines(table(given.every, given.seeds))))


if __name__ == "__main__":
    main()
