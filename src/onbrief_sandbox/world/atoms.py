"""The parts of a scene that can fail, one atom per claim, and a name for a scene that does not depend on the wording."""

from __future__ import annotations

from dataclasses import dataclass, replace

from onbrief_sandbox.language import claims
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
from onbrief_sandbox.language.emphasis import strip_layout
from onbrief_sandbox.language.sentences import sentence
from onbrief_sandbox.scene import Direction, Relation, Scene

MIRRORED: dict[Direction, Direction] = {
    "left of": "right of", "right of": "left of", "above": "below", "below": "above",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Atom:
    """One thing that can fail: a claim, and the index of the group, relation or lettering that it is about."""

    claim: Claim
    number: int = 0

    def __str__(self) -> str:
        return f"{sentence(self.claim)} #{self.number}"


def plain(scene: Scene) -> Scene:
    """Return the scene without redundant parts: places that restate a relation, and relations given in both directions."""
    scene = strip_layout(scene)
    relations: list[Relation] = []
    for relation in scene.relations:
        if relation not in relations and _turned_round(relation) not in relations:
            relations.append(relation)
    return replace(scene, relations=tuple(relations))


def atoms(scene: Scene) -> tuple[Atom, ...]:
    """Return all atoms of a scene that `plain` returned, each claim once."""
    found: list[Atom] = []
    for number, group in enumerate(scene.groups):
        which = claims.which(scene, number)
        found.append(Atom(Present(which), number))
        if group.numbered:
            alike = (g for i, g in enumerate(scene.groups) if g.numbered and claims.which(scene, i) == which)
            found.append(Atom(Counted(which, sum(g.count for g in alike)), number))
        if group.colour:
            found.append(Atom(Coloured(which, group.colour), number))
        if group.place:
            found.append(Atom(Placed(which, group.place), number))
    for number, r in enumerate(scene.relations):
        ends = claims.which(scene, r.subject), claims.which(scene, r.object)
        found.append(Atom(Related(ends[0], r.direction, ends[1]), number))
    if scene.background:
        found.append(Atom(Ground(scene.background)))
    found += [Atom(ElementThere(name)) for name in sorted(scene.elements)]
    found += [Atom(Lettered(word), number) for number, word in enumerate(scene.words)]
    found += [Atom(Absent(noun)) for noun in sorted(scene.absent)]
    found += [Atom(Styled(style)) for style in sorted(scene.styles)]
    first: dict[Claim, Atom] = {}
    for atom in found:
        first.setdefault(atom.claim, atom)
    return tuple(first.values())


def name(scene: Scene) -> str:
    """Return a name for a scene that `plain` returned: the same for each wording and order of the prompt.

    Styles and absent things are left out if anything else is requested: a prompt with "no blur, sharp" added requests the
    same scene.
    """
    groups = [f"{g.count} {g.colour} {g.noun} {g.place}" for g in scene.groups]
    parts = [*groups, *scene.elements, *(word.casefold() for word in scene.words)]
    parts += [f"{groups[r.subject]} {r.direction} {groups[r.object]}" for r in map(_forward, scene.relations)]
    if scene.background:
        parts.append(f"on {scene.background}")
    return "\n".join(sorted(parts or (*scene.absent, *scene.styles)))


def _turned_round(relation: Relation) -> Relation:
    """Return the same relation with subject and object exchanged."""
    return Relation(relation.object, MIRRORED[relation.direction], relation.subject)


def _forward(relation: Relation) -> Relation:
    return relation if relation.direction in {"left of", "above"} else _turned_round(relation)
