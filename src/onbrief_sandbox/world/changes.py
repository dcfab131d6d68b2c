"""Apply an edit to the Sight of a picture."""

from __future__ import annotations

import math
from dataclasses import replace
from random import Random
from statistics import median

from onbrief_sandbox.language import editing as edits
from onbrief_sandbox.painting.natural import NATURAL
from onbrief_sandbox.scene import COLOURS, Box, Colour, Direction, Group, Sight, Thing
from onbrief_sandbox.world import room
from onbrief_sandbox.world.masking import Mask
from onbrief_sandbox.world.numbers import MOST

_HOURS = frozenset({"day", "night", "sunset"})
_SIZE = 0.3  # the size of a thing added to an empty picture, as a fraction of the picture's side
_BANNER = 0.2  # the height reserved for words, as a fraction of the picture's height


class NotThereError(LookupError):
    """The picture does not show what the instruction refers to; the message names it."""


def done(sight: Sight, edit: edits.Edit, aspect: float, rng: Random, mask: Mask | None = None) -> Sight:
    """Return the content of a picture after an edit. `aspect` is its width divided by its height. With a mask, only things
    under it change, and new things are added there; edits of elements, words or the background, and moves, ignore the mask.

    Raises:
        NotThereError: nothing in the picture, or nothing under the mask, matches the instruction.
    """
    match edit:
        case edits.Replace(target, noun, colour):
            those = _those(target, sight, mask)
            return changed(sight, {t: replace(_reshaped(t, sight), noun=noun, colour=colour or t.colour) for t in those})
        case edits.Recolour(target, colour):
            if target is None:
                return replace(sight, background=colour, elements=frozenset(), styles=frozenset(), boxes=())
            return changed(sight, {thing: replace(thing, colour=colour) for thing in _those(target, sight, mask)})
        case edits.Add(group, direction, other):
            if mask:
                return added(sight, group, mask, aspect, rng)
            others = _those(other, sight) if other else ()
            return _more(sight, group, _region(group, direction, others), direction, aspect, rng)
        case edits.AddElement(name):
            return _with_elements(sight, (sight.elements - (_HOURS if name in _HOURS else frozenset())) | {name})
        case edits.Remove(target, number):
            return changed(sight, dict.fromkeys(_those(target, sight, mask)[:number]))
        case edits.RemoveElement(name):
            return without_element(sight, name, rng)
        case edits.SetCount(target, number):
            return _counted(sight, target, number, aspect, rng, mask)
        case edits.Move():
            return _moved(sight, edit, aspect, rng)
        case edits.Letter(text, instead):
            return replace(sight, words=_lettered(sight, text, instead))


def _those(target: edits.Target, sight: Sight, mask: Mask | None = None) -> tuple[Thing, ...]:
    """Return the things that a target matches, the largest first."""
    region = room.in_third(target.place)
    things = mask.under(sight) if mask else sight.things
    found = [t for t in things if t.noun == target.noun and target.colour in (None, t.colour) and region.holds(t.box)]
    if not found:
        colour = f"{target.colour} " if target.colour else ""
        where = (f" {target.place}" if target.place else "") + (" under the mask" if mask else "")
        raise NotThereError(f"{colour}{target.noun}{where}")
    return tuple(sorted(found, key=lambda thing: -side_of(thing.box)))


def changed(sight: Sight, instead: dict[Thing, Thing | None]) -> Sight:
    """Return the sight with some things replaced, or removed where the replacement is None."""
    things = (instead.get(thing, thing) for thing in sight.things)
    return replace(sight, things=tuple(thing for thing in things if thing))


def side_of(box: Box) -> float:
    """Return the size of a thing: the side of a square of the same area."""
    return math.sqrt((box.right - box.left) * (box.bottom - box.top))


def _reshaped(thing: Thing, sight: Sight) -> Thing:
    """Return the thing with a square box of the same size if there is room: its replacement may be tall where it is wide."""
    box, half = thing.box, side_of(thing.box) / 2
    square = Box(box.x - half, box.y - half, box.x + half, box.y + half)
    within = min(square.left, square.top) > 0 and max(square.right, square.bottom) < 1
    free = not any(room.touching(square, other) for other in taken(sight, thing))
    return replace(thing, box=square) if within and free else thing


