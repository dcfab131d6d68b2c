"""What comes of an edit: often what was asked for, and now and then something that nobody asked for."""

from __future__ import annotations

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
)
from onbrief.sandbox.scene import Sight
from onbrief.sandbox.world.breaking import other_facts
from onbrief.sandbox.world.changes import done
from onbrief.sandbox.world.draws import chooser, uniform
from onbrief.sandbox.world.numbers import EDIT


def edited(sight: Sight, edit: Edit, key: str, aspect: float = 1.0) -> Sight:
    """What is in a picture after an edit. All draws follow from `key`; `aspect` is the picture's width over its height.

    What is asked for is done as often as world.toml says, and else left undone; each other fact of the picture (that a thing
    is there, how many, its colour, which of two lies where, the words, each element, the ground) breaks now and then.

    Raises:
        NotThereError: it names nothing in the picture.
    """
    after = done(sight, edit, aspect, chooser("edit", key))
    succeeds = uniform("edit succeeds", key) < EDIT[kind(edit, sight)]
    after = after if succeeds else sight
    for name, breaking in other_facts(sight, edit, succeeds=succeeds):
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
