"""The result of an edit: usually the requested change, sometimes with unwanted side effects."""

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
    """Return the content of a picture after an edit. All draws derive from `key`; `aspect` is width divided by height.

    The edit succeeds with the probability in world.toml; otherwise the requested change is not made. Each other fact of the
    picture (presence, count and colour of each kind of thing, relative positions, words, elements, background) breaks with a
    small probability. With a mask, only things under it change, and nothing else breaks.

    Raises:
        NotThereError: nothing in the picture, or nothing under the mask, matches the instruction.
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
    """Return the content of a picture after things under a mask were removed and the wanted things were added there, as far as
    there is room. A failed edit returns the sight unchanged. Words ignore the mask: wanted words replace all existing ones.
    """
    if uniform("edit succeeds", key) >= EDIT["object" if wanted.groups or wanted.words else "absence"]:
        return sight
    after = changed(sight, dict.fromkeys(mask.under(sight)))
    for group in wanted.groups:
        after = added(after, group, mask, aspect, chooser("inpaint", key, group.noun))
    return replace(after, words=wanted.words or after.words)


def kind(edit: edits.Edit, sight: Sight) -> str:
    """Return the key in world.toml of the success probability for this kind of edit."""
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
