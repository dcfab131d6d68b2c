"""What comes of an edit: often what was asked for, and now and then something that nobody asked for."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from random import Random
from statistics import median

from onbrief.sandbox.language.editing import (
    Add,
    AddElement,
    Edit,
    Letter,
    Move,
    Recolour,
    Remove,
    RemoveElement,
    Replace,
    SetCount,
    Target,
)
from onbrief.sandbox.painting.natural import NATURAL
from onbrief.sandbox.scene import COLOURS, THINGS, Box, Colour, Direction, Group, Sight, Thing
from onbrief.sandbox.world import room
from onbrief.sandbox.world.draws import chooser, uniform
from onbrief.sandbox.world.faults import misspelt
from onbrief.sandbox.world.numbers import EDIT, FAULT, MOST

_HOURS = frozenset({"day", "night", "sunset"})
_SIZE = 0.3  # of a thing in an empty picture, as a fraction of its side
_BANNER = 0.2  # of the picture's height, that words may need

Kind = tuple[str, Colour | None]
"""What the things of a picture are sorted by: their name, and their colour where namesakes differ in it."""

Breaking = Callable[[Sight, Random], Sight]


class NotThereError(LookupError):
    """The instruction speaks of what the picture does not show; the message says of what."""


def edited(sight: Sight, edit: Edit, key: str, aspect: float = 1.0) -> Sight:
    """What is in a picture after an edit. All draws follow from `key`; `aspect` is the picture's width over its height.

    What is asked for is done as often as world.toml says, and else left undone; each other fact of the picture (that a thing
    is there, how many, its colour, which of two lies where, the words, each element, the ground) breaks now and then.

    Raises:
        NotThereError: it names nothing in the picture.
    """
    after = _done(sight, edit, aspect, chooser("edit", key))
    succeeds = uniform("edit succeeds", key) < EDIT[kind(edit, sight)]
    after = after if succeeds else sight
    for name, breaking in _other_facts(sight, edit, succeeds=succeeds):
        if uniform("edit breaks", key, name) < EDIT["breaks"]:
            after = breaking(after, chooser("edit breaks how", key, name))
    return after


def kind(edit: Edit, sight: Sight) -> str:
    """The row of world.toml that says how often such an edit succeeds."""
    match edit:
        case Add(group):
            return "count" if any(thing.noun == group.noun for thing in sight.things) else "object"
        case Replace() | AddElement():
            return "object"
        case Recolour():
            return "colour"
        case Remove(_, number):
            return "absence" if number is None else "count"
        case RemoveElement():
            return "absence"
        case SetCount():
            return "count"
        case Move():
            return "relation"
        case Letter(text):
            return "text" if text else "absence"


# -- what is asked for -------------------------------------------------------------------------------------------------


def _done(sight: Sight, edit: Edit, aspect: float, rng: Random) -> Sight:
    match edit:
        case Replace(target, noun, colour):
            those = _those(target, sight)
            return _with(sight, {t: replace(_reshaped(t, sight), noun=noun, colour=colour or t.colour) for t in those})
        case Recolour(target, colour):
            if target is None:
                return replace(sight, background=colour, elements=frozenset(), styles=frozenset(), boxes=())
            return _with(sight, {thing: replace(thing, colour=colour) for thing in _those(target, sight)})
        case Add(group, direction, other):
            others = _those(other, sight) if other else ()
            return _more(sight, group, _region(group, direction, others), direction, aspect, rng)
        case AddElement(name):
            return _with_elements(sight, (sight.elements - (_HOURS if name in _HOURS else frozenset())) | {name})
        case Remove(target, number):
            return _with(sight, dict.fromkeys(_those(target, sight)[:number]))
        case RemoveElement(name):
            return _without_element(sight, name, rng)
        case SetCount(target, number):
            return _counted(sight, target, number, aspect, rng)
        case Move():
            return _moved(sight, edit, aspect, rng)
        case Letter(text, instead):
            return replace(sight, words=_lettered(sight, text, instead))


def _those(target: Target, sight: Sight) -> tuple[Thing, ...]:
    """The things that an instruction speaks of, the largest first."""
    region = room.in_third(target.place)
    found = [t for t in sight.things if t.noun == target.noun and target.colour in (None, t.colour) and region.holds(t.box)]
    if not found:
        colour = f"{target.colour} " if target.colour else ""
        where = f" {target.place}" if target.place else ""
        raise NotThereError(f"{colour}{target.noun}{where}")
    return tuple(sorted(found, key=lambda thing: -_side(thing.box)))


def _with(sight: Sight, changed: dict[Thing, Thing | None]) -> Sight:
    """The sight with other things for some of its own; None for nothing."""
    things = (changed.get(thing, thing) if thing in changed else thing for thing in sight.things)
    return replace(sight, things=tuple(thing for thing in things if thing))


def _side(box: Box) -> float:
    return math.sqrt((box.right - box.left) * (box.bottom - box.top))


def _reshaped(thing: Thing, sight: Sight) -> Thing:
    """The thing in a square place of the same size, if there is room for one: another thing may be tall where it is wide."""
    box, half = thing.box, _side(thing.box) / 2
    square = Box(box.x - half, box.y - half, box.x + half, box.y + half)
    within = min(square.left, square.top) > 0 and max(square.right, square.bottom) < 1
    free = not any(room.touching(square, other) for other in _taken(sight, thing))
    return replace(thing, box=square) if within and free else thing


def _taken(sight: Sight, *but: Thing) -> list[Box]:
    """What is taken in the picture: by its things, and by its words at the top or at the bottom."""
    boxes = [thing.box for thing in sight.things if thing not in but]
    if sight.words:
        top, bottom = Box(0, 0, 1, _BANNER), Box(0, 1 - _BANNER, 1, 1)
        boxes.append(bottom if any(room.touching(top, box) for box in boxes) else top)
    return boxes


def _region(group: Group, direction: Direction | None, others: tuple[Thing, ...]) -> room.Region:
    if direction:
        return room.beyond(direction, [thing.box for thing in others])
    return room.in_place(group.place) if group.place else room.Region()


def _more(sight: Sight, group: Group, region: room.Region, direction: Direction | None, aspect: float, rng: Random) -> Sight:
    """So many more things; as many as there is room for, all others closer together if need be."""
    like: list[Colour] = [thing.colour for thing in sight.things if thing.colour and thing.noun == group.noun]
    colour = group.colour or (like[0] if like else rng.choice(NATURAL.get(group.noun, _unused_colours(sight))))
    side = median(_side(thing.box) for thing in sight.things) if sight.things else _SIZE
    if sight.elements and region == room.Region():
        region = room.Region(top=0.6)  # on the ground
    for _ in range(min(group.count, MOST)):
        box = room.find(_taken(sight), side, region, aspect, rng)
        if box is None:
            toward: Direction = direction or "right of"
            sight = replace(sight, things=tuple(replace(t, box=room.moved_up(t.box, toward)) for t in sight.things))
            strip = room.beyond(toward, [thing.box for thing in sight.things]) if sight.things else room.Region()
            box = room.find(_taken(sight), side, strip, aspect, rng)
        if box is not None:
            sight = replace(sight, things=(*sight.things, Thing(group.noun, colour, box)))
    return sight


def _unused_colours(sight: Sight) -> tuple[Colour, ...]:
    used = {thing.colour for thing in sight.things} | {sight.background}
    return tuple(colour for colour in COLOURS if colour not in used) or COLOURS


def _counted(sight: Sight, target: Target, number: int, aspect: float, rng: Random) -> Sight:
    group = Group(target.noun, number, target.colour, target.place)
    try:
        those = _those(target, sight)
    except NotThereError:
        return _more(sight, group, _region(group, None, ()), None, aspect, rng)
    if number < len(those):
        return _with(sight, dict.fromkeys(those[number:]))
    more = replace(group, count=number - len(those))
    return _more(sight, more, _region(group, None, ()), None, aspect, rng)


def _moved(sight: Sight, edit: Move, aspect: float, rng: Random) -> Sight:
    """Each of these things in its new place; all others closer together if there is no room."""
    those = _those(edit.target, sight)
    others = _those(edit.other, sight) if edit.other else ()
    if set(those) & set(others):
        raise NotThereError(f"another {edit.target.noun}")
    rest = _with(sight, dict.fromkeys(those))
    for thing in those:
        box = None
        if edit.direction:
            now = [t.box for t in _those(edit.other, rest)] if edit.other else []
            box = room.find(_taken(rest), _side(thing.box), room.beyond(edit.direction, now), aspect, rng)
            if box is None:
                direction = edit.direction
                rest = replace(rest, things=tuple(replace(t, box=room.moved_up(t.box, direction)) for t in rest.things))
                now = [t.box for t in _those(edit.other, rest)] if edit.other else []
                box = room.find(_taken(rest), _side(thing.box), room.beyond(direction, now), aspect, rng)
        elif edit.place:
            box = room.find(_taken(rest), _side(thing.box), room.in_place(edit.place), aspect, rng)
        if box is None:
            return sight
        rest = replace(rest, things=(*rest.things, replace(thing, box=box)))
    return rest


def _with_elements(sight: Sight, elements: frozenset[str]) -> Sight:
    boxes = tuple((name, box) for name, box in sight.boxes if name in elements)
    return replace(sight, background=None, elements=elements, boxes=boxes)


def _without_element(sight: Sight, name: str, rng: Random) -> Sight:
    gone = {name, "sunrise"} if name == "sun" else {name}
    if not gone & sight.elements:
        raise NotThereError(name)
    left = sight.elements - gone
    if not left & _HOURS:
        left |= {rng.choice(sorted(_HOURS - {name}))}
    return _with_elements(sight, left)


def _lettered(sight: Sight, text: str, instead: str) -> tuple[str, ...]:
    if not text and not sight.words:
        raise NotThereError("text")
    if not instead:
        return (text,) if text else ()
    if instead.casefold() not in {word.casefold() for word in sight.words}:
        raise NotThereError(f'"{instead}"')
    words = (text if word.casefold() == instead.casefold() else word for word in sight.words)
    return tuple(word for word in words if word)


# -- what nobody asked for ---------------------------------------------------------------------------------------------


def _other_facts(sight: Sight, edit: Edit, *, succeeds: bool) -> Iterator[tuple[str, Breaking]]:
    """All that may break while something else is changed: each fact by name, and how it breaks. What would undo an edit that
    succeeds is none of them.
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
    if sight.words and not isinstance(edit, Letter):
        yield "text", lambda now, rng: replace(now, words=tuple(misspelt(word, now.words, rng) or word for word in now.words))
    if sight.background and not (isinstance(edit, Recolour) and edit.target is None):
        yield "background", _other_ground
    for name in sorted(sight.elements):
        if not (isinstance(edit, AddElement | RemoveElement) and edit.name == name):
            yield f"element {name}", _lose_element(name)


