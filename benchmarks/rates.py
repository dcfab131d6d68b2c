"""How often the sandbox's image models get a brief right: plain, after revisions, and by edits; and the published rates.

No picture is painted: what a picture will show is known from its layout. Everything is drawn from texts and seeds, so that
these figures are the same on every machine.
"""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from statistics import mean

from benchmarks import geneval, hard
from onbrief.attempt import Attempt
from onbrief.brief import Brief, Checklist
from onbrief.judging.decide import verdict
from onbrief.record import Prompt
from onbrief_sandbox import world
from onbrief_sandbox.imagining import imagine
from onbrief_sandbox.language import claims, editing
from onbrief_sandbox.language.checks import check
from onbrief_sandbox.language.claims import Claim
from onbrief_sandbox.language.grammar import parse
from onbrief_sandbox.language.planner import SandboxPlanner
from onbrief_sandbox.language.sentences import sentence
from onbrief_sandbox.language.writer import SandboxWriter
from onbrief_sandbox.models import find
from onbrief_sandbox.scene import Sight
from onbrief_sandbox.world.changes import NotThereError
from onbrief_sandbox.world.editing import edited
from onbrief_sandbox.world.numbers import EDIT, PUBLISHED

SIZE = (1024, 1024)
SEEDS = range(4)  # of the pictures that a rate is taken from
REVISIONS = 3
JUDGED = 1000  # the seed of the one picture whose findings a revision is written from; another one for each revision


@dataclass(frozen=True, slots=True)
class Task:
    """A brief, the kind that it is counted under, and what a picture must show to pass."""

    kind: str
    text: str
    claims: frozenset[Claim]


@dataclass(slots=True)
class Edits:
    """Of one kind of edit: how many, how many did what they should, and what became of other claims that held."""

    tried: int = 0
    fixed: int = 0
    right: int = 0
    broken: int = 0


@dataclass(slots=True)
class Pursued:
    """One brief on its way through the loop: its prompts, and what was found in one picture of each."""

    task: Task
    brief: Brief
    checklist: Checklist
    history: list[tuple[Prompt, list[Attempt]]] = field(default_factory=list[tuple[Prompt, list[Attempt]]])

    @property
    def passed(self) -> bool:
        """Whether the last picture passed, so that no further prompt is written."""
        return any(attempt.passed for attempt in self.history[-1][1])


def geneval_tasks() -> list[Task]:
    return [Task(brief.tag, brief.prompt, geneval.expected(brief)) for brief in geneval.briefs()]


def hard_tasks() -> list[Task]:
    return [Task(f"{len(brief.claims)} claims", brief.text, brief.claims) for brief in hard.hard_briefs()]


def sights(prompt: Prompt, model: world.Model, seeds: Iterable[int]) -> list[Sight]:
    """What pictures of this prompt show."""
    asked = world.prospect(parse(prompt.text, prompt.negative), prompt.text, prompt.negative, model)
    return [imagine(asked, SIZE, seed).sight for seed in seeds]


def passes(task: Task, sight: Sight) -> bool:
    return all(check(claim, sight)[0] for claim in task.claims)


def rate(task: Task, prompt: Prompt, model: world.Model) -> float:
    """The share of pictures of this prompt that pass."""
    return mean(passes(task, sight) for sight in sights(prompt, model, SEEDS))


def by_kind(tasks: Sequence[Task], rates: Sequence[float]) -> dict[str, float]:
    """The mean of each kind, and the mean of these."""
    kinds: dict[str, list[float]] = defaultdict(list)
    for task, each in zip(tasks, rates, strict=True):
        kinds[task.kind].append(each)
    means = {kind: mean(each) for kind, each in kinds.items()}
    return {**means, "mean": mean(means.values())}


def plain_rates(tasks: Sequence[Task], model: world.Model) -> list[float]:
    return [rate(task, Prompt(0, task.text), model) for task in tasks]


async def revised_rates(tasks: Sequence[Task], model: world.Model) -> list[list[float]]:
    """The rates of each brief's prompt in use, after none, one, two … revisions. A prompt is revised from the findings of one
    picture each of it and of those before it; a prompt whose picture passed stays in use, as in the loop.
    """
    planner, writer = SandboxPlanner("sandbox:", 0.0), SandboxWriter("sandbox:", 0.0)
    pursued = [await _begun(task, planner) for task in tasks]
    rates = [plain_rates(tasks, model)]
    for revision in range(1, REVISIONS + 1):
        after: list[float] = []
        for each, before in zip(pursued, rates[-1], strict=True):
            if each.passed or _judged_and_passed(each, model):
                after.append(before)
                continue
            revised = await writer.revise(each.brief, each.checklist, revision, each.history)
            each.history.append((Prompt(revision, revised.text, revised.negative), []))
            after.append(rate(each.task, each.history[-1][0], model))
        rates.append(after)
    return rates


