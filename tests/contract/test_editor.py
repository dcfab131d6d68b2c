"""The contract of editors over the sandbox's, and Bedrock's services as the sandbox server speaks them; and what both do."""

from __future__ import annotations

import asyncio
from collections.abc import Generator
from dataclasses import replace

import pytest

from onbrief.errors import UsageError
from onbrief.pictures import inspect
from onbrief.ports import Editor
from onbrief.providers import registry
from onbrief.providers.bedrock.editing import BedrockEditor
from onbrief.testing import EditorContract
from onbrief_sandbox.painting.painter import paint
from onbrief_sandbox.scene import Box, Group, Relation, Scene, Sight, Thing
from onbrief_sandbox.seeing.eye import look
from tests.masks import mask
from tests.providers.wiring import wired

SIZE = (640, 512)
PICTURE, TRUTH = paint(
    Scene((Group("circle", 1, "red"), Group("square", 1, "blue")), (Relation(0, "left of", 1),), "white"), SIZE, 1
)
CIRCLE, SQUARE = sorted(TRUTH.things, key=lambda thing: thing.box.x)
OVER_SQUARE = mask(SIZE, SQUARE.box)
IMPOSSIBLE = ("what a nice day",)
SEEDS = range(1, 9)  # each edit is done at some of these and left undone at others


@pytest.fixture(scope="module")
def on_bedrock(tmp_path_factory: pytest.TempPathFactory) -> Generator[Editor]:
    editor = registry.editor("bedrock:stability.image-services")
    assert isinstance(editor, BedrockEditor)
    with wired(tmp_path_factory.mktemp("wire") / "bill") as wire:
        yield replace(editor, runtime=wire.sandbox)


@pytest.fixture(params=["sandbox", "bedrock"])
def editor(request: pytest.FixtureRequest) -> Editor:
    return registry.editor("sandbox:") if request.param == "sandbox" else request.getfixturevalue("on_bedrock")


class TestSandbox(EditorContract):
    impossible = IMPOSSIBLE

    def picture(self) -> bytes:
        return PICTURE

    def model(self) -> Editor:
        return registry.editor("sandbox:")


class TestBedrock(EditorContract):
    impossible = IMPOSSIBLE

    @pytest.fixture(autouse=True)
    def wire(self, on_bedrock: Editor) -> None:
        self.editor = on_bedrock

    def picture(self) -> bytes:
        return PICTURE

    def model(self) -> Editor:
        return self.editor


def edited(editor: Editor, instruction: str, over: bytes | None = None) -> list[Sight]:
    """What is to be seen after an edit with each of some seeds."""

    async def all_at_once() -> list[bytes]:
        edits = (editor.edit(PICTURE, instruction, seed, over) for seed in SEEDS)
        return [picture.data for picture in await asyncio.gather(*edits)]

    pictures = asyncio.run(all_at_once())
    assert {(inspect(data).width, inspect(data).height) for data in pictures} == {SIZE}
    return [look(data) for data in pictures]


def kinds(things: tuple[Thing, ...]) -> list[tuple[str, str | None]]:
    return [(thing.noun, thing.colour) for thing in sorted(things, key=lambda thing: (thing.box.x, thing.box.y))]


@pytest.mark.parametrize(
    ("instruction", "after"),
    [
        ("replace the square with a green star", [("circle", "red"), ("star", "green")]),
        ("make the square yellow", [("circle", "red"), ("square", "yellow")]),
    ],
)
def test_without_a_mask_one_thing_becomes_another_or_has_another_colour(
    instruction: str, after: list[tuple[str, str]], editor: Editor
) -> None:
    assert after in [kinds(sight.things) for sight in edited(editor, instruction)]


@pytest.mark.parametrize(
    ("instruction", "after"),
    [
        ("replace the square with a green star", [("star", "green")]),
        ("make the square yellow", [("square", "yellow")]),
        ("remove the square", []),
    ],
)
def test_with_a_mask_only_what_lies_under_it_changes(instruction: str, after: list[tuple[str, str]], editor: Editor) -> None:
    seen = [kinds(sight.things) for sight in edited(editor, instruction, OVER_SQUARE)]
    assert sorted({str(kinds) for kinds in seen}) == sorted({str([("circle", "red"), *after]), str(kinds(TRUTH.things))})


def test_what_is_added_comes_to_lie_under_the_mask(editor: Editor) -> None:
    below = Box(0.03, 0.72, 0.97, 0.98)
    counts: set[int] = set()
    for sight in edited(editor, "add two green stars", mask(SIZE, below)):
        stars = tuple(thing for thing in sight.things if thing.noun == "star")
        others = tuple(thing for thing in sight.things if thing.noun != "star")
        assert (kinds(others), [star.box.y > below.top for star in stars]) == (kinds(TRUTH.things), [True] * len(stars))
        counts.add(len(stars))
    assert counts == {0, 2}


def test_a_mask_over_what_has_no_one_place_is_a_wrong_input(editor: Editor) -> None:
    for instruction in (*IMPOSSIBLE, "move the square to the left of the circle"):
        with pytest.raises(UsageError, match="is not allowed; expected"):
            edited(editor, instruction, OVER_SQUARE)
