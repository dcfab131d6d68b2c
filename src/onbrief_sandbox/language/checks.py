"""Checks claims against a Sight. The same code serves the painter's own account (truth) and what the eye saw."""

from __future__ import annotations

from collections import Counter

from onbrief.questions.claims import Lettering
from onbrief_sandbox.language import words
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
    Styled,
    Which,
)
from onbrief_sandbox.scene import Box, Direction, Place, Sight, Thing

MARGIN = 0.03
"""Least distance of two centres for a relation such as "above" to hold, as a fraction of the picture's side. Assumed."""

_THIRD = 1 / 3
_PLACES: dict[Place, str] = {
    "left": "on the left",
    "right": "on the right",
    "top": "at the top",
    "bottom": "at the bottom",
    "middle": "in the middle",
}
_SHOWN = 12  # maximum number of things named in one sentence of evidence


def check(claim: Claim, sight: Sight) -> tuple[bool, str]:
    """Return whether the claim holds, and a sentence of evidence.

    Relations are decided by the centres of the boxes, as in GenEval, and must hold for each pair of things of the two kinds.
    """
    match claim:
        case Present(which):
            return bool(_these(which, sight)), _counted(which, sight)
        case Counted(which, number):
            return len(_these(which, sight)) == number, _counted(which, sight)
        case Coloured(which, colour):
            found = _these(which, sight)
            return bool(found) and all(thing.colour == colour for thing in found), _counted(which, sight)
        case Placed(which, place):
            found = _these(which, sight)
            return bool(found) and all(_lies_in(thing.box, place) for thing in found), _located(which, sight)
        case Related(which, direction, other):
            return _related(which, direction, other, sight)
        case Ground(colour):
            seen = f"the background is {sight.background}" if sight.background else "there is no plain background"
            return sight.background == colour, seen
        case ElementThere(name):
            return _there(name, sight), _landscape(sight)
        case Lettered(text):
            return any(Lettering(text).stands_in(word) for word in sight.words), _read(sight)
        case Absent(noun):
            return _absent(noun, sight)
        case Styled(style):
            seen = ", ".join(sorted(sight.styles)) or "no style that has a name"
            return style in sight.styles, f"the style: {seen}"


def _these(which: Which, sight: Sight) -> tuple[Thing, ...]:
    name = _letters(which.noun)
    return tuple(thing for thing in sight.things if _letters(thing.noun) == name and which.colour in (None, thing.colour))


def _letters(text: str) -> str:
    """Return the form in which the lettering of cards is compared: without case and spaces."""
    return "".join(text.casefold().split())


def _lies_in(box: Box, place: Place) -> bool:
    match place:
        case "left":
            return box.x < _THIRD
        case "right":
            return box.x > 1 - _THIRD
        case "top":
            return box.y < _THIRD
        case "bottom":
            return box.y > 1 - _THIRD
        case "middle":
            return _THIRD <= box.x <= 1 - _THIRD and _THIRD <= box.y <= 1 - _THIRD


def _lies(one: Box, direction: Direction, other: Box) -> bool:
    match direction:
        case "left of":
            return one.x < other.x - MARGIN
        case "right of":
            return one.x > other.x + MARGIN
        case "above":
            return one.y < other.y - MARGIN
        case "below":
            return one.y > other.y + MARGIN


def _related(which: Which, direction: Direction, other: Which, sight: Sight) -> tuple[bool, str]:
    ones, others = _these(which, sight), _these(other, sight)
    if not ones or not others:
        return False, _counted(which if not ones else other, sight)
    wrong = [(a, b) for a in ones for b in others if not _lies(a.box, direction, b.box)]
    shown = f"{_named(which)} at {_points(ones)}, {_named(other)} at {_points(others)}"
    return not wrong, f"{shown} (from the left and from the top)"


def _there(name: str, sight: Sight) -> bool:
    return name in sight.elements or (name == "sun" and "sunrise" in sight.elements)


def _absent(noun: str, sight: Sight) -> tuple[bool, str]:
    if noun == "text":
        return not sight.words, _read(sight)
    colour, _, rest = noun.partition(" ")
    which = Which(rest, words.COLOUR_WORDS[colour]) if rest and colour in words.COLOUR_WORDS else Which(noun)
    if _these(which, sight):
        return False, _counted(which, sight)
    if _there("stars" if noun == "star" else noun, sight):
        return False, _landscape(sight)
    return True, _counted(which, sight)


def _named(which: Which) -> str:
    return f"{which.colour} {which.noun}" if which.colour else which.noun


def _counted(which: Which, sight: Sight) -> str:
    """Return the number of these things and their colours ("two circles: red, red"), or what is there instead."""
    found = _these(which, sight)
    if found:
        name = words.plural(which.noun) if len(found) > 1 else which.noun
        colours = ", ".join(thing.colour or "no colour" for thing in found[:_SHOWN])
        return f"{words.numeral(len(found))} {name}: {colours}"
    kinds = Counter(f"{thing.colour} {thing.noun}" if thing.colour else thing.noun for thing in sight.things)
    instead = ", ".join(f"{words.numeral(n)} {words.plural(k) if n > 1 else k}" for k, n in kinds.most_common(_SHOWN))
    return f"no {_named(which)}; seen: {instead or 'no things'}"


def _located(which: Which, sight: Sight) -> str:
    found = _these(which, sight)
    if not found:
        return _counted(which, sight)
    return "; ".join(f"{_named(which)} {_where(thing.box)}" for thing in found[:_SHOWN])


def _where(box: Box) -> str:
    return " and ".join(text for place, text in _PLACES.items() if _lies_in(box, place)) or "between the thirds"


def _points(things: tuple[Thing, ...]) -> str:
    return ", ".join(f"{thing.box.x:.2f}/{thing.box.y:.2f}" for thing in things[:_SHOWN])


def _landscape(sight: Sight) -> str:
    return f"seen in the landscape: {', '.join(sorted(sight.elements)) or 'nothing'}"


def _read(sight: Sight) -> str:
    return "to be read: " + (", ".join(f'"{word}"' for word in sight.words[:_SHOWN]) or "nothing")
