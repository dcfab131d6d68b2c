"""The sandbox server as ComfyUI: what two real servers did, one fact after another."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Generator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from onbrief_sandbox.server.app import Terms
from onbrief_sandbox.server.bill import Bill
from onbrief_sandbox.server.faults import Fault
from tests.sandbox.server.serving import Play, lines, served

NEW, OLD = "", "/0.3.64"
BOTH = pytest.mark.parametrize("at", [NEW, OLD])


class Client(httpx2.Client):
    """A client of one server; `script` are its faults, `bill` its bill."""

    script: Play
    bill: Path

    def queue(self, workflow: object, identifier: str = "", at: str = NEW, **more: Any) -> httpx2.Response:
        """Post a workflow, under a new id by default."""
        return self.post(f"{at}/prompt", json={"prompt": workflow, "prompt_id": identifier or str(uuid.uuid4()), **more})

    def done(self, workflow: object, at: str = NEW, **more: Any) -> dict[str, Any]:
        """Queue a workflow, and return its entry in the history."""
        identifier = self.queue(workflow, at=at, **more).json()["prompt_id"]
        while not (found := self.get(f"{at}/history/{identifier}").json()):
            time.sleep(0.005)
        return found[identifier]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Generator[Client]:
    bill, script = tmp_path_factory.mktemp("comfyui") / "bill", Play()
    with (
        served(Terms(script=script, bill=Bill(bill))) as running,
        Client(base_url=f"http://127.0.0.1:{running.port}/comfyui") as client,
    ):
        client.script, client.bill = script, bill
        yield client


@pytest.fixture
def client(server: Client) -> Generator[Client]:
    yield server
    server.script.now()
    for at in (NEW, OLD):
        server.get(f"{at}/manager/reboot")


def noise(prefix: str = "x/p", seed: int = 1, **empty: Any) -> dict[str, Any]:
    """A workflow that needs no weights."""
    size = {"width": 64, "height": 48, "batch_size": 1, "color": 255, **empty}
    return {
        "1": {"class_type": "PrimitiveStringMultiline", "inputs": {"value": "a dog"}},
        "2": {"class_type": "EmptyImage", "inputs": size},
        "3": {"class_type": "ImageAddNoise", "inputs": {"image": ["2", 0], "seed": seed, "strength": 0.5}},
        "5": {"class_type": "SaveImage", "inputs": {"images": ["3", 0], "filename_prefix": prefix}},
    }


def changed(**changes: Any) -> dict[str, Any]:
    """The workflow with other inputs of node 3, or other nodes."""
    workflow = noise()
    for name, value in changes.items():
        if name.startswith("n"):
            workflow[name[1:]] = value
        else:
            workflow["3"]["inputs"][name] = value
    return workflow


@BOTH
def test_a_workflow_is_queued_run_and_remembered_under_our_id(client: Client, at: str) -> None:
    identifier = str(uuid.uuid4())
    answer = client.queue(noise("first"), identifier, at).json()
    assert answer == {"prompt_id": identifier, "number": 0, "node_errors": {}}
    while not (found := client.get(f"{at}/api/history/{identifier}").json()):
        pass
    entry = found[identifier]
    assert (entry["status"]["status_str"], entry["prompt"][:2], entry["prompt"][4]) == ("success", [0, identifier], ["5"])
    (image,) = entry["outputs"]["5"]["images"]
    data = client.get(f"{at}/view", params=image).content
    assert json.loads(data.partition(b"tEXtprompt\0")[2].partition(b"IDAT")[0][:-8]) == noise("first")
    assert client.get(f"{at}/queue").json() == {"queue_running": [], "queue_pending": []}


def test_only_the_new_version_checks_ids_and_has_a_route_of_jobs(client: Client) -> None:
    for identifier in ("my-id", str(uuid.uuid4()).upper(), 5):
        answer = client.queue(noise(), identifier)  # pyright: ignore[reportArgumentType]
        assert (answer.status_code, answer.json()["error"]["type"]) == (400, "invalid_prompt_id")
        assert client.queue(noise(), identifier, OLD).json()["prompt_id"] == str(identifier)  # pyright: ignore[reportArgumentType]
    missing = client.get("/api/jobs/none")
    assert (missing.status_code, missing.json()) == (404, {"error": "Job not found"})
    assert (client.get(f"{OLD}/api/jobs/none").content, client.get("/api/jobs?status=odd").status_code) == (b"", 400)
    identifier = client.done(noise("jobs"))["prompt"][1]
    assert client.get(f"/api/jobs/{identifier}").json()["status"] == "completed"


@BOTH
def test_the_same_id_again_is_run_again_and_the_same_workflow_is_not(client: Client, at: str) -> None:
    before, identifier = len(lines(client.bill)), str(uuid.uuid4())
    first, again = client.done(noise("a"), at, prompt_id=identifier), client.done(noise("a"), at)
    assert first["outputs"] == again["outputs"]  # cached: the same file
    for seed in (1, 2):
        assert client.queue(noise("b", seed), identifier, at).json()["prompt_id"] == identifier
    while any(client.get(f"{at}/queue").json().values()):
        pass
    last = client.get(f"{at}/history/{identifier}").json()[identifier]["outputs"]["5"]["images"]
    assert [image["filename"] for image in last] == ["b_00002_.png"]
    assert len(lines(client.bill)) - before == 3


@BOTH
@pytest.mark.parametrize(
    ("workflow", "kind", "of_old"),
    [
        ({}, "prompt_no_outputs", "prompt_no_outputs"),
        ({"1": {"class_type": "EmptyImage", "inputs": {}}}, "prompt_no_outputs", "prompt_no_outputs"),
        (changed(n9={"class_type": "NoSuchNode", "inputs": {}}), "missing_node_type", "invalid_prompt"),
        (changed(n9={"inputs": {}}), "missing_node_type", "invalid_prompt"),
        (changed(image=["3", 0]), "dependency_cycle", "exception_during_inner_validation"),
        (changed(seed=-1), "value_smaller_than_min", "value_smaller_than_min"),
        (changed(strength=2), "value_bigger_than_max", "value_bigger_than_max"),
        (changed(seed="x"), "invalid_input_type", "invalid_input_type"),
        (changed(image=["1", 0]), "return_type_mismatch", "return_type_mismatch"),
        (changed(image=["8", 0]), "exception_during_validation", "exception_during_validation"),
        (changed(n3={"class_type": "ImageAddNoise", "inputs": {"seed": 1, "strength": 1}}), *["required_input_missing"] * 2),
        (changed(n3={"class_type": "LoadImage", "inputs": {"image": "no.png"}}), *["custom_validation_failed"] * 2),
    ],
)
def test_a_workflow_that_cannot_run_is_refused(workflow: Any, kind: str, of_old: str, at: str, client: Client) -> None:
    answer = client.queue(workflow, at=at)
    about = answer.json()
    errors = [error["type"] for node in about["node_errors"].values() for error in node["errors"]] or [about["error"]["type"]]
    assert (answer.status_code, errors) == (400, [of_old if at else kind])


def test_what_is_no_request_is_answered_as_the_server_does(client: Client) -> None:
    assert client.post("/prompt", content=b"x").text.endswith("Server got itself in trouble")
    assert (client.post("/prompt", json={"prompt": "x"}).status_code, client.post("/prompt", json=[]).status_code) == (500, 400)
    assert client.get("/queue", headers={"Origin": "http://evil.example"}).status_code == 403
    assert client.done(noise("numbers", width="64", height=48.7))["status"]["completed"]


@BOTH
def test_what_is_sound_of_a_workflow_runs_although_the_rest_is_not(client: Client, at: str) -> None:
    workflow: dict[str, Any] = noise() | {"6": {"class_type": "PreviewAny", "inputs": {"source": ["1", 0]}}}
    del workflow["3"]["inputs"]["seed"]
    answer = client.queue(workflow, at=at)
    assert (answer.status_code, list(answer.json()["node_errors"])) == (200, ["3"])
    entry = client.done(workflow, at)
    assert (entry["status"]["status_str"], entry["outputs"]) == ("success", {"6": {"text": ["a dog"]}})


def test_a_workflow_that_fails_says_where_with_paths_of_the_server(client: Client) -> None:
    failed = client.done(noise("../x"))["status"]
    assert (failed["status_str"], failed["completed"]) == ("error", False)
    name, about = failed["messages"][-1]
    assert (name, about["node_id"], "/srv/" in about["traceback"][0]) == ("execution_error", "5", True)
    memory = client.done(noise(width=16384, height=16384, batch_size=4096))["status"]["messages"][-1][1]
    assert (memory["exception_type"], "can't allocate memory" in memory["exception_message"]) == ("RuntimeError", True)


@BOTH
def test_a_job_is_cancelled_where_it_is(client: Client, at: str) -> None:
    client.script.now(Fault(operation="comfyui.run", delay=30.0))
    running, waiting = (client.queue(noise("c", seed), at=at).json()["prompt_id"] for seed in (1, 2))
    client.post(f"{at}/queue", json={"delete": [running, waiting]})  # nothing happens to the one that runs
    assert [item[1] for item in client.get(f"{at}/queue").json()["queue_running"]] == [running]
    assert client.get(f"{at}/history/{waiting}").json() == {}
    client.post(f"{at}/interrupt", json={"prompt_id": waiting})
    if at:
        assert client.post(f"{at}/api/jobs/{running}/cancel").status_code == 405
        client.post(f"{at}/interrupt", json={})  # whatever runs
    else:
        assert client.post(f"/api/jobs/{running}/cancel").json() == {"cancelled": True}
        assert client.post(f"/api/jobs/{waiting}/cancel").json() == {"cancelled": False}
    while not (found := client.get(f"{at}/history/{running}").json()):
        pass
    assert (found[running]["status"]["messages"][-1][0], found[running]["outputs"]) == ("execution_interrupted", {})


@BOTH
def test_a_restart_forgets_jobs_and_keeps_files(client: Client, at: str) -> None:
    image = client.done(noise(f"restart{at}/p"), at)["outputs"]["5"]["images"][0]
    client.script.now(Fault(operation="comfyui.run", delay=30.0))
    lost = client.queue(noise("lost"), at=at).json()["prompt_id"]
    client.get(f"{at}/manager/reboot")
    client.script.now()
    assert [client.get(f"{at}/{path}").json() for path in ("queue", "history", f"history/{lost}")] == [
        {"queue_running": [], "queue_pending": []},
        {},
        {},
    ]
    assert client.get(f"{at}/view", params=image).status_code == 200
    assert client.queue(noise("after"), at=at).json()["number"] == 0


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({}, 404),
        ({"filename": "none.png"}, 404),
        ({"filename": ""}, 400),
        ({"filename": "../x.png"}, 400),
        ({"filename": "/etc/passwd"}, 400),
        ({"filename": "x.png", "type": "odd"}, 400),
        ({"filename": "x.png", "subfolder": "../.."}, 403),
    ],
)
def test_a_file_that_is_not_there_or_not_allowed(query: dict[str, str], status: int, client: Client) -> None:
    answer = client.get("/view", params=query)
    assert (answer.status_code, answer.content) == (status, b"")


def test_an_upload_keeps_what_is_there_unless_it_may_overwrite_it(client: Client) -> None:
    def uploaded(data: bytes, **fields: str) -> Any:
        return client.post("/upload/image", files={"image": ("u.png", data)}, data=fields)

    names = [uploaded(data, **fields).json()["name"] for data, fields in (
        (b"one", {}), (b"one", {}), (b"two", {}), (b"two", {"overwrite": "True"}), (b"three", {"overwrite": "true"})
    )]  # fmt: skip
    assert names == ["u.png", "u.png", "u (1).png", "u (1).png", "u.png"]
    assert client.get("/view?filename=u.png&type=input").content == b"three"
    assert (uploaded(b"", subfolder="../..").status_code, uploaded(b"", type="odd").status_code) == (400, 500)
    assert client.post("/upload/image", data={"x": "y"}, files={"other": b""}).status_code == 500
    broken = {"3": {"class_type": "LoadImage", "inputs": {"image": "u.png"}}, "5": noise()["5"]}
    assert client.done(broken)["status"]["messages"][-1][1]["node_type"] == "LoadImage"


def test_the_server_tells_its_version_and_its_nodes(client: Client) -> None:
    versions = [client.get(f"{at}/system_stats").json()["system"]["comfyui_version"] for at in (NEW, OLD)]
    assert versions == ["0.33.0", "0.3.64"]
    assert client.get("/object_info/NoSuchNode").json() == {}
    sampler = client.get("/api/object_info/KSampler").json()["KSampler"]
    assert sampler["input"]["required"]["seed"] == ["INT", {"min": 0, "max": 18446744073709551615}]
    assert (sampler["output"], sampler["output_node"], len(client.get("/object_info").json()) > 10) == (["LATENT"], False, True)