async def _begun(task: Task, planner: SandboxPlanner) -> Pursued:
    brief = Brief(text=task.text)
    planned = await planner.checklist(brief)
    return Pursued(task, brief, Checklist.freeze(planned.requirements, brief), [(Prompt.first(brief), [])])


def _judged_and_passed(each: Pursued, model: world.Model) -> bool:
    """Judge one picture of the prompt in use."""
    prompt, attempts = each.history[-1]
    seed = JUDGED + prompt.revision
    (sight,) = sights(prompt, model, [seed])
    found = verdict(each.checklist, [find(requirement, sight) for requirement in each.checklist.requirements])
    attempts.append(Attempt(prompt.revision, 0, seed, verdict=found))
    return found.passed


def edits(tasks: Sequence[Task], model: world.Model) -> dict[str, Edits]:
    """One edit of each picture of the plain prompts that does not pass: of the first claim that does not hold, but whose
    parents do. By the kind of the edit.
    """
    counts: dict[str, Edits] = defaultdict(Edits)
    for task in tasks:
        for seed, sight in zip(SEEDS, sights(Prompt(0, task.text), model, SEEDS), strict=True):
            held = {claim for claim in task.claims if check(claim, sight)[0]}
            wrong = [c for c in claims_in_order(task) if c not in held and held.issuperset(claims.parents(c))]
            edit = editing.read(sentence(wrong[0])) if wrong else None
            if edit is None:
                continue
            try:
                after = edited(sight, edit, f"{task.text}\0{seed}")
            except NotThereError:
                continue
            count = counts[claims.kind(wrong[0])]
            count.tried += 1
            count.fixed += check(wrong[0], after)[0]
            count.right += len(held)
            count.broken += sum(not check(claim, after)[0] for claim in held)
    return counts


def claims_in_order(task: Task) -> list[Claim]:
    """Parents first, else in the order of their sentences."""
    return sorted(task.claims, key=lambda claim: (len(claims.parents(claim)), sentence(claim)))


def main() -> None:
    geneval_all, hard_all = geneval_tasks(), hard_tasks()
    for model in world.MODELS:
        print(f"\nsandbox:{model}, the 553 prompts of GenEval")
        _print_table(geneval_all, asyncio.run(revised_rates(geneval_all, model)), PUBLISHED[model])
        _print_edits(edits(geneval_all, model))
        print(f"\nsandbox:{model}, 200 hard briefs")
        _print_table(hard_all, asyncio.run(revised_rates(hard_all, model)), {})
        _print_edits(edits(hard_all, model))


def _print_table(tasks: Sequence[Task], rates: Sequence[Sequence[float]], published: dict[str, float]) -> None:
    tables = [by_kind(tasks, each) for each in rates]
    numbers = Counter(task.kind for task in tasks)
    later = "".join(f"{f'after {n}':>9}" for n in range(1, len(tables)))
    print(f"  {'':16}{'briefs':>7}{'published':>10}{'plain':>9}{later}")
    for kind in (*sorted(numbers, key=list(published or sorted(numbers)).index), "mean"):
        said = f"{published[kind]:.2f}" if kind in published else ""
        print(f"  {kind:16}{numbers[kind] or len(tasks):7}{said:>10}" + "".join(f"{table[kind]:9.3f}" for table in tables))


def _print_edits(counts: dict[str, Edits]) -> None:
    print(f"  {'edits':16}{'tried':>7}{'fixed':>7}{'rate':>7}{'asked':>7}{'right':>8}{'broken':>8}{'rate':>7}")
    for kind, n in sorted(counts.items()):
        _print_edit(kind, n, f"{EDIT['colour' if kind == 'attribute' else kind]:.2f}")
    sums = [(n.tried, n.fixed, n.right, n.broken) for n in counts.values()]
    _print_edit("all", Edits(*(sum(column) for column in zip(*sums, strict=True))), "")


def _print_edit(kind: str, n: Edits, asked: str) -> None:
    done = f"{n.tried:7}{n.fixed:7}{n.fixed / n.tried:7.2f}{asked:>7}"
    print(f"  {kind:16}{done}{n.right:8}{n.broken:8}{n.broken / n.right:7.2f}")


if __name__ == "__main__":
    main()
