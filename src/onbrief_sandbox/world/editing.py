"""What comes of an edit: often what was asked for, and now and then something that nobody asked for."""

from __future__ import annotations

from dataclasses import replace

from onbrief_sandbox.language import editing as edits
from onbrief_sandbox.scene import Scene, Sight
from onbrief_sandbox.world.breaking import other_facts
from onbrief_sandbox.world.changes import added, changed, done
from onbrief_sandbox.world.draws import chooser, uniform
from onbrief_sandbox.world.masking import Mask
from onbrief_sandbox.world.numbers import EDIT


def edited(sight: Sight, edit: edits.Edit, key: str, aspect: float = 1.0, mask: Mask | None = None) -> Sight:
    """What is in a picture after an edit. All draws follow from `key`; `aspect` is the picture's width over its height.

    What is asked for is done as often as world.toml says, and else left undone; each other fact of the picture (that a thing
    is there, how many, its colour, which of two lies where, the words, each element, the ground) breaks now and then. With a
    mask, only things under it change, and nothing else breaks.

    Raises:
        NotThereError: it names nothing in the picture, or nothing under the mask.
    """
    after = done(sight, edit, aspect, chooser("edit", key), mask)
    succeeds = uniform("edit succeeds", key) < EDIT[kind(edit, sight)]
    after = after if succeeds else sight
    if mask:
        return after
    for name, breaking in other_facts(sight, edit, succeeds=succeeds):
        if uniform("edit breaks", key, name) < EDIT["breaks"]:
            after = breaking(after, chooser("edit breaks how", key, name))
    return after


def inpainted(sight: Sight, wanted: Scene, key: str, aspect: float, mask: Mask) -> Sight:
    """What is in a picture after things under a mask have gone, and what is wanted was drawn there, as far as that has room;
    or as it was, as often as an edit fails. Words have no place: those that are wanted stand for all that were there.
    """
    if uniform("edit succeeds", key) >= EDIT["object" if wanted.groups or wanted.words else "absence"]:
        return sight
    after = changed(sight, dict.fromkeys(mask.under(sight)))
    for group in wanted.groups:
        after = added(after, group, mask, aspect, chooser("inpaint", key, group.noun))
    return replace(after, words=wanted.words or after.words)


def kind(edit: edits.Edit, sight: Sight) -> str:
    """The row of world.toml that says how often such an edit succeeds."""
    match edit:
        case edits.Add(group):
            return "count" if any(thing.noun == group.noun for thing in sight.things) else "object"
        case edits.Replace() | edits.AddElement():
            return "object"
        case edits.Recolour():
            return "colour"
        case edits.Remove(_, number):
            return "absence" if number is None else "count"
        case edits.RemoveElement():
            return "absence"
        case edits.SetCount():
            return "count"
        case edits.Move():
            return "relation"
        case edits.Letter(text):
            return "text" if text else "absence"
