"""Gemini as an editor: what it is sent, what it cannot be asked for, and what comes back."""

from __future__ import annotations

import asyncio
import base64

import pytest

from onbrief.errors import Blocked, Failed, UsageError
from onbrief.pictures import inspect
from onbrief.ports import Picture
from onbrief.providers import registry
from onbrief_sandbox.painting.painter import paint
from onbrief_sandbox.scene import Box, Group, Relation, Scene
from onbrief_sandbox.seeing.eye import look
from onbrief_sandbox.server.faults import Fault
from tests.masks import mask
from tests.providers.google.reaching import Service, lead_to
from tests.providers.recording import PICTURE, PNG, Recorder, Reply

FLASH = "google:gemini-3.1-flash-image?image_size=512"
SIZE = (640, 512)
BESIDE = Scene((Group("circle", 1, "red"), Group("square", 1, "blue")), (Relation(0, "left of", 1),), "white")
DRAWN, _ = paint(BESIDE, SIZE, 1)


def edited(instruction: str, image: bytes = DRAWN, name: str = FLASH, over: bytes | None = None, seed: int = 1) -> Picture:
    return asyncio.run(registry.editor(name).edit(image, instruction, seed, over))


@pytest.mark.parametrize(
    ("instruction", "after"),
    [
        ("Make the square yellow.", {("circle", "red"), ("square", "yellow")}),
        ("remove the square", {("circle", "red")}),
    ],
)
def test_the_change_is_made_and_the_picture_keeps_its_size(
    instruction: str, after: set[tuple[str, str]], google: Service
) -> None:
    seen: list[set[tuple[str, str | None]]] = []
    costs: list[float | None] = []
    for seed in range(1, 5):  # the stand-in does not always do what it is asked for
        picture = edited(instruction, seed=seed)
        costs.append(picture.usd)
        assert (inspect(picture.data).width, inspect(picture.data).height) == SIZE
        assert picture.warnings == ("Gemini 3.1 Flash Image gave the picture back in 576x464: it is scaled to 640x512",)
        seen.append({(thing.noun, thing.colour) for thing in look(picture.data).things})
        if after in seen:
            break
    assert after in seen
    assert [(line["operation"], line["usd"]) for line in google.billed()] == [("google.edit", usd) for usd in costs]


def test_what_is_sent_are_the_picture_and_the_words_without_a_shape(
    recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    lead_to(f"http://127.0.0.1:{recorder.port}", monkeypatch)
    recorder.will(Reply({"candidates": [{"content": {"parts": [{"inlineData": {"data": PICTURE}}]}}]}))
    assert edited("make the bench blue.", PNG, "google:gemini-3-pro-image?image_size=2K").data == PNG
    ((picture, words),) = (body["contents"][0]["parts"] for body in recorder.bodies)
    assert base64.urlsafe_b64decode(picture["inlineData"]["data"]) == PNG
    assert "image/png" in picture["inlineData"].values()
    assert words["text"].startswith("make the bench blue.\nChange nothing else")
    assert recorder.bodies[0]["generationConfig"]["imageConfig"] == {"imageSize": "2K"}
    assert recorder.bodies[0]["generationConfig"]["seed"] == 1


def test_a_mask_is_refused_before_anything_is_sent(google: Service) -> None:
    editor = registry.editor(FLASH)
    assert set(editor.changes.values()) == {frozenset({"words"})}
    with pytest.raises(UsageError, match="is not allowed; expected an instruction"):
        edited("make the square yellow", over=mask(SIZE, Box(0, 0, 0.5, 1)))
    assert google.billed() == []


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (Fault(does="filtered", reason="input image"), Blocked),
        (Fault(does="empty"), Failed),
        (Fault(does="text"), Failed),
        (Fault(does="truncated"), Failed),
    ],
)
def test_an_answer_that_is_no_picture(fault: Fault, kind: type[Exception], google: Service) -> None:
    google.script.now(fault)
    with pytest.raises(kind):
        edited("make the square yellow")
    assert len(google.billed()) == 1
