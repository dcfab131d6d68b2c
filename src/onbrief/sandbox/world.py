"""The flaws of the sandbox's image model: a Scene that was asked for becomes the Scene that is painted.

Each atom comes out right or wrong by a draw of its own; a wrong one shows as a real fault, so that its claim is not met.
Numbers are in world.toml. The same text, negative text and seed give the same result on every machine.
"""

from __future__ import annotations

import hashlib
import math
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib.resources import files
from random import Random
from statistics import NormalDist
from typing import cast, get_args

from onbrief.sandbox.language import claims, words
from onbrief.sandbox.language.claims import (
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
)
from onbrief.sandbox.language.emphasis import Stress, stress, strip_layout
from onbrief.sandbox.language.sentences import sentence
from onbrief.sandbox.scene import COLOURS, ELEMENTS, THINGS, Colour, Direction, Group, Place, Relation, Scene

_NUMBERS = tomllib.loads(files("onbrief.sandbox").joinpath("world.toml").read_text("utf-8"))
_BASE = cast("dict[str, float]", _NUMBERS["base"])
_FAULT = cast("dict[str, float]", _NUMBERS["fault"])
_GAIN = cast("list[float]", _NUMBERS["emphasis"]["gain"])
_FIRST_WORDS = cast("int", _NUMBERS["emphasis"]["first_words"])
_INTERFERENCE = cast("dict[str, float]", _NUMBERS["interference"])
_WORDING = NormalDist(0, cast("float", _NUMBERS["wording"]["sd"]))
_FORM = cast("float", _NUMBERS["form"]["gain"])
_MOST = int(_FAULT["most"])

_MIRRORED: dict[Direction, Direction] = {
    "left of": "right of", "right of": "left of", "above": "below", "below": "above",
}  # fmt: skip
_TURNED: dict[Direction, Direction] = {
    "left of": "above", "right of": "below", "above": "left of", "below": "right of",
}  # fmt: skip
_HOURS = frozenset({"day", "night", "sunset"})


@dataclass(frozen=True, slots=True)
class Atom:
    """One thing that can go wrong: a claim, and the number of the group, relation or lettering that it is about."""

    claim: Claim
    number: int = 0

    def __str__(self) -> str:
        return f"{sentence(self.claim)} #{self.number}"


def distort(scene: Scene, text: str, seed: int, negative: str = "") -> Scene:
    """What is painted when this scene is asked for with this prompt: some atoms of it come out wrong."""
    written = stress(scene, text, negative, _FIRST_WORDS)
    scene = strip_layout(scene)
    prompt = f"{text}\0{negative}"
    wrong: dict[Atom, Random] = {}
    for atom in _atoms(scene):
        chance = _chance(atom, scene, prompt, written)
        if _uniform("outcome", prompt, str(atom), str(seed)) >= chance:
            wrong[atom] = Random(_digest("fault", prompt, str(atom), str(seed)))  # noqa: S311 - no secret hangs on it
    return _painted(scene, wrong)


def _atoms(scene: Scene) -> list[Atom]:
    atoms: list[Atom] = []
    for number, group in enumerate(scene.groups):
        which = claims.which(scene, number)
        atoms.append(Atom(Present(which), number))
        if group.numbered:
            atoms.append(Atom(Counted(which, group.count), number))
        if group.colour:
            atoms.append(Atom(Coloured(which, group.colour), number))
        if group.place:
            atoms.append(Atom(Placed(which, group.place), number))
    for number, r in enumerate(scene.relations):
        ends = claims.which(scene, r.subject), claims.which(scene, r.object)
        atoms.append(Atom(Related(ends[0], r.direction, ends[1]), number))
    if scene.background:
        atoms.append(Atom(Ground(scene.background)))
    atoms += [Atom(ElementThere(name)) for name in sorted(scene.elements)]
    atoms += [Atom(Lettered(word), number) for number, word in enumerate(scene.words)]
    atoms += [Atom(Absent(noun)) for noun in sorted(scene.absent)]
    atoms += [Atom(Styled(style)) for style in sorted(scene.styles)]
    return atoms


# -- chances ---------------------------------------------------------------------------------------------------------------


def _chance(atom: Atom, scene: Scene, prompt: str, written: Stress) -> float:
    """The probability that this atom comes out right."""
    x = (
        _base(atom.claim, many=len(scene.groups) > 1)
        + _WORDING.inv_cdf(_uniform("wording", prompt, str(atom)))
        + _GAIN[min(written.on(atom.claim), len(_GAIN) - 1)]
        - _INTERFERENCE["device"] * written.elsewhere(atom.claim)
        - _INTERFERENCE["word_cost"] * max(0, written.words - _INTERFERENCE["word_limit"])
    )
    if written.weight > _INTERFERENCE["weight_limit"]:
        x -= _INTERFERENCE["weight_cost"]
    if written.well_formed:
        x += _FORM
    return 1 / (1 + math.exp(-x)) if x > -700 else 0.0


