"""Turns failed atoms into visible faults. Their claims are not met in the painted scene; other claims are, where possible."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import replace
from random import Random
from typing import Literal

from onbrief_sandbox.language import words
from onbrief_sandbox.language.claims import (
    Absent,
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
from onbrief_sandbox.scene import COLOURS, ELEMENTS, THINGS, Colour, Direction, Group, Place, Relation, Scene
from onbrief_sandbox.world.atoms import MIRRORED, Atom
from onbrief_sandbox.world.numbers import FAULT, MOST

_TURNED: dict[Direction, Direction] = {
    "left of": "above", "right of": "below", "above": "left of", "below": "right of",
}  # fmt: skip
_ELSEWHERE: dict[Place, tuple[Place, ...]] = {
    "left": ("right", "middle"),
    "right": ("left", "middle"),
    "top": ("bottom", "middle"),
    "bottom": ("top", "middle"),
    "middle": ("left", "right", "top", "bottom"),
}
"""The places that exclude each place: a thing at the top can also be on the left, but not at the bottom."""
_HOURS = frozenset({"day", "night", "sunset"})


Swerve = Literal["drawn", "mirrored", "turned"]
"""How failed relations show: drawn at random for each, all mirrored, or all turned by 90 degrees."""


def faulty(scene: Scene, wrong: Mapping[Atom, Random], swerve: Swerve = "drawn") -> Scene:
    """Return the scene that is painted when these atoms fail. Each atom has its own random generator."""
    groups: list[Group | None] = [replace(group, count=min(group.count, MOST)) for group in scene.groups]
    relations: list[Relation] = list(scene.relations)
    background, lettering = scene.background, list(scene.words)
    elements, styles = set(scene.elements), set(scene.styles)
    extra: list[Group] = []
    for atom, draw in wrong.items():
        claim, number = atom.claim, atom.number
        match claim:
            case Present(which):
                noun = _instead(scene, draw)
                for index in _those(which, scene):
                    group = groups[index]
                    groups[index] = replace(group, noun=noun) if group and noun else None
            case Counted(which, asked):
                _miscount(groups, number, which, asked, draw)
            case Coloured():
                colour, like = _other_colour(scene, number, draw), scene.groups[number]
                for index, group in enumerate(groups):
                    if group and (scene.groups[index].noun, scene.groups[index].colour) == (like.noun, like.colour):
                        groups[index] = replace(group, colour=colour)
            case Placed(which, place):
                other = draw.choice(_ELSEWHERE[place])
                for index in _those(which, scene):
                    group = groups[index]
                    groups[index] = replace(group, place=other) if group else None
            case Related(_, direction, _):
                turned = draw.random() >= FAULT["mirrored"] if swerve == "drawn" else swerve == "turned"
                relations[number] = replace(relations[number], direction=(_TURNED if turned else MIRRORED)[direction])
            case Ground(colour):
                background = draw.choice(_colours_but({colour}))
            case ElementThere(name):
                _vanish(name, elements, scene, draw)
            case Lettered(word):
                lettering[number] = misspelt(word, scene.words, draw)
            case Absent(noun):
                _appear(noun, extra, elements, lettering)
            case Styled(style):
                styles -= {style}
    kept = [index for index, group in enumerate(groups) if group and group.count]
    new = {old: position for position, old in enumerate(kept)}
    return Scene(
        groups=(*(group for group in groups if group and group.count), *extra),
        relations=tuple(
            replace(r, subject=new[r.subject], object=new[r.object]) for r in relations if r.subject in new and r.object in new
        ),
        background=background,
        elements=frozenset(elements),
        words=tuple(word for word in lettering if word),
        absent=scene.absent,
        styles=frozenset(styles),
    )


def _those(which: Which, scene: Scene) -> list[int]:
    """Return the indices of the groups that a claim is about."""
    return [i for i, g in enumerate(scene.groups) if g.noun == which.noun and which.colour in (None, g.colour)]


def _instead(scene: Scene, draw: Random) -> str:
    """Return a thing that the scene does not mention, or an empty string for no replacement."""
    spoken_of = {g.noun for g in scene.groups} | {part for noun in scene.absent for part in (noun, noun.partition(" ")[2])}
    others = [noun for noun in THINGS if noun not in spoken_of]
    return draw.choice(others) if draw.random() < FAULT["replaced"] else ""


def _miscount(groups: list[Group | None], number: int, which: Which, asked: int, draw: Random) -> None:
    """Make the count wrong by one or two. It never becomes 0, which would be a different fault."""
    group = groups[number]
    if group is None:
        return
    step = 1 if draw.random() < FAULT["off_by_one"] else 2
    others = sum(
        g.count for i, g in enumerate(groups) if g and i != number and g.noun == which.noun and which.colour in (None, g.colour)
    )
    counts = [total - others for total in (asked - step, asked + step) if 1 <= total - others <= MOST]
    near = [n for n in (MOST, MOST - 1, 1, 2) if n + others != asked]
    groups[number] = replace(group, count=draw.choice(counts) if counts else near[0])


def _other_colour(scene: Scene, number: int, draw: Random) -> Colour:
    """Return the colour of another thing, or any; never one that a thing with this noun already has or must not have."""
    group = scene.groups[number]
    namesakes = {g.colour for g in scene.groups if g.noun == group.noun}
    forbidden: set[Colour | None] = {colour for colour in COLOURS if f"{colour} {group.noun}" in scene.absent}
    elsewhere = {g.colour for g in scene.groups} - namesakes - forbidden
    others: list[Colour] = [colour for colour in COLOURS if colour in elsewhere]
    if others and draw.random() < FAULT["swapped"]:
        return draw.choice(others)
    free = _colours_but(namesakes | forbidden) or _colours_but({group.colour})
    return draw.choice(free)


def _colours_but(taken: Container[Colour | None]) -> list[Colour]:
    return [colour for colour in COLOURS if colour not in taken]


def _vanish(name: str, elements: set[str], scene: Scene, draw: Random) -> None:
    """Remove an element. The only hour is replaced by another one."""
    elements -= {name, "sunrise"} if name == "sun" else {name}
    if name in _HOURS and not elements & _HOURS:
        others = sorted(_HOURS - scene.elements - scene.absent) or sorted(_HOURS - {name})
        elements.add(draw.choice(others))


def misspelt(word: str, asked: Sequence[str], draw: Random) -> str:
    """Swap two adjacent letters or drop one, so that the result has the letters of none of the requested words."""
    forbidden = {_letters(text) for text in asked}
    places = list(range(len(word)))
    draw.shuffle(places)
    for at in places:
        swapped = word[:at] + word[at + 1 : at + 2] + word[at] + word[at + 2 :]
        dropped = word[:at] + word[at + 1 :]
        for candidate in (swapped, dropped) if draw.random() < 0.5 else (dropped, swapped):
            if _letters(candidate) not in forbidden:
                return " ".join(candidate.split())
    return ""


def _letters(text: str) -> str:
    """Return what decides whether lettering is right: neither case nor spaces nor punctuation do."""
    return "".join(c for c in text.casefold() if c.isalnum())


def _appear(noun: str, extra: list[Group], elements: set[str], lettering: list[str]) -> None:
    """Add something that must be absent."""
    if noun == "text":
        lettering.append("SALE")
    elif noun in _HOURS:
        elements -= _HOURS  # if both were present, the painter would choose night over day
        elements.add(noun)
    elif noun in ELEMENTS:
        elements.add(noun)
    else:
        colour, _, rest = noun.partition(" ")
        known = words.COLOUR_WORDS.get(colour) if rest else None
        extra.append(Group(rest, 1, known) if known else Group(noun, 1))
