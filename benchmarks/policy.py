"""How many pictures, how much money and how long each policy takes for an accepted picture, in the sandbox's world.

    python -m benchmarks.policy [geneval hard long] --every 4 --seeds 1 --images 15 --policies classic,adaptive

No picture is painted (see playing.py), and everything is drawn from texts and seeds: the figures are the same on every machine.
"""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from functools import partial
from itertools import product
from multiprocessing import get_context
from pathlib import Path

from benchmarks import geneval, hard, long
from benchmarks.figures import answers, table
from benchmarks.oracle import Knowledge
from benchmarks.playing import TERMS, PlayedStudio, Rung, Stage, played
from benchmarks.plotting import plot
from benchmarks.policies import CLASSIC, ORACLES, POLICIES, SPARE, limits_of, made
from benchmarks.runs import Played, kept, line
from onbrief.record import Run
from onbrief_sandbox.erring import Errors
from onbrief_sandbox.world import MODELS, Model

SETS: dict[str, Callable[[], list[str]]] = {
    "geneval": lambda: [brief.prompt for brief in geneval.briefs()],
    "hard": lambda: [brief.text for brief in hard.hard_briefs()],
    "long": lambda: [brief.text for brief in long.long_briefs()],
}
LADDER = ("sdxl@0.01", "modern", "sdxl@0.01+modern")
ERRORS = Errors(false_accept=0.03, false_reject=0.1)
PROCESSES = 2

Which = tuple[str, int, str, int]
"""The model, the limit of images, the policy and the seed of a run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What is played: every so many briefs of these sets, with these seeds, limits, models and policies."""

    sets: tuple[str, ...] = tuple(SETS)
    every: int = 1
    seeds: int = 6
    images: tuple[int, ...] = tuple(CLASSIC)
    models: tuple[str, ...] = MODELS
    policies: tuple[str, ...] = (*POLICIES, *ORACLES)
    errors: Errors = field(default_factory=Errors)
    split: bool = False

    @property
    def briefs(self) -> list[tuple[str, int, str]]:
        """The briefs: the set of each, its place in it, and its text."""
        return [(name, n, text) for name in self.sets for n, text in enumerate(SETS[name]()) if n % self.every == 0]


def ladder_of(models: str) -> tuple[Rung, ...]:
    """The image models that a text names: "sdxl", or "sdxl@0.01+modern" with a price and another one that is dearer."""
    by_name: dict[str, Model] = {model: model for model in MODELS}
    named = (one.partition("@") for one in models.split("+"))
    return tuple(Rung(by_name[name], float(usd) if usd else TERMS.image_usd) for name, _, usd in named)


def runs_of(choice: Choice, brief: tuple[str, int, str, frozenset[Which]]) -> list[Played]:
    """All runs of one brief, but for those that there are already."""
    name, number, text, done = brief
    stage = Stage.of(text)
    known = {model: Knowledge(stage, ladder_of(model)[0].model) for model in choice.models}
    every = product(choice.models, choice.images, choice.policies, range(1, choice.seeds + 1))
    return [_run(choice, name, number, known[which[0]], which) for which in every if which not in done]


def _run(choice: Choice, name: str, number: int, known: Knowledge, which: Which) -> Played:
    model, images, policy, seed = which
    ladder = ladder_of(model)
    spare = SPARE.get(policy, 0) if choice.split else None
    studio = PlayedStudio(known.stage, ladder, errors=choice.errors, spare=spare)
    run = asyncio.run(played(studio, limits_of(policy, images), made(policy, ladder, known), seed))
    return outcome(studio, run, name, number, which)


