"""Parses English instructions that change one thing in a picture: "replace the dog with a cat", "make the bench blue"."""

from __future__ import annotations

import re
from dataclasses import dataclass

from onbrief_sandbox.language import sentences, words
from onbrief_sandbox.language.claims import (
    Absent,
    Claim,
    Coloured,
    Counted,
    ElementThere,
    Ground,
    Lettered,
    Placed,
    Present,
    Related,
    Which,
)
from onbrief_sandbox.language.grammar import parse
from onbrief_sandbox.language.tokens import MAX_QUOTE
from onbrief_sandbox.scene import Colour, Direction, Group, Place, Scene

_LONGEST = 1000  # characters; the rest of an instruction is ignored


@dataclass(frozen=True, slots=True)
class Target:
    """Things in the picture with this noun, and with this colour and place if given."""

    noun: str
    colour: Colour | None = None
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class Replace:
    """Replace things with others."""

    target: Target
    noun: str
    colour: Colour | None = None


@dataclass(frozen=True, slots=True)
class Recolour:
    """Change the colour of things, or of the background if there is no target."""

    target: Target | None
    colour: Colour


@dataclass(frozen=True, slots=True)
class Add:
    """Add things: anywhere, in a place, or in a direction from others."""

    group: Group
    direction: Direction | None = None
    other: Target | None = None


@dataclass(frozen=True, slots=True)
class AddElement:
    """Add an element of a landscape."""

    name: str


@dataclass(frozen=True, slots=True)
class Remove:
    """Remove this number of things, or all of them without a number."""

    target: Target
    number: int | None = None


@dataclass(frozen=True, slots=True)
class RemoveElement:
    """Remove an element of a landscape."""

    name: str


@dataclass(frozen=True, slots=True)
class SetCount:
    """Make the number of these things exact."""

    target: Target
    number: int


@dataclass(frozen=True, slots=True)
class Move:
    """Move things to a place in the picture, or in a direction from others."""

    target: Target
    place: Place | None = None
    direction: Direction | None = None
    other: Target | None = None


@dataclass(frozen=True, slots=True)
class Letter:
    """Replace the words `instead`, or all words if that is empty, with `text`. An empty `text` removes them."""

    text: str
    instead: str = ""


Edit = Replace | Recolour | Add | AddElement | Remove | RemoveElement | SetCount | Move | Letter

_QUOTED = rf'"([^"\n]{{1,{MAX_QUOTE}}})"'
_TEXT = r"(?:the |a )?(?:text|word|words|lettering|letters|sign|banner|caption|title)"
_POLITE = re.compile(r"(?:please|now|then|just|also|could you|can you|i want you to|make sure(?: that)?|ensure(?: that)?) ")
_LETTER = re.compile(
    rf"(?:change|replace|correct|fix|set|make|edit|rewrite|letter|write|add|put|spell)\b"
    rf"(?: {_TEXT})?(?: (?:that )?(?:says|reading))?(?: {_QUOTED})?,? ?"
    rf"(?:(?:(?:is |so that it )?(?:to|with|into|by|as|say|says|read|reads|be|saying)) )*"
    rf"(?:{_TEXT} )?(?:that says |reading )?{_QUOTED}.*"
)
_UNLETTER = re.compile(
    rf"(?:remove|delete|erase|take away|get rid of) (?:{_TEXT}|all text|any text|all words)(?: {_QUOTED})?.*"
)
_REPLACE = re.compile(r"(?:replace|swap|substitute|exchange) (.+?) (?:with|by|for) (.+)")
_CHANGE = re.compile(r"(?:change|turn|transform|convert|make) (.+?) (?:into|to be|to|in) (.+)")
_COLOUR_OF = re.compile(r"(?:change|make|set) the colou?rs? of (.+?) (?:to be|to|into|in) (.+)")
_NUMBER_OF = re.compile(r"(?:change|make|set) the number of (.+?) (?:to|into) (?:exactly )?(\w+)")
_PAINT = re.compile(r"(?:make|colou?r|recolou?r|paint|turn|dye) (.+?)(?: (?:to|in|into))? ([a-z]+)")
_REMOVE = re.compile(r"(?:remove|delete|erase|take away|take out|get rid of|leave out|clear away) (.+)")
_ADD = re.compile(r"(?:add|insert|put|place|include|draw|paint) (.+)")
_MOVE = re.compile(r"(?:move|shift|put|place|bring|relocate) (the .+)")
_BACKGROUNDS = frozenset({"the background", "background", "the backdrop", "the ground"})
_STATEMENT = re.compile(r"(?:there|it) (?:is|are) .+|the .+ (?:is|are|can|has) .+")
_MORE = re.compile(r"\b(?:more|another|extra|additional|further)\b")


def read(instruction: str) -> Edit | None:
    """Return the change that an instruction requests, or None if it is not understood. A statement ("there are exactly three
    cups") requests the change that makes it true.
    """
    text = " ".join(words.fold(instruction[:_LONGEST]).split()).rstrip(" .!")
    text = re.sub(rf"'([^'\n]{{1,{MAX_QUOTE}}})'(?![a-z])", r'"\1"', text)
    plain = _lowered(text)
    while match := _POLITE.match(plain):
        plain = plain[match.end() :]
    return _lettering(plain) or _change(plain) or _adding(plain) or _statement(plain)


def _lowered(text: str) -> str:
    """Return the text in lower case, except quoted parts."""
    return '"'.join(part if number % 2 else part.lower() for number, part in enumerate(text.split('"')))


