"""What it is worth to begin with rates that the runs of other briefs have taught, for a model that priors.toml does not know.

    python -m benchmarks.learned hard --every 2 --seeds 3 --images 15

The model is the sandbox's sdxl under another name, so that the policy expects it to be as good as most. One run of every second
brief teaches. Then the other briefs are played with the `usual` rates, with the `learned` ones, and with those that priors.toml
has for sdxl (`known`).
"""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, replace

from benchmarks.figures import per_passed, table
from benchmarks.intervals import ratio
from benchmarks.playing import PlayedStudio, Rung, Stage, played
from benchmarks.policies import means
from benchmarks.policy import SETS, outcome
from benchmarks.runs import Played
from onbrief.limits import Limits
from onbrief.policy import Adaptive, Priors, usual_priors
from onbrief.record import Run
from onbrief.run_statistics import statistics_of


@dataclass(frozen=True, slots=True)
class Unknown(Rung):
    """A model of the sandbox whose name says nothing."""

    @property
    def name(self) -> str:
        """See Rung."""
        return "sandbox:unknown"


LADDER = (Unknown("sdxl"),)


def _run(stage: Stage, priors: Priors, images: int, seed: int) -> tuple[PlayedStudio, Run]:
    studio, policy = PlayedStudio(stage, LADDER), Adaptive(means=means(LADDER), priors=priors)
    return studio, asyncio.run(played(studio, Limits(images=images), policy, seed))


def play(name: str, every: int, seeds: int, images: int, taught: int | None = None) -> Iterator[Played]:
    """Yield the runs of the briefs of a set that taught nothing; `taught` is how many others teach at most."""
    stages = [(number, Stage.of(text)) for number, text in enumerate(SETS[name]()) if number % every == 0]
    usual = usual_priors()
    teaching = statistics_of(_run(stage, usual, images, 1)[1] for _, stage in stages[::2][:taught])
    learned = replace(usual, learned={one.model: one.opening for one in teaching})
    known = replace(usual, names={"unknown": "sdxl"})
    for policy, priors in (("usual", usual), ("learned", learned), ("known", known)):
        for number, stage in stages[1::2]:
            for seed in range(1, seeds + 1):
                yield outcome(*_run(stage, priors, images, seed), name, number, ("sdxl", images, policy, seed))


def main() -> None:
    parser = argparse.ArgumentParser(prog="benchmarks.learned", description=__doc__)
    parser.add_argument("set", choices=list(SETS))
    for option, default in (("every", 2), ("seeds", 3), ("images", 15), ("taught", None)):
        parser.add_argument(f"--{option}", type=int, default=default, metavar="N")
    given = parser.parse_args()
    runs = list(play(given.set, given.every, given.seeds, given.images, given.taught))
    print(table(runs))
    usual, *others = ([run for run in runs if run.policy == policy] for policy in ("usual", "learned", "known"))
    for other in others:
        for what in ("images", "usd"):
            found, (low, high) = per_passed(other, what) / per_passed(usual, what), ratio(other, usual, what)
            print(f"{what} of {other[0].policy} to those of usual: {found:.2f} ({low:.2f} to {high:.2f})")


if __name__ == "__main__":
    main()
