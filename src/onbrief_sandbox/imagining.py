"""How a sandbox image model turns a prompt into a picture: parse it, draw flaws, and find a layout that shows the flaws."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

from onbrief.brief import Size
from onbrief_sandbox import world
from onbrief_sandbox.language import grammar
from onbrief_sandbox.language.checks import check
from onbrief_sandbox.painting.painter import foresee, paint
from onbrief_sandbox.scene import Scene, Sight

_LAYOUTS = 3  # layouts tried per scene when a fault does not show


@dataclass(frozen=True, slots=True)
class Imagined:
    """A picture before it is painted: its scene, the seed of its layout, and its expected content."""

    scene: Scene
    layout: int
    sight: Sight


def imagine(asked: world.Prospect, size: Size, seed: int) -> Imagined:
    """Return the picture for this seed. No claim that was drawn as wrong holds in it, unless the prompt contradicts itself."""
    outcome = world.happen(asked, seed)
    first = Imagined(outcome.scene, seed, foresee(outcome.scene, size, seed))
    if _shows(outcome, first):
        return first
    for scene, layout in product(outcome.others, range(seed, seed + _LAYOUTS)):
        again = Imagined(scene, layout, foresee(scene, size, layout))
        if _shows(outcome, again):
            return again
    return first


def _shows(outcome: world.Outcome, imagined: Imagined) -> bool:
    return not any(check(claim, imagined.sight)[0] for claim in outcome.wrong)


def picture(text: str, negative: str, size: Size, seed: int, model: world.Model = "modern") -> tuple[bytes, Sight]:
    """Return a PNG and its true content. The same arguments give the same bytes."""
    imagined = imagine(world.prospect(grammar.parse(text, negative), text, negative, model), size, seed)
    return paint(imagined.scene, size, imagined.layout)