def _lettering(text: str) -> Edit | None:
    if match := _UNLETTER.fullmatch(text):
        return Letter("", match[1] or "")
    if match := _LETTER.fullmatch(text):
        return Letter(match[2].strip(), (match[1] or "").strip())
    return None


def _change(text: str) -> Edit | None:
    """Parse an instruction that replaces, recolours, counts or removes things."""
    if match := _COLOUR_OF.fullmatch(text):
        return _recolour(match[1], match[2])
    if (match := _NUMBER_OF.fullmatch(text)) and (number := _number(match[2])) is not None:
        target = _target(match[1])
        return SetCount(target, number) if target else None
    if match := _REPLACE.fullmatch(text) or _CHANGE.fullmatch(text):
        return _replace(match[1], match[2])
    if (match := _PAINT.fullmatch(text)) and (recoloured := _recolour(match[1], match[2])):
        return recoloured
    if match := _REMOVE.fullmatch(text):
        return _remove(match[1])
    return None


def _replace(one: str, other: str) -> Edit | None:
    if recoloured := _recolour(one, other):
        return recoloured
    target, scene = _target(one), parse(other)
    if one in _BACKGROUNDS and scene.background:
        return Recolour(None, scene.background)
    if target and scene.groups:
        group = scene.groups[0]
        if group.noun == target.noun and group.numbered and group.count != 1:
            return SetCount(target, group.count)
        return Replace(target, group.noun, group.colour)
    return None


def _recolour(name: str, colour: str) -> Edit | None:
    """Return a change of colour if the last word of `colour` is a colour and not a thing: "orange", but not "an orange"."""
    parts = colour.split()
    known = words.COLOUR_WORDS.get(parts[-1])
    if not known or any(word not in words.PLAIN and word not in words.COLOUR_WORDS for word in parts[:-1]):
        return None
    if name in _BACKGROUNDS:
        return Recolour(None, known)
    target = _target(name)
    return Recolour(target, known) if target else None


def _remove(name: str) -> Edit | None:
    scene = parse(name)
    if scene.elements and not scene.groups:
        return RemoveElement(min(scene.elements))
    if not scene.groups:
        return None
    group = scene.groups[0]
    target = Target(group.noun, group.colour, group.place)
    definite = name.startswith(("the ", "all ", "every ", "any "))
    some = None if definite else group.count if group.numbered else 1 if name.startswith(("a ", "an ", "another ")) else None
    return Remove(target, some)


def _adding(text: str) -> Edit | None:
    """Parse an instruction that adds or moves things."""
    if (match := _MOVE.fullmatch(text)) and (moved := _move(parse(match[1]))):
        return moved
    if match := _ADD.fullmatch(text):
        scene = parse(_singular_amount(match[1]))
        if scene.elements and not scene.groups:
            return AddElement(min(scene.elements))
        if scene.words and not scene.groups:
            return Letter(scene.words[0])
        return _add(scene) if scene.groups else None
    return None


def _singular_amount(name: str) -> str:
    """Return the name with the number of things to add: "another cup" and "one more cup" mean one cup."""
    counted = " ".join(_MORE.sub(lambda match: "a" if match[0] == "another" else "", name, count=1).split())
    return counted or name


def _add(scene: Scene) -> Add:
    group = scene.groups[0]
    for r in scene.relations:
        if r.subject == 0:
            return Add(group, r.direction, _target_of(scene.groups[r.object]))
    return Add(group)


def _move(scene: Scene) -> Move | None:
    if not scene.groups:
        return None
    target = _target_of(scene.groups[0])
    for r in scene.relations:
        if r.subject == 0:
            return Move(target, direction=r.direction, other=_target_of(scene.groups[r.object]))
    if place := scene.groups[0].place:
        return Move(Target(target.noun, target.colour), place)
    return None


def _statement(text: str) -> Edit | None:
    """Return the change that makes a statement true."""
    text = re.sub(r"\b(?:should|must|shall|has to|have to) be\b", "is", text)
    claims = (sentences.read(text) or ()) if _STATEMENT.fullmatch(text) else ()
    return next((edit for edit in map(of_claim, claims) if edit), None)


def of_claim(claim: Claim) -> Edit | None:
    """Return the change that makes a claim true in a picture where it is false; None for a style."""
    match claim:
        case Present(which):
            return Add(Group(which.noun, 1, which.colour, numbered=False))
        case Counted(which, number):
            return SetCount(_which(which), number)
        case Coloured(which, colour):
            return Recolour(_which(which), colour)
        case Placed(which, place):
            return Move(_which(which), place)
        case Related(which, direction, other):
            return Move(_which(which), direction=direction, other=_which(other))
        case Ground(colour):
            return Recolour(None, colour)
        case ElementThere(name):
            return AddElement(name)
        case Lettered(text):
            return Letter(text)
        case Absent(noun):
            return _absent(noun)
        case _:
            return None


def _absent(noun: str) -> Edit | None:
    return Letter("") if noun == "text" else _remove(f"the {noun}")


def _which(which: Which) -> Target:
    return Target(which.noun, which.colour)


def _target(name: str) -> Target | None:
    """Return the target that a noun phrase describes."""
    scene = parse(name)
    return _target_of(scene.groups[0]) if scene.groups else None


def _target_of(group: Group) -> Target:
    return Target(group.noun, group.colour, group.place)


def _number(word: str) -> int | None:
    return int(word) if word.isdecimal() and len(word) <= 2 else words.NUMBERS.get(word)
