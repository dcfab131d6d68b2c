from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterable, Sequence

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings
from PIL import Image, PngImagePlugin

from onbrief.errors import PictureError
from onbrief_sandbox.painting.drawings import DRAWINGS
from onbrief_sandbox.painting.painter import paint
from onbrief_sandbox.scene import COLOURS, THINGS, Colour, Group, Scene, Sight
from onbrief_sandbox.seeing.eye import look
from tests.sandbox.scenes import FIRST_THINGS, facts, random_scene

MODES = ("RGB", "RGBA", "L", "LA", "P", "1", "I;16")


def encoded(picture: Image.Image, format_: str = "PNG", **options: object) -> bytes:
    target = io.BytesIO()
    picture.save(target, format_, **options)  # pyright: ignore[reportArgumentType]  (Pillow's options are untyped)
    return target.getvalue()


def agreement(
    seeds: Iterable[int], size: tuple[int, int], *qualities: str, things: Sequence[str] = THINGS
) -> list[tuple[float, Counter[str]]]:
    """Return, for each format ("PNG", or another with its quality), the share of facts on which the eye agrees with the
    painter, and the facts on which it does not.
    """
    wrong = [Counter[str]() for _ in qualities]
    counts = [0 for _ in qualities]
    for seed in seeds:
        data, truth = paint(random_scene(seed, things), size, seed)
        for number, (format_, _, quality) in enumerate(each.partition(" ") for each in qualities):
            seen = encoded(Image.open(io.BytesIO(data)).convert("RGB"), format_, quality=int(quality)) if quality else data
            for name, agrees in facts(truth, look(seen)):
                counts[number] += 1
                wrong[number][f"{name} (scene {seed})"] += not agrees
    return [(1 - each.total() / count, +each) for each, count in zip(wrong, counts, strict=True)]


def test_the_eye_agrees_with_the_painter_on_random_scenes() -> None:
    [(small, wrong_when_small)] = agreement(range(0, 100, 4), (512, 512), "PNG")
    (plain, wrong), (coded, wrong_when_coded) = agreement(range(0, 100, 9), (1024, 1024), "PNG", "JPEG 85")
    assert plain >= 0.99, wrong
    assert small >= 0.99, wrong_when_small
    assert coded >= 0.97, wrong_when_coded


@pytest.mark.parametrize("counts", [(1,), pytest.param((1, 8), marks=pytest.mark.soak)], ids=["in turns", "both"])
@pytest.mark.parametrize("number", range(0, len(THINGS), 8))
def test_the_eye_knows_everything_there_is_a_drawing_of_large_and_small(number: int, counts: tuple[int, ...]) -> None:
    """Large and small in turns, from thing to thing; in the long campaign, each thing in both sizes."""
    for place, noun in enumerate(THINGS[number : number + 8]):
        if noun in DRAWINGS:
            colours: list[Colour | None] = [COLOURS[(len(noun) + step) % len(COLOURS)] for step in (0, 3, 7)]
            for count in counts if len(counts) > 1 else ((1, 8)[place % 2],):
                scene = Scene(tuple(Group(noun, count, colour) for colour in colours), background="blue")
                seen = Counter((thing.noun, thing.colour) for thing in look(paint(scene, (512, 512), number)[0]).things)
                assert seen == Counter({(noun, colour): count for colour in colours})


@pytest.mark.soak
@pytest.mark.parametrize("first", range(20_000, 23_000, 500))
def test_the_eye_agrees_with_the_painter_on_thousands_of_scenes(first: int) -> None:
    seeds = range(first, first + 500)
    (plain, wrong), (coded, wrong_when_coded) = agreement(seeds, (1024, 1024), "PNG", "JPEG 85")
    [(small, wrong_when_small)] = agreement(seeds, (512, 512), "PNG")
    print(f"scenes {first} to {first + 499}: {plain:.5f}, JPEG at quality 85 {coded:.5f}, at 512x512 {small:.5f}")
    assert plain >= 0.99, wrong
    assert small >= 0.99, wrong_when_small
    assert coded >= 0.97, wrong_when_coded


@pytest.mark.soak
@pytest.mark.parametrize("first", range(10_000, 12_000, 500))
def test_the_eye_agrees_with_the_painter_on_thousands_of_scenes_of_the_first_things(first: int) -> None:
    seeds = range(first, first + 500)
    (plain, wrong), (coded, wrong_when_coded) = agreement(seeds, (1024, 1024), "PNG", "JPEG 90", things=FIRST_THINGS)
    print(f"scenes {first} to {first + 499} of the first things: PNG {plain:.5f}, JPEG at quality 90 {coded:.5f}")
    assert plain >= 0.995, wrong
    assert coded >= 0.98, wrong_when_coded


