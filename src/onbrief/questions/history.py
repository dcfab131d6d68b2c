"""What a reviser is shown of the prompts so far: each with its results, and what follows from them for the next one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from onbrief.attempt import Answer, Attempt, Finding, Problem, Verdict
from onbrief.brief import Brief, Checklist
from onbrief.ports import History
from onbrief.record import Prompt

SHOWN_PROMPTS = 8  # the newest ones, and the best one
SHOWN_EVIDENCE = 3  # for each requirement and prompt, the latest
_LONGEST = 200  # characters of an evidence or a problem
_FOUR_BYTES = "\N{DESERET CAPITAL LETTER LONG I}"  # as many as a character can have
_MOSTLY = 0.75  # of the musts: with so many met, only what failed is changed


@dataclass(slots=True)
class _Result:
    """What the pictures of a prompt showed of a requirement. `own` counts answers where what it presupposes was not missing."""

    own: Counter[Answer] = field(default_factory=Counter[Answer])
    short: int = 0
    seen: list[str] = field(default_factory=list[str])
    with_it: dict[str, None] = field(default_factory=dict[str, None])


def table(history: History, checklist: Checklist) -> list[dict[str, object]]:
    """Return the newest prompts and the best one, each with its results."""
    best = _best(history, checklist)
    newest = history[-SHOWN_PROMPTS:]
    shown = newest if any(tried is best for tried in newest) else [best, *newest[1:]]
    return [_tried(prompt, attempts, checklist, best=prompt is best[0]) for prompt, attempts in shown]


def advice(history: History, checklist: Checklist) -> str:
    """Return what the next prompt should change, in a sentence or two: one clause, or the whole arrangement."""
    best, attempts = _best(history, checklist)
    results = _results(attempts, checklist)
    judged = sum(attempt.verdict is not None for attempt in attempts)
    failed = [must.id for must in checklist.musts if must.id in results and results[must.id].short]
    lost = {child for id_ in failed for child in results[id_].with_it}
    if not judged:
        return "None of the pictures was judged: write another arrangement."
    if not failed:
        return f"Prompt {best.revision} is the best so far: no must failed for it alone. Say the same in other words."
    told = f"Prompt {best.revision} is the best so far. What failed with it: {', '.join(failed)}."
    if 1 - len({*failed, *lost}) / len(checklist.musts) >= _MOSTLY:
        return (
            f"{told} Everything else was met, so keep that prompt word for word and change only the clauses about "
            "what failed, but for what the image model's length or a rule above demands."
        )
    return f"{told} That is much: write a new arrangement, and keep the wording of what was met where it fits."


def longest(brief: Brief, checklist: Checklist, revision: int, characters: int) -> History:
    """Return a history of the most text that one before this revision can have: for the price of a call whose history is not
    known yet. Prompts have at most this many characters.
    """
    evidence = [f"{number}{_FOUR_BYTES * _LONGEST}"[:_LONGEST] for number in range(SHOWN_EVIDENCE)]
    findings = [tuple(Finding(r.id, "borderline", 0.0, text) for r in checklist.requirements) for text in evidence]
    attempts = [
        Attempt(0, number, 0, verdict=Verdict(False, found), problem=Problem("unreadable", evidence[number]))
        for number, found in enumerate(findings)
    ]
    written = [Prompt(number, "x" * characters) for number in range(1, min(revision, SHOWN_PROMPTS))]
    return [(prompt, attempts) for prompt in (Prompt.first(brief), *written)]


def _best(history: History, checklist: Checklist) -> tuple[Prompt, Sequence[Attempt]]:
    """Return the prompt with the picture that met most musts; the first of equals."""
    return max(history, key=lambda tried: max((_musts_met(a, checklist) for a in tried[1] if a.verdict), default=-1))


def _musts_met(attempt: Attempt, checklist: Checklist) -> int:
    short = {*(f.id for f in attempt.verdict.unmet), *attempt.verdict.unasked} if attempt.verdict else set[str]()
    return sum(requirement.id not in short for requirement in checklist.musts)


def _results(attempts: Sequence[Attempt], checklist: Checklist) -> dict[str, _Result]:
    results = {requirement.id: _Result() for requirement in checklist.requirements}
    for verdict in (attempt.verdict for attempt in attempts if attempt.verdict):
        unmet = verdict.ids("unmet")
        short = {finding.id for finding in verdict.unmet} - verdict.ids("undecided")
        for finding in verdict.findings:
            if not (result := results.get(finding.id)):
                continue
            if finding.verdict != "met" and (missing := _missing(finding.id, unmet, checklist)):
                results[missing].with_it[finding.id] = None
                continue
            result.own[finding.verdict] += 1
            result.short += finding.id in short
            if finding.verdict in ("unmet", "borderline") and (seen := _clean(finding.evidence)):
                result.seen.append(seen)
    return results


def _missing(id_: str, unmet: frozenset[str], checklist: Checklist) -> str:
    """Return the thing that a requirement presupposes and a picture does not show, the one that most depends on; else ""."""
    parents = {requirement.id: requirement.parents for requirement in checklist.requirements}
    found, above = "", list(parents[id_])
    for parent in above:  # grows
        found = parent if parent in unmet else found
        above += [other for other in parents.get(parent, ()) if other not in above and other != id_]
    return found


def _tried(prompt: Prompt, attempts: Sequence[Attempt], checklist: Checklist, *, best: bool) -> dict[str, object]:
    results = _results(attempts, checklist)
    problems = [f"{a.problem.kind}: {_clean(a.problem.message)}" for a in attempts if a.problem]
    told = {id_: r for id_, r in results.items() if r.own.total() - r.own["undecided"]}
    return {
        "prompt": prompt.revision,
        "best": best,
        "text": prompt.text,
        "negative": prompt.negative,
        "pictures": sum(attempt.verdict is not None for attempt in attempts),
        "met": [id_ for id_, r in told.items() if r.own["met"] == r.own.total() - r.own["undecided"]],
        "results": [_shown(id_, result) for id_, result in results.items() if result.own["unmet"] or result.own["borderline"]],
        "undecided": [id_ for id_, result in results.items() if result.own["undecided"]],
        "problems": _latest(problems),
    }


def _shown(id_: str, result: _Result) -> dict[str, object]:
    own = result.own
    counts: dict[str, object] = {"id": id_, "met": own["met"], "borderline": own["borderline"], "unmet": own["unmet"]}
    seen = {"seen": _latest(result.seen)} if result.seen else {}
    return counts | seen | ({"with_it": list(result.with_it)} if result.with_it else {})


def _latest(texts: list[str]) -> list[str]:
    return list(dict.fromkeys(reversed(texts)))[:SHOWN_EVIDENCE]


def _clean(text: str) -> str:
    """Return a text in one line, bounded, without what cannot be printed."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:_LONGEST]