def _spared(edit: Edit, *, succeeds: bool) -> list[tuple[Target, frozenset[str]]]:
    """The things that an edit is about, and which facts of theirs it settles itself."""
    there = {"object"} if succeeds else set[str]()
    match edit:
        case Replace(target):
            return [(target, frozenset({"object", "count", "colour"}))]
        case Remove(target, number):
            return [(target, frozenset({"object", "count", "colour"} if number is None else {"object", "count"}))]
        case Recolour(target) if target:
            return [(target, frozenset({"colour", *there}))]
        case Add(group):
            return [(Target(group.noun, group.colour), frozenset({"object", "count"}))]
        case SetCount(target):
            return [(target, frozenset({"object", "count"}))]
        case Move(target, _, _, other):
            facts = frozenset({"object", "count", "relation"} if succeeds else {"relation"})
            return [(target, facts), *([(other, facts)] if other and succeeds else [])]
        case _:
            return []


def _speaks_of(target: Target, its: Kind) -> bool:
    return target.noun == its[0] and (its[1] is None or target.colour in (None, its[1]))


def _kinds(sight: Sight) -> list[Kind]:
    """The kinds of things there are, in the order of the sight."""
    colours: dict[str, set[Colour | None]] = {}
    for thing in sight.things:
        colours.setdefault(thing.noun, set()).add(thing.colour)
    return list(dict.fromkeys((t.noun, t.colour if len(colours[t.noun]) > 1 else None) for t in sight.things))


