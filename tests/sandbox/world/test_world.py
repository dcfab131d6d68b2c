from __future__ import annotations

import subprocess
import sys

from onbrief_sandbox.language.grammar import parse
from onbrief_sandbox.scene import Group, Scene
from onbrief_sandbox.world import distort

PROMPT = "three red circles above a blue square on a yellow background"
SEEDS = range(200)


def share_right(prompt: str, negative: str = "") -> float:
    scene = parse(prompt, negative)
    return sum(distort(scene, prompt, seed, negative) == scene for seed in SEEDS) / len(SEEDS)


def test_another_seed_is_another_draw() -> None:
    assert len({distort(parse(PROMPT), PROMPT, seed) for seed in SEEDS}) > 10


def test_another_process_paints_the_same() -> None:
    code = (
        "from onbrief_sandbox.language.grammar import parse; from onbrief_sandbox.world import distort;"
        f"print([distort(parse({PROMPT!r}), {PROMPT!r}, s).groups for s in range(20)])"
    )
    there = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()
    assert there == str([distort(parse(PROMPT), PROMPT, seed).groups for seed in range(20)])


def test_one_thing_nearly_always_comes_out_right_and_a_crowded_scene_does_not() -> None:
    crowd = "three red circles above a blue square, two green stars left of a pink heart, five brown cups"
    assert share_right("a photo of a bench") > 0.9
    assert share_right(crowd) < 0.5


def test_wording_makes_a_difference() -> None:
    assert len({share_right(f"{opening}two red cats above four blue dogs") for opening in ("", "a photo of ", "see ")}) > 1


def test_a_negative_prompt_helps_against_what_must_be_absent() -> None:
    prompts = [f"a lake number {n}, no people" for n in range(12)]
    plain = sum(share_right(prompt) for prompt in prompts)
    assert sum(share_right(prompt, "people") for prompt in prompts) > plain


def test_weights_beyond_the_limit_cost() -> None:
    def mean(weight: str) -> float:
        return sum(share_right(f"two cats above ({noun}s:{weight})") for noun in ("dog", "cow", "hen", "fox")) / 4

    assert mean("2.5") < mean("1.2")


def test_an_impossible_number_is_painted_as_many_as_there_is_room_for() -> None:
    scene = Scene((Group("cat", 50),))
    assert {group.count for seed in range(50) for group in distort(scene, "50 cats", seed).groups} <= set(range(10))


def test_things_that_are_left_out_take_their_relations_with_them() -> None:
    for seed in SEEDS:
        painted = distort(parse(PROMPT), PROMPT, seed)
        numbers = {n for relation in painted.relations for n in (relation.subject, relation.object)}
        assert numbers <= set(range(len(painted.groups)))
