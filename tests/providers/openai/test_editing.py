"""OpenAI's editors over HTTP: what is sent, what is not, and the size of what comes back."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Generator

import pytest
from PIL import Image

from onbrief.errors import UsageError
from onbrief.pictures import inspect
from onbrief.ports import Picture
from onbrief.providers import registry
from onbrief_sandbox.scene import Box
from tests.contract.test_editor import CIRCLE, OVER_SQUARE, PICTURE, SIZE, kinds, look
from tests.masks import mask
from tests.providers.over_http import Service
from tests.providers.recording import PICTURE as ANSWERED
from tests.providers.recording import PNG, Recorder, Reply, recording

ANSWER = Reply({"data": [{"b64_json": ANSWERED}], "usage": {"input_tokens": 1000, "output_tokens": 196}})
LEFT = mask((64, 64), Box(0, 0, 0.5, 1))


@pytest.fixture(scope="module")
def recorder() -> Generator[Recorder]:
    with recording(ANSWER) as running:
        yield running


def edited(recorder: Recorder, instruction: str, over: bytes | None = None, options: str = "") -> Picture:
    recorder.will(ANSWER)
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setenv("OPENAI_API_KEY", "any")
        settings = {"openai": {"base_url": f"http://127.0.0.1:{recorder.port}/v1"}}
        editor = registry.editor(f"openai:gpt-image-2{options}", settings)
        return asyncio.run(editor.edit(PNG, instruction, 3, over))


def sent(recorder: Recorder) -> tuple[dict[str, str], dict[str, bytes]]:
    """The texts and the files of the only form that was sent."""
    (body,), (headers,) = recorder.bodies, recorder.headers
    boundary = headers["content-type"].partition("boundary=")[2].encode()
    texts, files = dict[str, str](), dict[str, bytes]()
    for part in body.split(b"--" + boundary)[1:-1]:
        head, _, data = part.removesuffix(b"\r\n").partition(b"\r\n\r\n")
        name = head.decode().partition('name="')[2].partition('"')[0]
        if b"filename" in head:
            files[name] = data
        else:
            texts[name] = data.decode()
    return texts, files


def test_an_edit_is_a_form_with_the_picture_and_the_instruction(recorder: Recorder) -> None:
    made = edited(recorder, "make the bench blue.", options="?quality=low&moderation=low")
    assert recorder.paths == ["/v1/images/edits"]
    assert sent(recorder) == (
        {
            "model": "gpt-image-2",
            "prompt": "make the bench blue. Keep everything else in the picture exactly as it is.",
            "size": "816x816",
            "quality": "low",
        },
        {"image": PNG},
    )
    assert made.warnings == ("GPT Image 2 does not take moderation=low for edits: it is left out",)
    assert made.usd == pytest.approx((1000 * 5 + 196 * 30) / 1e6)


def test_a_mask_is_transparent_where_the_picture_may_change(recorder: Recorder) -> None:
    edited(recorder, "remove the bench", LEFT)
    _, files = sent(recorder)
    with Image.open(io.BytesIO(files["mask"])) as opened:
        alpha = opened.getchannel("A")
    assert (opened.format, alpha.size) == ("PNG", (64, 64))
    assert [alpha.getpixel(at) for at in ((5, 5), (31, 60), (33, 5), (60, 60))] == [0, 0, 255, 255]


def test_what_is_no_instruction_is_not_sent(recorder: Recorder) -> None:
    with pytest.raises(UsageError, match='expected "replace the dog with a cat"'):
        edited(recorder, "what a nice day")
    assert recorder.paths == []


def test_an_edit_comes_back_in_its_size_and_changes_nothing_outside_a_mask(service: Service) -> None:
    service.fresh()
    editor = service.editor("gpt-image-2?quality=low")
    by_words = asyncio.run(editor.edit(PICTURE, "make the circle green", 1))
    masked = asyncio.run(editor.edit(PICTURE, "make the circle green", 1, OVER_SQUARE))
    for made in (by_words, masked):
        assert (inspect(made.data).width, inspect(made.data).height) == SIZE
        assert made.warnings == ("openai:gpt-image-2?quality=low gave the picture back in 912x720: it is scaled to 640x512",)
    assert ("circle", CIRCLE.colour) in kinds(look(masked.data).things)
    assert [line["operation"] for line in service.lines()] == ["openai.edit"] * 2
    assert sum(line["usd"] for line in service.lines()) == pytest.approx(sum(made.usd or 0 for made in (by_words, masked)))
    assert all(line["usd"] <= (editor.price or 0) for line in service.lines())
