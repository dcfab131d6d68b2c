"""A studio that plays the sandbox's world without painting: it draws the same outcomes for the same prompts and seeds, and
finds in them what the eye finds in the painted pictures. Its clock and its bill are counted, not measured.

An edit is keyed by the bytes of its picture, which are not known here: an edited picture comes out with the same chances as a
painted one, but not always in the same way.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Coroutine, Sequence
from dataclasses import dataclass, field, replace

from onbrief.brief import Brief, Checklist, Requirement
from onbrief.judging.decide import verdict
from onbrief.limits import Limits
from onbrief.loop import pursue
from onbrief.policy import Policy
from onbrief.ports import History, Revised
from onbrief.questions.repairs import ByEditor, repair_of
from onbrief.record import Attempt, Image, Models, Problem, Prompt, Run, Usage, Verdict
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

# The tokens of a real judge's call.
JUDGE_INPUT = 1_230 + 1_600  # words, and the picture
JUDGE_OUTPUT = 30  # for each finding


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
    """

    stage: Stage
    ladder: tuple[Rung, ...]
    terms: Terms = TERMS
    errors: Errors = field(default_factory=Errors)
    usage: Usage = field(default_factory=Usage)
    edits: int = 0
    judged: int = 0
    judge_usd: float = 0.0
    _shown: dict[str, Shown] = field(default_factory=dict[str, Shown])

    async def plan(self, run: Run) -> tuple[Checklist, Sequence[Requirement]]:
        """See ports.Studio. Planning is the same for every policy, and not counted."""
        return self.stage.checklist, ()

    async def revise(self, run: Run, with_history: bool) -> Prompt:
        """See ports.Studio."""
        history: History = [(p, run.of_prompt(p.revision)) for p in run.prompts] if with_history else ()
        self._spend(self.terms.revise_usd, self.terms.revise_seconds, text_calls=1)
        return self.stage.revised(len(run.prompts), history)

    async def attempts(self, run: Run, prompt: Prompt, seeds: Sequence[int], rung: int) -> AsyncGenerator[Attempt]:
        """See ports.Studio."""
        at, first = self.ladder[rung], len(run.of_prompt(prompt.revision))
        made = [
            self._judged(
                Attempt(prompt.revision, number, seed, model=at.name), self.stage.drawn(prompt, at.model, seed), at.usd
            )
            for number, seed in enumerate(seeds, first)
        ]
        self._spend(0.0, self.terms.image_seconds + self.terms.judge_seconds)
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
        self._spend(0.0, self.terms.edit_seconds + self.terms.judge_seconds)
        yield self._judged(attempt, shown, self.terms.edit_usd)

    async def verdicts(self, run: Run, wanted: Callable[[], bool]) -> AsyncGenerator[Attempt]:
        """See ports.Studio."""
        raise NotImplementedError("there are no pictures yet")
        yield

    async def account(self, run: Run) -> Run:
        """See ports.Studio."""
        return replace(run, usage=self.usage)

    def _judged(self, attempt: Attempt, shown: Shown, usd: float) -> Attempt:
        self._shown[attempt.name] = shown
        image = Image(f"{attempt.name}.png", "", shown.key, "image/png", *SIZE, 1)
        output = JUDGE_OUTPUT * len(shown.verdict.findings)
        self._spend(usd + self.terms.judge_usd, 0.0, images=1, judge_calls=1, input_tokens=JUDGE_INPUT, output_tokens=output)
        self.judged += 1
        self.judge_usd += self.terms.judge_usd
        return replace(attempt, image=image, verdict=self._verdict(shown), usd=usd + self.terms.judge_usd)

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
