from __future__ import annotations

import io

import pytest
from PIL import Image

from onbrief_sandbox.painting.painter import paint
from onbrief_sandbox.scene import COLOURS, THINGS, Box, Direction, Group, Place, Relation, Scene, Sight, Thing

SIZE = (512, 512)


def truth(scene: Scene, seed: int = 1) -> Sight:
    return paint(scene, SIZE, seed)[1]


def test_the_same_scene_size_and_seed_give_the_same_bytes_and_another_seed_gives_others():
    scene = Scene((Group("star", 3), Group("dog")), words=("hello",))
    first = paint(scene, SIZE, 7)
    assert paint(scene, SIZE, 7) == first
    assert paint(scene, SIZE, 8)[0] != first[0]


@pytest.mark.parametrize("size", [(1024, 1024), (768, 1344), (64, 64), (2048, 512)])
def test_a_picture_is_an_opaque_png_of_the_size_asked_for(size: tuple[int, int]):
    picture = Image.open(io.BytesIO(paint(Scene((Group("boat", 2),)), size, 1)[0]))
    assert (picture.format, picture.size) == ("PNG", size)
    assert picture.convert("RGBA").getchannel("A").getextrema() == (255, 255)


@pytest.mark.parametrize("noun", THINGS)
def test_every_noun_is_painted_as_often_and_in_the_colour_asked_for(noun: str):
    things = truth(Scene((Group(noun, 5, "purple"),))).things
    assert [(t.noun, t.colour) for t in things] == [(noun, "purple")] * 5


def test_the_ground_has_the_colour_asked_for_or_one_that_is_told():
    assert [truth(Scene(background=colour)).background for colour in COLOURS] == list(COLOURS)
    assert truth(Scene()).background in COLOURS


def test_what_must_be_absent_is_not_chosen_where_the_scene_leaves_a_choice():
    scene = Scene((Group("circle"),), absent=frozenset(COLOURS) - {"green"})
    sights = [truth(scene, seed) for seed in range(10)]
    assert {sight.things[0].colour for sight in sights} == {"green"}
    assert {sight.background for sight in sights} == {"green"}


@pytest.mark.parametrize("place", ["left", "right", "top", "bottom", "middle"])
def test_every_thing_of_a_group_has_its_centre_in_the_third_asked_for(place: Place):
    for seed in range(12):
        scene = Scene((Group("cup", 4, place=place), Group("fish", 3)), words=("hello",) if seed % 2 else ())
        assert all(_within(t.box, place) for t in truth(scene, seed).things if t.noun == "cup")


@pytest.mark.parametrize("direction", ["left of", "right of", "above", "below"])
@pytest.mark.parametrize("elements", [frozenset[str](), frozenset({"day", "sea"})])
def test_every_thing_of_the_subject_lies_in_that_direction_of_every_object(direction: Direction, elements: frozenset[str]):
    for seed in range(12):
        scene = Scene((Group("cup", 3), Group("dog", 2), Group("star")), (Relation(0, direction, 1),), elements=elements)
        things = truth(scene, seed).things
        for cup in (t for t in things if t.noun == "cup"):
            for dog in (t for t in things if t.noun == "dog"):
                assert _ahead(cup.box, dog.box, direction) >= 0.03


def test_single_things_side_by_side_stand_in_one_row():
    scene = Scene((Group("circle"), Group("square")), (Relation(0, "left of", 1),))
    for seed in range(12):
        left, right = truth(scene, seed).things
        assert abs(left.box.y - right.box.y) < 0.03


def test_relations_that_contradict_each_other_still_give_a_picture_of_all_things():
    scene = Scene(
        (Group("cup", 2), Group("star")), (Relation(0, "left of", 1), Relation(1, "left of", 0), Relation(0, "above", 0))
    )
    assert sorted(t.noun for t in truth(scene).things) == ["cup", "cup", "star"]


def test_things_neither_overlap_nor_leave_the_picture():
    for seed in range(20):
        scene = Scene(tuple(Group(noun, 1 + (seed + k) % 9) for k, noun in enumerate(THINGS[seed % 9 : seed % 9 + 5])))
        things = truth(scene, seed).things
        assert all(0 <= t.box.left < t.box.right <= 1 and 0 <= t.box.top < t.box.bottom <= 1 for t in things)
        assert not [(a, b) for i, a in enumerate(things) for b in things[:i] if _overlap(a, b)]


def test_a_noun_without_a_drawing_becomes_a_card_with_its_name_in_plain_letters():
    scene = Scene((Group("Éléphant"), Group("merry-go-round"), Group("пингвин"), Group("queen's crown")))
    assert [t.noun for t in truth(scene).things] == ["elephant", "merry-go-round", "unknown", "queen's crown"]


def test_words_are_told_as_they_are_lettered():
    assert truth(Scene(words=("Don’t panic", "50 % off!", "日本"))).words == ("DON'T PANIC", "50 % OFF!")


def test_twelve_groups_of_nine_are_all_painted():
    groups = tuple(Group(noun, 9, place="left" if k == 0 else None) for k, noun in enumerate(THINGS[:12]))
    assert len(truth(Scene(groups)).things) == 108


def test_a_group_of_none_is_not_painted_and_relations_keep_their_numbers():
    scene = Scene((Group("cup", 0), Group("star"), Group("fish")), (Relation(2, "left of", 1), Relation(0, "above", 1)))
    star, fish = truth(scene).things
    assert (star.noun, fish.noun, fish.box.x < star.box.x) == ("star", "fish", True)


def test_a_landscape_has_an_hour_and_no_ground_colour():
    assert truth(Scene(elements=frozenset({"mountains"}))) == Sight(elements=frozenset({"mountains", "day"}))
    assert truth(Scene(elements=frozenset({"stars"}))).elements == {"stars", "night"}
    assert truth(Scene(elements=frozenset({"night", "sunset", "lake"}))).elements == {"night", "sunset", "lake"}


def test_a_sun_on_the_horizon_is_a_sunrise_and_has_its_box_there():
    sight = truth(Scene(elements=frozenset({"night", "sunrise", "sea"})))
    assert (sight.elements, [name for name, _ in sight.boxes]) == (frozenset({"night", "sunrise", "sea"}), ["sunrise"])
    assert 0.5 < sight.boxes[0][1].bottom < 0.6


def test_styles_are_palettes_of_landscapes():
    assert truth(Scene(elements=frozenset({"day"}), styles=frozenset({"serene", "photograph"}))).styles == {"serene"}
    assert truth(Scene(styles=frozenset({"serene"}))).styles == frozenset()


def _within(box: Box, place: Place) -> bool:
    match place:
        case "left":
            return box.x < 1 / 3
        case "right":
            return box.x > 2 / 3
        case "top":
            return box.y < 1 / 3
        case "bottom":
            return box.y > 2 / 3
        case "middle":
            return 1 / 3 < box.x < 2 / 3 and 1 / 3 < box.y < 2 / 3


def _ahead(a: Box, b: Box, direction: Direction) -> float:
    match direction:
        case "left of":
            return b.x - a.x
        case "right of":
            return a.x - b.x
        case "above":
            return b.y - a.y
        case "below":
            return a.y - b.y


def _overlap(a: Thing, b: Thing) -> bool:
    across = min(a.box.right, b.box.right) - max(a.box.left, b.box.left)
    down = min(a.box.bottom, b.box.bottom) - max(a.box.top, b.box.top)
    return across > 0 and down > 0
