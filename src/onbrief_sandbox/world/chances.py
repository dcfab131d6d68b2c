"""The probability that each atom of a prompt is painted correctly."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

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
from onbrief_sandbox.language.emphasis import Stress, stress
from onbrief_sandbox.scene import Scene
from onbrief_sandbox.world import atoms
from onbrief_sandbox.world.atoms import Atom
from onbrief_sandbox.world.draws import uniform
from onbrief_sandbox.world.numbers import (
    BASE,
    BRIEF_DRAWN_FROM,
    BRIEF_SD,
    FIRST_WORDS,
    FORM,
    GAIN,
    INTERFERENCE,
    WORDING_SD,
    Model,
)

_BRIEF = NormalDist(0, BRIEF_SD)
_WORDING = NormalDist(0, WORDING_SD)


@dataclass(frozen=True, slots=True)
class Prospect:
    """The scene that a prompt requests, without redundant parts, and for each atom the probability (0 to 1) of success."""

    scene: Scene
    prompt: str
    model: Model
    chances: tuple[tuple[Atom, float], ...]


def prospect(scene: Scene, text: str, negative: str = "", model: Model = "modern") -> Prospect:
    """Return the success probabilities for a scene that was parsed from this text and negative text."""
    written = stress(scene, text, negative, FIRST_WORDS)
    scene = atoms.plain(scene)
    prompt = f"{text}\0{negative}"
    common = _BRIEF.inv_cdf(uniform(BRIEF_DRAWN_FROM, atoms.name(scene))) + _manner(written)
    many = len(scene.groups) > 1
    return Prospect(
        scene,
        prompt,
        model,
        tuple(
            (
                atom,
                _sigmoid(
                    BASE[model][_row(atom.claim, many=many)]
                    + common
                    + _WORDING.inv_cdf(uniform("wording", prompt, str(atom)))
                    + GAIN[min(written.on(atom.claim), len(GAIN) - 1)]
                    - INTERFERENCE["device"] * written.elsewhere(atom.claim)
                ),
            )
            for atom in atoms.atoms(scene)
        ),
    )


def _manner(written: Stress) -> float:
    """Return the effect, in log odds, that the form of the prompt has on every atom."""
    x = FORM if written.well_formed else 0.0
    x -= INTERFERENCE["word_cost"] * max(0.0, written.words - INTERFERENCE["word_limit"])
    return x - INTERFERENCE["weight_cost"] if written.weight > INTERFERENCE["weight_limit"] else x


def _row(claim: Claim, *, many: bool) -> str:
    """Return the key of this claim's base in world.toml. `many`: the scene has more than one group."""
    match claim:
        case Present():
            return "object_of_many" if many else "object"
        case Counted():
            return "count"
        case Coloured():
            return "colour_of_many" if many else "colour"
        case Ground():
            return "colour"
        case Related():
            return "relation"
        case Placed():
            return "place"
        case Lettered():
            return "text"
        case ElementThere():
            return "element"
        case Absent():
            return "absence"
        case Styled():
            return "style"


def _sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x)) if x > -700 else 0.0
