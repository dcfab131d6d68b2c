"""Finds the devices for emphasis (clauses, weights, order, layout) that a prompt spends on each claim."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, replace

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
)
from onbrief_sandbox.language.grammar import parse
from onbrief_sandbox.scene import Direction, Place, Relation, Scene

_CLAUSE = re.compile(r"[.;!?\n]+")
_WEIGHT = re.compile(r"\(([^()]{1,200}):(\d{1,2}(?:\.\d{1,3})?)\)")
_LEAST, _MOST = 1.1, 1.4  # weights that count as a device; heavier ones only harm, see world.toml
_ROW = re.compile(r"\bin (?:a|one|two) (?:row|rows|line|lines|column|columns|grid)\b")
_WORD = re.compile(r"[^\s]+")
_LIGHT = re.compile(r"\b(?:light|lit|lighting|daylight|shadow|shadows|style)\b")
_MANY_CLAUSES = 100  # clauses and weights beyond this number are ignored

Key = tuple[str, ...]
"""A claim without the parts that depend on the rest of the prompt: a clause may say "the circles" for the red ones."""


@dataclass(frozen=True, slots=True)
class Stress:
    """The form of a prompt: the number of devices spent on each claim, its length in words, its highest weight, and whether it
    is well formed.
    """

    devices: Counter[Key]
    words: int
    weight: float
    well_formed: bool

    def on(self, claim: Claim) -> int:
        """Return the number of different devices spent on this claim."""
        return self.devices[key(claim)]

    def elsewhere(self, claim: Claim) -> int:
        """Return the number of devices spent on other claims."""
        return self.devices.total() - self.on(claim)


def stress(scene: Scene, text: str, negative: str, first_words: int) -> Stress:
    """Return the devices that a prompt spends on the claims of its scene. A plain prompt of one clause spends none.

    The devices are: a separate clause; a weight from 1.1 to 1.4; a place among the first words of a longer prompt with several
    clauses; an explicit layout for a count; an explicit layout for a relation; a negative text that names the absent thing.
    """
    atoms = {key(claim) for claim in claims.of(strip_layout(scene))}
    plain = words.fold(text)
    clauses = [clause for clause in _CLAUSE.split(_unweighted(plain)) if clause.strip()][:_MANY_CLAUSES]
    devices: Counter[Key] = Counter()
    if len(clauses) > 1:
        devices.update({k for clause in clauses if len(own := _chiefs(clause)) == 1 for k in own})
    weights = _WEIGHT.findall(plain)[:_MANY_CLAUSES]
    devices.update({k for inner, weight in weights if _LEAST <= float(weight) <= _MOST for k in _chiefs(inner)})
    spoken = _WORD.findall(plain)
    if len(clauses) > 1 and len(spoken) > first_words:
        devices.update({key(claim) for claim in claims.of(parse(" ".join(spoken[:first_words])))})
    rows = [clause for clause in clauses if _ROW.search(clause.lower())]
    devices.update({k for clause in rows for k in _chiefs(clause) if k[0] == "Counted"})
    devices.update(_laid_out(scene))
    devices.update(key(Absent(noun)) for noun in parse("", negative).absent)
    named = bool(scene.styles) or _LIGHT.search(plain.lower()) is not None
    return Stress(
        devices=Counter({k: n for k, n in devices.items() if k in atoms}),
        words=len(spoken),
        weight=max((float(weight) for _, weight in weights), default=1.0),
        well_formed=named and len(clauses) > 1,
    )


def key(claim: Claim) -> Key:
    """Return the part of a claim that it has in common with its mention in a single clause."""
    name = type(claim).__name__
    match claim:
        case Present(which) | Counted(which) | Placed(which):
            return (name, which.noun)
        case Coloured(which, colour):
            return (name, which.noun, colour)
        case Related(which, direction, other):
            return (name, which.noun, direction, other.noun)
        case ElementThere(element):
            return (name, element)
        case Absent(noun):
            return (name, noun)
        case Lettered(text):
            return (name, text.casefold())
        case Ground(colour):
            return (name, colour)
        case Styled(style):
            return (name, style)


def strip_layout(scene: Scene) -> Scene:
    """Return the scene without places that only restate a relation ("on the left side … on the right side")."""
    spelled = _spelled_out(scene)
    groups = tuple(replace(g, place=None) if i in spelled else g for i, g in enumerate(scene.groups))
    return replace(scene, groups=groups)


_ENDS: dict[Direction, tuple[Place, Place]] = {
    "left of": ("left", "right"),
    "right of": ("right", "left"),
    "above": ("top", "bottom"),
    "below": ("bottom", "top"),
}


def _spelled_out(scene: Scene) -> set[int]:
    return {index for r in _in_full(scene) for index in (r.subject, r.object)}


def _laid_out(scene: Scene) -> set[Key]:
    groups = scene.groups
    return {("Related", groups[r.subject].noun, r.direction, groups[r.object].noun) for r in _in_full(scene)}


def _in_full(scene: Scene) -> list[Relation]:
    """Return the relations whose ends are also placed on the two sides."""
    groups = scene.groups
    return [r for r in scene.relations if (groups[r.subject].place, groups[r.object].place) == _ENDS[r.direction]]


def _chiefs(text: str) -> set[Key]:
    """Return the claims of a piece of text, without those that another one presupposes."""
    found = claims.of(parse(text))
    implied = {key(parent) for claim in found for parent in claims.parents(claim)}
    return {key(claim) for claim in found} - implied


def _unweighted(text: str) -> str:
    return _WEIGHT.sub(lambda match: match[1], text)
