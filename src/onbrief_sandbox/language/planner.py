"""The sandbox's planner: finds the requirements in a brief with a grammar."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass, replace

from onbrief.brief import MAX_REQUIREMENT_CHARACTERS, MAX_REQUIREMENTS, Brief, Requirement
from onbrief.ports import Planned
from onbrief_sandbox.language import claims, foreign, words
from onbrief_sandbox.language.citing import cited
from onbrief_sandbox.language.claims import Absent, Claim, Lettered, Present, Styled
from onbrief_sandbox.language.draft import Reading, Unread
from onbrief_sandbox.language.foreign import Translation
from onbrief_sandbox.language.grammar import read
from onbrief_sandbox.language.sentences import sentence, statement, verbatim
from onbrief_sandbox.scene import Scene

_REST = 8  # requirements that ask for the rest of a brief that has more of them than a checklist can hold
_CUTS = (r"\s", r"[;,.!?\u3001\u3002\uff0c\uff1b}]", r"\b")  # where a text can be cut, the best first
_MARGIN = 24  # characters in front of the words of a brief


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
        planned = requirements(brief)
        if foreign.language(brief.text):
            return Planned(planned)  # the lexicon does not say which word became which
        return cited(brief, planned)


def requirements(brief: Brief) -> tuple[Requirement, ...]:
    """Return the requirements that a brief makes, without the words that they come from."""
    known = foreign.translate(brief.text) or _english(brief.text)
    reading = read(known.english)
    if known.english != brief.text:  # its words are not those of the brief
        reading = replace(reading, scene=replace(reading.scene, named=()))
    found = [claim for claim in claims.of(reading.scene) if not _is_vague(claim, reading)]
    ids = {claim: f"c{number}" for number, claim in enumerate(found, 1)}
    planned = [_requirement(claim, ids) for claim in found]
    planned += [_carried(letters, sign, ids) for letters, sign in reading.carried]
    unread = (*(unread for unread in reading.unread if not unread.loose), *reading.passed)
    planned += [_unread(unread, reading.scene, ids, known.english) for unread in unread]
    asked = any(requirement.must for requirement in (*planned, *brief.requirements)) or brief.avoid
    whole = [] if asked and known.complete else _whole(brief.text, known)
    fitting = _fitting([*whole, *planned], _room(brief) + bool(whole))
    return tuple(one if one.id else replace(one, id=f"u{number}") for number, one in enumerate(fitting, 1))


def _english(text: str) -> Translation:
    """Return a text as the grammar is to read it: not at all if it is in a language without a lexicon."""
    if foreign.strange(text):
        return Translation("" if foreign.unknown(text) else text, complete=False)
    return Translation(text, not words.beyond_latin(text) and foreign.legible(text) == text)


def _is_vague(claim: Claim, reading: Reading) -> bool:
    return (isinstance(claim, Absent) and claim.noun in reading.vague) or (
        isinstance(claim, Lettered) and claim.text in reading.vague
    )


def _fitting(planned: list[Requirement], room: int) -> list[Requirement]:
    """Return the requirements that there is room for. The last ones then ask for what the others would have asked for."""
    if len(planned) <= room or room < _REST:
        return planned[:room]
    kept, rest = planned[: room - _REST], planned[room - _REST :]
    pieces = _pieces("; ".join(r.text for r in rest if r.must), MAX_REQUIREMENT_CHARACTERS - _MARGIN)[:_REST]
    return [*kept, *(Requirement(text=verbatim(piece), kind="whole") for piece in pieces)]


def _pieces(text: str, most: int) -> list[str]:
    """Return a text in pieces of at most so many characters, cut at spaces, or else after a mark or at least between words."""
    pieces = list[str]()
    while len(text) > most:
        ends = ([found.end() for found in re.finditer(mark, text[: most + 1])] for mark in _CUTS)
        cuts = (max((end for end in those if end > most // 2), default=0) for those in ends)
        cut = min(next(filter(None, cuts), most), most)
        pieces.append(text[:cut].strip())
        text = text[cut:].strip()
    return [*pieces, text] if text else pieces


def _requirement(claim: Claim, ids: dict[Claim, str]) -> Requirement:
    return Requirement(
        id=ids[claim],
        text=sentence(claim),
        kind=claims.kind(claim),
        must=not isinstance(claim, Styled),
        parents=tuple(ids[parent] for parent in claims.parents(claim) if parent in ids),
    )


def _carried(letters: str, sign: str, ids: dict[Claim, str]) -> Requirement:
    """Return the requirement that lettering is on a sign."""
    claim = Lettered(letters, sign)
    return Requirement(text=sentence(claim), kind="object", parents=(ids[claim],) if claim in ids else ())


def _unread(unread: Unread, scene: Scene, ids: dict[Claim, str], brief: str) -> Requirement:
    """Return a requirement for words that the sandbox's eye cannot check. It stays undecided."""
    numbers = (*(() if unread.subject is None else (unread.subject,)), *unread.objects)
    parents = (Present(claims.which(scene, number)) for number in numbers)
    return Requirement(
        text=statement(unread, scene),
        kind=unread.kind,
        must=unread.kind != "style" and not _debatable(unread, brief),
        parents=tuple(dict.fromkeys(ids[p] for p in parents if p in ids)),
    )


def _debatable(unread: Unread, brief: str) -> bool:
    """Return whether these words say nothing but how large or how nice something is, and the brief does not insist on it."""
    idle = words.MEANINGLESS | words.STYLE_WORDS.keys()
    told = unread.text.split()
    said = [word for word in told if word in words.DEBATABLE or (word not in idle and not words.element(word))]
    if said and words.DEGREES.issuperset(said):
        return True
    debatable = unread.kind == "attribute" and bool(said) and words.DEBATABLE.issuperset(said)
    return debatable and not any(_insists(word, brief) for word in said)


def _insists(word: str, brief: str) -> bool:
    """Return whether a brief says that something must be so: "the dog must be very small"."""
    return bool(re.search(rf"\b(?:must|has to|have to|needs? to) be (?:\w+ ){{0,2}}{word}\b", brief, re.IGNORECASE))


def _room(brief: Brief) -> int:
    """Return how many requirements fit into the checklist in addition to the user's own."""
    return max(0, MAX_REQUIREMENTS - len(brief.requirements) - len(brief.avoid) - 1)


def _whole(text: str, known: Translation) -> list[Requirement]:
    """Return the requirements that ask for the whole text of a brief."""
    plain = " ".join(text.split())
    if len(plain) > MAX_REQUIREMENT_CHARACTERS:
        return [Requirement(text=verbatim(piece)) for piece in _pieces(plain, MAX_REQUIREMENT_CHARACTERS - _MARGIN)]
    said = plain if known.complete or len(plain) > MAX_REQUIREMENT_CHARACTERS - _MARGIN else verbatim(plain)
    return [Requirement(id="whole", text=said)]
