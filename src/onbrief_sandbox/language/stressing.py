"""Writes emphasis on claims: separate clauses, weights and layouts."""

from __future__ import annotations

import re

from onbrief_sandbox.language import claims, words
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
from onbrief_sandbox.language.sentences import sentence
from onbrief_sandbox.scene import Place, Relation, Scene

PLACES: dict[Place, str] = {
    "left": "on the left side",
    "right": "on the right side",
    "top": "at the top",
    "bottom": "at the bottom",
    "middle": "in the middle",
}
DIRECTIONS = {"left of": "to the left of", "right of": "to the right of", "above": "above", "below": "below"}
_SIDES: dict[str, tuple[Place, Place]] = {
    "left of": ("left", "right"),
    "right of": ("right", "left"),
    "above": ("top", "bottom"),
    "below": ("bottom", "top"),
}
_WEIGHT = 1.3
_LEAD = 10  # words; the first clause is padded to this length, because being among the first ten words counts as emphasis
_FILLERS = ("clear and fully visible", "in sharp focus", "in full and plain view", "with clean edges")


def lead(claim: Claim, scene: Scene, *, alone: bool) -> str | None:
    """Return a first clause for the prompt that is only about this claim, with a weight if no other claim is stressed.

    None for an absence, which belongs in the negative text, for a style, and for things of several colours at once.
    """
    whiches = {claims.which(scene, index) for index in range(len(scene.groups))}
    if isinstance(claim, Absent | Styled) or not whiches.issuperset(ends(claim)):
        return None
    clause = weighted(own(claim)) if alone and not isinstance(claim, Counted | Related) else own(claim)
    if isinstance(claim, Counted) and claim.number != 1 and not claim.which.colour:
        clause = f"exactly {words.numeral(claim.number)} {name(claim.which)} in a row"
    for filler in _FILLERS:
        if len(clause.split()) >= _LEAD:
            break
        clause = f"{clause}, {filler}"
    return clause


def own(claim: Claim) -> str:
    """Return a clause that makes only this claim. A count is also laid out in a row."""
    match claim:
        case Counted(those, 1):
            return f"the one {name(those)} is alone"
        case Counted(those, number):
            return f"{the(those)} are exactly {words.numeral(number)} in a row"
        case Present(those):
            return f"{the(those)} {'are' if those.many else 'is'} there"
        case Related(those, direction, other):
            return f"{the(those)} {'are' if those.many else 'is'} {DIRECTIONS[direction]} {the(other)}"
        case Lettered(text):
            return f'a sign says "{text}"'
        case Styled(style):
            return f"in a {style} style"
        case Coloured() | Placed() | ElementThere() | Ground() | Absent():
            return sentence(claim)


def layout(claim: Related, scene: Scene) -> str | None:
    """Return a clause that places both ends of a relation on their sides of the picture; None if they have other places or
    relations.
    """
    ends = [index for index in range(len(scene.groups)) if claims.which(scene, index) in (claim.which, claim.other)]
    theirs = [r for r in scene.relations if r.subject in ends or r.object in ends]
    if len(ends) != 2 or len(theirs) != 1 or any(scene.groups[index].place for index in ends):
        return None
    one, other = _SIDES[claim.direction]
    return f"{the(claim.which)} {PLACES[one]}, {the(claim.other)} {PLACES[other]}"


def stressed_groups(scene: Scene, stressed: tuple[Claim, ...]) -> set[int]:
    """Return the indices of the groups that these claims name."""
    named = {those for claim in stressed for those in ends(claim)}
    return {index for index in range(len(scene.groups)) if claims.which(scene, index) in named}


def ends(claim: Claim) -> tuple[Which, ...]:
    """Return the things that a claim names."""
    match claim:
        case Present(those) | Counted(those) | Coloured(those) | Placed(those):
            return (those,)
        case Related(those, _, other):
            return (those, other)
        case _:
            return ()


def is_of(relation: Relation, claim: Claim, scene: Scene) -> bool:
    """Return whether this relation of the scene makes this claim."""
    whiches = claims.which(scene, relation.subject), claims.which(scene, relation.object)
    return claim == Related(whiches[0], relation.direction, whiches[1])


def weighted(text: str) -> str:
    """Return the text with a weight, in the syntax of image prompts: "(text:1.3)"."""
    return f"({text}:{_WEIGHT})"


def unweighted(text: str) -> str:
    """Return a text without the weights that `weighted` puts on its parts."""
    return re.sub(rf"\((.*?):{_WEIGHT}\)", r"\1", text)


def the(which: Which) -> str:
    """Return the name of these things with a definite article."""
    return f"the {name(which)}"


def name(which: Which) -> str:
    """Return the name of these things, with the colour if it distinguishes them from others with the same noun."""
    noun = words.plural(which.noun) if which.many else which.noun
    return f"{which.colour} {noun}" if which.colour else noun
