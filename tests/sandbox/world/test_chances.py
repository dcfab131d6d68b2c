from __future__ import annotations

from statistics import mean, stdev

import pytest

from benchmarks import geneval
from onbrief_sandbox import world
from onbrief_sandbox.language.claims import Styled
from onbrief_sandbox.language.grammar import parse
from onbrief_sandbox.world import atoms, chances
from onbrief_sandbox.world.draws import uniform
from onbrief_sandbox.world.numbers import BRIEF_DRAWN_FROM, BRIEF_SD, PUBLISHED


def known_as(prompt: str) -> str:
    return atoms.name(atoms.plain(parse(prompt)))


@pytest.mark.parametrize(
    "wording",
    [
        "a blue square to the right of a red circle",
        "A picture of a red circle, a blue square. The red circle is to the left of the blue square. Soft light.",
        "A red (circle:1.2), a blue square. The circle is to the left of the square. The square is right of the circle.",
        "a red circle, a blue square. The circle is left of the square. The circle on the left, the square on the right",
        "a photo of a red circle left of a blue square in a vivid style, no text, no people",
    ],
)
def test_a_scene_is_known_by_one_name_whatever_its_wording_and_order(wording: str) -> None:
    assert known_as(wording) == known_as("a red circle to the left of a blue square")


@pytest.mark.parametrize("other", ["a red circle above a blue square", "two red circles left of a blue square", "a red circle"])
def test_another_scene_has_another_name(other: str) -> None:
    assert known_as(other) != known_as("a red circle to the left of a blue square")


def test_a_relation_that_is_told_from_both_ends_goes_wrong_once() -> None:
    asked = world.prospect(parse("a cat left of a dog. The dog is right of the cat"), "")
    assert sum(type(atom.claim).__name__ == "Related" for atom, _ in asked.chances) == 1


def test_the_draw_of_a_brief_moves_all_of_its_chances_together() -> None:
    """The chances of the two objects of one brief differ less than those of objects in different briefs."""
    pairs = [
        [chance for _, chance in world.prospect(parse(text), text, "", "sdxl").chances]
        for text in (
            f"a {one} and a {other}" for one in ("cat", "dog", "bus", "cup") for other in ("car", "bed", "tie", "bear")
        )
    ]
    within = mean(abs(one - other) for one, other in pairs)
    across = mean(abs(a[0] - b[1]) for a in pairs for b in pairs if a is not b)
    assert within < 0.75 * across


def test_the_briefs_of_geneval_are_as_hard_as_briefs_are() -> None:
    draws = [chances._BRIEF.inv_cdf(uniform(BRIEF_DRAWN_FROM, known_as(brief.prompt))) for brief in geneval.briefs()]
    assert abs(mean(draws)) < 0.15
    assert abs(stdev(draws) - BRIEF_SD) < 0.15


@pytest.mark.parametrize("model", world.MODELS)
def test_plain_geneval_prompts_pass_as_often_as_published(model: world.Model) -> None:
    """The expected pass rate over all seeds: the product of the chances of all required atoms."""
    rates: dict[str, list[float]] = {}
    for brief in geneval.briefs():
        passed = 1.0
        for atom, chance in world.prospect(parse(brief.prompt), brief.prompt, "", model).chances:
            passed *= 1 if isinstance(atom.claim, Styled) else chance
        rates.setdefault(brief.tag, []).append(passed)
    found = {kind: mean(each) for kind, each in rates.items()}
    found["mean"] = mean(found.values())
    assert {kind: abs(rate - PUBLISHED[model][kind]) < 0.03 for kind, rate in found.items()} == dict.fromkeys(found, True)
