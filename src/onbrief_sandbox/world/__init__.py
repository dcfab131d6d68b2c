"""The flaws of the sandbox's image models: turns the requested Scene into the Scene that is painted.

    prompt ── prospect ──► chances of each atom ── happen, with a seed ──► what is painted, and what is wrong in it

Each atom succeeds or fails by an independent draw. A failed atom becomes a visible fault, so its claim is not met.
The numbers are in world.toml. The same model, text, negative text and seed give the same result on every machine.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from onbrief_sandbox.language.claims import Claim, Placed, Related
from onbrief_sandbox.scene import Scene
from onbrief_sandbox.world.chances import Prospect, prospect
from onbrief_sandbox.world.draws import chooser, uniform
from onbrief_sandbox.world.faults import Swerve, faulty
from onbrief_sandbox.world.numbers import MODELS, Model

__all__ = ["MODELS", "Model", "Outcome", "Prospect", "distort", "happen", "prospect"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """The scene that is painted for one seed, and the claims that fail in it. `others` are alternatives with the same faults,
    for use when the layout cannot show them: a thing on the right cannot also be painted left of something else.
    """

    scene: Scene
    others: tuple[Scene, ...]
    wrong: tuple[Claim, ...]


def happen(asked: Prospect, seed: int) -> Outcome:
    """Draw the outcome for this seed."""
    key = f"{asked.model}\0{asked.prompt}"
    wrong = [atom for atom, chance in asked.chances if uniform("outcome", key, str(atom), str(seed)) >= chance]

    def painted(swerve: Swerve) -> Scene:
        return faulty(asked.scene, {atom: chooser("fault", key, str(atom), str(seed)) for atom in wrong}, swerve)

    others: tuple[Scene, ...] = ()
    if any(isinstance(atom.claim, Related | Placed) for atom in wrong):
        mirrored = painted("mirrored")
        others = (mirrored, painted("turned"), _anywhere(mirrored))
    return Outcome(painted("drawn"), others, tuple(atom.claim for atom in wrong))


def _anywhere(scene: Scene) -> Scene:
    """Return the scene without the places of groups that are part of a relation."""
    related = {number for r in scene.relations for number in (r.subject, r.object)}
    return replace(scene, groups=tuple(replace(g, place=None) if i in related else g for i, g in enumerate(scene.groups)))


def distort(scene: Scene, text: str, seed: int, negative: str = "", model: Model = "modern") -> Scene:
    """Return the scene that is painted for this prompt, with the faults drawn for this seed."""
    return happen(prospect(scene, text, negative, model), seed).scene
