"""The image models through boto3: their pictures, and the messages of their errors."""

from __future__ import annotations

import asyncio
import base64
import io
from typing import Any

import pytest
from PIL import Image

from onbrief.ports import ModelName
from onbrief.record import Prompt
from onbrief_sandbox.models import SandboxImageModel
from onbrief_sandbox.server.app import Terms
from tests.sandbox.server.serving import CORE, NOVA, SD3, SDXL, TITAN, ULTRA, Served, served

CIRCLE = "a red circle left of a blue square"
TINY = {"taskType": "TEXT_IMAGE", "textToImageParams": {"text": CIRCLE}}


def opened(data: bytes) -> tuple[str | None, tuple[int, int]]:
    image = Image.open(io.BytesIO(data))
    return image.format, image.size


def malformed(what: str) -> str:
    return f"Malformed input request: {what}, please reformat your input and try again."


@pytest.mark.parametrize("model", [CORE, SD3, ULTRA, f"us.{ULTRA}", f"arn:aws:bedrock:us-west-2::foundation-model/{CORE}"])
def test_a_stability_model_draws_a_square_png(server: Served, model: str) -> None:
    reply = server.invoke(model, {"prompt": CIRCLE})
    assert reply.keys() == {"seeds", "finish_reasons", "images"}
    assert reply["finish_reasons"] == [None]
    assert 0 < reply["seeds"][0] < 2**32
    assert opened(base64.b64decode(reply["images"][0])) == ("PNG", (1024, 1024))


@pytest.mark.parametrize(
    ("aspect", "size"),
    [
        ("16:9", (1344, 768)),
        ("1:1", (1024, 1024)),
        ("21:9", (1536, 640)),
        ("2:3", (832, 1216)),
        ("3:2", (1216, 832)),
        ("4:5", (896, 1088)),
        ("5:4", (1088, 896)),
        ("9:16", (768, 1344)),
        ("9:21", (640, 1536)),
    ],
)
def test_an_aspect_ratio_is_about_a_megapixel(server: Served, aspect: str, size: tuple[int, int]) -> None:
    assert opened(server.picture(CORE, {"prompt": "a circle", "aspect_ratio": aspect}))[1] == size


def test_the_picture_is_what_the_sandbox_draws_for_prompt_and_seed(server: Served) -> None:
    picture = server.picture(CORE, {"prompt": CIRCLE, "negative_prompt": "tree", "seed": 7})
    drawn = asyncio.run(SandboxImageModel.named(ModelName("sandbox")).generate(Prompt(0, CIRCLE, "tree"), (1024, 1024), 7))
    assert picture == drawn.data
    assert picture != server.picture(CORE, {"prompt": CIRCLE, "negative_prompt": "tree", "seed": 8})


@pytest.mark.parametrize(("model", "kind"), [(CORE, "jpeg"), (ULTRA, "jpeg"), (SD3, "jpeg"), (SD3, "webp"), (CORE, "png")])
def test_the_format_is_the_one_that_was_asked_for(server: Served, model: str, kind: str) -> None:
    assert opened(server.picture(model, {"prompt": CIRCLE, "output_format": kind}))[0] == kind.upper()


def test_pictures_can_start_from_a_picture(server: Served) -> None:
    start = base64.b64encode(server.picture(CORE, {"prompt": CIRCLE, "aspect_ratio": "16:9"})).decode()
    as_image = {"prompt": CIRCLE, "mode": "image-to-image", "image": start, "strength": 0.6}
    assert opened(server.picture(SD3, as_image)) == ("PNG", (1344, 768))
    assert opened(server.picture(ULTRA, {"prompt": CIRCLE, "image": start})) == ("PNG", (1344, 768))
    small = io.BytesIO()
    Image.new("RGB", (63, 64)).save(small, "PNG")
    too_small = as_image | {"image": base64.b64encode(small.getvalue()).decode()}
    assert "at least 64 pixels" in server.invalid(lambda: server.invoke(SD3, too_small))
    no_picture = as_image | {"image": base64.b64encode(b"hello").decode()}
    assert "could not be read" in server.invalid(lambda: server.invoke(SD3, no_picture))


