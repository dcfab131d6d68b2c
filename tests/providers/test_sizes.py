from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onbrief.providers import sizes
from onbrief.providers.bedrock import catalogue
from onbrief.providers.catalogue import Grid

NOVA = catalogue.image_models()["amazon.nova-canvas-v1:0"].grid
ASPECTS = catalogue.image_models()["stability.stable-image-core-v1:1"].aspect_ratios
SIZES = catalogue.image_models()["amazon.titan-image-generator-v2:0"].sizes
SIDES = st.integers(64, 4096)


@pytest.mark.parametrize(
    ("size", "aspect"),
    [
        ((1024, 1024), "1:1"),
        ((1024, 768), "5:4"),
        ((768, 1024), "4:5"),
        ((1920, 1080), "16:9"),
        ((1080, 1920), "9:16"),
        ((4096, 64), "21:9"),
        ((64, 4096), "9:21"),
        ((1536, 640), "21:9"),
        ((832, 1216), "2:3"),
    ],
)
def test_a_size_has_a_nearest_aspect_ratio(size: tuple[int, int], aspect: str) -> None:
    assert sizes.nearest_aspect(size, ASPECTS) == aspect


@given(st.tuples(SIDES, SIDES))
def test_the_nearest_aspect_ratio_of_a_turned_size_is_turned(size: tuple[int, int]) -> None:
    turned = size[1], size[0]
    one, other = sizes.nearest_aspect(size, ASPECTS), sizes.nearest_aspect(turned, ASPECTS)
    assert sizes.distance(one, size) == pytest.approx(sizes.distance(other, turned))


@pytest.mark.parametrize("size", SIZES)
def test_a_listed_size_is_its_own_nearest(size: tuple[int, int]) -> None:
    assert sizes.nearest_size(size, SIZES) == size


def test_shape_comes_before_the_number_of_pixels() -> None:
    assert sizes.nearest_size((800, 800), SIZES) == (768, 768)
    assert sizes.nearest_size((4096, 4096), SIZES) == (1024, 1024)


@given(st.tuples(SIDES, SIDES))
def test_a_size_on_the_grid_keeps_its_rules(size: tuple[int, int]) -> None:
    assert NOVA is not None
    width, height = sizes.on_grid(size, NOVA)
    assert (width % 16, height % 16) == (0, 0)
    assert min(width, height) >= 320
    assert max(width, height) <= min(4096, 4 * min(width, height))
    assert width * height <= 4_194_304


@given(st.tuples(SIDES, SIDES))
def test_a_size_on_a_grid_with_a_least_number_of_pixels_has_as_many(size: tuple[int, int]) -> None:
    grid = Grid(step=16, low=480, high=3840, pixels=8_294_400, least=655_360, ratio=3)
    width, height = sizes.on_grid(size, grid)
    assert (width % 16, height % 16) == (0, 0)
    assert 480 <= min(width, height) <= max(width, height) <= min(3840, 3 * min(width, height))
    assert 655_360 <= width * height <= 8_294_400
    assert (width, height) == sizes.on_grid((width, height), grid)


@pytest.mark.parametrize("size", [(1024, 1024), (320, 320), (2048, 2048), (4096, 1024), (1280, 720)])
def test_a_size_that_keeps_the_rules_stays(size: tuple[int, int]) -> None:
    assert NOVA is not None
    assert sizes.on_grid(size, NOVA) == size
