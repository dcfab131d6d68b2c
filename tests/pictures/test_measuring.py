"""Findings that are measured, on pictures whose truth is known."""

from __future__ import annotations

import random

import pytest
from PIL import Image, ImageDraw, ImageFilter

from onbrief.brief import Requirement
from onbrief.pictures import PictureFile
from onbrief.pictures.measuring import measured
from onbrief.ports import PictureLimits
from onbrief_sandbox.painting.painter import paint
from onbrief_sandbox.scene import COLOURS, Group, Scene
from tests.pictures.samples import noise, saved, with_exif

SIZE = (400, 300)


def poster(
    ground: str = "#ffffff", thing: str = "#cc2222", box: tuple[int, int, int, int] = (180, 60, 360, 290)
) -> Image.Image:
    image = Image.new("RGB", SIZE, ground)
    ImageDraw.Draw(image).ellipse(box, fill=thing)
    return image


def gradient() -> Image.Image:
    return Image.merge("RGB", [Image.linear_gradient("L").resize(SIZE)] * 3)


POSTER = poster()
JPEG_LIKE = poster("#00a99d")
NOISE = noise(size=SIZE)

MEASURED: list[tuple[str, Image.Image, bool | None]] = [
    ("the picture is square", POSTER, False),
    ("the picture is square", Image.new("RGB", (1024, 1000)), True),
    ("the aspect ratio is 4:3", POSTER, True),
    ("the aspect ratio is 16:9", POSTER, False),
    ("the picture is 400x300", POSTER, True),
    ("the picture is 400x301", POSTER, False),
    ("the picture is in portrait format", POSTER, False),
    ("the picture is in landscape format", POSTER, True),
    ("the background is plain white", POSTER, True),
    ("the background is #ffffff", POSTER, True),
    ("the background is white", poster("#f6f4f0"), True),
    ("the background is plain white", poster("#88aacc"), False),
    ("the background is plain blue", poster("#88aacc"), True),
    ("the background is #00A99D", JPEG_LIKE, True),
    ("the background is #00A99D", poster("#00a58f"), True),
    ("the background is #00A99D", poster("#00a988"), None),
    ("the background is #00A99D", poster("#88aacc"), False),
    ("the background is plain", gradient(), None),
    ("the background is plain", NOISE, False),
    ("the background is plain white", gradient(), False),
    ("the background is of one colour", POSTER, True),
    ("the picture uses only white and #cc2222", POSTER, True),
    ("the picture uses only white and #2222cc", POSTER, False),
    ("the picture uses only black and white", gradient(), True),
    ("the picture uses only black and white", POSTER, False),
    ("the left third is empty", POSTER, True),
    ("the left third is free for copy", gradient().filter(ImageFilter.GaussianBlur(2)), True),
    ("the left third is empty", NOISE, False),
    ("the right half is empty", poster(thing="#cc2222", box=(10, 10, 90, 90)), True),
    ("the top quarter is empty", poster(box=(0, 80, 400, 300)), True),
    ("there is a circle", POSTER, None),
]


@pytest.mark.parametrize("form", ["PNG", "JPEG"])
@pytest.mark.parametrize(("text", "image", "holds"), MEASURED)
def test_what_is_clear_is_found_and_the_rest_is_left_open(text: str, image: Image.Image, holds: bool | None, form: str) -> None:
    data = saved(image, form, **({"quality": 80} if form == "JPEG" else {}))
    found = measured([Requirement(id="r1", text=text)], data, image.size)
    assert [finding.verdict for finding in found] == ([] if holds is None else ["met" if holds else "unmet"])
    for finding in found:
        assert finding.source == "pixels"
        assert finding.evidence.startswith("measured: ")
        assert (finding.probability > 0.5) == holds


def test_a_thing_that_reaches_into_the_area_is_found_or_left_open() -> None:
    empty = [Requirement(id="r1", text="the right half is empty")]
    assert not [f for f in measured(empty, saved(POSTER), SIZE) if f.verdict == "met"]


def test_size_is_that_of_the_picture_and_upright_not_that_of_the_copy() -> None:
    image = Image.new("RGB", (2000, 1000), "white")
    limits = PictureLimits(side=500)
    upright = [
        Requirement(id="r1", text="the picture is in portrait format"),
        Requirement(id="r2", text="the picture is 1000x2000"),
    ]
    turned = PictureFile(saved(image, "JPEG", exif=with_exif(6))).judge_copy(limits)
    assert [f.verdict for f in measured(upright, turned, image.size)] == ["met", "met"]
    plain = PictureFile(saved(image)).judge_copy(limits)
    assert [f.verdict for f in measured(upright, plain, image.size)] == ["unmet", "unmet"]


@pytest.mark.parametrize("scenes", [20, pytest.param(600, marks=pytest.mark.soak)])
def test_plain_grounds_of_scenes_are_measured_as_they_are(scenes: int) -> None:
    right = asked = 0
    for seed in range(scenes):
        rng = random.Random(seed)  # noqa: S311 - scenes, not secrets
        colour = rng.choice(COLOURS)
        groups = tuple(Group(rng.choice(("dog", "car", "circle", "tree")), rng.randint(1, 4)) for _ in range(rng.randint(1, 3)))
        data, _ = paint(Scene(groups, (), colour), (512, 512), seed)
        for claimed in COLOURS:
            for finding in measured([Requirement(id="r1", text=f"the background is plain {claimed}")], data, (512, 512)):
                assert (finding.verdict == "met") <= (claimed == colour), f"{seed}: {colour} taken for {claimed}"
                assert (finding.verdict == "unmet") <= (claimed != colour), f"{seed}: {colour} not taken for {claimed}"
                right += 1
            asked += 1
    print(f"{right} of {asked} statements about the background of {scenes} scenes were decided, all of them rightly")
    assert right >= 0.6 * asked