@pytest.mark.parametrize(
    ("model", "body", "what"),
    [
        (CORE, {}, "#: required key [prompt] not found"),
        (CORE, {"prompt": ""}, "#/prompt: expected minLength: 1, actual: 0"),
        (CORE, {"prompt": 5}, "#/prompt: expected type: String, found: Integer"),
        (CORE, {"prompt": None}, "#/prompt: expected type: String, found: Null"),
        (CORE, {"prompt": "x" * 10_001}, "#/prompt: expected maxLength: 10000, actual: 10001"),
        (ULTRA, {"prompt": "x", "negative_prompt": "x" * 10_001},
         "#/negative_prompt: expected maxLength: 10000, actual: 10001"),
        (CORE, {"prompt": "x", "aspect_ratio": "4:3"}, "#/aspect_ratio: 4:3 is not a valid enum value"),
        (CORE, {"prompt": "x", "seed": -1}, "#/seed: -1 is not greater or equal to 0"),
        (CORE, {"prompt": "x", "seed": 2**32}, "#/seed: 4294967296 is not less or equal to 4294967295"),
        (SD3, {"prompt": "x", "seed": 2**32 - 1}, "#/seed: 4294967295 is not less or equal to 4294967294"),
        (CORE, {"prompt": "x", "seed": "1"}, "#/seed: expected type: Integer, found: String"),
        (CORE, {"prompt": "x", "output_format": "webp"}, "#/output_format: webp is not a valid enum value"),
        (CORE, {"prompt": "x", "width": 1024}, "#: extraneous key [width] is not permitted"),
        (ULTRA, {"prompt": "x", "cfg_scale": 7}, "#: extraneous key [cfg_scale] is not permitted"),
        (SD3, {"prompt": "x", "steps": 30}, "#: extraneous key [steps] is not permitted"),
        (SD3, {"prompt": "x", "mode": "image-to-image"}, "#: required key [image] not found"),
        (SDXL, {}, "#: required key [text_prompts] not found"),
        (SDXL, {"text_prompts": []}, "#/text_prompts: expected min item count: 1, actual: 0"),
        (SDXL, {"text_prompts": [{"weight": 1}]}, "#/text_prompts/0: required key [text] not found"),
        (SDXL, {"text_prompts": [{"text": "x" * 2001}]}, "#/text_prompts/0/text: expected maxLength: 2000, actual: 2001"),
        (SDXL, {"text_prompts": [{"text": "x"}], "cfg_scale": 35.5}, "#/cfg_scale: 35.5 is not less or equal to 35"),
        (SDXL, {"text_prompts": [{"text": "x"}], "steps": 9}, "#/steps: 9 is not greater or equal to 10"),
        (SDXL, {"text_prompts": [{"text": "x"}], "samples": 2}, "#/samples: 2 is not less or equal to 1"),
        (SDXL, {"text_prompts": [{"text": "x"}], "style_preset": "nice"}, "#/style_preset: nice is not a valid enum value"),
        (SDXL, {"text_prompts": [{"text": "x"}], "aspect_ratio": "1:1"}, "#: extraneous key [aspect_ratio] is not permitted"),
        (NOVA, {"taskType": "DREAM"}, "#/taskType: DREAM is not a valid enum value"),
        (NOVA, {"taskType": "TEXT_IMAGE"}, "#: required key [textToImageParams] not found"),
        (NOVA, TINY | {"textToImageParams": {"text": "x" * 1025}},
         "#/textToImageParams/text: expected maxLength: 1024, actual: 1025"),
        (TITAN, TINY | {"textToImageParams": {"text": "x" * 513}},
         "#/textToImageParams/text: expected maxLength: 512, actual: 513"),
        (NOVA, TINY | {"imageGenerationConfig": {"seed": 2147483647}},
         "#/imageGenerationConfig/seed: 2147483647 is not less or equal to 2147483646"),
        (NOVA, TINY | {"imageGenerationConfig": {"cfgScale": 1}},
         "#/imageGenerationConfig/cfgScale: 1 is not greater or equal to 1.1"),
    ],
)  # fmt: skip
def test_a_body_that_a_model_does_not_take_is_refused_in_words(
    server: Served, model: str, body: dict[str, Any], what: str
) -> None:
    assert server.invalid(lambda: server.invoke(model, body)) == malformed(what)


