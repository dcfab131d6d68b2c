"""The editing services on Bedrock over real HTTP: which is sent what, what is not sent, and the outcome of a call."""

from __future__ import annotations

import asyncio
import base64
from dataclasses import replace
from typing import Any

import pytest

from onbrief.errors import Blocked, ConfigError, Failed, OnbriefError, PictureError, Refused, Unknown, UsageError
from onbrief.pictures import inspect, mask_for
from onbrief.ports import Editor, Picture
from onbrief.providers import registry
from onbrief.providers.bedrock.editing import BedrockEditor
from onbrief.providers.bedrock.runtime import Runtime
from onbrief_sandbox.scene import Box
from onbrief_sandbox.server.faults import Fault
from tests.masks import mask
from tests.providers.recording import PICTURE, PNG, Reply
from tests.providers.wiring import CIRCLE, SQUARE, STABILITY, Wire, keys
from tests.sandbox.server.serving import CORE, lines

EDITOR = "bedrock:stability.image-services"
SIZE = (64, 64)  # of PNG
LEFT = mask(SIZE, Box(0, 0, 0.5, 1))
UNDER_LEFT = {"mask": base64.b64encode(mask_for(SIZE, LEFT)).decode(), "grow_mask": 5}
ALL_OVER = mask(SQUARE, Box(0, 0, 1, 1))
MASKED = pytest.mark.parametrize(
    ("instruction", "over"),
    [
        ("replace the circle with a star", None),
        ("make the circle blue", None),
        ("make the circle blue", ALL_OVER),
        ("remove the circle", ALL_OVER),
    ],
    ids=["search-replace", "search-recolor", "inpaint", "erase-object"],
)


@pytest.fixture(autouse=True)
def _keys(monkeypatch: pytest.MonkeyPatch) -> None:
    keys(monkeypatch)


@pytest.fixture(scope="module")
def drawn(wire: Wire) -> bytes:
    """A red circle."""
    return wire.draws(CORE, prompt=CIRCLE).data


def editor_on(runtime: Runtime) -> Editor:
    editor = registry.editor(EDITOR)
    assert isinstance(editor, BedrockEditor)
    return replace(editor, runtime=runtime)


def edited(
    wire: Wire, instruction: str, over: bytes | None = None, *faults: Fault, image: bytes = PNG, seed: int = 3
) -> Picture:
    """The result of an edit, by the recording server for its one picture and by the sandbox server for any other."""
    wire.bill.write_text("")
    wire.script.now(*faults)
    wire.recorder.will(STABILITY)
    editor = editor_on(wire.recording if image == PNG else wire.sandbox)
    return asyncio.run(editor.edit(image, instruction, seed, over))


# -- what is sent --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("instruction", "over", "service", "body"),
    [
        ("replace the dog with a cat", None, "search-replace", {"search_prompt": "dog", "prompt": "a cat"}),
        ("paint the old wooden bench in blue", None, "search-recolor", {"select_prompt": "old wooden bench", "prompt": "blue"}),
        ("replace the dog with a cat", LEFT, "inpaint", {"prompt": "a cat", **UNDER_LEFT}),
        ("make the bench blue", LEFT, "inpaint", {"prompt": "blue bench", **UNDER_LEFT}),
        ("make the dog bigger", LEFT, "inpaint", {"prompt": "bigger dog", **UNDER_LEFT}),
        ("add two cups", LEFT, "inpaint", {"prompt": "two cups", **UNDER_LEFT}),
        ('change the text to "OPEN"', LEFT, "inpaint", {"prompt": 'the text "OPEN"', **UNDER_LEFT}),
        ("remove the car", LEFT, "erase-object", UNDER_LEFT),
    ],
)
def test_the_instruction_and_the_mask_decide_which_service_is_called(
    instruction: str, over: bytes | None, service: str, body: dict[str, object], wire: Wire
) -> None:
    assert edited(wire, instruction, over).data == PNG
    assert wire.recorder.bodies == [{"image": PICTURE, "seed": 3, **body}]
    assert wire.recorder.paths == [f"/model/us.stability.stable-image-{service}-v1%3A0/invoke"]


@MASKED
def test_an_edit_goes_through_the_wire_and_is_on_the_bill(
    instruction: str, over: bytes | None, wire: Wire, drawn: bytes, request: pytest.FixtureRequest
) -> None:
    after = edited(wire, instruction, over, image=drawn)
    assert (inspect(after.data).width, inspect(after.data).height, after.warnings) == (*SQUARE, ())
    (line,) = lines(wire.bill)
    service = request.node.callspec.id
    assert (line["model"], line["id"]) == (f"us.stability.stable-image-{service}-v1:0", after.facts["request_id"])
    assert line["usd"] == editor_on(wire.sandbox).price


