"""A studio that plays the sandbox's world without painting: it draws the same outcomes for the same prompts and seeds, and
finds in them what the eye finds in the painted pictures. Its clock and its bill are counted, not measured.

An edit is keyed by the bytes of its picture, which are not known here: an edited picture comes out with the same chances as a
painted one, but not always in the same way.
"""

from __future__ import annotations

import math
from collections.abc import AsyncGenerator, Callable, Coroutine, Sequence
from dataclasses import dataclass, field, replace

from onbrief.attempt import Attempt, Image, Problem, Verdict
from onbrief.brief import Brief, Checklist, Requirement
from onbrief.judging.decide import verdict
from onbrief.judging.splitting import first_question, holds
from onbrief.limits import Limits
from onbrief.loop import pursue
from onbrief.policy import Policy
from onbrief.policy.chances import Chances, Source
from onbrief.policy.priors import usual_priors
from onbrief.ports import History, Revised
from onbrief.providers.language.counting import judging_tokens
from onbrief.questions.repairs import ByEditor, repair_of
from onbrief.record import Models, Prompt, Run, Usage
from onbrief_sandbox import world
from onbrief_sandbox.erring import ErringEye, Errors
from onbrief_sandbox.imagining import imagine
from onbrief_sandbox.language import editing
from onbrief_sandbox.language.grammar import parse
from onbrief_sandbox.language.planner import requirements
from onbrief_sandbox.language.writer import SandboxWriter
from onbrief_sandbox.models import SandboxImageModel, find
from onbrief_sandbox.scene import Sight
from onbrief_sandbox.world.changes import NotThereError
from onbrief_sandbox.world.editing import edited

SIZE = (1024, 1024)
CHANGES = SandboxImageModel("sandbox:", 0.0, 0.0).changes
"""What the sandbox's editor can change."""

STARTED = "2026-01-01T00:00:00.000Z"


@dataclass(frozen=True, slots=True)
class Terms:
    """US dollars and seconds of one call of each kind."""

    image_usd: float = 0.04
    edit_usd: float = 0.07
    judge_usd: float = 0.006
    revise_usd: float = 0.005
    image_seconds: float = 5.0
    edit_seconds: float = 6.0
    judge_seconds: float = 2.0
    revise_seconds: float = 2.0


TERMS = Terms()


def question_usd(requirements: int) -> float:
    """The US dollars of a question about this number of requirements to a judge that is paid by tokens: 3 dollars for a million
    tokens of input and 15 of output.
    """
    tokens = judging_tokens(requirements)
    return (3 * tokens.input + 15 * tokens.output) / 1e6


@dataclass(frozen=True, slots=True)
class Rung:
    """One image model of a ladder, with the price of a picture in US dollars."""

    model: world.Model
    usd: float = TERMS.image_usd

    @property
    def name(self) -> str:
        """The name that the model has in a record."""
        return f"sandbox:{self.model}"


@dataclass(frozen=True, slots=True)
class Shown:
    """What a picture shows, and the verdict on it. `key` stands for its bytes."""

    key: str
    sight: Sight
    verdict: Verdict