def taken(sight: Sight, *but: Thing) -> list[Box]:
    """Return the areas that are occupied: by things, and by words at the top or at the bottom."""
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
    """Add the group's things, as many as there is room for; the others move closer together if necessary."""
    colour = _colour(sight, group, rng)
    side = median(side_of(thing.box) for thing in sight.things) if sight.things else _SIZE
    if sight.elements and region == room.Region():
        region = room.Region(top=0.6)  # below the horizon
    for _ in range(min(group.count, MOST)):
        box = room.find(taken(sight), side, region, aspect, rng)
        if box is None:
            toward: Direction = direction or "right of"
            sight = replace(sight, things=tuple(replace(t, box=room.moved_up(t.box, toward)) for t in sight.things))
            strip = room.beyond(toward, [thing.box for thing in sight.things]) if sight.things else room.Region()
            box = room.find(taken(sight), side, strip, aspect, rng)
        if box is not None:
            sight = replace(sight, things=(*sight.things, Thing(group.noun, colour, box)))
    return sight


def added(sight: Sight, group: Group, mask: Mask, aspect: float, rng: Random) -> Sight:
    """Add the group's things under a mask, as many as there is room for. Other things stay where they are."""
    colour = _colour(sight, group, rng)
    boxes = mask.room(taken(sight), min(group.count, MOST), aspect, rng)
    return replace(sight, things=(*sight.things, *(Thing(group.noun, colour, box) for box in boxes)))


def _colour(sight: Sight, group: Group, rng: Random) -> Colour:
    """Return the colour for added things: the requested one, else that of similar things, else one typical for the noun."""
    like: list[Colour] = [thing.colour for thing in sight.things if thing.colour and thing.noun == group.noun]
    return group.colour or (like[0] if like else rng.choice(NATURAL.get(group.noun, _unused_colours(sight))))


def _unused_colours(sight: Sight) -> tuple[Colour, ...]:
    used = {thing.colour for thing in sight.things} | {sight.background}
    return tuple(colour for colour in COLOURS if colour not in used) or COLOURS


def _counted(sight: Sight, target: edits.Target, number: int, aspect: float, rng: Random, mask: Mask | None) -> Sight:
    try:
        those = _those(target, sight, mask)
    except NotThereError:
        those = ()
    if number < len(those):
        return changed(sight, dict.fromkeys(those[number:]))
    group = Group(target.noun, number - len(those), target.colour, target.place)
    if mask:
        return added(sight, group, mask, aspect, rng) if group.count else sight
    return _more(sight, group, _region(group, None, ()), None, aspect, rng)


def _moved(sight: Sight, edit: edits.Move, aspect: float, rng: Random) -> Sight:
    """Move each matching thing to its new place; the others move closer together if there is no room."""
    those = _those(edit.target, sight)
    others = _those(edit.other, sight) if edit.other else ()
    if set(those) & set(others):
        raise NotThereError(f"another {edit.target.noun}")
    rest = changed(sight, dict.fromkeys(those))
    for thing in those:
        box = None
        if edit.direction:
            now = [t.box for t in _those(edit.other, rest)] if edit.other else []
            box = room.find(taken(rest), side_of(thing.box), room.beyond(edit.direction, now), aspect, rng)
            if box is None:
                direction = edit.direction
                rest = replace(rest, things=tuple(replace(t, box=room.moved_up(t.box, direction)) for t in rest.things))
                now = [t.box for t in _those(edit.other, rest)] if edit.other else []
                box = room.find(taken(rest), side_of(thing.box), room.beyond(direction, now), aspect, rng)
        elif edit.place:
            box = room.find(taken(rest), side_of(thing.box), room.in_place(edit.place), aspect, rng)
        if box is None:
            return sight
        rest = replace(rest, things=(*rest.things, replace(thing, box=box)))
    return rest


def _with_elements(sight: Sight, elements: frozenset[str]) -> Sight:
    boxes = tuple((name, box) for name, box in sight.boxes if name in elements)
    return replace(sight, background=None, elements=elements, boxes=boxes)


def without_element(sight: Sight, name: str, rng: Random) -> Sight:
    """Return the landscape without this element. A removed hour is replaced by another one.

    Raises:
        NotThereError: the picture does not show this element.
    """
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
