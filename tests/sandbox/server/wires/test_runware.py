"""The server as Runware's REST API: tasks at once and in a queue, ids that are unique, and what it refuses."""

from __future__ import annotations

import time
import uuid
from typing import Any

import pytest

from onbrief_sandbox.files import size_of
from tests.sandbox.server.serving import Served
from tests.sandbox.server.wires.asking import Told, ask

KEY = {"authorization": "Bearer sandbox"}
DRAW = {
    "taskType": "imageInference",
    "model": "runware:400@4",
    "positivePrompt": "a red circle",
    "width": 512,
    "height": 512,
    "includeCost": True,
}


def told(server: Served, task: dict[str, Any], headers: dict[str, str] = KEY) -> Told:
    return ask(server.port, "/runware/v1", [{"taskUUID": str(uuid.uuid4()), **task}], headers)


def fetched(server: Served, url: str) -> bytes:
    return ask(server.port, url.partition(str(server.port))[2], method="GET").body


def test_a_task_is_done_at_once_and_can_be_looked_up_later(server: Served) -> None:
    first = told(server, DRAW | {"seed": 7, "outputFormat": "WEBP"})
    (item,) = first.json["data"]
    assert (first.status, item["cost"], item["seed"], item["imageURL"].endswith(".webp")) == (200, 0.0006, 7, True)
    assert size_of(fetched(server, item["imageURL"])) == (512, 512)
    (past,) = told(server, {"taskType": "getTaskDetails", "taskUUID": item["taskUUID"]}).json["data"]
    assert past["response"] == {"data": [item]}
    assert past["request"][0]["positivePrompt"] == DRAW["positivePrompt"]
    assert told(server, {"taskType": "getResponse", "taskUUID": item["taskUUID"]}).json == {"data": []}  # it was not queued


def test_a_task_in_the_queue_is_asked_for_until_it_is_done_and_its_id_is_taken(server: Served) -> None:
    task = DRAW | {"taskUUID": str(uuid.uuid4()), "deliveryMethod": "async", "outputType": "base64Data"}
    about = {"taskType": "imageInference", "taskUUID": task["taskUUID"]}
    assert told(server, task).json == {"data": [about]}
    again = told(server, task)
    assert (again.status, again.json["errors"][0]["code"]) == (400, "conflictTaskUUID")
    question = {"taskType": "getResponse", "taskUUID": task["taskUUID"]}
    while (item := told(server, question).json["data"][0])["status"] == "processing":
        time.sleep(0.01)
    assert (item["status"], item["imageBase64Data"][:5]) == ("success", "/9j/4")


@pytest.mark.parametrize(
    ("task", "code"),
    [
        (DRAW | {"taskUUID": "1"}, "invalidTaskUUID"),
        (DRAW | {"taskType": "imageInfer"}, "unsupportedTaskType"),
        (DRAW | {"model": "flux"}, "invalidModel"),
        (DRAW | {"positivePrompt": "x"}, "invalidPositivePrompt"),
        (DRAW | {"positivePrompt": "x" * 3001}, "invalidPositivePrompt"),
        (DRAW | {"negativePrompt": ""}, "invalidNegativePrompt"),
        (DRAW | {"width": 520}, "invalidWidth"),
        (DRAW | {"width": 2064}, "invalidWidth"),
        (DRAW | {"height": "512"}, "invalidHeight"),
        ({name: value for name, value in DRAW.items() if name != "height"}, "missingDimensionParameters"),
        (DRAW | {"seed": 0}, "invalidSeed"),
        (DRAW | {"steps": 101}, "invalidSteps"),
        (DRAW | {"CFGScale": True}, "invalidCFGScale"),
        (DRAW | {"outputFormat": "png"}, "invalidOutputFormat"),
        (DRAW | {"includeCost": 1}, "invalidIncludeCost"),
        (DRAW | {"safety": "full"}, "invalidSafety"),
        (DRAW | {"prompt": "a"}, "unknownParameter"),
        (DRAW | {"model": "runware:102@1"}, "invalidSeedImage"),
        (DRAW | {"model": "runware:102@1", "seedImage": "x", "maskImage": "x"}, "invalidSeedImage"),
        ({"taskType": "getTaskDetails"}, "taskNotFound"),
    ],
)
def test_what_the_service_does_not_accept_is_refused_with_a_code(task: dict[str, Any], code: str, server: Served) -> None:
    answer = told(server, task)
    assert answer.status in (400, 404)
    assert [error["code"] for error in answer.json["errors"]] == [code]


@pytest.mark.parametrize("headers", [{}, {"authorization": "sandbox"}])
def test_a_key_is_needed_in_a_header_or_in_a_task(headers: dict[str, str], server: Served) -> None:
    answer = told(server, DRAW, headers)
    assert (answer.status, answer.json["errors"][0]["code"]) == (401, "invalidApiKey")
    question = {"taskType": "getResponse", "taskUUID": str(uuid.uuid4())}
    document = [{"taskType": "authentication", "apiKey": "sandbox"}, question]
    assert ask(server.port, "/runware/v1", document, headers).status == 200
    assert ask(server.port, "/runware/v1", question, KEY).status == 400  # not a list
