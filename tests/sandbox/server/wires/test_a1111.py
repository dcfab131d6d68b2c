"""The server as the API of AUTOMATIC1111's web UI: its checkpoints, its answers, and the forms of its errors."""

from __future__ import annotations

import base64
import io
import json
from typing import Any

import pytest
from PIL import Image

from onbrief_sandbox.files import size_of
from tests.contract.test_editor import OVER_SQUARE, PICTURE
from tests.sandbox.server.serving import Served
from tests.sandbox.server.wires.asking import Told, ask

CIRCLE = {"prompt": "a red circle", "width": 512, "height": 512, "seed": 5}


def asked(server: Served, path: str, document: object = None, **headers: str) -> Told:
    return ask(server.port, f"/a1111/sdapi/v1/{path}", document, headers, "GET" if document is None else "POST")


def text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def test_a_picture_has_its_parameters_in_it(server: Served) -> None:
    told = asked(server, "txt2img", CIRCLE | {"width": 517, "sampler_name": "Euler a", "no_such_field": 1}).json
    data = base64.b64decode(told["images"][0])
    assert size_of(data) == (512, 512)  # rounded down
    about = json.loads(told["info"])
    assert (about["seed"], about["sd_model_name"], told["parameters"]["width"]) == (5, "sd_xl_base_1.0", 517)
    assert Image.open(io.BytesIO(data)).info["parameters"].startswith("a red circle\nSteps: 50, Seed: 5")


def test_a_checkpoint_is_loaded_by_any_of_its_names_and_an_unknown_one_is_left_out(server: Served) -> None:
    titles = [model["title"] for model in asked(server, "sd-models").json]
    assert asked(server, "options").json["sd_model_checkpoint"] == titles[0]
    for wanted, used in ((titles[1], "dreamshaper_8"), ("879db523c3", "dreamshaper_8"), ("nothing", "sd_xl_base_1.0")):
        told = asked(server, "txt2img", CIRCLE | {"override_settings": {"sd_model_checkpoint": wanted}}).json
        assert json.loads(told["info"])["sd_model_name"] == used
    assert asked(server, "progress").json["state"]["job_count"] == 0
    assert "Euler a" in [sampler["name"] for sampler in asked(server, "samplers").json]


def test_what_is_under_a_mask_is_drawn_over_in_the_size_that_is_asked_for(server: Served) -> None:
    document = {
        "init_images": [text(PICTURE)],
        "mask": text(OVER_SQUARE),
        "prompt": "a green star",
        "width": 512,
        "height": 512,
    }
    told = asked(server, "img2img", document).json
    assert size_of(base64.b64decode(told["images"][0])) == (512, 512)
    assert "mask" not in told["parameters"]


@pytest.mark.parametrize(
    ("path", "document", "status", "words"),
    [
        ("txt2img", CIRCLE | {"width": "wide"}, 422, "Input should be a valid integer"),
        ("txt2img", CIRCLE | {"steps": True}, 422, "Input should be a valid integer"),
        ("txt2img", CIRCLE | {"override_settings": 1}, 422, "Input should be a valid dictionary"),
        ("txt2img", [], 422, "Input should be a valid dictionary"),
        ("txt2img", CIRCLE | {"sampler_name": "Euler z"}, 400, "Sampler not found"),
        ("txt2img", CIRCLE | {"width": 0}, 500, "negative dimension"),
        ("txt2img", CIRCLE | {"width": 9000, "height": 9000}, 500, "CUDA out of memory"),
        ("img2img", CIRCLE, 404, "Init image not found"),
        ("img2img", CIRCLE | {"init_images": ["?"]}, 500, "Invalid encoded image"),
    ],
)
def test_what_the_server_does_not_accept_is_refused_in_its_words(
    path: str, document: Any, status: int, words: str, server: Served
) -> None:
    told = asked(server, path, document)
    assert told.status == status
    assert words in told.body.decode()
    assert ("detail" in told.json) or ("errors" in told.json)


def test_a_wrong_password_is_refused(server: Served) -> None:
    wrong = base64.b64encode(b"sandbox:wrong").decode()
    assert asked(server, "options", authorization=f"Basic {wrong}").status == 401