def test_sdxl_takes_weighted_texts_and_its_own_sizes(server: Served) -> None:
    texts = [{"text": CIRCLE, "weight": 1.0}, {"text": "tree", "weight": -1.0}]
    body = {"text_prompts": texts, "cfg_scale": 10, "steps": 150, "width": 832, "height": 1216, "seed": 5, "samples": 1}
    reply = server.invoke(SDXL, body)
    (artifact,) = reply["artifacts"]
    assert (reply["result"], artifact["seed"], artifact["finishReason"]) == ("success", 5, "SUCCESS")
    assert opened(base64.b64decode(artifact["base64"])) == ("PNG", (832, 1216))
    model = SandboxImageModel.named(ModelName("sandbox", "sdxl"))
    drawn = asyncio.run(model.generate(Prompt(0, CIRCLE, "tree"), (832, 1216), 5))
    assert base64.b64decode(artifact["base64"]) == drawn.data
    message = server.invalid(lambda: server.invoke(SDXL, body | {"width": 1000}))
    assert message.startswith("for stable-diffusion-xl-1024-v1-0 the allowed dimensions are 1024x1024, 1152x896,")
    assert message.endswith("but we received 1000x1216")


def test_nova_and_titan_draw_as_many_pictures_as_were_asked_for(server: Served) -> None:
    config = {"numberOfImages": 2, "quality": "premium", "width": 512, "height": 512, "cfgScale": 8, "seed": 3}
    for model in (NOVA, TITAN):
        reply = server.invoke(model, TINY | {"imageGenerationConfig": config})
        assert reply["error"] is None
        assert len(set(reply["images"])) == 2
        assert [opened(base64.b64decode(text)) for text in reply["images"]] == [("PNG", (512, 512))] * 2


@pytest.mark.parametrize(("model", "size"), [(NOVA, (320, 1280)), (NOVA, (4096, 1024)), (TITAN, (320, 704))])
def test_sizes_that_the_painter_does_not_know_are_scaled(server: Served, model: str, size: tuple[int, int]) -> None:
    config = {"width": size[0], "height": size[1]}
    assert opened(server.picture(model, TINY | {"imageGenerationConfig": config})) == ("PNG", size)


@pytest.mark.parametrize(
    ("model", "size"), [(NOVA, (321, 512)), (NOVA, (320, 1296)), (NOVA, (2064, 2064)), (TITAN, (1024, 512))]
)
def test_sizes_that_a_model_does_not_make_are_refused(server: Served, model: str, size: tuple[int, int]) -> None:
    body = TINY | {"imageGenerationConfig": {"width": size[0], "height": size[1]}}
    expected = f"The provided width and height, {size[0]}x{size[1]}, are not supported by this model."
    assert server.invalid(lambda: server.invoke(model, body)) == expected


def test_an_unknown_model_is_not_found(server: Served) -> None:
    expected = "Could not resolve the foundation model from the provided model identifier."
    for model in ("stability.stable-image-nope-v1:0", "eu.stability.stable-image-core-v1:1", "gpt"):
        assert server.refused(lambda model=model: server.invoke(model, {"prompt": "x"})) == (
            404,
            "ResourceNotFoundException",
            expected,
        )
    assert server.raw("/model/a%20b/invoke", b"{}") == (
        400,
        "ValidationException",
        {"message": "The provided model identifier is invalid."},
    )


def test_a_model_that_has_ended_says_so() -> None:
    with served(Terms(ended=(SDXL, "amazon.*"))) as server:
        expected = (404, "ResourceNotFoundException", "This model version has reached the end of its life.")
        assert server.refused(lambda: server.invoke(SDXL, {"text_prompts": [{"text": "x"}]})) == expected
        assert server.refused(lambda: server.invoke(NOVA, TINY)) == expected
        assert opened(server.picture(CORE, {"prompt": "a circle"}))[0] == "PNG"


def test_an_image_model_does_not_converse(server: Served) -> None:
    call = lambda: server.bedrock.converse(modelId=CORE, messages=[{"role": "user", "content": [{"text": "x"}]}])  # noqa: E731
    assert server.invalid(call) == (
        "This action doesn't support the model that you provided. Try again with a supported text or chat model."
    )
