"""The sandbox's planner: finds the requirements in a brief with a grammar."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass

from onbrief.brief import MAX_REQUIREMENT_CHARACTERS, MAX_REQUIREMENTS, Brief, Requirement
from onbrief.ports import Planned
from onbrief_sandbox.language import claims, foreign, words
from onbrief_sandbox.language.citing import cited
from onbrief_sandbox.language.claims import Claim, Present, Styled
from onbrief_sandbox.language.draft import Unread
from onbrief_sandbox.language.foreign import Translation
from onbrief_sandbox.language.grammar import read
from onbrief_sandbox.language.sentences import sentence, statement
from onbrief_sandbox.scene import Scene


@dataclass(frozen=True, slots=True)
class SandboxPlanner:
    """Plans checklists from English briefs, and from other languages as far as the lexicon goes.

    `price` is in US dollars per call; `seconds` is the duration of a call.
    """

    name: str
    price: float | None
    seconds: float = 0

    async def checklist(self, brief: Brief) -> Planned:
        """Return one requirement per claim of the brief. Styles are nice to have, and so are words of degree and taste unless
        the brief insists on them.

        A brief that cannot be parsed, or that asks only for a style, gets a requirement with the whole text of the brief. So
        does a brief that can be parsed only in part, in addition to that part's requirements. Requirements that the eye cannot
        check stay undecided. Words of an English brief that the grammar passes over become questions.
        """
        if self.seconds > 0:
            await asyncio.sleep(self.seconds)
        known = foreign.translate(brief.text) or Translation(brief.text, not words.beyond_latin(brief.text))
        reading = read(known.english)
        found = claims.of(reading.scene)[: _room(brief)]
        ids = {claim: f"c{number}" for number, claim in enumerate(found, 1)}
        planned = [_requirement(claim, ids) for claim in found]
        planned += [_unread(unread, reading.scene, ids, known.english) for unread in reading.unread if not unread.loose]
        planned = planned[: _room(brief)]
        asked = any(requirement.must for requirement in (*planned, *brief.requirements)) or brief.avoid
        if not (asked and known.complete):
            planned.insert(0, Requirement(id="whole", text=_whole(brief.text)))
        if foreign.language(brief.text):
            return Planned(tuple(planned))  # the lexicon does not say which word became which
        return cited(brief, tuple(planned))


def _requirement(claim: Claim, ids: dict[Claim, str]) -> Requirement:
    return Requirement(
        id=ids[claim],
        text=sentence(claim),
        kind=claims.kind(claim),
        must=not isinstance(claim, Styled),
        parents=tuple(ids[parent] for parent in claims.parents(claim) if parent in ids),
    )


def _unread(unread: Unread, scene: Scene, ids: dict[Claim, str], brief: str) -> Requirement:
    """Return a requirement for words that the sandbox's eye cannot check. It stays undecided."""
    numbers = (*(() if unread.subject is None else (unread.subject,)), *unread.objects)
    parents = (Present(claims.which(scene, number)) for number in numbers)
    return Requirement(
        text=statement(unread, scene),
        kind=unread.kind,
        must=not _debatable(unread, brief),
        parents=tuple(dict.fromkeys(ids[p] for p in parents if p in ids)),
    )


def _debatable(unread: Unread, brief: str) -> bool:
    """Return whether these words say nothing but how large or how nice something is, and the brief does not insist on it."""
    idle = words.MEANINGLESS | words.STYLE_WORDS.keys()
    said = [word for word in unread.text.split() if word not in idle and not words.element(word)]
    debatable = unread.kind == "attribute" and bool(said) and words.DEBATABLE.issuperset(said)
    return debatable and not any(_insists(word, brief) for word in said)


def _insists(word: str, brief: str) -> bool:
    """Return whether a brief says that something must be so: "the dog must be very small"."""
    return bool(re.search(rf"\b(?:must|has to|have to|needs? to) be (?:\w+ ){{0,2}}{word}\b", brief, re.IGNORECASE))


def _room(brief: Brief) -> int:
    """Return how many requirements fit into the checklist in addition to the user's own."""
    return max(0, MAX_REQUIREMENTS - len(brief.requirements) - len(brief.avoid) - 1)


def _whole(text: str) -> str:
    return " ".join(text.split())[:MAX_REQUIREMENT_CHARACTERS]