@dataclass(slots=True)
class Stage:
    """One brief and what has been found out about it, for all runs of it: its checklist, its prompts and its pictures."""

    brief: Brief
    checklist: Checklist
    _asked: dict[tuple[str, str, world.Model], world.Prospect] = field(default_factory=dict)
    _drawn: dict[tuple[str, str, world.Model, int], Shown] = field(default_factory=dict)
    _revised: dict[tuple[int, tuple[tuple[str, tuple[frozenset[str], ...]], ...]], Prompt] = field(default_factory=dict)

    @classmethod
    def of(cls, text: str) -> Stage:
        brief = Brief(text=text)
        return cls(brief, Checklist.freeze(requirements(brief), brief))

    def asked(self, prompt: Prompt, model: world.Model) -> world.Prospect:
        """The chances of this prompt."""
        key = prompt.text, prompt.negative, model
        if key not in self._asked:
            self._asked[key] = world.prospect(parse(prompt.text, prompt.negative), prompt.text, prompt.negative, model)
        return self._asked[key]

    def drawn(self, prompt: Prompt, model: world.Model, seed: int) -> Shown:
        """The picture of this prompt and seed."""
        key = prompt.text, prompt.negative, model, seed
        if key not in self._drawn:
            sight = imagine(self.asked(prompt, model), SIZE, seed).sight
            self._drawn[key] = Shown("\0".join(map(str, key)), sight, self.judged(sight))
        return self._drawn[key]

    def edited(self, shown: Shown, instruction: str, seed: int) -> Shown | None:
        """The picture after this edit; None if the picture does not show what the edit is about."""
        edit = editing.read(instruction)
        assert edit, f"the sandbox's editor does not understand {instruction!r}"
        key = f"{shown.key}\0{instruction}\0{seed}"
        try:
            sight = edited(shown.sight, edit, key)
        except NotThereError:
            return None
        return Shown(key, sight, self.judged(sight))

    def revised(self, revision: int, history: History) -> Prompt:
        """The prompt that the writer writes after these."""
        seen = tuple((p.text, tuple(a.verdict.ids("unmet") for a in attempts if a.verdict)) for p, attempts in history)
        key = revision, seen
        if key not in self._revised:
            writing = SandboxWriter("sandbox:", 0.0).revise(self.brief, self.checklist, revision, history)
            revised = _at_once(writing)
            self._revised[key] = Prompt(revision, revised.text, revised.negative, revised.reason)
        return self._revised[key]

    def judged(self, sight: Sight) -> Verdict:
        return verdict(self.checklist, [find(requirement, sight) for requirement in self.checklist.requirements])


