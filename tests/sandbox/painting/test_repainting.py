from __future__ import annotations

import random

import pytest

from onbrief.brief import Size
from onbrief_sandbox.painting.painter import paint
from onbrief_sandbox.painting.repainting import repaint
from onbrief_sandbox.scene import Box, Sight, Thing
from onbrief_sandbox.seeing.eye import look
from tests.sandbox.scenes import facts, random_scene

SIZES: tuple[Size, ...] = ((512, 512), (1024, 640), (640, 1024))


def differences(seed: int) -> list[str]:
    size = random.Random(seed).choice(SIZES)  # noqa: S311
    seen = look(paint(random_scene(seed), size, seed)[0])
    return [fact for fact, agrees in facts(seen, repaint(seen, size, seed)[1]) if not agrees]


@pytest.mark.parametrize("seed", range(16))
def test_what_is_painted_once_more_is_what_was_seen_and_where(seed: int) -> None:
    assert differences(seed) == []


@pytest.mark.soak
def test_what_is_painted_once_more_is_what_was_seen_over_many_scenes() -> None:
    assert sum(bool(differences(seed)) for seed in range(16, 316)) <= 3


def test_the_eye_sees_in_a_picture_painted_once_more_what_the_painter_says() -> None:
    for seed in range(6):
        seen = look(paint(random_scene(seed), (512, 512), seed)[0])
        data, truth = repaint(seen, (512, 512), seed)
        assert [fact for fact, agrees in facts(truth, look(data)) if not agrees] == []


def test_the_same_sight_size_and_seed_give_the_same_bytes() -> None:
    sight = Sight((Thing("cat", "black", Box(0.3, 0.3, 0.6, 0.6)),), "yellow", words=("HI",))
    assert repaint(sight, (512, 512), 1) == repaint(sight, (512, 512), 1)


def test_words_find_room_where_there_is_none() -> None:
    things = tuple(Thing("cup", "red", Box(x, y, x + 0.18, y + 0.18)) for x in (0.1, 0.4, 0.7) for y in (0.03, 0.4, 0.79))
    data, truth = repaint(Sight(things, "yellow", words=("OPEN",)), (512, 512), 1)
    seen = look(data)
    assert (seen.words, len(seen.things), len(truth.things)) == (("OPEN",), 9, 9)