def outcome(studio: PlayedStudio, run: Run, name: str, number: int, which: Which) -> Played:
    """What a run came to that this studio has played, of the brief with this number of a set."""
    model, images, policy, seed = which
    if run.outcome == "failed":
        raise RuntimeError(f"{name} {number}, {policy}: {run.reason}")
    accepted = next((attempt for attempt in run.attempts if attempt.passed), None)
    return Played(
        set=name,
        brief=number,
        model=model,
        limit=images,
        policy=policy,
        seed=seed,
        passed=accepted is not None,
        right=accepted is not None and studio.right(accepted),
        images=run.usage.images,
        edits=studio.edits,
        prompts=len(run.prompts),
        judged=studio.judged,
        judge_calls=run.usage.judge_calls,
        tokens=run.usage.input_tokens + run.usage.output_tokens,
        usd=run.usage.usd or 0.0,
        judge_usd=round(studio.judge_usd, 6),
        once_usd=round(studio.once_usd, 6),
        seconds=run.usage.seconds,
    )


def play(choice: Choice, processes: int = PROCESSES, there: Sequence[Played] = ()) -> Iterator[Played]:
    """Yield all runs that are not there already, in the order of the briefs."""
    done: dict[tuple[str, int], set[Which]] = {}
    for run in there:
        done.setdefault((run.set, run.brief), set()).add((run.model, run.limit, run.policy, run.seed))
    briefs = [(name, number, text, frozenset(done.get((name, number), ()))) for name, number, text in choice.briefs]
    if processes == 1:
        for brief in briefs:
            yield from runs_of(choice, brief)
        return
    with get_context("fork").Pool(processes) as pool:
        for some in pool.imap(partial(runs_of, choice), briefs, chunksize=2):
            yield from some


def main(arguments: list[str] | None = None) -> None:
    given = _parser().parse_args(arguments)
    default = Choice()
    choice = Choice(
        sets=tuple(given.sets) or default.sets,
        every=given.every,
        seeds=given.seeds,
        images=tuple(int(number) for number in given.images.split(",")),
        models=LADDER if given.ladder else tuple(given.models.replace("sandbox:", "").split(",")),
        policies=tuple(name for name in given.policies.split(",") if not (given.ladder and name in ORACLES)),
        errors=ERRORS if given.erring else Errors(),
        split=given.split,
    )
    runs = kept(given.keep) if given.keep and given.keep.exists() else []
    with given.keep.open("a", encoding="utf-8") if given.keep else nullcontext() as file:
        for run in play(choice, given.processes, tuple(runs)):
            runs.append(run)
            if file:
                print(line(run), file=file, flush=True)
    print(table(runs))
    print(f"\n{answers(runs)}")
    if given.plot:
        given.plot.write_text(plot(runs), "utf-8")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="benchmarks.policy", description=__doc__)
    parser.add_argument("sets", nargs="*", metavar="SET", choices=[*SETS, []], help=" ".join(SETS))
    parser.add_argument("--every", type=int, default=1, metavar="N", help="only every N-th brief")
    parser.add_argument("--seeds", type=int, default=6, metavar="N", help="runs of each brief")
    parser.add_argument("--images", default=",".join(map(str, CLASSIC)), metavar="N,…", help="limits of images")
    parser.add_argument("--models", default=",".join(f"sandbox:{model}" for model in MODELS), metavar="NAME,…")
    parser.add_argument("--policies", default=",".join((*POLICIES, *ORACLES)), metavar="NAME,…")
    parser.add_argument(
        "--ladder", action="store_true", help="a cheap and a dear image model, each alone and as a ladder; no oracle"
    )
    parser.add_argument("--erring", action="store_true", help="with a judge that errs")
    parser.add_argument("--split", action="store_true", help="with a judge that is paid by tokens, and asked in two questions")
    parser.add_argument("--processes", type=int, default=PROCESSES, metavar="N")
    parser.add_argument("--keep", type=Path, metavar="FILE", help="add runs to FILE; those in it are not played again")
    parser.add_argument("--plot", type=Path, metavar="FILE", help="draw an SVG of the share passed by images spent")
    return parser


if __name__ == "__main__":
    main()