@dataclass(slots=True)
class PlayedStudio:
    """See ports.Studio. Pictures of one round are drawn and judged concurrently, by a judge that makes these `errors`; each
    attempt is yielded when it is judged. `usage` is what has been spent, `judged` the number of pictures judged.

    With `spare`, the judge is paid by tokens, and asked about some musts first where that is cheaper: see judging/splitting.py.
    `once_usd` is what asking everything once would have cost.
    """

    stage: Stage
    ladder: tuple[Rung, ...]
    terms: Terms = TERMS
    errors: Errors = field(default_factory=Errors)
    spare: int | None = None
    usage: Usage = field(default_factory=Usage)
    edits: int = 0
    judged: int = 0
    judge_usd: float = 0.0
    once_usd: float = 0.0
    _shown: dict[str, Shown] = field(default_factory=dict[str, Shown])

    async def plan(self, run: Run) -> tuple[Checklist, Sequence[Requirement]]:
        """See ports.Studio. Planning is the same for every policy, and not counted."""
        return self.stage.checklist, ()

    async def revise(self, run: Run, with_history: bool, rung: int | None) -> Prompt:
        """See ports.Studio."""
        history: History = [(p, run.of_prompt(p.revision)) for p in run.prompts] if with_history else ()
        self._spend(self.terms.revise_usd, self.terms.revise_seconds, text_calls=1)
        return self.stage.revised(len(run.prompts), history)

    async def attempts(self, run: Run, prompt: Prompt, seeds: Sequence[int], rung: int) -> AsyncGenerator[Attempt]:
        """See ports.Studio."""
        at = self.ladder[rung]
        first = self._first_question(run, Source(rung, prompt.revision))
        made: list[Attempt] = []
        longest = 0.0
        for number, seed in enumerate(seeds, len(run.of_prompt(prompt.revision))):
            attempt = Attempt(prompt.revision, number, seed, model=at.name)
            attempt, seconds = self._judged(attempt, self.stage.drawn(prompt, at.model, seed), at.usd, first)
            made.append(attempt)
            longest = max(longest, seconds)
        self._spend(0.0, self.terms.image_seconds + longest)
        for attempt in made:
            yield attempt

    async def repair(self, run: Run, of: Attempt, must: str, seed: int, rung: int) -> AsyncGenerator[Attempt]:
        """See ports.Studio. An edit that finds nothing to change in the picture is paid for too."""
        assert not of.base, "an edit starts from a drawn picture"
        attempt = Attempt(
            of.revision, len(run.of_prompt(of.revision)), seed, model=self.ladder[rung].name, base=of.name, must=must
        )
        repair = repair_of(self.stage.checklist, of, must, CHANGES)
        assert isinstance(repair, ByEditor)
        shown = self.stage.edited(self._shown[of.name], repair.instruction, seed)
        self.edits += 1
        if shown is None:
            self._spend(self.terms.edit_usd, self.terms.edit_seconds, images=1)
            yield replace(attempt, problem=Problem("failed", "there is nothing to be changed"), usd=self.terms.edit_usd)
            return
        attempt, seconds = self._judged(attempt, shown, self.terms.edit_usd)
        self._spend(0.0, self.terms.edit_seconds + seconds)
        yield attempt

    async def verdicts(self, run: Run, wanted: Callable[[], bool]) -> AsyncGenerator[Attempt]:
        """See ports.Studio."""
        raise NotImplementedError("there are no pictures yet")
        yield

    async def account(self, run: Run) -> Run:
        """See ports.Studio."""
        return replace(run, usage=self.usage)

    def _first_question(self, run: Run, source: Source) -> tuple[str, ...]:
        """What the judge is asked about first in the next pictures of this source; nothing if it is asked all at once."""
        if self.spare is None:
            return ()
        outlooks = Chances(run, run.models.ladder or (run.models.image,), usual_priors()).outlooks(source)
        return first_question(self.stage.checklist, outlooks, question_usd, self.spare)

    def _judged(self, attempt: Attempt, shown: Shown, usd: float, first: tuple[str, ...] = ()) -> tuple[Attempt, float]:
        """The attempt with its verdict, and how many seconds the judge took."""
        self._shown[attempt.name] = shown
        image = Image(f"{attempt.name}.png", "", shown.key, "image/png", *SIZE, 1)
        checklist, found = self.stage.checklist, self._verdict(shown)
        total = len(checklist.requirements)
        questions = [total]
        if first:
            seen = verdict(checklist, [finding for finding in found.findings if finding.id in first], asked=first)
            holding = holds(checklist, seen, self.spare or 0)
            questions = [len(first), total - len(first)] if holding else [len(first)]
            found = found if holding else seen
        tokens = [judging_tokens(number) for number in questions]
        paid = self.terms.judge_usd if self.spare is None else math.fsum(map(question_usd, questions))
        self._spend(
            usd + paid,
            0.0,
            images=1,
            judge_calls=len(questions),
            input_tokens=sum(each.input for each in tokens),
            output_tokens=sum(each.output for each in tokens),
        )
        self.judged += 1
        self.judge_usd += paid
        self.once_usd += self.terms.judge_usd if self.spare is None else question_usd(total)
        return replace(attempt, image=image, verdict=found, usd=usd + paid), self.terms.judge_seconds * len(questions)

    def right(self, attempt: Attempt) -> bool:
        """Whether a picture is right, whatever the judge says of it."""
        return self._shown[attempt.name].verdict.passed

    def _verdict(self, shown: Shown) -> Verdict:
        if not self.errors:
            return shown.verdict
        requirements = self.stage.checklist.requirements
        return verdict(
            self.stage.checklist, ErringEye(self.errors).see(shown.key.encode(), requirements, shown.verdict.findings)
        )

    def _spend(self, usd: float, seconds: float, **calls: int) -> None:
        now = self.usage
        counts = {name: getattr(now, name) + number for name, number in calls.items()}
        self.usage = replace(now, usd=round((now.usd or 0.0) + usd, 6), seconds=now.seconds + seconds, **counts)


def _at_once(writing: Coroutine[object, object, Revised]) -> Revised:
    """What a coroutine returns that never waits."""
    try:
        writing.send(None)
    except StopIteration as stop:
        return stop.value
    raise RuntimeError("it waits")


async def played(studio: PlayedStudio, limits: Limits, policy: Policy, seed: int) -> Run:
    """Pursue the studio's brief to its end."""
    models = tuple(rung.name for rung in studio.ladder)
    names = Models(models[0], "sandbox:", "sandbox:", ladder=models if len(models) > 1 else ())
    run = Run(run_id="played", seed=seed, brief=studio.stage.brief, models=names, started=STARTED)
    async for event in pursue(run, studio, limits, policy):
        run = event.run
    return run
