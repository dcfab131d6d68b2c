"""Runs built by hand: a checklist, prompts, and attempts with results chosen by the test."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from onbrief.attempt import Attempt, Finding, Image, Problem, ProblemKind, Verdict
from onbrief.brief import Brief, Checklist, Requirement
from onbrief.policy import seed_of
from onbrief.record import Models, Prompt, Run

BRIEF = Brief(text="a red circle left of a blue square", size=(64, 64))
CHECKLIST = Checklist(
    (
        Requirement(id="r1", text="there is a circle", kind="object"),
        Requirement(id="r2", text="the circle is red", kind="attribute", parents=("r1",)),
        Requirement(id="r3", text="the light is soft", kind="style", must=False, weight=3.0),
        Requirement(id="r4", text="the lines are thin", kind="style", must=False, weight=2.0),
    )
)
MUSTS = ("r1", "r2")


def image(name: str) -> Image:
    return Image(f"a-run/{name}.png", f"file:///runs/a-run/{name}.png", "0" * 64, "image/png", 64, 64, 123)


def verdict(
    short: Iterable[str] = (), *, undecided: Iterable[str] = (), probability: dict[str, float] | None = None
) -> Verdict:
    """Return a verdict in which `short` are unmet, `undecided` are undecided and the others are met."""
    unmet, open_, given = set(short), set(undecided), probability or {}
    findings: list[Finding] = []
    for requirement in CHECKLIST.requirements:
        id_ = requirement.id
        if id_ in unmet:
            findings.append(Finding(id_, "unmet", given.get(id_, 0.1), "seen"))
        elif id_ in open_:
            findings.append(Finding(id_, "undecided", given.get(id_, 0.5), "unsure"))
        else:
            findings.append(Finding(id_, "met", given.get(id_, 0.9), "seen"))
    return Verdict(not unmet.union(open_).intersection(MUSTS), tuple(findings))


def judged(number: tuple[int, int], verdict: Verdict, seed: int = 1) -> Attempt:
    attempt = Attempt(*number, seed_of(seed, *number))
    return replace(attempt, image=image(attempt.name), verdict=verdict, usd=0.046, seconds=1.5)


def problem(number: tuple[int, int], kind: ProblemKind, message: str = "its words", seed: int = 1) -> Attempt:
    attempt = Attempt(*number, seed_of(seed, *number))
    return replace(attempt, image=image(attempt.name) if kind == "blank" else None, problem=Problem(kind, message), usd=0.04)


def fresh(seed: int = 1) -> Run:
    models = Models("test:painter", "test:critic", "test:writer")
    return Run(
        run_id="a-run",
        seed=seed,
        brief=BRIEF,
        checklist=CHECKLIST,
        prompts=(Prompt.first(BRIEF),),
        models=models,
        started="2026-11-22T10:00:00.000Z",
    )


def history(*attempts: Attempt, prompts: int | None = None) -> Run:
    """Return a run with these attempts and the prompts that they need, or `prompts` prompts if that is more."""
    run = fresh()
    newest = max((attempt.revision for attempt in attempts), default=0)
    for revision in range(1, max(newest + 1, prompts or 0)):
        run = run.with_prompt(Prompt(revision, f"prompt {revision}", "", "what fell short"))
    for attempt in attempts:
        run = run.with_attempt(attempt)
    return run
