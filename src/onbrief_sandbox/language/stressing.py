"""How a prompt stresses a claim: the clauses, weights and layouts that are spent on it."""

from __future__ import annotations

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
_LEAD = 10  # words in which nothing else is named: a place among the first ten is worth something
_FILLERS = ("clear and fully visible", "in sharp focus", "in full and plain view", "with clean edges")


def lead(claim: Claim, scene: Scene, *, alone: bool) -> str | None:
    """A prompt's first clause, about this claim and nothing else; with a weight where no other claim is stressed.

    None for what must be absent, which has its place in the negative text, and for things of several colours at once.
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
    """A clause that makes this claim alone. A count is also laid out, in a row."""
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
    """Both ends of a relation on their sides of the picture; None where they have other places, or other relations."""
    ends = [index for index in range(len(scene.groups)) if claims.which(scene, index) in (claim.which, claim.other)]
    theirs = [r for r in scene.relations if r.subject in ends or r.object in ends]
    if len(ends) != 2 or len(theirs) != 1 or any(scene.groups[index].place for index in ends):
        return None
    one, other = _SIDES[claim.direction]
    return f"{the(claim.which)} {PLACES[one]}, {the(claim.other)} {PLACES[other]}"


def stressed_groups(scene: Scene, stressed: tuple[Claim, ...]) -> set[int]:
    """The numbers of the groups that these claims name."""
    named = {those for claim in stressed for those in ends(claim)}
    return {index for index in range(len(scene.groups)) if claims.which(scene, index) in named}


def ends(claim: Claim) -> tuple[Which, ...]:
    """The things that a claim names."""
    match claim:
        case Present(those) | Counted(those) | Coloured(those) | Placed(those):
            return (those,)
        case Related(those, _, other):
            return (those, other)
        case _:
            return ()


def is_of(relation: Relation, claim: Claim, scene: Scene) -> bool:
    """Whether this relation of the scene makes this claim."""
    whiches = claims.which(scene, relation.subject), claims.which(scene, relation.object)
    return claim == Related(whiches[0], relation.direction, whiches[1])


def weighted(text: str) -> str:
    """With a weight, as prompts of image models have it."""
    return f"({text}:{_WEIGHT})"


def the(which: Which) -> str:
    """These things, as known ones."""
    return f"the {name(which)}"


def name(which: Which) -> str:
    """These things, with the colour that tells them from their namesakes."""
    noun = words.plural(which.noun) if which.many else which.noun
    return f"{which.colour} {noun}" if which.colour else noun
