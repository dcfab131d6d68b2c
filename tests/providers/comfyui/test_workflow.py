"""What is read from a workflow's file, and what is said of one that cannot be used, before anything is sent."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from onbrief.errors import UsageError
from onbrief.ports import ModelName
from onbrief.providers import registry
from onbrief.providers.comfyui.workflow import Workflow
from tests.providers.comfyui.serving import DRAW, EXAMPLES, changed

SAVE = {"class_type": "SaveImage", "inputs": {"filename_prefix": "x", "images": ["8", 0]}}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (
            {"6.text": "a dog"},
            r'a workflow with %prompt%, which this one lacks.*write "%prompt%" in place of "a dog" in node 6 \(CLIPTextEncode',
        ),
        ({"3.seed": 1566}, r'%seed%, which this one lacks .*"%seed%" in place of 1566 in node 3 \(KSampler\), input seed'),
        ({"3.seed": 7, "6.text": ""}, r"a workflow with %prompt% and %seed%, which this one lacks"),
        ({"3.steps": "%steps%"}, r"a value, not %steps% in node 3 \(KSampler\), input steps"),
        ({"6.text": "%prompt% %instruction%"}, r"a workflow that draws; this one, with %instruction%, edits a picture"),
        ({"9.filename_prefix": None}, r"a workflow with a node SaveImage; this one saves nothing"),
        ({"12": SAVE}, r"one node that saves, not node 9 .*, node 12 \(SaveImage\).* the title onbrief"),
        ({"9": {"class_type": "SaveImage"}}, r"'9' in it is not a node with class_type and inputs"),
    ],
)
def test_a_workflow_that_lacks_something_is_refused_with_what_and_where(
    changes: dict[str, Any], said: str, tmp_path: Path
) -> None:
    with pytest.raises(UsageError) as caught:
        registry.image_model(f"comfyui:{changed(tmp_path, 'draw', changes)}")
    assert re.search(said, caught.value.explained), caught.value.explained


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "a file that can be read"),
        ("{", "a file of JSON with a workflow"),
        ("[]", "a JSON object of nodes"),
        ('{"nodes": [], "links": []}', r"this one is in the format of the editor"),
        ('{"prompt": "x"}', "'prompt' in it is not a node"),
    ],
)
def test_a_file_that_is_no_workflow_is_refused(content: str | None, said: str, tmp_path: Path) -> None:
    path = tmp_path / "flow.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(UsageError, match=said):
        registry.image_model(f"comfyui:{path}")


def test_an_editor_needs_places_for_a_picture_and_for_what_to_change(tmp_path: Path) -> None:
    for name, changes, said in (
        ("draw", {}, "a workflow with %image%, which this one lacks"),
        ("instruct", {"6.prompt": "make it blue"}, "a workflow with %mask% and %prompt%, which this one lacks"),
        ("inpaint", {"11.image": "mask.png"}, "a workflow with %mask%, which this one lacks"),
    ):
        with pytest.raises(UsageError, match=said):
            registry.editor(f"comfyui:{changed(tmp_path, name, changes)}")
    words, masks = (registry.editor(f"comfyui:{EXAMPLES}/{name}.json").changes for name in ("instruct", "inpaint"))
    assert (words["move"], masks["remove"], "move" in masks) == (frozenset({"words"}), frozenset({"mask"}), False)


def test_a_placeholder_alone_becomes_the_value_and_within_a_text_its_words(tmp_path: Path) -> None:
    path = changed(tmp_path, "draw", {"6.text": "photo, %prompt%, %width% wide"})
    values = {"prompt": "a %seed% sign", "negative_prompt": "", "seed": 5, "width": 64, "height": 32}
    nodes = Workflow.read(ModelName("comfyui", str(path))).filled(values, "onbrief/1/p")
    assert nodes["6"]["inputs"]["text"] == "photo, a %seed% sign, 64 wide"  # what a prompt says is no placeholder
    assert (nodes["3"]["inputs"]["seed"], nodes["7"]["inputs"]["text"]) == (5, "")
    assert (nodes["9"]["inputs"]["filename_prefix"], nodes["3"]["inputs"]["model"]) == ("onbrief/1/p", ["4", 0])


def test_of_several_save_nodes_the_one_with_our_title_counts(tmp_path: Path) -> None:
    path = changed(tmp_path, "draw", {"12": {**SAVE, "_meta": {"title": "onbrief"}}})
    assert Workflow.read(ModelName("comfyui", str(path))).save == "12"


def test_the_digest_is_that_of_the_content_not_of_its_spaces(tmp_path: Path) -> None:
    again = tmp_path / "again.json"
    again.write_text(json.dumps(json.loads(Path(DRAW).read_text()), indent=8, sort_keys=True))
    (one,), (other,) = (registry.digests_of(f"comfyui:{path}") for path in (DRAW, again))
    assert one == other
    assert registry.digests_of(["sandbox:", f"comfyui:{changed(tmp_path, 'draw', {'3.cfg': 7})}"]) != [one]


def test_what_the_workflow_has_no_place_for_is_said(tmp_path: Path) -> None:
    model = registry.image_model(f"comfyui:{changed(tmp_path, 'draw', {'5.width': 512, '5.height': 512})}")
    assert model.check((64, 64)) == ("the workflow has no %width% and no %height%: it makes pictures of its own size",)
    assert registry.image_model(f"comfyui:{DRAW}").check((64, 64)) == ()
