"""Answers onbrief's own questions (onbrief.questions), recognised by their material, with the planner, eye and writer."""

from __future__ import annotations

import re
from dataclasses import asdict
from itertools import repeat
from typing import Any

from onbrief import questions
from onbrief.brief import MAX_REQUIREMENTS, Brief, Checklist, Requirement
from onbrief.errors import UsageError
from onbrief.ports import OpenQuestion
from onbrief.questions.findings import NOT_SEEN, SEEN
from onbrief.record import Attempt, Finding, Prompt, Verdict
from onbrief_sandbox.language.planner import SandboxPlanner
from onbrief_sandbox.language.writer import SandboxWriter
from onbrief_sandbox.scene import Sight
from onbrief_sandbox.server.conversation import Conversation, Turn
from onbrief_sandbox.server.mind import matching, perception

Document = dict[str, object]

_BLIND = "no picture can be seen"
_JUDGE = questions.judge(()).text
_NUMBER = re.compile(r"prompt number (\d{1,6})")


async def answered(conversation: Conversation) -> Document | None:
    """Return the answer to the newest of onbrief's own questions, or None if there is none."""
    users = [turn for turn in conversation.turns if turn.role == "user"]
    images = next((turn.images for turn in reversed(users) if turn.images), ())
    for turn in reversed(users):
        try:
            if document := await _answered(turn, images):
                return document
        except (UsageError, LookupError, TypeError, ValueError, AttributeError):  # material of another client
            continue
    return None


async def _answered(turn: Turn, images: tuple[bytes, ...]) -> Document | None:
    shown = questions.materials(turn.text)
    if "brief" in shown and "checklist" in shown:
        number = _NUMBER.search(turn.text)
        return await _revised(shown, int(number[1]) if number else 1)
    if "brief" in shown:
        return await _planned(shown)
    if "description" in shown:
        return await _whole(shown["description"], images)
    if _JUDGE in turn.text:
        return _judged(shown, await perception.sight(images[-1]) if images else None)
    return None


async def _planned(shown: dict[str, Any]) -> Document:
    """Return the planner's requirements; if there is a list already, only those that it lacks."""
    asked = shown["brief"]
    own = tuple(Requirement(text=r["text"], kind=r["kind"], must=r["must"]) for r in asked["requirements"])
    brief = Brief(text=asked["text"], requirements=own, avoid=tuple(asked["avoid"]))
    planned = await SandboxPlanner("sandbox:", None).checklist(brief)
    listed = {r["text"]: r["id"] for r in shown.get("planned", ())}
    ids = {r.id: listed.get(r.text, r.id) for r in planned.requirements}
    requirements = [
        {
            "id": r.id or f"u{number}",
            "cites": list(cites),
            "text": r.text,
            "kind": r.kind,
            "must": r.must,
            "parents": [ids[parent] for parent in r.parents],
        }
        for number, (r, cites) in enumerate(zip(planned.requirements, planned.cites or repeat(()), strict=False))
        if r.text not in listed
    ]
    whole = OpenQuestion(brief.text, "is this what the words mean?", "the words that the sandbox's lexicon has for it")
    asking = planned.questions if planned.cites is not None else (whole,)
    return {"requirements": requirements, "questions": [asdict(question) for question in asking]}


async def _revised(shown: dict[str, Any], revision: int) -> Document:
    brief = Brief(text=shown["brief"]["text"], avoid=tuple(shown["brief"]["avoid"]))
    checklist = Checklist(tuple(_requirement(r) for r in shown["checklist"]))
    history = [_tried(tried) for tried in shown.get("history", ())]
    revised = await SandboxWriter("sandbox:", None).revise(brief, checklist, revision, history)
    return {"reason": revised.reason, "text": revised.text, "negative": revised.negative}


def _requirement(shown: dict[str, Any]) -> Requirement:
    parents = tuple(shown["parents"])
    return Requirement(id=shown["id"], text=shown["text"], kind=shown["kind"], must=shown["must"], parents=parents)


def _tried(tried: dict[str, Any]) -> tuple[Prompt, list[Attempt]]:
    """Return a prompt with one attempt per judgement, and each requirement unmet in as many attempts as reported."""
    prompt, results = Prompt(tried["prompt"], tried["text"], tried["negative"]), tried["results"]
    judged = max((result["of"] for result in results), default=0)
    attempts: list[Attempt] = []
    for number in range(min(judged, 1000)):
        unmet = {result["id"] for result in results if number < result["of"] - result["met"]}
        found = tuple(Finding(r["id"], "unmet" if r["id"] in unmet else "met", 0.5) for r in results)
        attempts.append(Attempt(prompt.revision, number, 0, verdict=Verdict(not unmet, found)))
    return prompt, attempts


async def _whole(description: str, images: tuple[bytes, ...]) -> Document:
    match = await matching.match(description, images)
    answer = {True: "true", False: "false", None: "unclear"}[match.so]
    probability = {True: 0.99, False: 0.01, None: 0.5}[match.so]
    return {"evidence": match.reason, "probability": probability, "answer": answer}


def _judged(shown: dict[str, Any], sight: Sight | None) -> Document:
    lettering = [{"text": text, "probability": 0.99} for text in sight.words] if sight else []
    document: Document = {"lettering": lettering}
    if "counts" in shown:
        document["counts"] = [_count(entry["id"], entry["things"], sight) for entry in shown["counts"][:MAX_REQUIREMENTS]]
    if "statements" in shown:
        document["statements"] = [
            _statement(entry["id"], entry["text"], sight) for entry in shown["statements"][:MAX_REQUIREMENTS]
        ]
    elif "claims" in shown:
        document["statements"] = [_claim(entry["id"], entry["text"], sight) for entry in shown["claims"][:MAX_REQUIREMENTS]]
    return document


def _count(id_: str, things: str, sight: Sight | None) -> Document:
    number, evidence = perception.number(things, sight) if sight else (None, _BLIND)
    return {"id": id_, "evidence": evidence, "probability": 0.5 if number is None else 0.99, "number": number}


def _statement(id_: str, text: str, sight: Sight | None) -> Document:
    so, evidence = _so(text, sight)
    answer = {True: "true", False: "false", None: "unclear"}[so]
    return {"id": id_, "evidence": evidence, "probability": {True: 0.99, False: 0.01, None: 0.5}[so], "answer": answer}


def _claim(id_: str, text: str, sight: Sight | None) -> Document:
    so, evidence = _so(text, sight)
    answer = {True: "supported", False: "contradicted", None: "unclear"}[so]
    return {"id": id_, "evidence": evidence, "probability": {True: 0.01, False: 0.99, None: 0.5}[so], "answer": answer}


def _so(text: str, sight: Sight | None) -> tuple[bool | None, str]:
    if sight is None:
        return None, _BLIND
    if text.startswith(SEEN):
        absent = perception.seen(f"there is no {text.removeprefix(SEEN)}", sight)
        return (None if absent.so is None else not absent.so), absent.evidence
    if text.startswith(NOT_SEEN):
        text = f"there is no {text.removeprefix(NOT_SEEN)}"
    found = perception.seen(text, sight)
    return found.so, found.evidence
