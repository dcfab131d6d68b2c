"""The server as Stability AI's REST API: what it accepts and refuses, and the two forms of its answers."""

from __future__ import annotations

import base64
import io

import pytest
from PIL import Image

from tests.contract.test_editor import OVER_SQUARE, PICTURE
from tests.sandbox.server.serving import Served
from tests.sandbox.server.wires.asking import ask, form

KEY = {"authorization": "Bearer sandbox"}
BASE = "/stability/v2beta/stable-image"
PROMPT = {"prompt": "a red circle"}


def test_a_picture_comes_as_it_is_or_in_json(server: Served) -> None:
    fields = {**PROMPT, "aspect_ratio": "16:9", "seed": "7", "output_format": "jpeg"}
    raw = form(server.port, f"{BASE}/generate/core", fields, KEY | {"accept": "image/*"})
    assert (raw.status, raw.headers["content-type"], raw.headers["finish-reason"], raw.headers["seed"]) == (
        *(200, "image/jpeg", "SUCCESS"),
        "7",
    )
    assert Image.open(io.BytesIO(raw.body)).size == (1344, 768)
    told = form(server.port, f"{BASE}/generate/core", fields, KEY | {"accept": "application/json"}).json
    assert (told["finish_reason"], told["seed"], base64.b64decode(told["image"])) == ("SUCCESS", 7, raw.body)


def test_an_edit_keeps_the_size(server: Served) -> None:
    fields = {"image": PICTURE, "mask": OVER_SQUARE, "seed": "1"}
    told = form(server.port, f"{BASE}/edit/erase", fields, KEY | {"accept": "image/*"})
    assert Image.open(io.BytesIO(told.body)).size == Image.open(io.BytesIO(PICTURE)).size


@pytest.mark.parametrize(
    ("path", "fields", "headers", "status", "words"),
    [
        ("generate/core", PROMPT, {}, 401, "authorization"),
        ("generate/core", PROMPT, {"authorization": "sandbox"}, 401, "authorization"),
        ("generate/core", PROMPT, KEY | {"accept": "text/html"}, 400, "accept"),
        ("generate/core", {}, KEY, 400, "prompt"),
        ("generate/core", {"prompt": "x" * 10_001}, KEY, 400, "prompt"),
        ("generate/core", PROMPT | {"aspect_ratio": "7:5"}, KEY, 400, "aspect_ratio"),
        ("generate/core", PROMPT | {"seed": "4294967295"}, KEY, 400, "seed"),
        ("generate/core", PROMPT | {"seed": "one"}, KEY, 400, "seed"),
        ("generate/core", PROMPT | {"width": "512"}, KEY, 400, "width"),
        ("generate/core", PROMPT | {"model": "sd3.5-large"}, KEY, 400, "model"),
        ("generate/sd3", PROMPT | {"model": "sd2"}, KEY, 400, "model"),
        ("generate/sd3", PROMPT | {"cfg_scale": "11"}, KEY, 400, "cfg_scale"),
        ("generate/sd9", PROMPT, KEY, 404, "sd9"),
        ("edit/inpaint", {"image": PICTURE, "prompt": "a star"}, KEY, 400, "mask"),
        ("edit/erase", {"image": b"no picture", "mask": OVER_SQUARE}, KEY, 400, "image"),
        ("edit/paint", {"image": PICTURE}, KEY, 404, "paint"),
    ],
)
def test_what_the_service_does_not_accept_is_refused_in_its_words(
    path: str, fields: dict[str, str | bytes], headers: dict[str, str], status: int, words: str, server: Served
) -> None:
    told = form(server.port, f"{BASE}/{path}", fields, headers)
    assert told.status == status
    assert set(told.json) == {"id", "name", "errors"}
    assert words in told.json["errors"][0]


def test_what_is_not_a_whole_form_is_refused(server: Served) -> None:
    for headers in (KEY, KEY | {"content-type": "multipart/form-data; boundary=x"}):
        told = ask(server.port, f"{BASE}/generate/core", PROMPT, headers)
        assert (told.status, told.json["name"]) == (400, "bad_request")
