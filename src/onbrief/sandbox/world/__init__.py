"""The flaws of the sandbox's image models: a Scene that was asked for becomes the Scene that is painted.

    prompt ── prospect ──► chances of each atom ── happen, with a seed ──► what is painted, and what is wrong in it

Each atom comes out right or wrong by a draw of its own; a wrong one shows as a real fault, so that its claim is not met.
Numbers are in world.toml. The same model, text, negative text and seed give the same result on every machine.
"""

from __future__ import annotations

from dataclasses import dataclass

from onbrief.sandbox.language.claims import Claim
from onbrief.sandbox.scene import Scene
from onbrief.sandbox.world.chances import Prospect, prospect
from onbrief.sandbox.world.draws import chooser, uniform
from onbrief.sandbox.world.faults import faulty
from onbrief.sandbox.world.numbers import MODELS, Model

__all__ = ["MODELS", "Model", "Outcome", "Prospect", "distort", "happen", "prospect"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What is painted for one seed, and the claims that came out wrong. `blunt` is the same with every wrong relation mirrored:
    for where the layout would leave a turned one right after all.
    """

    scene: Scene
    blunt: Scene
    wrong: tuple[Claim, ...]


def happen(asked: Prospect, seed: int) -> Outcome:
    """The draw of this seed."""
    key = f"{asked.model}\0{asked.prompt}"
    wrong = [atom for atom, chance in asked.chances if uniform("outcome", key, str(atom), str(seed)) >= chance]

    def painted(*, turn: bool) -> Scene:
        return faulty(asked.scene, {a: chooser("fault", key, str(a), str(seed)) for a in wrong}, turn=turn)

    return Outcome(painted(turn=True), painted(turn=False), tuple(atom.claim for atom in wrong))


def distort(scene: Scene, text: str, seed: int, negative: str = "", model: Model = "modern") -> Scene:
    """What is painted when this scene is asked for with this prompt: some atoms of it come out wrong."""
    return happen(prospect(scene, text, negative, model), seed).scene