def _of(breaking: Callable[[Sight, Sequence[Thing], Random], Sight], its: Kind) -> Breaking:
    """The breaking of one kind of things, where there still are any."""

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
    return _with(sight, {thing: replace(thing, noun=noun) if instead else None for thing in things})


def _miscount(sight: Sight, things: Sequence[Thing], rng: Random) -> Sight:
    last = things[-1]
    if len(things) > 1 and rng.random() < 0.5:
        return _with(sight, {last: None})
    box = room.find(_taken(sight), _side(last.box), room.Region(), 1.0, rng)
    if box is None:
        return _with(sight, {last: None}) if len(things) > 1 else sight
    return replace(sight, things=(*sight.things, replace(last, box=box)))


def _discolour(sight: Sight, things: Sequence[Thing], rng: Random) -> Sight:
    colour = rng.choice([c for c in COLOURS if c not in {thing.colour for thing in things}])
    return _with(sight, {thing: replace(thing, colour=colour) for thing in things})


def _of_both(one: Kind, other: Kind) -> Breaking:
    """Two kinds of things change places."""

    def swapped(sight: Sight, rng: Random) -> Sight:
        ones, others = _still(sight, one), _still(sight, other)
        boxes = zip(ones, others, strict=False)
        changed: dict[Thing, Thing | None] = {}
        for a, b in boxes:
            changed |= {a: replace(a, box=b.box), b: replace(b, box=a.box)}
        return _with(sight, changed)

    return swapped


def _other_ground(sight: Sight, rng: Random) -> Sight:
    if sight.background is None:
        return sight
    return replace(sight, background=rng.choice([colour for colour in COLOURS if colour != sight.background]))


def _lose_element(name: str) -> Breaking:
    return lambda sight, rng: _without_element(sight, name, rng) if name in sight.elements else sight