@pytest.mark.soak
@pytest.mark.parametrize("size", [(768, 1344), (1344, 768), (512, 512)])
def test_the_eye_agrees_with_the_painter_at_other_sizes(size: tuple[int, int]) -> None:
    (plain, wrong), (coded, wrong_when_coded) = agreement(range(10_000, 10_300), size, "PNG", "WEBP 90")
    print(f"300 scenes at {size[0]}x{size[1]}: PNG {plain:.5f}, WebP at quality 90 {coded:.5f}")
    assert plain >= 0.99, wrong
    assert coded >= 0.98, wrong_when_coded


@pytest.mark.parametrize("colour", COLOURS)
def test_a_thing_is_seen_on_a_ground_of_its_own_colour(colour: str):
    scene = Scene((Group("circle", 1, colour),), background=colour)  # pyright: ignore[reportArgumentType]  (one of COLOURS)
    sight = look(paint(scene, (512, 512), 3)[0])
    assert ([(t.noun, t.colour) for t in sight.things], sight.background) == ([("circle", colour)], colour)


def test_an_empty_sheet_shows_nothing():
    assert look(paint(Scene(background="white"), (512, 512), 1)[0]) == Sight(background="white")


def test_what_is_written_in_the_metadata_is_not_seen():
    picture = Image.open(io.BytesIO(paint(Scene(background="blue"), (256, 256), 1)[0]))
    note = PngImagePlugin.PngInfo()
    note.add_text("prompt", "three red circles")
    assert look(encoded(picture, pnginfo=note)) == Sight(background="blue")


@pytest.mark.parametrize("mode", MODES)
def test_a_picture_of_any_mode_is_seen(mode: str):
    picture = Image.open(io.BytesIO(paint(Scene((Group("star", 2, "gray"),), background="white"), (512, 512), 1)[0]))
    if mode == "I;16":
        picture = Image.fromarray(np.asarray(picture.convert("L")).astype(np.uint16) * 257)
    else:
        picture = picture.convert(mode)
    assert [t.noun for t in look(encoded(picture)).things] == ["star", "star"]


def test_a_picture_of_something_else_is_no_landscape():
    y, x = np.indices((512, 512)) - 256
    spiral = (np.hypot(x, y) + 6 * np.arctan2(y, x)) // 12 % 2 * 255
    assert look(encoded(Image.fromarray(spiral.astype(np.uint8)))).elements == frozenset()


def test_what_shows_through_a_transparent_picture_is_white():
    assert look(encoded(Image.new("RGBA", (90, 90), (255, 0, 0, 0)))) == Sight(background="white")


@given(
    st.integers(1, 260),
    st.integers(1, 260),
    st.sampled_from(MODES),
    st.sampled_from(("noise", "one", "soft", "stripes")),
    st.integers(0, 99),
)
@settings(max_examples=60, deadline=None)
def test_any_picture_is_looked_at_without_an_error(width: int, height: int, mode: str, kind: str, seed: int):
    rng = np.random.default_rng(seed)
    pixels = rng.integers(0, 256, (height, width, 3), dtype=np.uint8)
    if kind == "one":
        pixels[:] = pixels[0, 0]
    elif kind == "stripes":
        pixels[:] = np.where(np.arange(width) % 7 < 3, 255, pixels[0, 0, 0])[None, :, None]
    picture = Image.fromarray(pixels)
    if kind == "soft":
        picture = picture.resize((3, 3)).resize((width, height), Image.Resampling.BICUBIC)
    if mode == "I;16":
        picture = Image.fromarray(np.asarray(picture.convert("L")).astype(np.uint16) * 257)
    else:
        picture = picture.convert(mode)
    assert isinstance(look(encoded(picture)), Sight)


@pytest.mark.parametrize("size", [(1, 1), (1, 4000), (4000, 1), (3, 900), (2000, 40)])
def test_a_picture_of_any_shape_is_looked_at(size: tuple[int, int]):
    assert isinstance(look(encoded(Image.effect_noise(size, 90))), Sight)


@given(st.binary(max_size=200))
@settings(max_examples=60, deadline=None)
def test_bytes_that_are_no_picture_are_a_picture_error(data: bytes):
    for start in (b"", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0", b"RIFF\x10\x00\x00\x00WEBP"):
        with pytest.raises(PictureError):
            look(start + data)


@given(st.integers(0, 20_000), st.sampled_from(("PNG", "JPEG", "WEBP")), st.integers(0, 255))
@settings(max_examples=60, deadline=None)
def test_a_damaged_picture_is_looked_at_or_refused(place: int, format_: str, value: int):
    data = bytearray(_WHOLE[format_])
    data[place % len(data)] = value
    for damaged in (bytes(data), bytes(data[: place % len(data)])):
        try:
            sight = look(damaged)
        except PictureError:
            continue
        assert isinstance(sight, Sight)


def test_a_picture_of_too_many_pixels_is_refused_before_it_is_decoded():
    with pytest.raises(PictureError, match="20000 x 4000"):
        look(encoded(Image.new("1", (20_000, 4_000))))


_WHOLE = {
    name: encoded(Image.open(io.BytesIO(paint(Scene((Group("heart", 2),)), (128, 128), 1)[0])).convert("RGB"), name)
    for name in ("PNG", "JPEG", "WEBP")
}
