"""The editing services through boto3: their changes to a picture, and requests that they reject."""

from __future__ import annotations

import base64
import io
from typing import Any

import pytest
from PIL import Image

from onbrief_sandbox.painting.painter import paint
from onbrief_sandbox.scene import Box, Group, Relation, Scene, Sight
from onbrief_sandbox.seeing.eye import look
from tests.masks import mask
from tests.sandbox.server.serving import Served

REPLACE = "us.stability.stable-image-search-replace-v1:0"
RECOLOR = "us.stability.stable-image-search-recolor-v1:0"
INPAINT = "us.stability.stable-image-inpaint-v1:0"
ERASE = "us.stability.stable-image-erase-object-v1:0"
SIZE = (768, 512)
SCENE = Scene((Group("circle", 1, "red"), Group("square", 1, "blue")), (Relation(0, "left of", 1),), "white")
PICTURE, TRUTH = paint(SCENE, SIZE, 1)


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def things(sight: Sight) -> list[tuple[str, str | None]]:
    return [(thing.noun, thing.colour) for thing in sorted(sight.things, key=lambda thing: thing.box.x)]


def commonest(server: Served, model: str, body: dict[str, Any]) -> list[tuple[str, str | None]]:
    """Return the most common result of the edits that change anything. Edits can fail or break something, as in real models."""
    edited = [server.picture(model, body | {"image": b64(PICTURE), "seed": seed}) for seed in range(1, 17)]
    seen = [things(sight) for sight in map(look, edited)]
    return max((sight for sight in seen if sight != things(TRUTH)), key=seen.count)


def test_search_replace_puts_one_thing_in_the_place_of_another(server: Served) -> None:
    body = {"prompt": "a green star", "search_prompt": "blue square"}
    assert commonest(server, REPLACE, body) == [("circle", "red"), ("star", "green")]


def test_search_recolor_changes_the_colour_alone(server: Served) -> None:
    body = {"prompt": "bright yellow", "select_prompt": "the red circle", "grow_mask": 0}
    assert commonest(server, RECOLOR, body) == [("circle", "yellow"), ("square", "blue")]


def test_erase_removes_what_lies_under_the_mask(server: Served) -> None:
    circle = next(thing for thing in TRUTH.things if thing.noun == "circle")
    assert commonest(server, ERASE, {"mask": b64(mask(SIZE, circle.box))}) == [("square", "blue")]


def test_inpaint_draws_in_the_place_of_what_lies_under_the_mask(server: Served) -> None:
    circle = next(thing for thing in TRUTH.things if thing.noun == "circle")
    body = {"mask": b64(mask(SIZE, circle.box)), "prompt": "two green stars", "negative_prompt": "a dog", "grow_mask": 20}
    assert commonest(server, INPAINT, body) == [("star", "green"), ("star", "green"), ("square", "blue")]


def test_a_mask_of_another_size_lies_over_the_whole_picture(server: Served) -> None:
    circle = next(thing for thing in TRUTH.things if thing.noun == "circle")
    assert commonest(server, ERASE, {"mask": b64(mask((384, 384), circle.box))}) == [("square", "blue")]


def test_of_two_alike_the_one_under_the_mask_is_erased(server: Served) -> None:
    twins = Scene((Group("circle", 1, "red"), Group("circle", 1, "red")), (Relation(0, "left of", 1),), "white")
    picture, truth = paint(twins, SIZE, 1)
    left, right = sorted((thing.box for thing in truth.things), key=lambda box: box.x)
    after = [
        [round(thing.box.x, 1) for thing in look(server.picture(ERASE, body)).things]
        for body in ({"image": b64(picture), "mask": b64(mask(SIZE, left)), "seed": seed} for seed in range(1, 17))
    ]
    assert [round(right.x, 1)] in after
    assert [round(left.x, 1)] not in after


def test_a_mask_on_nothing_erases_nothing(server: Served) -> None:
    reply = server.invoke(ERASE, {"image": b64(PICTURE), "mask": b64(mask(SIZE, Box(0, 0, 0.02, 0.02)))})
    assert reply.keys() == {"seeds", "finish_reasons", "images"}
    assert things(look(base64.b64decode(reply["images"][0]))) == things(TRUTH)


@pytest.mark.parametrize("kind", ["png", "jpeg", "webp"])
def test_the_size_stays_and_the_format_is_chosen(server: Served, kind: str) -> None:
    body = {"image": b64(PICTURE), "prompt": "a star", "search_prompt": "circle", "output_format": kind}
    image = Image.open(io.BytesIO(server.picture(REPLACE, body)))
    assert (image.format, image.size) == (kind.upper(), SIZE)


@pytest.mark.parametrize(
    ("model", "body", "expected"),
    [
        (REPLACE, {"prompt": "x", "search_prompt": "y"}, "#: required key [image] not found"),
        (REPLACE, {"image": b64(PICTURE), "prompt": "x"}, "#: required key [search_prompt] not found"),
        (RECOLOR, {"image": b64(PICTURE), "prompt": "x"}, "#: required key [select_prompt] not found"),
        (INPAINT, {"image": b64(PICTURE), "prompt": "x"}, "#: required key [mask] not found"),
        (INPAINT, {"image": b64(PICTURE), "mask": b64(PICTURE)}, "#: required key [prompt] not found"),
        (
            INPAINT,
            {"image": b64(PICTURE), "mask": b64(PICTURE), "prompt": "x", "search_prompt": "y"},
            "#: extraneous key [search_prompt] is not permitted",
        ),
        (
            INPAINT,
            {"image": b64(PICTURE), "mask": b64(PICTURE), "prompt": "x", "style_preset": "y"},
            "#/style_preset: y is not a valid enum value",
        ),
        (INPAINT, {"image": b64(PICTURE), "mask": b64(b"<html>"), "prompt": "x"}, "mask: the image could not be read"),
        (ERASE, {"image": b64(PICTURE)}, "#: required key [mask] not found"),
        (ERASE, {"image": b64(PICTURE), "mask": b64(PICTURE), "prompt": "x"}, "#: extraneous key [prompt] is not permitted"),
        (REPLACE, {"image": b64(PICTURE), "prompt": "x" * 10_001, "search_prompt": "y"}, "#/prompt: expected maxLength: 10000"),
        (ERASE, {"image": b64(PICTURE), "mask": b64(PICTURE), "grow_mask": 21}, "#/grow_mask: 21 is not less or equal to 20"),
        (ERASE, {"image": "!", "mask": b64(PICTURE)}, "image: Invalid base64 data"),
    ],
)
def test_what_a_service_does_not_take(server: Served, model: str, body: dict[str, Any], expected: str) -> None:
    assert expected in server.invalid(lambda: server.invoke(model, body))


def test_services_answer_only_through_a_profile(server: Served) -> None:
    message = server.invalid(lambda: server.invoke(ERASE.removeprefix("us."), {}))
    assert message.startswith("Invocation of model ID stability.stable-image-erase-object-v1:0 with on-demand throughput isn’t")


@pytest.mark.parametrize("name", ["stable-outpaint", "stable-image-control-structure", "stable-image-control-sketch"])
def test_services_that_are_not_here_are_unknown_models(server: Served, name: str) -> None:
    expected = "Could not resolve the foundation model from the provided model identifier."
    refused = server.refused(lambda: server.invoke(f"us.stability.{name}-v1:0", {"image": b64(PICTURE), "prompt": "x"}))
    assert refused == (404, "ResourceNotFoundException", expected)
