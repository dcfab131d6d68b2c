"""What to ask an editor for, so that a picture meets a must that it fails; or what is done in pixels instead.

The words of an instruction are part of what the ledger knows a call by: another wording for the same must is another call.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from onbrief.attempt import Attempt, Box, Finding
from onbrief.brief import Checklist, Requirement, Size
from onbrief.ports import Change, Changes
from onbrief.questions.claims import Absence, Lettering, amount, claim
from onbrief.questions.measures import Aspect, Exact, Ground, Pixels, measure, shape_of

MOST_CUT: Final = 1 / 3
"""The largest share of a picture that a crop may remove."""
MOST_ENLARGED: Final = 2.0
"""How many times as wide or high a picture may become."""

_SHADES = "light|dark|medium|pale|deep|bright|vivid|hot|neon|pastel|sky|royal|forest"
_NAMES = (
    "red|orange|yellow|green|blue|purple|pink|brown|black|white|gr[ae]y|amber|aqua|azure|beige|bronze|burgundy|copper|cream"
    "|crimson|cyan|gold|golden|indigo|ivory|khaki|lavender|lilac|lime|magenta|maroon|mauve|navy|ochre|olive|scarlet|silver"
    "|tan|teal|turquoise|ultramarine|vermilion|violet"
)
COLOUR: Final = rf"(?:(?:{_SHADES}|{_NAMES}) ){{0,2}}(?:{_NAMES})"
"""A regular expression for a colour in English words."""

_DIRECTIONS = {
    "to the left of": "to the left of", "left of": "to the left of", "on the left of": "to the left of",
    "to the right of": "to the right of", "right of": "to the right of", "on the right of": "to the right of",
    "above": "above", "over": "above", "below": "below", "under": "below", "underneath": "below", "beneath": "below",
    "next to": "next to", "beside": "next to", "on top of": "on top of", "on": "onto", "in front of": "in front of",
    "inside": "into", "in": "into",
}  # fmt: skip
_TURNED = {
    "to the left of": "to the right of", "to the right of": "to the left of", "above": "below", "below": "above",
    "next to": "next to",
}  # fmt: skip
_DIRECTION = "|".join(sorted(_DIRECTIONS, key=len, reverse=True))
_THERE = re.compile(r"there (?:is|are) (.+)", re.IGNORECASE)
_HAS = re.compile(r"(the [\w' -]+?) (?:has|have) (.+)", re.IGNORECASE)
_COLOURED = re.compile(rf"the (.+?) (?:is|are) ({COLOUR})", re.IGNORECASE)
_ALTERED = re.compile(r"the (.+?) (?:is|are) (?:made of )?([a-z]+(?:-[a-z]+)*)", re.IGNORECASE)
_RELATED = re.compile(rf"the (.+?) (?:is|are) ({_DIRECTION}) the (.+)", re.IGNORECASE)
_PLACED = re.compile(
    r"the (.+?) (?:is|are) (?:in|at|on) (the (?:far )?(?:upper |lower |top |bottom )?"
    r"(?:left|right|top|bottom|middle|cent(?:er|re))(?: (?:corner|half|third|side|edge))?)(?: of the (?:picture|image))?",
    re.IGNORECASE,
)
_JOINED = re.compile(r"[,;:.\"“”]|\b(?:and|but|or|nor|that|which|who)\b", re.IGNORECASE)
_ARTICLE = re.compile(r"(an?|some) ", re.IGNORECASE)
_VOWELS = tuple("aeiouAEIOU")
_NO_PROPERTY = frozenset({"visible", "present", "there", "shown", "seen", "depicted", "centered", "centred"})


@dataclass(frozen=True, slots=True)
class ByEditor:
    """What to ask an editor for: an instruction in English (ports.Editor), the change that it asks for, and the part of the
    picture where it is to be made, if the editor is to be told by a mask.
    """

    instruction: str
    change: Change
    box: Box | None = None


@dataclass(frozen=True, slots=True)
class InPixels:
    """What to do without a model, and the words for it."""

    instruction: str
    measure: Exact | Ground


def repair_of(checklist: Checklist, attempt: Attempt, must: str, changes: Changes) -> ByEditor | InPixels | None:
    """Return how a drawn picture can be changed so that it meets this must; None if it does not fail it for certain, if what it
    hangs on is missing too, or if no words for it are known, or none that an editor with these `changes` can follow.

    Raises:
        KeyError: the checklist has no such requirement.
    """
    requirement, verdict = checklist[must], attempt.verdict
    if attempt.image is None or attempt.base or verdict is None or verdict.problem:
        return None
    findings = {finding.id: finding for finding in verdict.findings}
    accepted = verdict.ids("met").union(verdict.reservations)
    finding = findings.get(must)
    if finding is None or must in accepted or finding.verdict == "undecided" or not accepted.issuperset(requirement.parents):
        return None
    if isinstance(wanted := measure(requirement), Exact | Ground):
        return _in_pixels(wanted, (attempt.image.width, attempt.image.height))
    open_children = [r for r in checklist.requirements if must in r.parents and r.id not in accepted]
    children = [r for r in open_children if accepted.issuperset(set(r.parents) - {must})]
    for change, instruction in _instructions(requirement, finding, children):
        ways = changes.get(change, frozenset())
        if "words" in ways:
            return ByEditor(instruction, change)
        if "mask" in ways and finding.box:
            return ByEditor(instruction, change, finding.box)
    return None


def _in_pixels(wanted: Exact | Ground, size: Size) -> InPixels | None:
    if isinstance(wanted, Ground):
        colour = wanted.colour
        return InPixels(f"make the background {colour.shade} {colour.name}".replace("  ", " "), wanted) if colour else None
    width, height = part_of(size, shape := shape_of(wanted))
    if width * height < (1 - MOST_CUT) * size[0] * size[1]:
        return None
    if isinstance(wanted, Pixels):
        fits = wanted.width <= MOST_ENLARGED * width
        return InPixels(f"crop and scale to {wanted.width}x{wanted.height}", wanted) if fits else None
    return InPixels(f"crop to {shape.width}:{shape.height}", wanted)


def part_of(size: Size, shape: Aspect) -> Size:
    """Return the width and height of the largest part of a picture that has this shape."""
    width, height = size
    return (
        min(width, max(1, round(height * shape.width / shape.height))),
        min(height, max(1, round(width * shape.height / shape.width))),
    )


def _instructions(requirement: Requirement, finding: Finding, children: list[Requirement]) -> Iterator[tuple[Change, str]]:
    """Yield the instructions that a requirement could be met by, the best one first."""
    text, claimed = " ".join(requirement.text.split()).rstrip("."), claim(requirement)
    match requirement.kind:
        case "object":
            yield from _appearing(text, finding, children)
        case "count" if number := amount(requirement):
            wanted = number.least or number.most or 0
            yield (
                ("add", f"change the number of {number.things} to {wanted}") if wanted else ("remove", _without(number.things))
            )
        case "attribute" | "relation":
            yield from _changed(text)
        case "text" if isinstance(claimed, Lettering):
            yield "letter", f'change the text to "{claimed.words}"'
        case "absence" if isinstance(claimed, Absence):
            yield "remove", _without(claimed.things)
        case _:
            return


def _without(things: str) -> str:
    return f"remove the {_ARTICLE.sub('', things, count=1) if _ARTICLE.match(things) else things}"


def _appearing(text: str, finding: Finding, children: list[Requirement]) -> Iterator[tuple[Change, str]]:
    """Yield the instructions that make a thing appear, with what else the checklist wants of it."""
    if owned := _HAS.fullmatch(text):
        if not _JOINED.search(owned[2]):
            yield "add", f"add {owned[2]} to {owned[1]}"
        return
    if not (there := _THERE.fullmatch(text)) or _JOINED.search(there[1]):
        return
    thing = there[1]
    noun = _ARTICLE.sub("", thing, count=1) if _ARTICLE.match(thing) else thing
    shown = r"\b(an? [a-z][a-z -]{1,38}?)(?: is)?(?: seen| shown| there| visible)?,? (?:instead of|rather than) (?:an? |the )?"
    if other := re.search(rf"{shown}{re.escape(noun)}\b", finding.evidence, re.IGNORECASE):
        yield "replace", f"replace the {_ARTICLE.sub('', other[1], count=1)} with {_with_children(thing, noun, children, '')}"
    where = next((where for child in children if (where := _where(child, noun))), "")
    yield "add", f"add {_with_children(thing, noun, children, where)}"


def _with_children(thing: str, noun: str, children: list[Requirement], where: str) -> str:
    """Return the name of a thing with the number and the colour that the checklist wants of it."""
    number = next(filter(None, (_number(child, noun) for child in children)), "")
    colour = next(filter(None, (_colour(child, noun) for child in children)), "")
    if not number and not colour:
        return f"{thing}{where}"
    article = "" if thing == noun else "some" if thing.casefold().startswith("some") else "an" if colour[:1] in _VOWELS else "a"
    return " ".join(filter(None, (number or article, colour, noun))) + where


def _number(child: Requirement, noun: str) -> str:
    """Return how many of a thing there are to be, if this requirement says that and it is more than one; otherwise an empty
    text.
    """
    wanted = amount(child)
    return str(wanted.least) if wanted and (wanted.least or 0) > 1 and wanted.things.casefold() == noun.casefold() else ""


def _colour(child: Requirement, noun: str) -> str:
    """Return the colour that a thing is to have, if this requirement says that; otherwise an empty text."""
    found = _COLOURED.fullmatch(child.text.rstrip("."))
    return found[2] if found and found[1].casefold() == noun.casefold() else ""


def _where(child: Requirement, noun: str) -> str:
    """Return where a thing is to be, if this requirement says that; otherwise an empty text."""
    found = _RELATED.fullmatch(child.text.rstrip("."))
    if not found or _JOINED.search(child.text.rstrip(".")):
        return ""
    thing, direction, other = found[1], _DIRECTIONS[found[2].lower()], found[3]
    if thing.casefold() == noun.casefold():
        return f" {found[2].lower()} the {other}"
    turned = _TURNED.get(direction) if other.casefold() == noun.casefold() else None
    return f" {turned} the {thing}" if turned else ""


def _changed(text: str) -> Iterator[tuple[Change, str]]:
    """Yield the instructions that give a thing another property or place."""
    if _JOINED.search(text):
        return
    if found := _COLOURED.fullmatch(text):
        yield "recolour", f"make the {found[1]} {found[2]}"
    elif found := _PLACED.fullmatch(text):
        yield "move", f"move the {found[1]} to {found[2]}"
    elif found := _RELATED.fullmatch(text):
        yield "move", f"move the {found[1]} {_DIRECTIONS[found[2].lower()]} the {found[3]}"
    elif (found := _ALTERED.fullmatch(text)) and found[2].lower() not in _NO_PROPERTY:
        yield "alter", f"make the {found[1]} {found[2]}"
