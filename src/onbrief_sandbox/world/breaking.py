"""Side effects of an edit: facts of the picture that the edit is not about sometimes break."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from random import Random

from onbrief_sandbox.language import editing as edits
from onbrief_sandbox.scene import COLOURS, THINGS, Colour, Sight, Thing
from onbrief_sandbox.world import room
from onbrief_sandbox.world.changes import changed, side_of, taken, without_element
from onbrief_sandbox.world.faults import misspelt
from onbrief_sandbox.world.numbers import FAULT

Kind = tuple[str, Colour | None]
"""A kind of thing in a picture: its noun, and its colour if things with this noun differ in colour."""

Breaking = Callable[[Sight, Random], Sight]


def other_facts(sight: Sight, edit: edits.Edit, *, succeeds: bool) -> Iterator[tuple[str, Breaking]]:
    """Yield each fact that the edit may break: its name, and a function that breaks it. Facts whose breaking would undo a
    successful edit are left out.
    """
    spared = _spared(edit, succeeds=succeeds)
    kinds = _kinds(sight)
    for its in kinds:
        own = next((facts for target, facts in spared if _speaks_of(target, its)), frozenset[str]())
        for fact, breaking in (("object", _lose), ("count", _miscount), ("colour", _discolour)):
            if fact not in own:
                yield f"{fact} {its}", _of(breaking, its)
    fixed = [target for target, facts in spared if "relation" in facts]
    for one, other in pairwise(kinds):
        if not any(_speaks_of(target, its) for target in fixed for its in (one, other)):
            yield f"relation {one} {other}", _of_both(one, other)
    if sight.words and not isinstance(edit, edits.Letter):
        yield "text", lambda now, rng: replace(now, words=tuple(misspelt(word, now.words, rng) or word for word in now.words))
    if sight.background and not (isinstance(edit, edits.Recolour) and edit.target is None):
        yield "background", _other_ground
    for name in sorted(sight.elements):
        if not (isinstance(edit, edits.AddElement | edits.RemoveElement) and edit.name == name):
            yield f"element {name}", _lose_element(name)


def _spared(edit: edits.Edit, *, succeeds: bool) -> list[tuple[edits.Target, frozenset[str]]]:
    """Return the targets of an edit, each with those of its facts that the edit itself determines."""
    there = {"object"} if succeeds else set[str]()
    match edit:
        case edits.Replace(target):
            return [(target, frozenset({"object", "count", "colour"}))]
        case edits.Remove(target, number):
            return [(target, frozenset({"object", "count", "colour"} if number is None else {"object", "count"}))]
        case edits.Recolour(target) if target:
            return [(target, frozenset({"colour", *there}))]
        case edits.Add(group):
            return [(edits.Target(group.noun, group.colour), frozenset({"object", "count"}))]
        case edits.SetCount(target):
            return [(target, frozenset({"object", "count"}))]
        case edits.Move(target, _, _, other):
            facts = frozenset({"object", "count", "relation"} if succeeds else {"relation"})
            return [(target, facts), *([(other, facts)] if other and succeeds else [])]
        case _:
            return []


def _speaks_of(target: edits.Target, its: Kind) -> bool:
    return target.noun == its[0] and (its[1] is None or target.colour in (None, its[1]))


def _kinds(sight: Sight) -> list[Kind]:
    """Return the kinds of things in the picture, in the order of the sight."""
    colours: dict[str, set[Colour | None]] = {}
    for thing in sight.things:
        colours.setdefault(thing.noun, set()).add(thing.colour)
    return list(dict.fromkeys((t.noun, t.colour if len(colours[t.noun]) > 1 else None) for t in sight.things))


def _of(breaking: Callable[[Sight, Sequence[Thing], Random], Sight], its: Kind) -> Breaking:
    """Return a function that breaks one kind of thing, if any of that kind are left."""

    def broken(sight: Sight, rng: Random) -> Sight:
        things = _still(sight, its)
        return breaking(sight, things, rng) if things else sight

    return broken


def _still(sight: Sight, its: Kind) -> tuple[Thing, ...]:
    return tuple(thing for thing in sight.things if thing.noun == its[0] and its[1] in (None, thing.colour))


def _lose(sight: Sight, things: Sequence[Thing], rng: Random) -> Sight:
    present = {thing.noun for thing in sight.things}
    noun = rng.choice([name for name in THINGS if name not in present])
    instead = rng.random() < FAULT["replaced"]
    return changed(sight, {thing: replace(thing, noun=noun) if instead else None for thing in things})


def _miscount(sight: Sight, things: Sequence[Thing], rng: Random) -> Sight:
    last = things[-1]
    if len(things) > 1 and rng.random() < 0.5:
        return changed(sight, {last: None})
    box = room.find(taken(sight), side_of(last.box), room.Region(), 1.0, rng)
    if box is None:
        return changed(sight, {last: None}) if len(things) > 1 else sight
    return replace(sight, things=(*sight.things, replace(last, box=box)))


def _discolour(sight: Sight, things: Sequence[Thing], rng: Random) -> Sight:
    colour = rng.choice([c for c in COLOURS if c not in {thing.colour for thing in things}])
    return changed(sight, {thing: replace(thing, colour=colour) for thing in things})


def _of_both(one: Kind, other: Kind) -> Breaking:
    """Return a function that swaps the places of two kinds of things."""

    def swapped(sight: Sight, rng: Random) -> Sight:
        ones, others = _still(sight, one), _still(sight, other)
        boxes = zip(ones, others, strict=False)
        exchanged: dict[Thing, Thing | None] = {}
        for a, b in boxes:
            exchanged |= {a: replace(a, box=b.box), b: replace(b, box=a.box)}
        return changed(sight, exchanged)

    return swapped


def _other_ground(sight: Sight, rng: Random) -> Sight:
    if sight.background is None:
        return sight
    return replace(sight, background=rng.choice([colour for colour in COLOURS if colour != sight.background]))


def _lose_element(name: str) -> Breaking:
    return lambda sight, rng: without_element(sight, name, rng) if name in sight.elements else sight
