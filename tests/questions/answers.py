"""A checklist, and answers to the questions about it as a model should write them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from onbrief import questions
from onbrief.attempt import Finding
from onbrief.brief import Brief, Checklist, Requirement

SEEING: tuple[questions.SquareColour, ...] = ("red", "blue", "blue", "white", "green")


BRIEF = Brief(text='Three red circles above a blue square, a sign "OPEN", nobody there', avoid=("dogs",))


CHECKLIST = Checklist(
    (
        Requirement(id="r1", text="there is no dogs", kind="absence"),
        Requirement(id="r2", text="there are circles", kind="object"),
        Requirement(id="r3", text="there are exactly three circles", kind="count", parents=("r2",)),
        Requirement(id="r4", text="the circles are red", kind="attribute", parents=("r2",)),
        Requirement(id="r5", text='the word "OPEN" can be read', kind="text"),
        Requirement(id="r6", text="the picture has a serene style", kind="style", must=False),
    )
)


def planned(**changed: object) -> dict[str, Any]:
    """One requirement as a planner should write it."""
    fields: dict[str, object] = {"id": "c1", "cites": ["red circles"], "text": "there are circles", "kind": "object"}
    return {**fields, "must": True, "parents": [], **changed}


SECOND = planned(id="c2", text="the circles are red", kind="attribute", parents=["c1"])


def statement(id_: str, answer: str, probability: object = 0.9, evidence: str = "seen") -> dict[str, Any]:
    return {"id": id_, "evidence": evidence, "probability": probability, "answer": answer}


def counted(id_: str, number: object, probability: object = 0.9) -> dict[str, Any]:
    return {"id": id_, "evidence": "in a row", "probability": probability, "number": number}


def lines(*texts: str) -> list[dict[str, Any]]:
    return [{"text": text, "probability": 0.95} for text in texts]


def judged(**changed: object) -> dict[str, Any]:
    """An answer that meets all of the checklist."""
    statements = [statement("r1", "false", 0.02), statement("r2", "true"), statement("r4", "true"), statement("r6", "true")]
    return {"lettering": lines("OPEN"), "counts": [counted("r3", 3)], "statements": statements, **changed}


GOOD: list[dict[str, Any]] = judged()["statements"]


def verdicts(findings: tuple[Finding, ...]) -> dict[str, str]:
    return {finding.id: finding.verdict for finding in findings}


def controlled(question: questions.Question[Any], said: Callable[[str], str], **changed: object) -> dict[str, Any]:
    """An answer that names the colours and says this of each statement."""
    tag = questions.materials(question.text)
    stated = [statement(s["id"], said(s["text"])) for s in tag.get("statements", tag.get("claims", ()))]
    return {"control": list(SEEING), "lettering": lines("OPEN"), "counts": [counted("r3", 3)], "statements": stated, **changed}
