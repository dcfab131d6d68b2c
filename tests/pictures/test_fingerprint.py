"""Which pictures look nearly the same."""

from __future__ import annotations

import io
from itertools import combinations

from PIL import Image

from onbrief.pictures.fingerprint import alike, fingerprint
from onbrief_sandbox.painting.painter import paint
from onbrief_sandbox.scene import Group, Scene
from tests.pictures.samples import saved
from tests.sandbox.scenes import random_scene


def scene(seed: int, group: str = "dog") -> bytes:
    return paint(Scene((Group(group, 2),), (), "blue"), (512, 512), seed)[0]


def test_a_picture_that_is_saved_again_is_nearly_the_same() -> None:
    own = scene(1)
    image = Image.open(io.BytesIO(own)).convert("RGB")
    for other in (saved(image, "JPEG", quality=70), saved(image, "WEBP")):
        assert alike(fingerprint(own), fingerprint(other))


def test_pictures_of_one_scene_and_of_similar_ones_are_told_apart() -> None:
    prints = [fingerprint(scene(seed, thing)) for seed in range(6) for thing in ("dog", "cat")]
    prints += [fingerprint(paint(random_scene(seed), (512, 512), seed)[0]) for seed in range(10)]
    assert not [pair for pair in combinations(prints, 2) if alike(*pair)]
