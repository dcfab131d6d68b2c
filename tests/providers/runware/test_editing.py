"""The editor at Runware: what is to be seen under the mask after an edit, what is sent, and what it cost."""

from __future__ import annotations

import asyncio
import base64
import json

import pytest

from onbrief.providers import registry
from onbrief_sandbox.seeing.eye import look
from tests.contract.test_editor import OVER_SQUARE, PICTURE, kinds
from tests.providers.over_http import Service
from tests.providers.recording import Reply, recording

FILL = "runware:102@1"


@pytest.mark.parametrize(
    ("instruction", "after"),
    [
        ("replace the square with a green star", [("circle", "red"), ("star", "green")]),
        ("remove the square", [("circle", "red")]),
    ],
)
def test_the_thing_under_the_mask_is_changed(instruction: str, after: list[tuple[str, str]], service: Service) -> None:
    service.fresh()
    editor, seen, usd = service.editor(FILL), list[object](), 0.0
    for seed in range(1, 9):  # each edit is done at some of these and left undone at others
        made = asyncio.run(editor.edit(PICTURE, instruction, seed, OVER_SQUARE))
        seen.append(kinds(look(made.data).things))
        usd += made.usd or 0.0
        if after in seen:
            break
    assert after in seen
    assert usd == pytest.approx(sum(line["usd"] for line in service.lines()))


def test_pictures_and_masks_are_sent_in_a_size_that_the_model_makes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RUNWARE_API_KEY", "sandbox")

    def answer(body: bytes) -> Reply:
        (task,) = json.loads(body)
        about = {"taskUUID": task["taskUUID"], "taskType": "imageInference"}
        done = {**about, "status": "success", "imageBase64Data": base64.b64encode(PICTURE).decode()}
        return Reply({"data": [about if task["taskType"] == "imageInference" else done]})

    with recording(answer) as recorder:
        editor = registry.editor(f"runware:{FILL}", {"runware": {"base_url": f"http://127.0.0.1:{recorder.port}"}})
        asyncio.run(editor.edit(PICTURE, "remove the square", 0, OVER_SQUARE))
    (task,) = json.loads(recorder.bodies[0])
    assert (task["model"], task["width"], task["height"]) == (FILL, 640, 512)
    assert (task["positivePrompt"], task["seed"] >= 1) == ("empty background", True)
    assert task["seedImage"] == f"data:image/png;base64,{base64.b64encode(PICTURE).decode()}"
    assert task["maskImage"].startswith("data:image/png;base64,")
