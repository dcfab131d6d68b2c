"""Inpainting on a server with the API of AUTOMATIC1111's web UI: what is sent, and what is to be seen after it."""

from __future__ import annotations

import asyncio
import base64
import io

import pytest
from PIL import Image

from onbrief.pictures import inspect
from onbrief.providers import registry
from onbrief_sandbox.seeing.eye import look
from tests.contract.test_editor import OVER_SQUARE, PICTURE, SIZE, kinds
from tests.providers.over_http import Service
from tests.providers.recording import Reply, recording


def test_masks_and_pictures_are_sent_as_the_server_takes_them() -> None:
    with recording(Reply({"images": [base64.b64encode(PICTURE).decode()], "info": "{}"})) as recorder:
        tables = {"a1111": {"base_url": f"http://127.0.0.1:{recorder.port}"}}
        for instruction, name in (
            ("replace the square with a star", ""),
            ("remove the square", "?inpaint_full_res=1&mask_blur=8"),
        ):
            asyncio.run(registry.editor(f"a1111:{name}", tables).edit(PICTURE, instruction, 1, OVER_SQUARE))
        star, gone = recorder.bodies
    assert star["init_images"] == [base64.b64encode(PICTURE).decode()]
    assert (star["prompt"], star["negative_prompt"], star["inpainting_fill"], star["denoising_strength"]) == (
        "a star",
        "",
        1,
        0.9,
    )
    assert (gone["prompt"], gone["negative_prompt"], gone["inpainting_fill"], gone["mask_blur"]) == ("", "square", 0, 8)
    assert (star["inpaint_full_res"], gone["inpaint_full_res"]) == (False, True)
    assert recorder.paths == ["/sdapi/v1/img2img"] * 2


@pytest.mark.parametrize(
    ("instruction", "after"),
    [
        ("replace the square with a green star", [("circle", "red"), ("star", "green")]),
        ("remove the square", [("circle", "red")]),
    ],
)
def test_the_thing_under_the_mask_is_changed(instruction: str, after: list[tuple[str, str]], service: Service) -> None:
    service.fresh()
    editor, seen = service.editor("sd-v1-5-inpainting"), list[object]()
    for seed in range(1, 9):  # each edit is done at some of these and left undone at others
        seen.append(kinds(look(asyncio.run(editor.edit(PICTURE, instruction, seed, OVER_SQUARE)).data).things))
        if after in seen:
            break
    assert after in seen
    assert {line["model"] for line in service.lines()} == {"sd-v1-5-inpainting"}


def test_a_picture_of_an_odd_size_keeps_it_with_a_warning(service: Service) -> None:
    service.fresh()
    odd = (SIZE[0] - 3, SIZE[1] - 2)
    made = asyncio.run(service.editor("").edit(_cropped(PICTURE, odd), "remove the square", 1, _cropped(OVER_SQUARE, odd)))
    facts = inspect(made.data)
    assert (facts.width, facts.height) == odd
    assert made.warnings == ("the server gave the picture back in 640x512: it is scaled to 637x510",)


def _cropped(data: bytes, size: tuple[int, int]) -> bytes:
    out = io.BytesIO()
    Image.open(io.BytesIO(data)).crop((0, 0, *size)).save(out, "PNG")
    return out.getvalue()
