"""Colour differences against published values, and what the words for colours cover."""

from __future__ import annotations

import pytest

from onbrief.pictures.colours import OTHER_WORD, SAME_WORD, delta_e, difference_to, from_hex, lab, to_hex
from onbrief.questions.measures import COLOUR_WORDS, Colour
from onbrief_sandbox.painting.palette import GROUND, PAINT

# Pairs of L*a*b* colours and their ΔE00, from the test data of Sharma, Wu and Dalal (2005): the hard cases of its formula.
PUBLISHED = [
    ((50.0, 2.6772, -79.7751), (50.0, 0.0, -82.7485), 2.0425),
    ((50.0, -1.3802, -84.2814), (50.0, 0.0, -82.7485), 1.0),
    ((50.0, 0.0, 0.0), (50.0, -1.0, 2.0), 2.3669),
    ((50.0, 2.49, -0.001), (50.0, -2.49, 0.0009), 7.1792),
    ((50.0, 2.49, -0.001), (50.0, -2.49, 0.0011), 7.2195),
    ((50.0, -0.001, 2.49), (50.0, 0.0011, -2.49), 4.7461),
    ((50.0, 2.5, 0.0), (50.0, 0.0, -2.5), 4.3065),
    ((50.0, 2.5, 0.0), (73.0, 25.0, -18.0), 27.1492),
    ((60.2574, -34.0099, 36.2677), (60.4626, -34.1751, 39.4387), 1.2644),
    ((22.7233, 20.0904, -46.694), (23.0331, 14.973, -42.5619), 2.0373),
    ((90.8027, -2.0831, 1.441), (91.1528, -1.6435, 0.0447), 1.4441),
    ((6.7747, -0.2908, -2.4247), (5.8714, -0.0985, -2.2286), 0.6377),
    ((2.0776, 0.0795, -1.135), (0.9033, -0.0636, -0.5514), 0.9082),
]


@pytest.mark.parametrize(("one", "other", "published"), PUBLISHED)
def test_differences_are_those_that_are_published(
    one: tuple[float, float, float], other: tuple[float, float, float], published: float
) -> None:
    assert delta_e(one, other) == pytest.approx(published, abs=5e-5)
    assert delta_e(other, one) == pytest.approx(published, abs=5e-5)


def test_srgb_becomes_lab() -> None:
    assert lab((255, 255, 255)) == pytest.approx((100, 0, 0), abs=0.02)
    assert lab((255, 0, 0)) == pytest.approx((53.24, 80.09, 67.20), abs=0.02)
    assert from_hex(to_hex((0, 169, 157))) == (0, 169, 157)


PURE = {
    "white": "#ffffff", "black": "#000000", "gray": "#808080", "red": "#ff0000", "orange": "#ff8c00", "yellow": "#ffff00",
    "green": "#00a000", "blue": "#0000ff", "purple": "#800080", "pink": "#ffb6c1", "brown": "#8b4513", "beige": "#f5f5dc",
}  # fmt: skip


@pytest.mark.parametrize("word", COLOUR_WORDS)
def test_each_word_covers_its_own_colours_and_excludes_most_others(word: str) -> None:
    own = [from_hex(PURE[word]), *(shades[word] for shades in (GROUND, PAINT) if word in shades)]
    for pixel in own:
        assert difference_to(Colour(word), pixel)[0] <= SAME_WORD, to_hex(pixel)
    excluded = [other for other, name in PURE.items() if difference_to(Colour(word), from_hex(name))[0] >= OTHER_WORD]
    assert len(excluded) >= 6
    assert word not in excluded


def test_shades_are_lighter_and_darker() -> None:
    navy, sky = (0, 0, 128), (135, 206, 235)
    assert difference_to(Colour("blue", "dark"), navy)[0] <= SAME_WORD
    assert difference_to(Colour("blue", "light"), sky)[0] <= SAME_WORD
    assert difference_to(Colour("blue", "light"), navy)[0] >= OTHER_WORD
    assert difference_to(Colour("blue", "dark"), sky)[0] >= OTHER_WORD