def test_a_seed_too_large_wraps_around(wire: Wire) -> None:
    assert edited(wire, "make the bench blue", seed=4_294_967_298).warnings == (
        "Stability's service takes seeds from 0 to 4294967295: it is sent 2 instead of 4294967298",
    )
    assert wire.recorder.bodies[0]["seed"] == 2


# -- what is not sent ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("instruction", ["", "remove the car", "add two cups", "make the dog bigger", "what a nice day"])
def test_what_no_service_can_do_without_a_mask_is_not_sent(instruction: str, wire: Wire) -> None:
    with pytest.raises(UsageError) as caught:
        edited(wire, instruction)
    assert str(caught.value) == (
        f'instruction: {instruction!r} is not allowed; expected "replace the dog with a cat", "make the bench blue", '
        "'change the text to \"OPEN\"', or a mask of what may change"
    )
    assert wire.recorder.bodies == []


@pytest.mark.parametrize("instruction", ["what a nice day", "move the clock to the left of the cat"])
def test_what_no_service_can_do_with_a_mask_is_not_sent(instruction: str, wire: Wire) -> None:
    with pytest.raises(UsageError, match='expected "replace the dog with a cat"'):
        edited(wire, instruction, LEFT)
    assert wire.recorder.bodies == []


@pytest.mark.parametrize("over", [b"", b"<html>", mask((32, 32), Box(0, 0, 1, 1)), mask(SIZE)])
def test_an_invalid_mask_is_not_sent(over: bytes, wire: Wire) -> None:
    with pytest.raises(UsageError, match="mask: "):
        edited(wire, "remove the car", over)
    assert wire.recorder.bodies == []


def test_an_instruction_that_is_too_long_is_not_sent(wire: Wire) -> None:
    with pytest.raises(UsageError, match="at most 10000 characters"):
        edited(wire, f"replace the dog with {'a' * 10_001}")
    assert wire.recorder.bodies == []


def test_an_edit_of_bytes_that_are_not_a_picture_is_not_sent(wire: Wire) -> None:
    wire.recorder.will(STABILITY)
    with pytest.raises(PictureError):
        asyncio.run(editor_on(wire.recording).edit(b"<html>", "make the bench blue", 3))
    assert wire.recorder.bodies == []


@pytest.mark.parametrize("name", ["bedrock:", f"bedrock:{CORE}", f"{EDITOR}?steps=3", f"{EDITOR}?region=x", "nowhere:"])
def test_another_editor_or_option_is_refused(name: str) -> None:
    with pytest.raises(UsageError):
        registry.editor(name)


# -- what becomes of a call ------------------------------------------------------------------------------------------------


@MASKED
@pytest.mark.parametrize(
    ("reason", "outcome"),
    [("prompt", Blocked), ("input image", Blocked), ("output image", Blocked), ("Inference error", Failed)],
)
def test_each_finish_reason_of_each_service_has_its_class(
    instruction: str, over: bytes | None, reason: Any, outcome: type[OnbriefError], wire: Wire, drawn: bytes
) -> None:
    with pytest.raises(OnbriefError, match=f"{EDITOR}: .*{reason}") as caught:
        edited(wire, instruction, over, Fault(does="filtered", reason=reason), image=drawn)
    assert type(caught.value) is outcome
    assert len(lines(wire.bill)) == 1


@pytest.mark.parametrize(
    ("fault", "outcome", "accepted"),
    [
        (Fault(does="status", status=429, type="ThrottlingException", headers={"Retry-After": "2"}), Refused, 0),
        (Fault(does="status", status=500, type="InternalServerException"), Failed, 1),
        (Fault(does="status", status=403, type="AccessDeniedException"), ConfigError, 0),
        (Fault(does="status", status=400, type="ValidationException", message="Blocked by our content filters."), Blocked, 0),
        (Fault(does="reset"), Unknown, 1),
        (Fault(does="cut", byte=100), Unknown, 1),
        (Fault(does="empty"), Failed, 1),
    ],
    ids=["throttled", "server error", "no access", "content", "reset", "cut", "no picture"],
)
def test_each_error_of_a_service_has_its_class_and_is_sent_once(
    fault: Fault, outcome: type[OnbriefError], accepted: int, wire: Wire, drawn: bytes
) -> None:
    with pytest.raises(OnbriefError, match=f"^{EDITOR}") as caught:
        edited(wire, "remove the circle", ALL_OVER, fault, image=drawn)
    assert (type(caught.value), len(lines(wire.bill))) == (outcome, accepted)


def test_the_service_itself_refuses_a_picture_that_it_does_not_accept(wire: Wire) -> None:
    wire.recorder.will(
        Reply({"message": "image: sides of at least 64 pixels"}, 400, {"x-amzn-ErrorType": "ValidationException"})
    )
    with pytest.raises(ConfigError, match="sides of at least 64 pixels"):
        asyncio.run(editor_on(wire.recording).edit(PNG, "make the bench blue", 3))
    assert len(wire.recorder.bodies) == 1
