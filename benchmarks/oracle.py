"""An oracle: it knows what is true in the sandbox's world and nobody can know outside, and plays the best order of steps.

It knows, for each prompt at hand and for the next ones that the writer would write now, the true chance that a picture passes
and the true chances that it lacks just one requirement; and for each picture drawn, the true chance that an edit makes it pass.
It does not know what a seed will bring.

It chooses the step with which the chance is greatest that one of the pictures that are left passes, which is also the one with
which the fewest are needed; it does not look at money, and never gives up. Of a prompt alone, that chance is computed exactly,
backwards from the last picture: a picture passes, or lacks one requirement and can be edited from then on, or is of no use; and
each time either another picture is drawn or the best one is edited, whichever is better. A prompt to come is worth what it and
those before it are worth, with one picture of each, since a prompt is not revised before one picture of it was drawn. With
`foresees`, it is: then the oracle buys prompts until a good one comes, which nobody could tell from the others.

Two things are left out, so that the best order may be a little better still: how the findings to come will change the prompts
to come, of which it knows `AHEAD`; and that a picture of one prompt may be edited while those of another are drawn.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field

from benchmarks.playing import CHANGES, Shown, Stage
from onbrief.attempt import Attempt
from onbrief.limits import Limits
from onbrief.policy import Generate, Repair, Revise, Step, seed_of
from onbrief.policy.ends import over
from onbrief.questions.repairs import ByEditor, repair_of
from onbrief.record import Prompt, Run
from onbrief_sandbox import world
from onbrief_sandbox.language import editing, sentences
from onbrief_sandbox.scene import Sight
from onbrief_sandbox.world.changes import NotThereError, done
from onbrief_sandbox.world.draws import chooser
from onbrief_sandbox.world.editing import kind
from onbrief_sandbox.world.numbers import EDIT

AHEAD = 6
"""How many prompts to come are known."""

PATIENCE = 0.97
"""What a pass is worth one picture later: chances close to 1 would not tell the steps apart."""

_TRIES = 4  # of an edit that succeeds, to see how often it does what is asked for: a new thing may lie in the wrong place


@dataclass(slots=True)
class Outlook:
    """The true chances of one prompt: that a picture passes, and, by the chance of an edit to make it pass, that it lacks just
    one requirement.
    """

    passes: float
    near: dict[float, float]
    _values: dict[tuple[int, float], tuple[float, bool]] = field(default_factory=dict[tuple[int, float], tuple[float, bool]])

    def best(self, left: int, edit: float) -> tuple[float, bool]:
        """Return the chance that one of the pictures that are left passes, and whether an edit is the better next step, if an
        edit of the best picture so far passes with chance `edit`.
        """
        if left == 0:
            return 0.0, False
        key = left, edit
        if key not in self._values:
            stays = PATIENCE * self.best(left - 1, edit)[0]
            drawn = self.passes
            for mended, chance in self.near.items():
                drawn += chance * (PATIENCE * self.best(left - 1, mended)[0] if mended > edit else stays)
            drawn += max(0.0, 1 - self.passes - math.fsum(self.near.values())) * stays
            self._values[key] = max((drawn, False), (edit + (1 - edit) * stays, True))
        return self._values[key]


class Knowledge:
    """What the oracle knows of one brief and one image model, whatever happens in a run."""

    def __init__(self, stage: Stage, model: world.Model) -> None:
        self.stage = stage
        self.model: world.Model = model
        self._musts = stage.checklist.musts
        self._claims = {must.id: sentences.read(must.text) or () for must in self._musts}
        self._below = {must.id: {m.id for m in self._musts if must.id in m.parents} for must in self._musts}
        self._outlooks: dict[tuple[str, str], Outlook] = {}
        self._mends: dict[tuple[str, str], float] = {}

    def met(self, prompt: Prompt) -> dict[str, float]:
        """The true chance of each must, by its id, if its parents are met."""
        chances = {atom.claim: chance for atom, chance in self.stage.asked(prompt, self.model).chances}
        return {id_: math.prod(chances.get(claim, 0.0) for claim in claims) for id_, claims in self._claims.items()}

    def outlook(self, prompt: Prompt) -> Outlook:
        """The true chances of a prompt. A must of which the prompt says nothing is never met."""
        key = prompt.text, prompt.negative
        if key not in self._outlooks:
            met = self.met(prompt)
            near: dict[float, float] = {}
            for id_ in met:
                mended = self._usually(id_)
                if mended:
                    lacking = {id_, *self._below[id_]}
                    rest = math.prod(chance for other, chance in met.items() if other not in lacking)
                    near[mended] = near.get(mended, 0.0) + (1 - met[id_]) * rest
            self._outlooks[key] = Outlook(math.prod(met.values()), near)
        return self._outlooks[key]

    def mends(self, shown: Shown, must: str, instruction: str) -> float:
        """The true chance that this edit, for this must, makes a picture pass."""
        key = shown.key, instruction
        if key not in self._mends:
            self._mends[key] = self._mended(shown, must, instruction)
        return self._mends[key]

    def _mended(self, shown: Shown, must: str, instruction: str) -> float:
        edit = editing.read(instruction)
        if edit is None:
            return 0.0
        try:
            after = [done(shown.sight, edit, 1.0, chooser("tried", shown.key, must, str(n))) for n in range(_TRIES)]
        except NotThereError:
            return 0.0
        right = sum(self.stage.judged(sight).passed for sight in after) / _TRIES
        return right * EDIT[kind(edit, shown.sight)] * self._intact(must)

    def _usually(self, must: str) -> float:
        """The chance that an edit for this must makes a picture pass that lacks nothing else but what depends on it. Things are
        added in the number, the colour and the place that they must have.
        """
        edit = editing.read(self.stage.checklist[must].text)
        if edit is None:
            return 0.0
        return round(EDIT[kind(edit, Sight())] * self._intact(must), 3)

    def _intact(self, must: str) -> float:
        """The chance that an edit breaks nothing that is required and that it is not about."""
        about = {must, *self.stage.checklist[must].parents}
        return (1 - EDIT["breaks"]) ** sum(other.id not in about for other in self._musts)


@dataclass(frozen=True, slots=True)
class Oracle:
    """See the top of this file."""

    known: Knowledge
    foresees: bool = False

    def next(self, run: Run, limits: Limits) -> Step:
        """See Policy."""
        if end := over(run, limits):
            return end
        left = limits.images - len(run.attempts)
        edit, step = max(self._repairs(run), key=lambda repair: repair[0], default=(0.0, None))
        outlooks = [self.known.outlook(prompt) for prompt in run.prompts]
        values = [outlook.best(left, edit) for outlook in outlooks]
        best = max(range(len(values)), key=lambda revision: values[revision][0])
        if run.round or self.foresees:
            ahead = self._ahead(run, outlooks, left, edit)
            if ahead > values[best][0] + 1e-9:
                return Revise(True)
        elif values[best][0] > 0 and self._worth_unlocking(run, outlooks, best, left, edit):
            best = run.prompt.revision
        if step and values[best][1]:
            return step
        return Generate(best, (seed_of(run.seed, best, len(run.of_prompt(best))),))

    def _worth_unlocking(self, run: Run, outlooks: list[Outlook], best: int, left: int, edit: float) -> bool:
        """Whether the newest prompt, of which there is no picture, is drawn though it is not the best: for those after it."""
        if best == run.prompt.revision:
            return True
        passes = outlooks[-1].passes
        after = max(self._ahead(run, outlooks, left - 1, edit), max(o.best(left - 1, edit)[0] for o in outlooks))
        return passes + (1 - passes) * PATIENCE * after > outlooks[best].best(left, edit)[0] + 1e-9

    def _ahead(self, run: Run, outlooks: list[Outlook], left: int, edit: float) -> float:
        """The chance that one of the pictures that are left passes, if now the next prompt is written."""
        best, before, failing, at_hand = 0.0, 0.0, 1.0, list(outlooks)
        for number, prompt in enumerate(self._prompts_to_come(run, min(AHEAD, left)), 1):
            outlook = self.known.outlook(prompt)
            at_hand.append(outlook)
            if self.foresees:
                best = max(best, outlook.best(left, edit)[0])
                continue
            before += failing * outlook.passes
            failing *= PATIENCE * (1 - outlook.passes)
            best = max(best, before + failing * max(each.best(left - number, edit)[0] for each in at_hand))
        return best

    def _prompts_to_come(self, run: Run, many: int) -> Iterator[Prompt]:
        history: list[tuple[Prompt, tuple[Attempt, ...]]] = [(p, run.of_prompt(p.revision)) for p in run.prompts]
        for revision in range(len(run.prompts), len(run.prompts) + many):
            revised = self.known.stage.revised(revision, history)
            history.append((revised, ()))
            yield revised

    def _repairs(self, run: Run) -> Iterator[tuple[float, Repair]]:
        """Yield the edits that can be made, each with its chance."""
        for attempt in run.attempts:
            if attempt.base or attempt.verdict is None:
                continue
            lacking = {finding.id for finding in attempt.verdict.unmet}
            roots = [id_ for id_ in lacking if lacking.isdisjoint(self.known.stage.checklist[id_].parents)]
            if len(roots) == 1:
                repair = repair_of(self.known.stage.checklist, attempt, roots[0], CHANGES)
                if isinstance(repair, ByEditor):
                    shown = self.known.stage.drawn(run.prompts[attempt.revision], self.known.model, attempt.seed)
                    seed = seed_of(run.seed, attempt.revision, len(run.of_prompt(attempt.revision)))
                    yield self.known.mends(shown, roots[0], repair.instruction), Repair(attempt.name, roots[0], seed)
