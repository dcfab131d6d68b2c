"""Which requirements can be measured, and which words are left to the judge."""

from __future__ import annotations

import pytest

from onbrief.brief import Requirement
from onbrief.questions.measures import Aspect, Colour, Ground, Measure, Palette, Pixels, Upright, Zone, measure

UNDERSTOOD: dict[str, Measure] = {
    "The picture is square.": Aspect(1, 1),
    "the image has a square format": Aspect(1, 1),
    "the picture is 1024x768": Pixels(1024, 768),
    "The image is exactly 1024 × 768 pixels": Pixels(1024, 768),
    "the resolution is 640x480 px": Pixels(640, 480),
    "the aspect ratio is 16:9": Aspect(16, 9),
    "the picture has an aspect ratio of 4:5": Aspect(4, 5),
    "the photo is in 3:2 format": Aspect(3, 2),
    "the picture is in portrait orientation": Upright(portrait=True),
    "the picture is in landscape format": Upright(portrait=False),
    "the picture is taller than it is wide": Upright(portrait=True),
    "the picture is wider than it is tall": Upright(portrait=False),
    "the background is plain white": Ground(Colour("white"), plain=True),
    "the background is white": Ground(Colour("white"), plain=False),
    "there is a plain white background": Ground(Colour("white"), plain=True),
    "the background is a solid #00A99D": Ground(Colour("#00a99d"), plain=True),
    "the background is #0f8": Ground(Colour("#00ff88"), plain=False),
    "the background is light grey": Ground(Colour("gray", "light"), plain=False),
    "the background is plain": Ground(None, plain=True),
    "the background is of one colour": Ground(None, plain=True),
    "the background is one color": Ground(None, plain=True),
    "the picture uses only #112233, #445566 and white": Palette((Colour("#112233"), Colour("#445566"), Colour("white"))),
    "the only colours are red and dark blue": Palette((Colour("red"), Colour("blue", "dark"))),
    "the palette is limited to black and white": Palette((Colour("black"), Colour("white"), Colour("gray"))),
    "the left third is empty": Zone((0.0, 0.0, 1 / 3, 1.0)),
    "the left third of the picture is free for copy": Zone((0.0, 0.0, 1 / 3, 1.0)),
    "the upper half is kept clear": Zone((0.0, 0.0, 1.0, 0.5)),
    "the bottom 20% is left empty": Zone((0.0, 0.8, 1.0, 1.0)),
    "the right quarter contains nothing": Zone((0.75, 0.0, 1.0, 1.0)),
    "there is empty space for text in the top third": Zone((0.0, 0.0, 1.0, 1 / 3)),
}
LEFT_TO_THE_JUDGE = (
    "the picture is a landscape",
    "the picture is a portrait",
    "the square is red",
    "the town square is empty",
    "the left cup is empty",
    "the background is a wall",
    "the background is blurred",
    "the background is a white wall",
    "there is a white house in the background",
    "the background is red and blue",
    "the background is warm",
    "the picture uses red and blue",
    "the circle is #ff0000",
    "the picture is bright",
    "there is space on the left",
    "there are 1024x768 pixels on the screen",
    "the aspect ratio is 16:0",
)


@pytest.mark.parametrize("text", UNDERSTOOD)
def test_plain_words_are_understood(text: str) -> None:
    assert measure(Requirement(text=text, kind="format")) == UNDERSTOOD[text]


@pytest.mark.parametrize("text", LEFT_TO_THE_JUDGE)
def test_what_the_words_do_not_plainly_say_is_not_measured(text: str) -> None:
    assert measure(Requirement(text=text, kind="format")) is None
