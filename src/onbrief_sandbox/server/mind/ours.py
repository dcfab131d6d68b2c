"""Answers onbrief's own questions (onbrief.questions), recognised by their material, with the planner, eye and writer."""

from __future__ import annotations

import asyncio
import re
from dataclasses import asdict
from itertools import repeat
from typing import Any

from onbrief import questions
from onbrief.attempt import Attempt, Finding, Verdict
from onbrief.brief import MAX_REQUIREMENTS, Brief, Checklist, Requirement
from onbrief.errors import UsageError
from onbrief.ports import OpenQuestion
from onbrief.questions.control import CONTROL, LEFTMOST
from onbrief.questions.looking import ENLARGED
from onbrief.questions.revision import NO_NEGATIVE, NO_WEIGHTS
from onbrief.questions.sides import NOT_SEEN, SEEN
from onbrief.record import Prompt
from onbrief_sandbox.language.planner import SandboxPlanner
from onbrief_sandbox.language.writer import SandboxWriter
from onbrief_sandbox.scene import Sight
from onbrief_sandbox.server.conversation import Conversation, Turn
from onbrief_sandbox.server.mind import matching, perception
from onbrief_sandbox.server.mind.framing import Framed, unframed

Document = dict[str, object]

_BLIND = "no picture can be seen"
_JUDGE = questions.judge(()).text
_NUMBER = re.compile(r"prompt number (\d{1,6})")
_MOST_STATEMENTS = MAX_REQUIREMENTS + 2  # with those about the band
_PROBABLE = {True: 0.99, False: 0.01, None: 0.1}  # what the eye does not know is not to be accepted, even with a reservation


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
        revised = await _revised(shown, int(number[1]) if number else 1, weights=NO_WEIGHTS not in turn.text)
        return {name: text for name, text in revised.items() if name != "negative" or NO_NEGATIVE not in turn.text}
    if "brief" in shown:
        return await _planned(shown)
    if "description" not in shown and _JUDGE not in turn.text:
        return None
    framed = None
    if CONTROL in turn.text:
        framed = await asyncio.to_thread(unframed, images[-1], beside=ENLARGED in turn.text) if images else None
        images = (framed.image,) if framed and framed.squares else ()
    if "description" in shown:
        document = await _whole(shown, framed, images)
    else:
        document = _judged(shown, await perception.sight(images[-1]) if images else None, framed)
    return {"control": list(framed.squares) if framed else [], **document} if CONTROL in turn.text else document


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
            "id": r.id,
            "cites": list(cites),
            "text": r.text,
            "kind": r.kind,
            "must": r.must,
            "parents": [ids[parent] for parent in r.parents],
        }
        for r, cites in zip(planned.requirements, planned.cites or repeat(()), strict=False)
        if r.text not in listed
    ]
    whole = OpenQuestion(brief.text, "is this what the words mean?", "the words that the sandbox's lexicon has for it")
    asking = planned.questions if planned.cites is not None else (whole,)
    return {"requirements": requirements, "questions": [asdict(question) for question in asking]}


async def _revised(shown: dict[str, Any], revision: int, *, weights: bool) -> Document:
    brief = Brief(text=shown["brief"]["text"], avoid=tuple(shown["brief"]["avoid"]))
    checklist = Checklist(tuple(_requirement(r) for r in shown["checklist"]))
    history = [_tried(tried) for tried in shown.get("history", ())]
    revised = await SandboxWriter("sandbox:", None, weights=weights).revise(brief, checklist, revision, history)
    return {"reason": revised.reason, "unreachable": [], "text": revised.text, "negative": revised.negative}


def _requirement(shown: dict[str, Any]) -> Requirement:
    parents = tuple(shown["parents"])
    return Requirement(id=shown["id"], text=shown["text"], kind=shown["kind"], must=shown["must"], parents=parents)


def _tried(tried: dict[str, Any]) -> tuple[Prompt, list[Attempt]]:
    """Return a prompt with one attempt per picture, and each requirement unmet in as many attempts as reported."""
    prompt = Prompt(tried["prompt"], tried["text"], tried["negative"])
    short = {result["id"]: result["borderline"] + result["unmet"] for result in tried["results"]}
    attempts: list[Attempt] = []
    for number in range(min(tried["pictures"], 1000)):
        found = [Finding(id_, "unmet" if number < times else "met", 0.5) for id_, times in short.items()]
        found += [Finding(id_, "met", 0.5) for id_ in tried["met"]]
        unmet = any(finding.verdict == "unmet" for finding in found)
        attempts.append(Attempt(prompt.revision, number, 0, verdict=Verdict(not unmet, tuple(found))))
    return prompt, attempts


async def _whole(shown: dict[str, Any], framed: Framed | None, images: tuple[bytes, ...]) -> Document:
    match = await matching.match(shown["description"], images)
    answer = {True: "true", False: "false", None: "borderline"}[match.so]
    document: Document = {"evidence": match.reason, "probability": _PROBABLE[match.so], "answer": answer}
    if "statements" in shown:  # only about the band
        document["statements"] = [_statement(entry, None, framed) for entry in shown["statements"][:_MOST_STATEMENTS]]
    return document


def _judged(shown: dict[str, Any], sight: Sight | None, framed: Framed | None) -> Document:
    lettering = [{"text": text, "probability": 0.99} for text in sight.words] if sight else []
    document: Document = {"lettering": lettering}
    if "counts" in shown:
        boxed = "claims" not in shown
        document["counts"] = [_count(entry, sight, boxed=boxed) for entry in shown["counts"][:MAX_REQUIREMENTS]]
    stated = shown.get("statements", ())[:_MOST_STATEMENTS]
    claimed = shown.get("claims", ())[:_MOST_STATEMENTS]
    if stated or claimed:
        said = (_statement(entry, sight, framed) for entry in stated)
        document["statements"] = [*said, *(_claim(entry, sight, framed) for entry in claimed)]
    return document


def _count(asked: dict[str, Any], sight: Sight | None, *, boxed: bool) -> Document:
    number, evidence = perception.number(asked["things"], sight) if sight else (None, _BLIND)
    found: Document = {
        "id": asked["id"],
        "evidence": evidence,
        "probability": 0.5 if number is None else 0.99,
        "number": number,
    }
    return {**found, "box": None} if boxed else found


def _statement(asked: dict[str, Any], sight: Sight | None, framed: Framed | None) -> Document:
    so, evidence = _so(asked["text"], sight, framed)
    answer = {True: "true", False: "false", None: "borderline"}[so]
    return {"id": asked["id"], "evidence": evidence, "probability": _PROBABLE[so], "answer": answer, "box": None}


def _claim(asked: dict[str, Any], sight: Sight | None, framed: Framed | None) -> Document:
    so, evidence = _so(asked["text"], sight, framed)
    answer = {True: "supported", False: "contradicted", None: "borderline"}[so]
    return {"id": asked["id"], "evidence": evidence, "probability": round(1 - _PROBABLE[so], 2), "answer": answer}


def _so(text: str, sight: Sight | None, framed: Framed | None) -> tuple[bool | None, str]:
    if framed and framed.squares and text.startswith(LEFTMOST):
        return text == LEFTMOST + framed.squares[0], f"it is {framed.squares[0]}"
    if sight is None:
        return None, _BLIND
    if text.startswith(SEEN):
        absent = perception.seen(f"there is no {text.removeprefix(SEEN)}", sight)
        return (None if absent.so is None else not absent.so), absent.evidence
    if text.startswith(NOT_SEEN):
        text = f"there is no {text.removeprefix(NOT_SEEN)}"
    found = perception.seen(text, sight)
    return found.so, found.evidence
