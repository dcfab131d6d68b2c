from __future__ import annotations

from dataclasses import replace

import pytest

from onbrief.limits import Limits
from onbrief.policy.expected import expected_images, first_chances, most_images
from onbrief.policy.priors import usual_priors
from onbrief.record import Models
from tests.histories import fresh


@pytest.mark.parametrize(
    ("chance", "images", "expected"), [(1.0, 12, 1.0), (0.5, 1, 1.0), (0.5, 2, 1.5), (0.25, 10_000, 4.0), (0.0, 12, 12.0)]
)
def test_a_run_ends_with_the_first_pass_or_its_last_image(chance: float, images: int, expected: float) -> None:
    assert expected_images(Limits(images=images), [(1.0, chance)]) == pytest.approx(expected)


def test_a_good_model_is_expected_to_need_fewer_pictures_than_an_older_one() -> None:
    good, older = (
        expected_images(
            Limits(), first_chances(replace(fresh(), models=Models(name, "test:critic", "test:writer")), usual_priors())
        )
        for name in ("test:good", "test:sdxl")
    )
    assert 1.0 < good < older < 3.0


def test_prompts_and_pictures_of_each_are_a_limit_together() -> None:
    limits = [Limits(), Limits(prompts=2), Limits(attempts=3), Limits(attempts=3, prompts=2), Limits(attempts=9, prompts=9)]
    assert [most_images(one) for one in limits] == [12, 12, 12, 6, 12]
