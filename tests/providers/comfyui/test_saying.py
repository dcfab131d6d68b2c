"""What the server objects to, before anything is queued or while the workflow runs, and what of it is kept."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from onbrief.errors import ConfigError, Failed, Refused, UsageError
from onbrief.ports import ModelName, Sent
from onbrief.providers import registry
from onbrief.providers.comfyui import PROVIDER, saying
from onbrief.providers.comfyui.workflow import Workflow
from onbrief_sandbox.server.faults import Fault
from tests.contract.test_editor import OVER_SQUARE, PICTURE
from tests.providers.comfyui.serving import CIRCLE, DRAW, EXAMPLES, OLD, SIZE, Comfy, changed, comfy
from tests.providers.recording import Reply, recording

NOISE = {"class_type": "NoSuchNode", "inputs": {}, "_meta": {"title": "Magic"}}


@pytest.mark.parametrize("old", ["", OLD])
@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"12": NOISE}, "node 12 (NoSuchNode, “Magic”): the server has no node of this class"),
        ({"3.cfg": None}, "node 3 (KSampler), input cfg: it is missing"),
        ({"4.ckpt_name": "sdxl.safetensors"}, 'input ckpt_name: the server has no "sdxl.safetensors"'),
        ({"3.steps": 0}, "node 3 (KSampler), input steps: 0 is below 1"),
        ({"5.batch_size": 5000}, "node 5 (EmptyLatentImage, “Empty Latent Image”), input batch_size: 5000 is above 4096"),
        ({"3.cfg": "%prompt%"}, "node 3 (KSampler), input cfg: invalid_input_type"),
        ({"3.model": ["4", 1]}, "node 3 (KSampler), input model: return_type_mismatch"),
        ({"3.model": ["40", 0]}, "node 3 (KSampler), input model: exception_during_validation"),
        ({"8.samples": ["13", 0], "13": {"class_type": "VAEEncode", "inputs": {"pixels": ["8", 0], "vae": ["4", 2]}}}, ""),
    ],
)
def test_what_the_server_objects_to_names_node_and_input(
    changes: dict[str, Any], said: str, old: str, service: Comfy, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError) as caught:
        service.draws(file=changed(tmp_path, "draw", changes), old=old)
    assert said or ("inner_validation" if old else "dependency_cycle") in str(caught.value)
    assert said in str(caught.value)
    assert not any(secret in str(caught.value) for secret in ("Traceback", "/srv/", CIRCLE.text))
    assert (service.lines(), service.queue()) == ([], ([], []))


def test_a_job_that_would_run_without_our_picture_is_taken_back(service: Comfy, tmp_path: Path) -> None:
    """The server queues what is sound of a workflow, and says in its answer what is not."""
    preview = {"class_type": "PreviewImage", "inputs": {"images": ["8", 0]}}
    upscaled = {"class_type": "ImageAddNoise", "inputs": {"image": ["8", 0], "strength": 0.5}}
    file = changed(tmp_path, "draw", {"12": preview, "13": upscaled, "9.images": ["13", 0]})
    with pytest.raises(ConfigError, match=r"node 13 \(ImageAddNoise\), input seed: it is missing"):
        service.draws(Fault(operation="comfyui.run", delay=5.0), file=file)
    assert service.queue() == ([], [])


@pytest.mark.parametrize(
    ("message", "kept"),
    [
        ("DefaultCPUAllocator: can't allocate memory", "RuntimeError: DefaultCPUAllocator: can't allocate memory"),
        ("No such file: '/home/ann/ComfyUI/models/a.pt'\n  at line 3", "RuntimeError: No such file: '…'"),
        (r"cannot open C:\Users\ann\models\a.pt", "RuntimeError: cannot open …"),
        ("cannot tokenize 'a red circle'", "RuntimeError: see the log of the server"),
    ],
)
def test_a_workflow_that_fails_says_why_without_paths_and_prompts(message: str, kept: str, service: Comfy) -> None:
    sent = Sent.once()
    with pytest.raises(Failed) as caught:
        service.draws(Fault(operation="comfyui.run", does="status", message=message), sent=sent)
    assert str(caught.value).partition("the workflow failed at node ")[2].partition("): ")[2] == kept
    with pytest.raises(Failed, match="the workflow failed at node"):
        service.finds(sent)


def test_a_picture_that_is_too_large_for_the_memory_has_failed(service: Comfy, tmp_path: Path) -> None:
    empty = {"class_type": "EmptyImage", "inputs": {"width": 16384, "height": 16384, "batch_size": 4096, "color": 0}}
    with pytest.raises(Failed, match=r"node 12 \(EmptyImage\): RuntimeError: .*can't allocate memory"):
        service.draws(file=changed(tmp_path, "draw", {"12": empty, "9.images": ["12", 0]}))


def test_of_several_pictures_the_first_counts_and_the_others_are_told(service: Comfy, tmp_path: Path) -> None:
    picture = service.draws(file=changed(tmp_path, "draw", {"5.batch_size": 3}))
    assert picture.warnings == ("the workflow made 2 more pictures, which are not used",)
    no_negative = service.draws(file=changed(tmp_path, "draw", {"7.text": ""}))
    assert no_negative.warnings == ("the workflow has no %negative_prompt%: the negative text is left out",)


def test_a_picture_that_was_deleted_has_failed(service: Comfy) -> None:
    with pytest.raises(Failed, match="no longer among the server's files"):
        service.draws(Fault(operation="comfyui.view", does="status", status=404))


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (Reply(raw=b"<html>", headers={"Content-Type": "text/html"}), "does not answer as a ComfyUI server does"),
        (Reply({"prompt_id": "another", "number": 1, "node_errors": {}}), "does not take an id for a workflow"),
        (Reply({"detail": "no"}, 401), "answered with HTTP 401"),
        (Reply({}, 302, {"Location": "/login"}), "answered with HTTP 302"),
        (Reply({"error": 7, "node_errors": [1]}, 400), "does not accept the workflow"),
    ],
)
def test_what_is_no_comfyui_server_is_said_at_once(reply: Reply, said: str) -> None:
    with recording(reply, Reply({})) as recorder:
        model = registry.image_model(f"comfyui:{DRAW}?base_url=http://127.0.0.1:{recorder.port}")
        with pytest.raises(ConfigError, match=said):
            asyncio.run(model.generate(CIRCLE, SIZE, 1))


@pytest.mark.parametrize("answer", [{"error": {"type": "  ", "extra_info": [1]}}, {"node_errors": [1]}, {"error": 3}, {}, 7])
def test_an_odd_answer_is_no_error_of_ours(answer: object) -> None:
    workflow = Workflow.read(ModelName("comfyui", DRAW))
    assert list(saying.objections(workflow, saying.table(answer))) == []
    assert saying.failure(workflow, [answer, [], ["execution_error"]], ()) == ("the workflow failed", False)


def test_a_server_that_never_was_there_is_a_wrong_setting_and_one_that_was_may_come_back(tmp_path: Path) -> None:
    model = registry.image_model(f"comfyui:{DRAW}?base_url=http://127.0.0.1:1")
    with pytest.raises(ConfigError, match=r"draw.json.*: no connection to 127\.0\.0\.1:1") as caught:
        asyncio.run(model.generate(CIRCLE, SIZE, 1))
    assert caught.value.hint == "start ComfyUI, or set base_url to its address"
    with comfy(tmp_path) as service:
        model = service.comfy()
        asyncio.run(model.generate(CIRCLE, SIZE, 1))
    with pytest.raises(Refused, match="no connection"):
        asyncio.run(model.generate(CIRCLE, SIZE, 1))


def test_an_address_that_is_none_is_a_wrong_input() -> None:
    for address in ("127.0.0.1:8188", "ftp://host", "http://ann:secret@host"):
        with pytest.raises(UsageError, match=r"base_url: .* is not allowed"):
            registry.image_model(f"comfyui:{DRAW}", {"comfyui": {"base_url": address}})


def test_doctor_says_what_the_server_lacks_for_the_workflow(service: Comfy, tmp_path: Path) -> None:
    def told(changes: dict[str, Any], url: str = service.url) -> list[tuple[str, str]]:
        name = ModelName.parse(f"comfyui:{changed(tmp_path, 'draw', changes)}?base_url={url}")
        checks = PROVIDER.check({"image_model": name}, PROVIDER.values({}))
        return [(check.state, check.told.partition("}")[2] or check.told.partition(": ")[2]) for check in checks]

    service.fresh()
    assert told({})[0][0] == "ok"
    assert told({"12": NOISE, "3.scheduler": "kerras"}) == [
        ("error", "node 12 (NoSuchNode, “Magic”): the server has no node of this class"),
        ("error", "node 3 (KSampler), input scheduler: the server has no 'kerras'; it has karras and others"),
    ]
    ((state, words),) = told({}, "http://127.0.0.1:1")
    assert (state, words.partition(":")[0]) == ("error", "the server could not be asked")


def test_an_editor_uploads_its_pictures_once_under_their_own_names(service: Comfy) -> None:
    service.fresh()
    editor = registry.editor(f"comfyui:{EXAMPLES}/inpaint.json", {"comfyui": {"base_url": service.url}})
    for seed in (1, 2):
        asyncio.run(editor.edit(PICTURE, "remove the square", seed, OVER_SQUARE))
    service.fresh(Fault(operation="comfyui.upload", does="reset"))
    with pytest.raises(Refused, match="a picture could not be uploaded"):
        asyncio.run(editor.edit(PICTURE, "remove the square", 3, OVER_SQUARE))
    uploads = service.asks("object_info/LoadImage")["LoadImage"]["input"]["required"]["image"][0]
    assert len(uploads) == 2
    assert all(name.startswith("onbrief/") for name in uploads)