def _base(claim: Claim, *, many: bool) -> float:
    match claim:
        case Present():
            return _BASE["object_of_many" if many else "object"]
        case Counted():
            return _BASE["count"]
        case Coloured():
            return _BASE["colour_of_many" if many else "colour"]
        case Ground():
            return _BASE["colour"]
        case Related():
            return _BASE["relation"]
        case Placed():
            return _BASE["place"]
        case Lettered():
            return _BASE["text"]
        case ElementThere():
            return _BASE["element"]
        case Absent():
            return _BASE["absence"]
        case Styled():
            return _BASE["style"]


def _digest(*parts: str) -> int:
    return int.from_bytes(hashlib.sha256("\x1f".join(parts).encode("utf-8", "surrogatepass")).digest()[:8])


def _uniform(*parts: str) -> float:
    """A number between 0 and 1, neither of them, that depends on these texts alone."""
    return ((_digest(*parts) >> 11) + 0.5) / 2**53


# -- faults ----------------------------------------------------------------------------------------------------------------


def _painted(scene: Scene, wrong: dict[Atom, Random]) -> Scene:
    groups: list[Group | None] = [replace(group, count=min(group.count, _MOST)) for group in scene.groups]
    relations: list[Relation] = list(scene.relations)
    background, lettering = scene.background, list(scene.words)
    elements, styles = set(scene.elements), set(scene.styles)
    extra: list[Group] = []
    for atom, draw in wrong.items():
        claim, number = atom.claim, atom.number
        group = groups[number] if number < len(groups) else None
        match claim:
            case Present():
                groups[number] = _replaced(group, scene, draw) if group else None
            case Counted() if group:
                groups[number] = _miscounted(group, scene.groups[number].count, draw)
            case Coloured() if group:
                groups[number] = replace(group, colour=_other_colour(scene, number, draw))
            case Placed(_, place) if group:
                groups[number] = replace(group, place=draw.choice([p for p in get_args(Place) if p != place]))
            case Related(_, direction, _):
                other = _MIRRORED if draw.random() < _FAULT["mirrored"] else _TURNED
                relations[number] = replace(relations[number], direction=other[direction])
            case Ground(colour):
                grounds: list[Colour] = [c for c in COLOURS if c != colour]
                background = draw.choice(grounds)
            case ElementThere(name):
                elements -= {name, "sunrise"} if name == "sun" else {name}
                if name in _HOURS and not elements & _HOURS:
                    elements |= {draw.choice(sorted(_HOURS - {name}))}
            case Lettered(word):
                lettering[number] = _misspelt(word, scene.words, draw)
            case Absent(noun):
                _appear(noun, extra, elements, lettering)
            case Styled(style):
                styles -= {style}
            case _:
                pass
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


def _replaced(group: Group, scene: Scene, draw: Random) -> Group | None:
    """Another thing in its place, or nothing."""
    taken = {g.noun for g in scene.groups} | scene.absent
    others = [noun for noun in THINGS if noun not in taken]
    if others and draw.random() < _FAULT["replaced"]:
        return replace(group, noun=draw.choice(others))
    return None


def _miscounted(group: Group, asked: int, draw: Random) -> Group:
    step = 1 if draw.random() < _FAULT["off_by_one"] else 2
    counts = [n for n in (asked - step, asked + step) if 0 <= n <= _MOST] or [n for n in (_MOST, _MOST - 1) if n != asked]
    return replace(group, count=draw.choice(counts))


def _other_colour(scene: Scene, number: int, draw: Random) -> Colour:
    """The colour of another thing, or any; never one that a namesake should have, so that the fault is real."""
    group = scene.groups[number]
    namesakes = {g.colour for g in scene.groups if g.noun == group.noun}
    elsewhere = {g.colour for g in scene.groups} - namesakes
    others: list[Colour] = [colour for colour in COLOURS if colour in elsewhere]
    if others and draw.random() < _FAULT["swapped"]:
        return draw.choice(others)
    free: list[Colour] = [colour for colour in COLOURS if colour not in namesakes]
    if not free:
        free = [colour for colour in COLOURS if colour != group.colour]
    return draw.choice(free)


def _misspelt(word: str, asked: Sequence[str], draw: Random) -> str:
    """Two neighbours swapped or a letter dropped, such that nothing that was asked for is left."""
    forbidden = {"".join(text.casefold().split()) for text in asked}
    places = list(range(len(word)))
    draw.shuffle(places)
    for at in places:
        swapped = word[:at] + word[at + 1 : at + 2] + word[at] + word[at + 2 :]
        dropped = word[:at] + word[at + 1 :]
        for candidate in (swapped, dropped) if draw.random() < 0.5 else (dropped, swapped):
            if "".join(candidate.casefold().split()) not in forbidden:
                return " ".join(candidate.split())
    return ""


def _appear(noun: str, extra: list[Group], elements: set[str], lettering: list[str]) -> None:
    """What was forbidden is there after all."""
    if noun == "text":
        lettering.append("SALE")
    elif noun in ELEMENTS:
        elements.add(noun)
    else:
        colour, _, rest = noun.partition(" ")
        known = words.COLOUR_WORDS.get(colour) if rest else None
        extra.append(Group(rest, 1, known) if known else Group(noun, 1))
