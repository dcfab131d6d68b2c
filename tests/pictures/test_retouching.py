"""What is changed in a picture without a model."""

from __future__ import annotations

import io

import pytest
from PIL import Image, ImageDraw

from onbrief.brief import Requirement
from onbrief.errors import Failed
from onbrief.pictures import mask_of, retouched
from onbrief.pictures.colours import difference_to, sample
from onbrief.pictures.measuring import measured
from onbrief.questions.measures import COLOUR_WORDS, Aspect, Colour, Exact, Ground, Pixels, Upright, measure
from tests.pictures.samples import saved

SIZE = (320, 240)


def on(ground: str, *, noisy: bool = False) -> Image.Image:
    """A red ring on a ground, with the colour of the ground inside it."""
    image = Image.new("RGB", SIZE, ground)
    if noisy:
        noise = Image.effect_noise(SIZE, 12).point([n // 8 for n in range(256)])
        image = Image.blend(image, Image.merge("RGB", [noise] * 3), 0.1)
    draw = ImageDraw.Draw(image)
    draw.ellipse((100, 60, 220, 180), "#d03030")
    draw.ellipse((130, 90, 190, 150), ground)
    return image


def opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data)).convert("RGB")


@pytest.mark.parametrize(
    ("wanted", "size"),
    [
        (Aspect(1, 1), (240, 240)),
        (Aspect(16, 9), (320, 180)),
        (Upright(portrait=True), (192, 240)),
        (Pixels(160, 160), (160, 160)),
        (Pixels(400, 300), (400, 300)),
    ],
)
def test_the_middle_is_kept_in_the_wanted_shape_and_size(wanted: Exact, size: tuple[int, int]) -> None:
    made = opened(retouched(saved(on("#ffffff")), wanted))
    assert made.size == size
    assert made.getpixel((size[0] // 2, size[1] // 2)) == (255, 255, 255)  # the middle of the ring


@pytest.mark.parametrize("text", ["the background is plain black", "the background is light blue", "the background is #00a99d"])
@pytest.mark.parametrize("noisy", [False, True])
def test_a_plain_background_gets_another_colour_and_the_things_on_it_keep_theirs(text: str, noisy: bool) -> None:
    requirement = Requirement(id="r1", text=text, kind="attribute")
    wanted = measure(requirement)
    assert isinstance(wanted, Ground)
    before = on("#f4f0e8", noisy=noisy)
    data = retouched(saved(before), wanted)
    (finding,) = measured([requirement], data, SIZE)
    assert finding.verdict == "met", finding
    after = opened(data)
    assert after.getpixel((110, 120)) == before.getpixel((110, 120)) == (208, 48, 48)
    assert after.getpixel((160, 120)) == before.getpixel((160, 120))  # inside the ring it is no background


def test_a_background_that_is_not_plain_is_left_alone() -> None:
    striped = on("#ffffff")
    ImageDraw.Draw(striped).rectangle((0, 0, 160, 239), "#204080")
    with pytest.raises(Failed, match="not of one colour"):
        retouched(saved(striped), Ground(Colour("black"), plain=True))
    with pytest.raises(Failed, match="no such colour"):
        retouched(saved(on("#ffffff")), Ground(Colour("white", "dark"), plain=True))


@pytest.mark.parametrize("shade", ["", "light", "dark"])
@pytest.mark.parametrize("word", COLOUR_WORDS)
def test_the_sample_of_a_colour_has_it(word: str, shade: str) -> None:
    colour = Colour(word, shade)
    found = sample(colour)
    if found is None:
        assert shade
        return
    distance, same, _ = difference_to(colour, found)
    assert distance < same


def test_a_mask_is_white_where_the_box_is_and_a_little_beyond() -> None:
    mask = Image.open(io.BytesIO(mask_of((100, 200), (0.5, 0.5, 1.0, 0.75)))).convert("L")
    assert mask.size == (100, 200)
    assert mask.getbbox() == (46, 92, 100, 158)
