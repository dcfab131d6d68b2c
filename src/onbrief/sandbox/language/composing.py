"""A Scene in well-formed English that the grammar reads as the same Scene, with stress where it is wanted."""

from __future__ import annotations

from dataclasses import dataclass

from onbrief.sandbox.language import claims, words
from onbrief.sandbox.language.claims import (
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
from onbrief.sandbox.language.sentences import sentence
from onbrief.sandbox.scene import ELEMENTS, Place, Scene

_OPENINGS = ("A picture of", "An image of", "A view of", "An illustration with", "A scene with", "A composition of")
_LIGHTS = ("Soft even light", "Clear light", "Bright even light", "Gentle light", "Natural light", "Clean bright lighting")
_FINISHES = (
    "sharp focus", "clean edges", "high contrast", "simple shapes", "bold colours", "high quality", "clear outlines",
    "crisp detail", "good composition", "high resolution",
)  # fmt: skip

_ELEMENTS = {
    "day": "daylight",
    "night": "a night sky",
    "sunset": "a sunset",
    "sun": "a sun",
    "sunrise": "the sun on the horizon",
    "moon": "the moon",
    "stars": "a starry sky",
    "aurora": "an aurora",
    "meteors": "meteors",
    "clouds": "clouds",
    "rainbow": "a rainbow",
    "mountains": "mountains",
    "hills": "hills",
    "forest": "a forest",
    "lake": "a lake",
    "sea": "the sea",
    "ice": "drifting ice",
}
_PLACES: dict[Place, str] = {
    "left": "on the left side",
    "right": "on the right side",
    "top": "at the top",
    "bottom": "at the bottom",
    "middle": "in the middle",
}
_SIDES: dict[str, tuple[Place, Place]] = {
    "left of": ("left", "right"),
    "right of": ("right", "left"),
    "above": ("top", "bottom"),
    "below": ("bottom", "top"),
}
_DIRECTIONS = {"left of": "to the left of", "right of": "to the right of", "above": "above", "below": "below"}
_WEIGHT = 1.2


@dataclass(frozen=True, slots=True)
class Ask:
    """What a prompt must say: a scene, which of its claims to stress, and texts that nobody could read, as they are."""

    scene: Scene
    stressed: tuple[Claim, ...] = ()
    unread: tuple[str, ...] = ()


def compose(ask: Ask, wording: int) -> str:
    """The prompt, in the wording of this number; other numbers give other texts."""
    opening, light, finish = _worded(wording)
    scene = ask.scene
    names = _names(ask)
    ground = f"on {_weighted(f'a {scene.background} background', Ground(scene.background), ask)}" if scene.background else ""
    said = [*names, *([ground] if ground else [])]
    parts = [f"{opening} {', '.join(said)}"] if said else [f"{opening.rpartition(' ')[0]}"]
    parts += [_capital(clause) for clause in _own_clauses(ask)]
    parts += [f"A sign says {_weighted(chr(34) + word + chr(34), Lettered(word), ask)}" for word in scene.words]
    if scene.absent:
        parts.append(_capital(", ".join(f"no {_forbidden(noun)}" for noun in sorted(scene.absent))))
    parts += [f"In a {style} style" for style in sorted(scene.styles)]
    parts.append(f"{light}, {finish}" if finish else light)
    parts += ask.unread
    return ". ".join(part.rstrip(". ") for part in parts) + "."


def negative(scene: Scene) -> str:
    """The negative text: names of all that must be absent."""
    return ", ".join(_forbidden(noun) for noun in sorted(scene.absent))


def _worded(wording: int) -> tuple[str, str, str]:
    """The number's digits choose an opening, a light, and which finishes to name."""
    rest, opening = divmod(wording, len(_OPENINGS))
    rest, light = divmod(rest + opening, len(_LIGHTS))  # both change at once, so that neighbours differ at two places
    return _OPENINGS[opening], _LIGHTS[light], ", ".join(f for bit, f in enumerate(_FINISHES) if rest >> bit & 1)


def _names(ask: Ask) -> list[str]:
    """Everything in the picture, what is stressed first."""
    scene = ask.scene
    things: list[tuple[bool, str]] = []
    for index, group in enumerate(scene.groups):
        which = claims.which(scene, index)
        name = words.plural(group.noun) if group.count != 1 else group.noun
        coloured = f"{group.colour} {name}" if group.colour else name
        stress = [claim for claim in ask.stressed if _about(claim, which, group.colour)]
        if any(isinstance(claim, Present) for claim in stress):
            shown = f"{group.colour} ({name}:{_WEIGHT})" if group.colour else f"({name}:{_WEIGHT})"
        elif any(isinstance(claim, Coloured) for claim in stress):
            shown = f"({coloured}:{_WEIGHT})"
        else:
            shown = coloured
        if group.numbered:
            shown = f"{words.numeral(group.count)} {shown}"
        else:
            shown = f"some {shown}" if group.count != 1 else f"{words.article(coloured).split()[0]} {shown}"
        things.append((bool(stress), f"{shown} {_PLACES[group.place]}" if group.place else shown))
    for name in ELEMENTS:
        if name in scene.elements:
            claim = ElementThere(name)
            things.append((claim in ask.stressed, _weighted(_ELEMENTS[name], claim, ask)))
    return [text for stressed in (True, False) for first, text in things if first is stressed]


def _about(claim: Claim, which: Which, colour: str | None) -> bool:
    """Whether a claim is about this group alone."""
    match claim:
        case Present(those) | Counted(those) | Coloured(those) | Placed(those) | Related(those):
            return those.noun == which.noun and those.colour in (None, colour)
        case _:
            return False


def _own_clauses(ask: Ask) -> list[str]:
    """A clause for each relation, and one for each thing that is stressed."""
    scene = ask.scene
    whiches = [claims.which(scene, index) for index in range(len(scene.groups))]
    clauses: list[str] = []
    for r in scene.relations:
        one, other = _the(whiches[r.subject]), _the(whiches[r.object])
        be = "are" if whiches[r.subject].many else "is"
        clauses.append(f"{one} {be} {_DIRECTIONS[r.direction]} {other}")
    for claim in ask.stressed:
        match claim:
            case Present(those):
                clauses.append(f"the picture shows {_the(those)}")
            case Counted(those, number):
                clauses.append(f"{_the(those)} {'are' if those.many else 'is'} exactly {words.numeral(number)} in a row")
            case Coloured() | Placed() | ElementThere() | Ground():
                clauses.append(sentence(claim))
            case Related() if len(scene.relations) == 1 and not any(group.place for group in scene.groups):
                r = scene.relations[0]
                sides = _SIDES[r.direction]
                clauses.append(f"{_the(whiches[r.subject])} {_PLACES[sides[0]]}, {_the(whiches[r.object])} {_PLACES[sides[1]]}")
            case _:
                pass
    return clauses


def _the(which: Which) -> str:
    name = words.plural(which.noun) if which.many else which.noun
    return f"the {which.colour} {name}" if which.colour else f"the {name}"


def _weighted(text: str, claim: Claim, ask: Ask) -> str:
    return f"({text}:{_WEIGHT})" if claim in ask.stressed else text


def _forbidden(noun: str) -> str:
    return "text" if noun == "text" else words.plural(words.singular(noun)) if noun not in ELEMENTS else noun


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
