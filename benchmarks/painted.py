"""Whether a played world is the painted one: the pictures of played runs are painted and seen, and what is found is compared.

    python -m benchmarks.painted [geneval hard long] --every N

An edited picture depends on the bytes of the picture before it. So edits are compared by how often they make a picture pass.
"""

from __future__ import annotations

import argparse
import asyncio
from collections import Counter
from dataclasses import dataclass, field

from benchmarks.playing import CHANGES, SIZE, PlayedStudio, Rung, Shown, Stage, played
from benchmarks.policies import limits_of
from benchmarks.policy import SETS
from onbrief.attempt import Attempt, Verdict
from onbrief.errors import Failed
from onbrief.policy import Classic
from onbrief.questions.repairs import repair_of
from onbrief_sandbox import world
from onbrief_sandbox.editing import edited
from onbrief_sandbox.imagining import picture
from onbrief_sandbox.seeing.eye import look

EDITS = 4  # of a picture that lacks one requirement


@dataclass(slots=True)
class Compared:
    """How many findings and verdicts were compared, and what differed; and how many edits pass, played and painted."""

    findings: int = 0
    verdicts: int = 0
    different: list[str] = field(default_factory=list[str])
    other_verdicts: int = 0
    edits: int = 0
    mended: Counter[str] = field(default_factory=Counter[str])

    def compare(self, name: str, now: Verdict, seen: Verdict) -> None:
        """Compare the findings on one picture, played and painted."""
        self.verdicts += 1
        self.findings += len(now.findings)
        self.other_verdicts += now.passed != seen.passed
        for one, other in zip(now.findings, seen.findings, strict=True):
            if one.verdict != other.verdict:
                self.different.append(f"{name}: {one.id} {one.verdict} ({one.evidence}), painted {other.evidence}")


def compare(text: str, model: world.Model, compared: Compared, edits: int = EDITS, seed: int = 1) -> None:
    """Play one brief with the classic policy, paint all pictures of the run, and edit those that lack one requirement."""
    stage = Stage.of(text)
    run = asyncio.run(played(PlayedStudio(stage, (Rung(model, 0.0),)), limits_of("classic", 8), Classic(), seed))
    for attempt in run.attempts:
        prompt = run.prompts[attempt.revision]
        data, _ = picture(prompt.text, prompt.negative, SIZE, attempt.seed, model)
        shown = stage.drawn(prompt, model, attempt.seed)
        compared.compare(f"{text}, {model} {attempt.name}", shown.verdict, stage.judged(look(data)))
        if instruction := _repair(stage, attempt, shown):
            for number in range(edits):
                compared.edits += 1
                now = stage.edited(shown, instruction, number)
                compared.mended["played"] += now is not None and now.verdict.passed
                compared.mended["painted"] += _mends(stage, data, instruction, number)


def _repair(stage: Stage, attempt: Attempt, shown: Shown) -> str:
    """The edit for the must that is all that a picture lacks, but for what depends on it; empty if there is none."""
    lacking = {finding.id for finding in shown.verdict.unmet}
    roots = [id_ for id_ in lacking if lacking.isdisjoint(stage.checklist[id_].parents)]
    repair = repair_of(stage.checklist, attempt, roots[0], CHANGES) if len(roots) == 1 else None
    return repair.instruction if repair else ""


def _mends(stage: Stage, data: bytes, instruction: str, seed: int) -> bool:
    try:
        return stage.judged(look(edited(data, instruction, seed))).passed
    except Failed:
        return False


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="benchmarks.painted", description=__doc__)
    parser.add_argument("sets", nargs="*", metavar="SET", help=" ".join(SETS))
    parser.add_argument("--every", type=int, default=10, metavar="N", help="only every N-th brief")
    given = parser.parse_args(arguments)
    for name in given.sets or SETS:
        for model in world.MODELS:
            compared = Compared()
            for text in SETS[name]()[:: given.every]:
                compare(text, model, compared)
            print(
                f"{name}, {model}: {compared.verdicts} pictures, {compared.other_verdicts} with another verdict; "
                f"{compared.findings} findings, {len(compared.different)} different; of {compared.edits} edits "
                f"{compared.mended['played']} pass as played, {compared.mended['painted']} as painted",
                *compared.different,
                sep="\n  ",
                flush=True,
            )


if __name__ == "__main__":
    main()
